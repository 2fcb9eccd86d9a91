#include "dfc/reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "flow_source.h"
#include "row_columns.h"
#include "sql_reader.h"
#include "upsert.h"

namespace dfc {

namespace {

SideCounts ReadCounts(RowReader& row) {
  SideCounts counts;
  counts.packets = row.Unsigned();
  counts.ip_bytes = row.Unsigned();
  counts.content_bytes = row.Unsigned();
  counts.gap_bytes = row.Unsigned();
  counts.duplicate_bytes = row.Unsigned();
  counts.conflict_bytes = row.Unsigned();
  counts.refused_bytes = row.Unsigned();
  counts.urgent_bytes = row.Unsigned();
  counts.shed_bytes = row.Unsigned();
  return counts;
}

// Of kFlowColumns, then the sensor's name.
StoredFlow ReadFlow(RowReader& row) {
  StoredFlow flow{};
  flow.row.id.t_start_ns = row.Signed();
  flow.row.id.flow_hash = row.Unsigned();
  (void)row.Unsigned();  // sensor_id
  flow.row.t_last_ns = row.Signed();
  flow.row.protocol = row.Small<uint8_t>();
  flow.row.client = row.Address();
  flow.row.client_port = row.Small<uint16_t>();
  flow.row.server = row.Address();
  flow.row.server_port = row.Small<uint16_t>();
  flow.row.state = row.Small<FlowState>(kFlowStateCount);
  flow.row.flags = row.Small<uint16_t>();
  flow.row.vlan = row.Small<uint16_t>();
  flow.row.tunnel.kind = row.Small<TunnelKind>(kTunnelKindCount);
  flow.row.tunnel.id = row.Small<uint32_t>();
  flow.row.icmp_type = row.Small<uint8_t>();
  flow.row.icmp_code = row.Small<uint8_t>();
  flow.community_id = row.Text();
  flow.row.counts[0] = ReadCounts(row);
  flow.row.counts[1] = ReadCounts(row);
  flow.sensor = row.Text();
  return flow;
}

// Of kIcmpColumns, then the flow's protocol, client and server, the quoted flow and the payload.
StoredIcmp ReadIcmp(RowReader& row) {
  StoredIcmp message{};
  IcmpRow& icmp = message.row;
  icmp.id.t_start_ns = row.Signed();
  icmp.id.flow_hash = row.Unsigned();
  icmp.n = row.Small<uint32_t>();
  icmp.t_ns = row.Signed();
  icmp.side = row.Small<Side>(2);
  icmp.type = row.Small<uint8_t>();
  icmp.code = row.Small<uint8_t>();
  icmp.ident = row.Small<uint16_t>();
  icmp.seq = row.Small<uint16_t>();
  icmp.rest = row.Small<uint32_t>();
  icmp.payload_bytes = row.Small<uint32_t>();
  icmp.rtt_ns = row.TakeNull() ? -1 : row.Signed();
  icmp.has_quote = !row.TakeNull();
  if (icmp.has_quote) icmp.quoted.protocol = row.Small<uint8_t>();
  icmp.quoted.source = row.Address();
  icmp.quote_cut = icmp.has_quote && row.IsNull();
  icmp.quoted.source_port = row.Small<uint16_t>();
  icmp.quoted.destination = row.Address();
  icmp.quoted.destination_port = row.Small<uint16_t>();
  icmp.about.t_start_ns = row.Signed();
  icmp.about.flow_hash = row.Unsigned();
  icmp.quote_found = row.Small<uint8_t>() != 0;
  icmp.pairing = row.Small<IcmpPairing>(kIcmpPairingCount);
  icmp.request_n = row.TakeNull() ? kNoIcmpMessage : row.Small<uint32_t>();
  const bool is_compared = !row.TakeNull();
  const bool is_equal = is_compared && row.Small<uint8_t>() != 0;
  if (is_compared) icmp.payload = is_equal ? IcmpPayload::kEqual : IcmpPayload::kDiffers;
  icmp.content_n = row.Small<uint32_t>();
  icmp.content_at = row.Small<uint32_t>();
  icmp.content_bytes = row.Small<uint32_t>();
  message.protocol = row.Small<uint8_t>();
  const IpAddress client = row.Address();
  const IpAddress server = row.Address();
  message.source = icmp.side == Side::kClient ? client : server;
  message.destination = icmp.side == Side::kClient ? server : client;
  message.has_about = !row.TakeNull();
  if (message.has_about) message.about = {row.Signed(), icmp.about.flow_hash};
  message.payload = row.Bytes();
  return message;
}

absl::Status Damaged(std::string_view table, const FlowId& id) {
  return absl::DataLossError(fmt::format(
      "flow {}: its row in table {} holds values that dfc never writes", FormatFlowId(id), table));
}

std::string FlowSelect() {
  return fmt::format("SELECT {}, s.name", JoinColumns(kFlowColumns, "f.{0}"));
}

// Rows of FlowSelect().
absl::Status TellRows(SqlCursor& cursor, const std::function<void(const StoredFlow&)>& each) {
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor.Next());
    if (!found) return absl::OkStatus();
    RowReader row(cursor);
    const StoredFlow flow = ReadFlow(row);
    if (row.damaged()) return Damaged("flow", flow.row.id);
    each(flow);
  }
}

