// Sums over flows and over the ledger.
#include <fmt/format.h>

#include "flow_cache.h"
#include "flow_source.h"
#include "sql_reader.h"

namespace dfc {

absl::Status SqlReader::Tallies(const FlowQuery& query,
                                const std::function<void(const TalliedFlow&)>& each) {
  DFC_ASSIGN_OR_RETURN(const SqlFilter filter, Filter(query, QueryScope::kFlows));
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      SelectFlows("SELECT f.client, f.server, f.server_port, f.protocol, f.state, f.flags, s.name,"
                  " f.client_packets + f.server_packets, f.client_bytes, f.server_bytes",
                  filter, "-start", query.limit));
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return absl::OkStatus();
    RowReader row(*cursor);
    TalliedFlow tally{};
    tally.client = row.Address();
    tally.server = row.Address();
    tally.server_port = row.Small<uint16_t>();
    tally.protocol = row.Small<uint8_t>();
    tally.state = row.Small<FlowState>(kFlowStateCount);
    tally.flags = row.Small<uint16_t>();
    tally.sensor = row.Text();
    tally.packets = row.Unsigned();
    tally.client_bytes = row.Unsigned();
    tally.server_bytes = row.Unsigned();
    if (row.damaged()) return absl::DataLossError("a flow's row holds values dfc never writes");
    each(tally);
  }
}

// Two statements: each finds its end in an index, where one for both would read everything. But
// what is read by keys is read once.
absl::StatusOr<TimeSpan> SqlReader::Span(const FlowQuery& query) {
  TimeSpan span;
  DFC_ASSIGN_OR_RETURN(const bool is_done, SpanByBriefs(query, span));
  if (is_done) return span;
  DFC_ASSIGN_OR_RETURN(const SqlFilter filter, Filter(query, QueryScope::kFlows));
  DFC_ASSIGN_OR_RETURN(const FlowSource all,
                       ChooseFlowSource(*connection_, filter, FlowOrder{}, kFlowsFewWithoutOrder));
  if (all.is_keys) {
    DFC_ASSIGN_OR_RETURN(
        const auto cursor,
        connection_->Query(fmt::format("SELECT MIN(f.t_start), MAX(f.t_start){}", all.text),
                           all.values));
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (found && !cursor->IsNull(0)) span = {cursor->Integer(0), cursor->Integer(1)};
    return span;
  }
  for (const bool last : {false, true}) {
    DFC_ASSIGN_OR_RETURN(const auto cursor,
                         SelectFlows("SELECT f.t_start", filter, last ? "-start" : "start", 1));
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return TimeSpan{};
    (last ? span.last_ns : span.first_ns) = cursor->Integer(0);
  }
  return span;
}

absl::Status SqlReader::Histogram(const FlowQuery& query, int64_t bucket_ns,
                                  const std::function<void(const HistogramBar&)>& each) {
  DFC_ASSIGN_OR_RETURN(const SqlFilter filter,
                       ParseFilter(query.filter, QueryScope::kFlows, query.now_ns));
  const bool is_window = query.from_ns && query.to_ns && !query.active_since_ns;
  std::optional<uint8_t> protocol;
  if (!is_window) return CountBars(query, bucket_ns, each);
  if (!FlowSums::Know(filter, protocol)) {
    DFC_ASSIGN_OR_RETURN(const bool is_done, BarsByBriefs(query, bucket_ns, each));
    return is_done ? absl::OkStatus() : CountBars(query, bucket_ns, each);
  }
  const SumsLease sums(own_sums_, cache_);
  bool counted = false;
  if (sums.get() != nullptr) {
    DFC_ASSIGN_OR_RETURN(counted, sums->Update(*connection_, *query.from_ns, *query.to_ns));
  }
  if (!counted) return CountBars(query, bucket_ns, each);
  return sums->Bars(*connection_, {*query.from_ns, *query.to_ns, bucket_ns, protocol}, each);
}

