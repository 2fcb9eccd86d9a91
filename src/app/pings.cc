#include "pings.h"

#include <fmt/format.h>

#include <algorithm>

#include "dfc/time.h"
#include "flow_words.h"
#include "icmp_names.h"
#include "icmp_words.h"
#include "record_writer.h"
#include "table.h"

namespace dfc {
namespace {

// "12.5"; "" when nothing was asked.
std::string LossPercent(const StoredPing& ping) {
  if (ping.requests == 0) return "";
  return fmt::format("{:.1f}",
                     100.0 * static_cast<double>(ping.lost) / static_cast<double>(ping.requests));
}

std::vector<Field> Fields() {
  using enum Field::Kind;
  return {
      {"flow", kText},         {"start", kText},        {"end", kText},
      {"proto", kText},        {"type_name", kText},    {"client", kText},
      {"server", kText},       {"ident", kNumber},      {"requests", kNumber},
      {"replies", kNumber},    {"lost", kNumber},       {"loss_percent", kNumber},
      {"late", kNumber},       {"duplicates", kNumber}, {"strays", kNumber},
      {"differing", kNumber},  {"errors", kNumber},     {"rtt_min_ms", kNumber},
      {"rtt_avg_ms", kNumber}, {"rtt_max_ms", kNumber},
  };
}

// In the order of Fields().
std::vector<std::string> Record(const StoredPing& ping) {
  return {
      FormatFlowId(ping.id),
      FormatTime(ping.id.t_start_ns),
      FormatTime(ping.t_last_ns),
      ProtocolName(ping.protocol),
      IcmpTypeName(ping.protocol, ping.type),
      FormatAddress(ping.client),
      FormatAddress(ping.server),
      std::to_string(ping.ident),
      std::to_string(ping.requests),
      std::to_string(ping.replies),
      std::to_string(ping.lost),
      LossPercent(ping),
      std::to_string(ping.late),
      std::to_string(ping.duplicates),
      std::to_string(ping.strays),
      std::to_string(ping.differing),
      std::to_string(ping.errors),
      IcmpRoundTrip(ping.rtt_min_ns, 6),
      IcmpRoundTrip(ping.rtt_avg_ns, 6),
      IcmpRoundTrip(ping.rtt_max_ns, 6),
  };
}

std::vector<TableColumn> Columns() {
  std::vector<TableColumn> columns = {
      {"START"},
      {.header = "CLIENT", .may_shrink = true},
      {.header = "SERVER", .may_shrink = true},
  };
  for (const char* header :
       {"ID", "SENT", "BACK", "LOST", "LOSS %", "MIN ms", "AVG ms", "MAX ms"}) {
    columns.push_back({.header = header, .right_aligned = true});
  }
  columns.push_back({"FLOW"});
  columns.push_back({"REMARKS"});
  return columns;
}

// "2 late, 1 duplicate, 3 errors".
std::string Remarks(const StoredPing& ping) {
  struct Count {
    uint64_t count;
    const char* one;
    const char* many;
  };
  const Count counts[] = {{ping.late, "late", "late"},
                          {ping.duplicates, "duplicate", "duplicates"},
                          {ping.strays, "without request", "without request"},
                          {ping.differing, "with other payload", "with other payload"},
                          {ping.errors, "error", "errors"}};
  std::string text;
  for (const Count& each : counts) {
    if (each.count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", each.count,
                        each.count == 1 ? each.one : each.many);
  }
  return text;
}

// In the order of Columns().
std::vector<std::string> Cells(const StoredPing& ping) {
  return {
      ShortTime(ping.id.t_start_ns),
      FormatAddress(ping.client),
      FormatAddress(ping.server),
      std::to_string(ping.ident),
      std::to_string(ping.requests),
      std::to_string(ping.replies),
      std::to_string(ping.lost),
      LossPercent(ping),
      IcmpRoundTrip(ping.rtt_min_ns, 3),
      IcmpRoundTrip(ping.rtt_avg_ns, 3),
      IcmpRoundTrip(ping.rtt_max_ns, 3),
      FormatFlowId(ping.id),
      Remarks(ping),
  };
}

absl::Status PrintTable(Reader& reader, const FlowQuery& query, Output& out) {
  // A flow's id and the remarks may stand out.
  const size_t width_max = std::max(out.terminal().columns, Terminal().columns) + 40;
  Table table(Columns(), width_max, out);
  FlowQuery one_more = query;
  one_more.limit = std::min(query.limit, kRowsUnlimited - 1) + 1;
  bool more = false;
  DFC_RETURN_IF_ERROR(reader.Pings(one_more, [&](const StoredPing& ping) {
    more = table.rows() == query.limit;
    if (!more) table.Row(Cells(ping));
  }));
  table.Finish();
  if (table.rows() == 0) {
    out.Write(query.filter.empty() ? "no ICMP requests or replies yet; try: dfc replay FILE\n"
                                   : "no ICMP request or reply matches\n");
  }
  if (more) {
    out.Write(fmt::format("{}and more (use --limit)\n", out.terminal().utf8 ? "…" : "..."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status PrintPings(Reader& reader, const FlowQuery& query, Format format, Output& out) {
  if (format == Format::kTable) return PrintTable(reader, query, out);
  const std::vector<Field> fields = Fields();
  RecordWriter writer(format, fields, out);
  DFC_RETURN_IF_ERROR(
      reader.Pings(query, [&](const StoredPing& ping) { writer.Write(Record(ping)); }));
  writer.Finish();
  return absl::OkStatus();
}

}  // namespace dfc