// Messages `i` with their flow `f`, behind what has a key of icmp.
constexpr const char* kFlowOfMessage =
    "flow f ON f.t_start = i.t_start AND f.flow_hash = i.flow_hash"
    " LEFT JOIN sensor s ON s.sensor_id = f.sensor_id";

// First the keys of what is asked for, because the rest takes long: the flow that a message is
// about, and its payload. `hint` is behind the table's name, `bounds` all behind the tables.
std::string IcmpSelect(const char* join, const std::string& hint, const std::string& bounds,
                       const std::string& order) {
  return fmt::format(
      "SELECT {}, f.protocol, f.client, f.server, {},"
      " CASE WHEN i.type NOT IN (0, 8, 128, 129) THEN"
      " (SELECT SUBSTR(c.content, i.content_at + 1, CASE WHEN i.content_bytes < {} THEN"
      " i.content_bytes ELSE {} END) FROM v_content AS c WHERE c.t_start = i.t_start"
      " AND c.flow_hash = i.flow_hash AND c.n = i.content_n) END"
      " FROM (SELECT i.t_start, i.flow_hash, i.n FROM icmp i{}{}{}{}) k"
      "{}icmp i ON i.t_start = k.t_start AND i.flow_hash = k.flow_hash AND i.n = k.n{}{}{}",
      JoinColumns(kIcmpColumns, "i.{0}"), kIcmpAbout, kIcmpPayloadShown, kIcmpPayloadShown, hint,
      join, kFlowOfMessage, bounds, join, join, kFlowOfMessage, order);
}

constexpr const char* kPaired = "i.pairing BETWEEN 1 AND 5";

// Of the flows, those with messages that pair.
constexpr const char* kHasPaired =
    "f.protocol IN (1, 58) AND EXISTS (SELECT 1 FROM icmp AS p WHERE p.t_start = f.t_start"
    " AND p.flow_hash = f.flow_hash AND p.pairing BETWEEN 1 AND 5)";

// Messages and their flows for PingSelect: those of all that `where` selects, ...
std::string AllPaired(const char* join, const std::string& where) {
  return fmt::format("icmp i{}{}{}{} {}", join, kFlowOfMessage, where,
                     where.empty() ? " WHERE" : " AND", kPaired);
}

// ... and of flows whose keys are known.
std::string PairedOf(const char* join, const std::string& keys) {
  return fmt::format(
      "(SELECT f.t_start, f.flow_hash{} LIMIT ?) k"
      "{}icmp i ON i.t_start = k.t_start AND i.flow_hash = k.flow_hash{}{} WHERE {}",
      keys, join, join, kFlowOfMessage, kPaired);
}

// Groups the messages `i` of flow `f`; see ReadPing for the columns.
std::string PingSelect(const std::string& tables) {
  constexpr const char* kCount = "COUNT(CASE WHEN {} THEN 1 END)";
  const auto count = [&](const char* of) { return fmt::format(fmt::runtime(kCount), of); };
  const std::string requests = count("i.pairing = 1");
  const std::string answered = count("i.pairing IN (2, 3)");
  constexpr const char* kFirst = "CASE WHEN i.pairing IN (2, 3) THEN i.rtt END";
  return fmt::format(
      "SELECT f.t_start, f.flow_hash, f.client, f.server, f.protocol, f.icmp_type, f.client_port,"
      " f.t_last, {} AS requests, {} AS replies, {} - {} AS lost, {} AS late, {} AS duplicates,"
      " {} AS strays, {} AS differing, (SELECT COUNT(*) FROM icmp AS i WHERE {}) AS errors,"
      " MIN({}) AS rtt_min, CAST(ROUND(AVG({})) AS SIGNED) AS rtt_avg, MAX({}) AS rtt_max"
      // Messages come first, of which there are few.
      " FROM {} GROUP BY f.t_start, f.flow_hash",
      requests, count("i.pairing BETWEEN 2 AND 5"), requests, answered, count("i.pairing = 3"),
      count("i.pairing = 4"), count("i.pairing = 5"), count("i.payload_equal = 0"),
      IcmpErrorAbout("f.t_start", "f.flow_hash"), kFirst, kFirst, kFirst, tables);
}