// The same from the rows themselves. Added up here, which takes a third of what GROUP BY does.
absl::Status SqlReader::CountBars(const FlowQuery& query, int64_t bucket_ns,
                                  const std::function<void(const HistogramBar&)>& each) {
  DFC_ASSIGN_OR_RETURN(const SqlFilter filter, Filter(query, QueryScope::kFlows));
  DFC_ASSIGN_OR_RETURN(const FlowSource source,
                       ChooseFlowSource(*connection_, filter, FlowOrder{}, kFlowsFewWithoutOrder));
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection_->Query(
          fmt::format("SELECT f.t_start, f.protocol, f.client_packets + f.server_packets,"
                      " f.client_bytes + f.server_bytes{}",
                      source.text),
          source.values));
  BarCounter bars(query.from_ns.value_or(0), bucket_ns);
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) break;
    RowReader row(*cursor);
    const int64_t t_start_ns = row.Signed();
    const auto protocol = row.Small<uint8_t>();
    const uint64_t packets = row.Unsigned();
    bars.Add(t_start_ns, protocol, packets, row.Unsigned());
  }
  bars.Tell(each);
  return absl::OkStatus();
}

absl::Status SqlReader::Sensors(const std::function<void(const StoredSensor&)>& each) {
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection_->Query("SELECT name, COALESCE(t_status, 0), COALESCE(status, '') FROM sensor"
                         " ORDER BY name",
                         {}));
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return absl::OkStatus();
    RowReader row(*cursor);
    StoredSensor sensor;
    sensor.name = row.Text();
    sensor.t_status_ns = row.Signed();
    sensor.status = row.Text();
    each(sensor);
  }
}

absl::Status SqlReader::Ledger(int64_t from_ns, int64_t to_ns, bool by_minute,
                               const std::function<void(const LedgerSum&)>& each) {
  const char* const minute = by_minute ? "l.t_minute, " : "";
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection_->Query(fmt::format("SELECT s.name, {}, l.outcome, CAST(SUM(l.packets) AS SIGNED),"
                                     " CAST(SUM(l.bytes) AS SIGNED) FROM ledger AS l"
                                     " LEFT JOIN sensor AS s ON s.sensor_id = l.sensor_id"
                                     " WHERE l.t_minute >= ? AND l.t_minute < ?"
                                     " GROUP BY s.name, {}l.outcome ORDER BY s.name, {}l.outcome",
                                     by_minute ? "l.t_minute" : "0", minute, minute),
                         {from_ns, to_ns}));
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return absl::OkStatus();
    RowReader row(*cursor);
    LedgerSum sum{};
    sum.sensor = row.Text();
    sum.t_minute_ns = row.Signed();
    sum.outcome = row.Text();
    sum.packets = row.Unsigned();
    sum.bytes = row.Unsigned();
    each(sum);
  }
}

absl::StatusOr<int64_t> SqlReader::LastMinute(int64_t from_ns, int64_t to_ns) {
  DFC_ASSIGN_OR_RETURN(
      const uint64_t last_ns,
      Number("SELECT COALESCE(MAX(t_minute), 0) FROM ledger WHERE t_minute >= ? AND t_minute < ?",
             {from_ns, to_ns}));
  return static_cast<int64_t>(last_ns);
}

// A block's marker comes and goes with it, and the newest flow moves; SQLite tells by itself.
absl::StatusOr<std::string> SqlReader::Pulse() {
  DFC_ASSIGN_OR_RETURN(std::string pulse, connection_->Version());
  DFC_ASSIGN_OR_RETURN(const auto cursor,
                       connection_->Query("SELECT COUNT(*), COALESCE(MAX(epoch), 0),"
                                          " COALESCE(MAX(sequence), 0),"
                                          " (SELECT COALESCE(MAX(t_start), 0) FROM flow)"
                                          " FROM batch",
                                          {}));
  DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
  for (int column = 0; found && column < 4; ++column) {
    pulse += fmt::format(" {}", cursor->Integer(column));
  }
  return pulse;
}

}  // namespace dfc
