#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "commands.h"
#include "content_digest.h"
#include "dfc/reader.h"
#include "dfc/time.h"
#include "flow_words.h"
#include "icmp_names.h"
#include "icmp_words.h"
#include "output.h"
#include "reading.h"
#include "text.h"
#include "turn_printer.h"

namespace dfc {
namespace {

using View = ShowOptions::View;

constexpr uint64_t kErrorsShown = 10;
constexpr uint64_t kMessagesShown = 20;

bool IsWanted(const ShowOptions& options, Side side) {
  return side == Side::kClient ? options.client : options.server;
}

std::string CountsText(const SideCounts& counts) {
  std::string text =
      fmt::format("{}, {} of content, {} missing", Count(counts.packets, "packet", "packets"),
                  Count(counts.content_bytes, "byte", "bytes"), Grouped(counts.gap_bytes));
  if (counts.duplicate_bytes != 0) {
    text += fmt::format(", {} sent again", Grouped(counts.duplicate_bytes));
  }
  if (counts.conflict_bytes != 0) {
    text += fmt::format(", {} sent again differently", Grouped(counts.conflict_bytes));
  }
  if (counts.urgent_bytes != 0) text += fmt::format(", {} urgent", Grouped(counts.urgent_bytes));
  if (counts.shed_bytes != 0) text += fmt::format(", {} not stored", Grouped(counts.shed_bytes));
  if (counts.refused_bytes != 0) text += fmt::format(", {} refused", Grouped(counts.refused_bytes));
  return text;
}

void PrintHeader(const StoredFlow& flow, Output& out) {
  const FlowRow& row = flow.row;
  const int64_t duration_ns = ElapsedNs(row.id.t_start_ns, row.t_last_ns);
  const std::string tuple =
      fmt::format("{} {} > {}", ProtocolName(row.protocol), ClientText(row), ServerText(row));
  const std::string flags = FlagWords(row.flags);
  out.Write(fmt::format("{}\n", Bold(out.terminal(), tuple)));
  out.Write(fmt::format("  flow       {}\n", FormatFlowId(row.id)));
  out.Write(fmt::format("  time       {} to {} ({:.6f} s)\n", FormatTime(row.id.t_start_ns),
                        FormatTime(row.t_last_ns),
                        static_cast<double>(duration_ns) / kNsPerSecond));
  out.Write(fmt::format("  state      {}{}{}\n", FlowStateName(row.state),
                        flags.empty() ? "" : ", ", flags));
  if (row.vlan != 0) out.Write(fmt::format("  vlan       {}\n", row.vlan));
  if (row.tunnel.kind != TunnelKind::kNone) {
    out.Write(fmt::format("  tunnel     {}\n", TunnelText(row.tunnel)));
  }
  out.Write(fmt::format("  client     {}\n", CountsText(row.counts[0])));
  out.Write(fmt::format("  server     {}\n", CountsText(row.counts[1])));
  for (const char* sentence : LeftOutSentences(row.flags)) {
    out.Write(fmt::format("  left out   {}\n", sentence));
  }
  out.Write(fmt::format("  community  {}\n", EscapeLine(flow.community_id)));
  out.Write(fmt::format("  sensor     {}\n", EscapeLine(flow.sensor)));
}

// ICMP errors that quote the flow; the last line, where there are many, tells how to list them.
absl::Status PrintErrors(Reader& reader, const StoredFlow& flow, Output& out) {
  const std::string about = fmt::format("about:{}", FormatFlowId(flow.row.id));
  uint64_t errors = 0;
  DFC_RETURN_IF_ERROR(reader.Icmp({about, "time", kErrorsShown + 1}, [&](const StoredIcmp& error) {
    if (errors++ == kErrorsShown) return;
    const double delay_s =
        static_cast<double>(ElapsedNs(flow.row.id.t_start_ns, error.row.t_ns)) / kNsPerSecond;
    out.Write(fmt::format("  icmp       {:+.6f} s  {} to {}: {}; {}\n", delay_s,
                          FormatAddress(error.source), FormatAddress(error.destination),
                          IcmpTypeAndCode(error), IcmpDetailsText(error)));
  }));
  if (errors > kErrorsShown) out.Write(fmt::format("  icmp       more: dfc icmp {}\n", about));
  return absl::OkStatus();
}

// The messages of an ICMP flow in words, as many as `limit`.
absl::Status PrintMessages(Reader& reader, const StoredFlow& flow, uint64_t limit, Output& out) {
  const std::string of_flow = fmt::format("id:{}", FormatFlowId(flow.row.id));
  uint64_t messages = 0;
  DFC_RETURN_IF_ERROR(reader.Icmp({of_flow, "time", limit}, [&](const StoredIcmp& message) {
    ++messages;
    const double delay_s =
        static_cast<double>(ElapsedNs(flow.row.id.t_start_ns, message.row.t_ns)) / kNsPerSecond;
    std::string words = IcmpTypeAndCode(message);
    if (message.row.pairing != IcmpPairing::kNone && message.row.pairing != IcmpPairing::kError) {
      words += fmt::format(", seq {}", message.row.seq);
    }
    const std::string round_trip = IcmpRoundTrip(message.row.rtt_ns, 3);
    if (!round_trip.empty()) words += fmt::format(", {} ms", round_trip);
    const std::string remarks = IcmpRemarks(message);
    out.Write(fmt::format("  {:+.6f} s  {}  {}{}{}\n", delay_s,
                          message.row.side == Side::kClient ? "client" : "server", words,
                          remarks.empty() ? "" : ", ", remarks));
  }));
  if (messages == limit && flow.row.counts[0].packets + flow.row.counts[1].packets > limit) {
    out.Write(fmt::format("  more: dfc icmp {}\n", of_flow));
  }
  out.Put('\n');
  return absl::OkStatus();
}

absl::Status PrintConversation(Reader& reader, const StoredFlow& flow, const ShowOptions& options,
                               Output& out) {
  PrintHeader(flow, out);
  DFC_RETURN_IF_ERROR(PrintErrors(reader, flow, out));
  out.Put('\n');
  if (IsIcmp(flow.row.protocol)) {
    DFC_RETURN_IF_ERROR(PrintMessages(reader, flow, kMessagesShown, out));
    // What is no text anyhow has been told in words.
    const bool has_text = IcmpHasIdentifier(flow.row.protocol, flow.row.icmp_type);
    if (!has_text && options.view == View::kText) return absl::OkStatus();
  }
  TurnPrinter printer(options.view, out.terminal(), flow.row.id.t_start_ns);
  bool is_empty = true;
  DFC_RETURN_IF_ERROR(reader.Turns(flow.row.id, [&](const Turn& turn) {
    if (!IsWanted(options, turn.side)) return;
    out.Write(printer.Print(turn));
    is_empty = false;
  }));
  out.Write(printer.Finish());
  if (is_empty) out.Write("(no content)\n");
  return absl::OkStatus();
}

absl::Status PrintRaw(Reader& reader, const FlowId& id, const ShowOptions& options, Output& out) {
  return reader.Turns(id, [&](const Turn& turn) {
    if (!IsWanted(options, turn.side) || !IsContent(turn)) return;
    out.Write({AsChars(turn.bytes.data()), turn.bytes.size()});
  });
}

absl::Status PrintDigest(Reader& reader, const FlowId& id, const ShowOptions& options,
                         Output& out) {
  const absl::StatusOr<std::array<SideDigest, 2>> digest = ContentDigest().Of(reader, id);
  if (!digest.ok()) return digest.status();
  for (const Side side : {Side::kClient, Side::kServer}) {
    if (!IsWanted(options, side)) continue;
    const SideDigest& of_side = (*digest)[static_cast<size_t>(side)];
    out.Write(fmt::format("{} {} {}\n", side == Side::kClient ? "client" : "server", of_side.bytes,
                          of_side.sha256));
  }
  return absl::OkStatus();
}

absl::Status Print(Reader& reader, const StoredFlow& flow, const ShowOptions& options,
                   Output& out) {
  switch (options.view) {
    case View::kRaw:
      return PrintRaw(reader, flow.row.id, options, out);
    case View::kDigest:
      return PrintDigest(reader, flow.row.id, options, out);
    case View::kText:
      break;
    case View::kHex:
      break;
  }
  return PrintConversation(reader, flow, options, out);
}

}  // namespace

int ShowCommand(const CommonOptions& common, const ShowOptions& options) {
  const absl::StatusOr<std::unique_ptr<Reader>> reader = OpenStoreForReading(common.store);
  if (!reader.ok()) return ReportFailure(reader.status());
  const absl::StatusOr<StoredFlow> flow = FindFlow(**reader, options.flow);
  if (!flow.ok()) return ReportFailure(flow.status());

  Output out(STDOUT_FILENO);
  const absl::Status printed = Print(**reader, *flow, options, out);
  out.Flush();
  return printed.ok() ? kExitDone : ReportFailure(printed);
}

}  // namespace dfc
