#include "flow_words.h"

#include <fmt/format.h>

#include <array>

#include "dfc/time.h"
#include "text.h"

namespace dfc {
namespace {

struct FlagName {
  FlowFlag flag;
  const char* word;
  const char* short_word;
};

// The words are those that a query takes, as in has:reorder.
constexpr auto kFlagNames = std::to_array<FlagName>({
    {kFlowMidstream, "midstream", "mid"},
    {kFlowGap, "gap", "gap"},
    {kFlowOutOfOrder, "reorder", "ooo"},
    {kFlowConflict, "conflict", "conflict"},
    {kFlowFragmented, "fragment", "frag"},
    {kFlowTruncated, "truncated", "cut"},
    {kFlowReused, "reused", "reused"},
    {kFlowEvicted, "evicted", "evicted"},
    {kFlowUrgent, "urgent", "urg"},
    {kFlowAttempts, "attempts", "many"},
    {kFlowAfterReset, "after-reset", "rst+"},
    {kFlowContentLimit, "content-limit", "limit"},
    {kFlowNoContent, "no-content", "none"},
    {kFlowOverload, "overload", "shed"},
});

std::string JoinFlags(uint16_t flags, const char* FlagName::*word) {
  std::string text;
  for (const FlagName& name : kFlagNames) {
    if ((flags & name.flag) == 0) continue;
    if (!text.empty()) text.push_back(',');
    text.append(name.*word);
  }
  return text;
}

}  // namespace

std::string FlagWords(uint16_t flags) { return JoinFlags(flags, &FlagName::word); }

std::string ShortFlagWords(uint16_t flags) { return JoinFlags(flags, &FlagName::short_word); }

std::vector<const char*> LeftOutSentences(uint16_t flags) {
  std::vector<const char*> sentences;
  if ((flags & kFlowContentLimit) != 0) sentences.push_back("content limit reached");
  if ((flags & kFlowNoContent) != 0) sentences.push_back("recorded without content");
  if ((flags & kFlowOverload) != 0) sentences.push_back("content shed: the sensor was overloaded");
  return sentences;
}

std::string ShortStateName(FlowState state) {
  return state == FlowState::kEstablished ? "estab" : FlowStateName(state);
}

std::string ClientText(const FlowRow& row) {
  if (!HasPorts(row.protocol)) return FormatAddress(row.client);
  return FormatEndpoint(row.client, row.client_port);
}

std::string ServerText(const FlowRow& row) {
  if (!HasPorts(row.protocol)) return FormatAddress(row.server);
  return FormatEndpoint(row.server, row.server_port);
}

std::string TunnelText(const Tunnel& tunnel) {
  if (tunnel.kind == TunnelKind::kNone) return "";
  if (tunnel.id == 0) return TunnelName(tunnel.kind);
  return fmt::format("{} {}", TunnelName(tunnel.kind), tunnel.id);
}

std::string ShortTime(int64_t time_ns) {
  std::string text = FormatTime(time_ns).substr(5, 14);  // Between the year and the fraction.
  text[5] = ' ';
  return text;
}

}  // namespace dfc