StoredPing ReadPing(RowReader& row) {
  StoredPing ping{};
  ping.id.t_start_ns = row.Signed();
  ping.id.flow_hash = row.Unsigned();
  ping.client = row.Address();
  ping.server = row.Address();
  ping.protocol = row.Small<uint8_t>();
  ping.type = row.Small<uint8_t>();
  ping.ident = row.Small<uint16_t>();
  ping.t_last_ns = row.Signed();
  for (uint64_t* count : {&ping.requests, &ping.replies, &ping.lost, &ping.late, &ping.duplicates,
                          &ping.strays, &ping.differing, &ping.errors}) {
    *count = row.Unsigned();
  }
  for (int64_t* rtt_ns : {&ping.rtt_min_ns, &ping.rtt_avg_ns, &ping.rtt_max_ns}) {
    *rtt_ns = row.TakeNull() ? -1 : row.Signed();
  }
  return ping;
}

}  // namespace

absl::StatusOr<SqlFilter> SqlReader::Filter(const FlowQuery& query, QueryScope scope) const {
  DFC_ASSIGN_OR_RETURN(SqlFilter filter, ParseFilter(query.filter, scope, query.now_ns));
  DFC_RETURN_IF_ERROR(AddBounds(query, scope, *connection_, filter));
  return filter;
}

absl::StatusOr<std::unique_ptr<SqlCursor>> SqlReader::SelectFlows(const std::string& select,
                                                                  const SqlFilter& filter,
                                                                  const std::string& sort,
                                                                  uint64_t limit) {
  DFC_ASSIGN_OR_RETURN(const std::string text,
                       ParseSort(sort, QueryScope::kFlows, connection_->HashOrder()));
  const FlowOrder order{text, IsByTime(sort), SqlLimit(limit)};
  DFC_ASSIGN_OR_RETURN(FlowSource source, ChooseFlowSource(*connection_, filter, order));
  source.values.emplace_back(order.limit);
  return connection_->Query(fmt::format("{}{}{} LIMIT ?", select, source.text, order.text),
                            source.values);
}

absl::Status SqlReader::Flows(const FlowQuery& query,
                              const std::function<void(const StoredFlow&)>& each) {
  DFC_ASSIGN_OR_RETURN(bool is_done, PageByBriefs(query, each));
  if (!is_done) {
    DFC_ASSIGN_OR_RETURN(is_done, PageBySums(query, each));
  }
  if (is_done) return absl::OkStatus();
  DFC_ASSIGN_OR_RETURN(const SqlFilter filter, Filter(query, QueryScope::kFlows));
  return FlowsOf(filter, query.sort, query.limit, each);
}

absl::Status SqlReader::FlowsOf(const SqlFilter& filter, const std::string& sort, uint64_t limit,
                                const std::function<void(const StoredFlow&)>& each) {
  DFC_ASSIGN_OR_RETURN(const auto cursor, SelectFlows(FlowSelect(), filter, sort, limit));
  return TellRows(*cursor, each);
}

absl::Status SqlReader::TellFlows(const FlowSource& source,
                                  const std::function<void(const StoredFlow&)>& each) {
  DFC_ASSIGN_OR_RETURN(const auto cursor,
                       connection_->Query(FlowSelect() + source.text, source.values));
  return TellRows(*cursor, each);
}

absl::StatusOr<uint64_t> SqlReader::Number(const std::string& sql,
                                           const std::vector<SqlValue>& values) {
  DFC_ASSIGN_OR_RETURN(const auto cursor, connection_->Query(sql, values));
  DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
  return found ? static_cast<uint64_t>(cursor->Integer(0)) : 0;
}

