// Sums over flows and over the ledger.
#include <fmt/format.h>

#include "sql_reader.h"

namespace dfc {

absl::Status SqlReader::Tallies(const FlowQuery& query,
                                const std::function<void(const TalliedFlow&)>& each) {
  const std::string select = fmt::format(
      "SELECT f.client, f.server, f.server_port, f.protocol, f.state, f.flags, s.name,"
      " f.client_packets + f.server_packets, f.client_bytes, f.server_bytes{}",
      kFlowTables);
  DFC_ASSIGN_OR_RETURN(SqlFilter filter, Filter(query, QueryScope::kFlows));
  filter.values.emplace_back(SqlLimit(query.limit));
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection_->Query(fmt::format("{}{} ORDER BY f.t_start DESC LIMIT ?", select, filter.where),
                         filter.values));
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

// Two statements: each finds its end in an index, where one for both would read everything.
absl::StatusOr<TimeSpan> SqlReader::Span(const FlowQuery& query) {
  DFC_ASSIGN_OR_RETURN(const SqlFilter filter, Filter(query, QueryScope::kFlows));
  TimeSpan span;
  for (const bool last : {false, true}) {
    DFC_ASSIGN_OR_RETURN(
        const auto cursor,
        connection_->Query(fmt::format("SELECT f.t_start{}{} ORDER BY f.t_start{} LIMIT 1",
                                       kFlowTables, filter.where, last ? " DESC" : ""),
                           filter.values));
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return TimeSpan{};
    (last ? span.last_ns : span.first_ns) = cursor->Integer(0);
  }
  return span;
}

absl::Status SqlReader::Histogram(const FlowQuery& query, int64_t bucket_ns,
                                  const std::function<void(const HistogramBar&)>& each) {
  DFC_ASSIGN_OR_RETURN(const SqlFilter filter, Filter(query, QueryScope::kFlows));
  const int64_t from_ns = query.from_ns.value_or(0);
  std::vector<SqlValue> values = {from_ns, from_ns, bucket_ns};
  values.insert(values.end(), filter.values.begin(), filter.values.end());
  // One number to group by takes half as long as two. With the remainder taken off, not divided:
  // what a slash does differs between the stores.
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection_->Query(
          fmt::format("SELECT CAST((f.t_start - ?) - (f.t_start - ?) % ? + f.protocol AS SIGNED)"
                      " AS bar, COUNT(*), CAST(SUM(f.client_packets + f.server_packets) AS SIGNED),"
                      " CAST(SUM(f.client_bytes + f.server_bytes) AS SIGNED){}{} GROUP BY bar",
                      kFlowTables, filter.where),
          values));
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return absl::OkStatus();
    RowReader row(*cursor);
    HistogramBar bar{};
    const uint64_t key = row.Unsigned();
    bar.bucket = key / static_cast<uint64_t>(bucket_ns);
    bar.protocol = static_cast<uint8_t>(key % static_cast<uint64_t>(bucket_ns));
    bar.flows = row.Unsigned();
    bar.packets = row.Unsigned();
    bar.bytes = row.Unsigned();
    each(bar);
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
