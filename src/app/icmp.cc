#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "commands.h"
#include "dfc/reader.h"
#include "dfc/time.h"
#include "flow_words.h"
#include "icmp_names.h"
#include "output.h"
#include "reading.h"
#include "record_writer.h"
#include "table.h"
#include "text.h"

namespace dfc {
namespace {

constexpr size_t kQuoteColumns = 80;  // Two endpoints and a flow id.

std::vector<Field> Fields() {
  using enum Field::Kind;
  return {
      {"time", kText},   {"source", kText},        {"destination", kText},
      {"proto", kText},  {"type", kNumber},        {"type_name", kText},
      {"code", kNumber}, {"code_name", kOptional}, {"ident", kNumber},
      {"seq", kNumber},  {"rtt_ms", kNumber},      {"bytes", kNumber},
      {"flow", kText},   {"quoted", kOptional},    {"quoted_flow", kOptional},
  };
}

// "udp 10.0.0.1:53 > 10.0.0.2:1024"; "" for a message that quotes nothing.
std::string QuotedText(const IcmpRow& row) {
  if (!row.has_quote) return "";
  const FiveTuple& quoted = row.quoted;
  return fmt::format("{} {} > {}", ProtocolName(quoted.protocol),
                     FormatEndpoint(quoted.source, quoted.source_port),
                     FormatEndpoint(quoted.destination, quoted.destination_port));
}

std::string QuotedFlowId(const IcmpRow& row) {
  return row.has_quote && row.quote_found ? FormatFlowId(row.about) : "";
}

// Milliseconds with `decimals`; "" for a message that is no reply to a request seen.
std::string RoundTrip(const IcmpRow& row, int decimals) {
  if (row.rtt_ns < 0) return "";
  return fmt::format("{:.{}f}", static_cast<double>(row.rtt_ns) / kNsPerMs, decimals);
}

// In the order of Fields().
std::vector<std::string> Record(const StoredIcmp& message) {
  const IcmpRow& row = message.row;
  const bool has_identifier = IcmpHasIdentifier(message.protocol, row.type);
  return {
      FormatTime(row.t_ns),
      FormatAddress(message.source),
      FormatAddress(message.destination),
      ProtocolName(message.protocol),
      std::to_string(row.type),
      IcmpTypeName(message.protocol, row.type),
      std::to_string(row.code),
      IcmpCodeName(message.protocol, row.type, row.code),
      has_identifier ? std::to_string(row.ident) : "",
      has_identifier ? std::to_string(row.seq) : "",
      RoundTrip(row, 6),
      std::to_string(row.payload_bytes),
      FormatFlowId(row.id),
      QuotedText(row),
      QuotedFlowId(row),
  };
}

std::vector<TableColumn> Columns() {
  return {
      {"TIME"},
      {.header = "SOURCE", .may_shrink = true},
      {.header = "DESTINATION", .may_shrink = true},
      {"TYPE"},
      {.header = "ID", .right_aligned = true},
      {.header = "SEQ", .right_aligned = true},
      {.header = "RTT ms", .right_aligned = true},
      {.header = "BYTES", .right_aligned = true},
      {"ABOUT"},
      {"FLOW"},
  };
}

// "Echo Reply", "Destination Unreachable: port unreachable", "Router Renumbering (255)".
std::string TypeAndCode(const StoredIcmp& message) {
  const IcmpRow& row = message.row;
  const std::string type = IcmpTypeName(message.protocol, row.type);
  const std::string code = IcmpCodeName(message.protocol, row.type, row.code);
  if (!code.empty()) return fmt::format("{}: {}", type, code);
  return row.code == 0 ? type : fmt::format("{} ({})", type, row.code);
}

// In the order of Columns().
std::vector<std::string> Cells(const StoredIcmp& message) {
  const IcmpRow& row = message.row;
  const bool has_identifier = IcmpHasIdentifier(message.protocol, row.type);
  return {
      ShortTime(row.t_ns),
      FormatAddress(message.source),
      FormatAddress(message.destination),
      TypeAndCode(message),
      has_identifier ? std::to_string(row.ident) : "",
      has_identifier ? std::to_string(row.seq) : "",
      RoundTrip(row, 3),
      std::to_string(row.payload_bytes),
      QuotedText(row),
      QuotedFlowId(row),
  };
}

absl::Status PrintRecords(Reader& reader, const FlowQuery& query, Format format, Output& out) {
  const std::vector<Field> fields = Fields();
  RecordWriter writer(format, fields, out);
  DFC_RETURN_IF_ERROR(
      reader.Icmp(query, [&](const StoredIcmp& message) { writer.Write(Record(message)); }));
  writer.Finish();
  return absl::OkStatus();
}

absl::Status PrintTable(Reader& reader, const FlowQuery& query, Output& out) {
  // What an error is about may stand out: half of it would be of no use, and few lines have any.
  const size_t width_max = std::max(out.terminal().columns, Terminal().columns) + kQuoteColumns;
  Table table(Columns(), width_max, out);
  // One more than is shown tells whether there are more.
  FlowQuery one_more = query;
  one_more.limit = std::min(query.limit, kRowsUnlimited - 1) + 1;
  bool more = false;
  DFC_RETURN_IF_ERROR(reader.Icmp(one_more, [&](const StoredIcmp& message) {
    more = table.rows() == query.limit;
    if (!more) table.Row(Cells(message));
  }));
  table.Finish();
  if (table.rows() == 0) {
    out.Write(query.filter.empty() ? "no ICMP messages yet; try: dfc replay FILE\n"
                                   : "no ICMP message matches\n");
  }
  if (more) {
    out.Write(fmt::format("{}and more (use --limit)\n", out.terminal().utf8 ? "…" : "..."));
  }
  return absl::OkStatus();
}

}  // namespace

int IcmpCommand(const CommonOptions& common, const ListOptions& options) {
  const absl::StatusOr<std::unique_ptr<Reader>> reader = OpenStoreForReading(common.store);
  if (!reader.ok()) return ReportFailure(reader.status());
  const FlowQuery query{options.query, options.sort, options.limit};
  Output out(STDOUT_FILENO);
  const absl::Status printed = options.format == Format::kTable
                                   ? PrintTable(**reader, query, out)
                                   : PrintRecords(**reader, query, options.format, out);
  out.Flush();
  return printed.ok() ? kExitDone : ReportFailure(Annotate(printed, "query"));
}

}  // namespace dfc