absl::StatusOr<uint64_t> SqlReader::CountFlows(const FlowQuery& query) {
  DFC_ASSIGN_OR_RETURN(const SqlFilter filter, Filter(query, QueryScope::kFlows));
  DFC_ASSIGN_OR_RETURN(const FlowSource source,
                       ChooseFlowSource(*connection_, filter, FlowOrder{}, kFlowsFewWithoutOrder));
  return Number(fmt::format("SELECT COUNT(*){}", source.text), source.values);
}

absl::StatusOr<StoredFlow> SqlReader::Flow(const FlowId& id) {
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection_->Query(FlowSelect() + kFlowTables + " WHERE f.t_start = ? AND f.flow_hash = ?",
                         {id.t_start_ns, id.flow_hash}));
  DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
  if (!found) {
    return absl::NotFoundError(fmt::format("flow {}: not in this store", FormatFlowId(id)));
  }
  RowReader row(*cursor);
  StoredFlow flow = ReadFlow(row);
  if (row.damaged()) return Damaged("flow", id);
  return flow;
}

absl::Status SqlReader::Icmp(const FlowQuery& query,
                             const std::function<void(const StoredIcmp&)>& each) {
  DFC_ASSIGN_OR_RETURN(SqlFilter filter, Filter(query, QueryScope::kIcmp));
  DFC_ASSIGN_OR_RETURN(const std::string order,
                       ParseSort(query.sort, QueryScope::kIcmp, connection_->HashOrder()));
  filter.values.emplace_back(SqlLimit(query.limit));
  DFC_ASSIGN_OR_RETURN(const bool has_indexes, connection_->HasFlowIndexes());
  const bool is_about = std::ranges::any_of(
      filter.key_terms, [](const KeyTerm& term) { return term.field == KeyTerm::Field::kAbout; });
  const bool by_time = query.sort.ends_with("time") || query.sort.ends_with("start");
  const std::string hint =
      has_indexes && by_time && !is_about ? connection_->ByIndex("icmp_time") : "";
  DFC_ASSIGN_OR_RETURN(const auto cursor,
                       connection_->Query(IcmpSelect(connection_->JoinInOrder(), hint,
                                                     filter.where + order + " LIMIT ?", order),
                                          filter.values));
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return absl::OkStatus();
    RowReader row(*cursor);
    const StoredIcmp message = ReadIcmp(row);
    if (row.damaged()) return Damaged("icmp", message.row.id);
    each(message);
  }
}

absl::Status SqlReader::Pings(const FlowQuery& query,
                              const std::function<void(const StoredPing&)>& each) {
  DFC_ASSIGN_OR_RETURN(SqlFilter filter, Filter(query, QueryScope::kPings));
  DFC_ASSIGN_OR_RETURN(const std::string text,
                       ParseSort(query.sort, QueryScope::kPings, connection_->HashOrder()));
  const FlowOrder order{text, IsByTime(query.sort), SqlLimit(query.limit)};
  const char* const join = connection_->JoinInOrder();
  std::string tables = AllPaired(join, filter.where);
  std::vector<SqlValue> values = filter.values;
  // The order of time can be told before the messages are added up.
  if (order.is_by_time) {
    filter.And(kHasPaired);
    DFC_ASSIGN_OR_RETURN(const FlowSource flows, ChooseFlowSource(*connection_, filter, order));
    tables = PairedOf(join, flows.text + order.text);
    values = flows.values;
    values.emplace_back(order.limit);
  }
  values.emplace_back(order.limit);
  DFC_ASSIGN_OR_RETURN(const auto cursor,
                       connection_->Query(PingSelect(tables) + text + " LIMIT ?", values));
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return absl::OkStatus();
    RowReader row(*cursor);
    const StoredPing ping = ReadPing(row);
    if (row.damaged()) return Damaged("flow", ping.id);
    each(ping);
  }
}

absl::StatusOr<std::unique_ptr<Reader>> OpenReader(const StoreUrl& url,
                                                   const ReaderOptions& options) {
  if (url.kind == StoreUrl::Kind::kNull) {
    return absl::InvalidArgumentError("null: keeps nothing that could be read; name another store");
  }
  const bool sqlite = url.kind == StoreUrl::Kind::kSqlite;
  DFC_ASSIGN_OR_RETURN(auto connection,
                       sqlite ? OpenSqliteForReading(url) : OpenMysqlForReading(url));
  if (options.statement_ms_max > 0) {
    DFC_RETURN_IF_ERROR(connection->LimitTime(options.statement_ms_max));
  }
  return std::unique_ptr<Reader>(std::make_unique<SqlReader>(std::move(connection), options.cache));
}

}  // namespace dfc
