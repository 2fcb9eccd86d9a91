#include "summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <numeric>

#include "dfc/time.h"
#include "text.h"
#include "verdict_sentence.h"

namespace dfc {
namespace {

void AddLine(std::string& out, const char* name, const std::string& text) {
  fmt::format_to(std::back_inserter(out), "  {:<10} {}\n", name, text);
}

bool IsDropped(Verdict verdict) {
  return verdict == Verdict::kDroppedByInterface || verdict == Verdict::kDroppedByKernel ||
         verdict == Verdict::kDroppedBySensor;
}

bool IsRefused(Verdict verdict) {
  return verdict != Verdict::kOk && verdict != Verdict::kFragmentHeld && !IsDropped(verdict);
}

uint64_t SumOf(const std::array<uint64_t, kVerdictCount>& figures) {
  return std::accumulate(figures.begin(), figures.end(), uint64_t{0});
}

void AddPackets(const PipelineReport& report, std::string& out) {
  AddLine(out, "packets",
          fmt::format("{}, {}", Grouped(SumOf(report.packets)), HumanBytes(SumOf(report.bytes))));
  const uint64_t delivered = report.packets[static_cast<size_t>(Verdict::kOk)];
  const uint64_t held = report.packets[static_cast<size_t>(Verdict::kFragmentHeld)];
  std::string text = fmt::format("{} to flows", Grouped(delivered));
  if (held != 0)
    text += fmt::format(", {} kept for their datagrams", Count(held, "fragment", "fragments"));
  AddLine(out, "delivered", text);
}

// The sum of the packets of these verdicts, and a line for each that has any.
void AddVerdicts(const PipelineReport& report, const char* name, bool (*is_meant)(Verdict),
                 std::string& out) {
  uint64_t sum = 0;
  size_t digits = 0;
  for (size_t i = 0; i < kVerdictCount; ++i) {
    if (!is_meant(static_cast<Verdict>(i))) continue;
    sum += report.packets[i];
    if (report.packets[i] != 0) digits = std::max(digits, Grouped(report.packets[i]).size());
  }
  AddLine(out, name, Grouped(sum));
  for (size_t i = 0; i < kVerdictCount; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    if (!is_meant(verdict) || report.packets[i] == 0) continue;
    fmt::format_to(std::back_inserter(out), "{:13}{:>{}}  {}\n", "", Grouped(report.packets[i]),
                   digits, VerdictSentence(verdict));
  }
}

void AddFlows(const FlowCounters& flows, std::string& out) {
  constexpr std::array<const char*, 6> kNames = {"tcp", "udp", "icmp", "icmp6", "sctp", "other"};
  static_assert(kNames.size() == std::size(decltype(flows.flows){}));
  std::string text =
      Grouped(std::accumulate(std::begin(flows.flows), std::end(flows.flows), uint64_t{0}));
  const char* separator = ": ";
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (flows.flows[i] == 0) continue;
    text += fmt::format("{}{} {}", separator, kNames[i], Grouped(flows.flows[i]));
    separator = ", ";
  }
  AddLine(out, "flows", text);
  if (flows.icmp_messages != 0)
    AddLine(out, "icmp", Count(flows.icmp_messages, "message", "messages"));
}

void AddContent(const FlowCounters& flows, std::string& out) {
  std::string text = fmt::format("{} restored", HumanBytes(flows.content_bytes));
  if (flows.duplicate_bytes != 0) {
    text += fmt::format(", {} sent again", HumanBytes(flows.duplicate_bytes));
  }
  if (flows.conflict_bytes != 0) {
    text += fmt::format(", {} sent again differently", HumanBytes(flows.conflict_bytes));
  }
  if (flows.refused_bytes != 0) {
    text += fmt::format(", {} that no receiver takes", HumanBytes(flows.refused_bytes));
  }
  if (flows.urgent_bytes != 0) {
    text += fmt::format(", {} urgent", HumanBytes(flows.urgent_bytes));
  }
  const uint64_t left_out = std::accumulate(std::begin(flows.left_out_bytes),
                                            std::end(flows.left_out_bytes), uint64_t{0});
  if (flows.shed_bytes != left_out) {
    text +=
        fmt::format(", {} too late for a gap given up", HumanBytes(flows.shed_bytes - left_out));
  }
  AddLine(out, "content", text);
  text = Grouped(flows.gaps);
  if (flows.gaps != 0) text += fmt::format(", {} missing", Count(flows.gap_bytes, "byte", "bytes"));
  AddLine(out, "gaps", text);
}

// One line for each fate that some fragmented datagram had, but that of becoming whole.
void AddFragments(const FragmentCounters& fragments, std::string& out) {
  const std::pair<uint64_t, const char*> fates[] = {
      {fragments.timed_out + fragments.unfinished, "given up: the rest never came"},
      {fragments.dropped, "dropped: a fragment broke the receiver's rules"},
      {fragments.restarted, "begun anew: the fragments came too far apart"},
  };
  for (const auto& [count, fate] : fates) {
    if (count == 0) continue;
    AddLine(out, "fragments", fmt::format("{} {}", Count(count, "datagram", "datagrams"), fate));
  }
  if (fragments.conflicts != 0) {
    AddLine(out, "fragments",
            fmt::format("{} with other bytes for a place that was taken",
                        Count(fragments.conflicts, "fragment", "fragments")));
  }
  const std::pair<uint64_t, const char*> limits[] = {
      {fragments.over_share, "given up: its source had its share of the table of fragments"},
      {fragments.pushed_out, "given up: the table of fragments was full"},
  };
  for (const auto& [count, limit] : limits) {
    if (count == 0) continue;
    AddLine(out, "limit", fmt::format("{} {}", Count(count, "datagram", "datagrams"), limit));
  }
}

// A line for each reason to leave out content that some flow had.
void AddLeftOut(const FlowCounters& flows, std::string& out) {
  constexpr std::array<const char*, kLeftOutCount> kReasons = {
      "", "past the limit of their content",
      "as their ports or networks are recorded without content", "as the sensor could not keep up"};
  for (size_t why = 1; why < kLeftOutCount; ++why) {
    if (flows.left_out_flows[why] == 0) continue;
    AddLine(out, "left out",
            fmt::format("{} of {}, {}", HumanBytes(flows.left_out_bytes[why]),
                        Count(flows.left_out_flows[why], "flow", "flows"), kReasons[why]));
  }
}

void AddLimits(const PipelineReport& report, std::string& out) {
  const FlowCounters& flows = report.flows;
  if (flows.flows_evicted != 0) {
    AddLine(out, "limit",
            fmt::format("{} written out early: the flow table was full",
                        Count(flows.flows_evicted, "flow", "flows")));
  }
  if (flows.attempts_summed != 0) {
    AddLine(out, "limit",
            fmt::format("{} to connect summed up: too many were open",
                        Count(flows.attempts_summed, "attempt", "attempts")));
  }
  if (flows.content_flushed_early != 0) {
    AddLine(out, "limit",
            fmt::format("{} written early: content memory was full",
                        Count(flows.content_flushed_early, "piece", "pieces")));
  }
  if (flows.gaps_given_up_early != 0) {
    AddLine(out, "limit",
            fmt::format("{} not waited for: no memory to hold what came behind",
                        Count(flows.gaps_given_up_early, "gap", "gaps")));
  }
  if (flows.icmp_requests_dropped != 0) {
    AddLine(out, "limit",
            fmt::format("{} made room for others before a reply came",
                        Count(flows.icmp_requests_dropped, "ICMP request", "ICMP requests")));
  }
  if (report.checksums_offloaded != 0) {
    AddLine(out, "checksums",
            fmt::format("{} left to the sending card, and taken as right",
                        Count(report.checksums_offloaded, "checksum", "checksums")));
  }
}

void AddSpeed(const PipelineReport& report, std::string& out) {
  const double elapsed_s =
      static_cast<double>(std::max<int64_t>(report.elapsed_ns, 1)) / kNsPerSecond;
  const auto per_second = [&](uint64_t count) {
    return static_cast<uint64_t>(static_cast<double>(count) / elapsed_s);
  };
  AddLine(out, "time",
          fmt::format("{:.3f} s, {} packets/s, {:.1f} MB/s", elapsed_s,
                      Grouped(per_second(SumOf(report.packets))),
                      static_cast<double>(SumOf(report.bytes)) / 1e6 / elapsed_s));
}

void AddSpool(const PipelineReport& report, std::string& out) {
  if (report.dead_rows != 0) {
    AddLine(out, "refused",
            fmt::format("{} by the store, and set aside: see dfc spool",
                        Count(report.dead_rows, "row", "rows")));
  }
  if (!report.spool) return;
  const SpoolState& state = report.spool->state;
  if (state.rows_spooled != 0) {
    AddLine(out, "spool", fmt::format("{} by way of it", Count(state.rows_spooled, "row", "rows")));
  }
  if (report.spool->left.rows != 0) {
    AddLine(
        out, "spool",
        fmt::format("{} in {} left for the next run", Count(report.spool->left.rows, "row", "rows"),
                    Count(report.spool->left.blocks, "block", "blocks")));
  }
  if (state.rows_dropped != 0) {
    AddLine(out, "dropped",
            fmt::format("{}, the oldest: the spool was full",
                        Count(state.rows_dropped, "row", "rows")));
  }
  if (state.rows_unreadable != 0) {
    AddLine(out, "damaged",
            fmt::format("{} in the spool could not be read",
                        Count(state.rows_unreadable, "row", "rows")));
  }
}

}  // namespace

std::string Summarize(const PipelineReport& report, const std::string& store) {
  std::string out;
  AddPackets(report, out);
  AddVerdicts(report, "refused", IsRefused, out);
  if (report.is_live) AddVerdicts(report, "dropped", IsDropped, out);
  if (report.datagrams_dropped != 0) {
    AddLine(out, "dropped",
            fmt::format("{} of packets that were delivered without them",
                        Count(report.datagrams_dropped, "datagram", "datagrams")));
  }
  AddFlows(report.flows, out);
  AddContent(report.flows, out);
  AddLeftOut(report.flows, out);
  AddLimits(report, out);
  AddFragments(report.fragments, out);
  AddLine(out, "stored",
          fmt::format("{} in {}: {}", Count(report.rows, "row", "rows"),
                      Count(report.blocks, "block", "blocks"), EscapeLine(store)));
  AddSpool(report, out);
  AddSpeed(report, out);
  return out;
}

}  // namespace dfc
