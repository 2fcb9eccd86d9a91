#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "commands.h"
#include "dfc/reader.h"
#include "dfc/time.h"
#include "flow_words.h"
#include "icmp_names.h"
#include "icmp_words.h"
#include "output.h"
#include "pings.h"
#include "reading.h"
#include "record_writer.h"
#include "table.h"
#include "text.h"

namespace dfc {
namespace {

// Remarks are the last column and may stand out: half of them would be of no use.
constexpr size_t kRemarkColumns = 120;

std::vector<Field> Fields() {
  using enum Field::Kind;
  return {
      {"time", kText},
      {"source", kText},
      {"destination", kText},
      {"proto", kText},
      {"type", kNumber},
      {"type_name", kText},
      {"code", kNumber},
      {"code_name", kOptional},
      {"ident", kNumber},
      {"seq", kNumber},
      {"rtt_ms", kNumber},
      {"bytes", kNumber},
      {"flow", kText},
      {"n", kNumber},
      {"pairing", kOptional},
      {"request_n", kNumber},
      {"payload_equal", kNumber},
      {"quoted", kOptional},
      {"quoted_flow", kOptional},
      {"details", kOptional},
  };
}

std::string AboutText(const StoredIcmp& message) {
  return message.has_about ? FormatFlowId(message.about) : "";
}

std::string PayloadEqual(const IcmpRow& row) {
  if (row.payload == IcmpPayload::kUnknown) return "";
  return row.payload == IcmpPayload::kEqual ? "true" : "false";
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
      IcmpRoundTrip(row.rtt_ns, 6),
      std::to_string(row.payload_bytes),
      FormatFlowId(row.id),
      std::to_string(row.n),
      IcmpPairingName(row.pairing),
      row.request_n == kNoIcmpMessage ? "" : std::to_string(row.request_n),
      PayloadEqual(row),
      IcmpQuotedText(row),
      AboutText(message),
      IcmpDetailsText(message),
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
      {"ABOUT FLOW"},
      {"REMARKS"},
  };
}

// In the order of Columns().
std::vector<std::string> Cells(const StoredIcmp& message) {
  const IcmpRow& row = message.row;
  const bool has_identifier = IcmpHasIdentifier(message.protocol, row.type);
  return {
      ShortTime(row.t_ns),
      FormatAddress(message.source),
      FormatAddress(message.destination),
      IcmpTypeAndCode(message),
      has_identifier ? std::to_string(row.ident) : "",
      has_identifier ? std::to_string(row.seq) : "",
      IcmpRoundTrip(row.rtt_ns, 3),
      std::to_string(row.payload_bytes),
      AboutText(message),
      IcmpRemarks(message),
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
  const size_t width_max = std::max(out.terminal().columns, Terminal().columns) + kRemarkColumns;
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

absl::Status Print(Reader& reader, const FlowQuery& query, const ListOptions& options,
                   Output& out) {
  if (options.pings) return PrintPings(reader, query, options.format, out);
  if (options.format == Format::kTable) return PrintTable(reader, query, out);
  return PrintRecords(reader, query, options.format, out);
}

}  // namespace

int IcmpCommand(const CommonOptions& common, const ListOptions& options) {
  const absl::StatusOr<std::unique_ptr<Reader>> reader = OpenStoreForReading(common.store);
  if (!reader.ok()) return ReportFailure(reader.status());
  const FlowQuery query{options.query, options.sort, options.limit, WallClockNs()};
  Output out(STDOUT_FILENO);
  const absl::Status printed = Print(**reader, query, options, out);
  out.Flush();
  return printed.ok() ? kExitDone : ReportFailure(Annotate(printed, "query"));
}

}  // namespace dfc
