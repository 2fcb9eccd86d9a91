// What each sensor saw, minute by minute, and whether its ledger adds up.
#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "api.h"
#include "dfc/time.h"
#include "json.h"
#include "parameters.h"

namespace dfc {

namespace {

constexpr int64_t kMinutesShown = 1'440;

struct Tally {
  uint64_t packets = 0;
  uint64_t bytes = 0;

  void Add(const LedgerSum& sum) {
    packets += sum.packets;
    bytes += sum.bytes;
  }
};

// By the ledger's names, of one sensor over all minutes or of one minute.
using Outcomes = std::map<std::string, Tally>;
using Minutes = std::map<int64_t, Outcomes>;

Tally Of(const Outcomes& outcomes, Outcome outcome) {
  const auto found = outcomes.find(OutcomeName(outcome));
  return found == outcomes.end() ? Tally{} : found->second;
}

bool IsVerdict(const std::string& name) {
  for (size_t at = 0; at < kVerdictCount; ++at) {
    if (name == OutcomeName(static_cast<Outcome>(at))) return true;
  }
  return false;
}

// Frames that came to no flow. A fragment is part of a datagram that does, or is counted again.
bool IsRefused(const std::string& name) {
  return IsVerdict(name) && name != OutcomeName(OutcomeOf(Verdict::kOk)) &&
         name != OutcomeName(OutcomeOf(Verdict::kFragmentHeld));
}

void WriteOutcome(std::string_view name, const Tally& tally, Json& json) {
  json.BeginObject();
  json.Text("outcome", name);
  json.Count("packets", tally.packets);
  json.Count("bytes", tally.bytes);
  json.EndObject();
}

// One line of the ledger's equations: see docs/formats.md, "Outcomes".
struct Balance {
  const char* what;
  uint64_t have;
  uint64_t want;
};

uint64_t SumPackets(const Outcomes& outcomes, std::initializer_list<Outcome> parts) {
  uint64_t sum = 0;
  for (const Outcome part : parts) sum += Of(outcomes, part).packets;
  return sum;
}

uint64_t SumBytes(const Outcomes& outcomes, std::initializer_list<Outcome> parts) {
  uint64_t sum = 0;
  for (const Outcome part : parts) sum += Of(outcomes, part).bytes;
  return sum;
}

std::array<Balance, 5> BalanceOf(const Outcomes& outcomes) {
  Tally judged;
  for (const auto& [name, tally] : outcomes) {
    if (!IsVerdict(name)) continue;
    judged.packets += tally.packets;
    judged.bytes += tally.bytes;
  }
  const Tally captured = Of(outcomes, Outcome::kCaptured);
  return {{{"captured packets with an outcome", judged.packets, captured.packets},
           {"captured bytes with an outcome", judged.bytes, captured.bytes},
           {"delivered packets in flows",
            SumPackets(outcomes, {Outcome::kFlowTcp, Outcome::kFlowUdp, Outcome::kFlowIcmp,
                                  Outcome::kFlowIcmpv6, Outcome::kFlowOther}),
            Of(outcomes, OutcomeOf(Verdict::kOk)).packets},
           {"TCP payload with a fate",
            SumBytes(outcomes, {Outcome::kTcpStored, Outcome::kTcpDuplicate, Outcome::kTcpConflict,
                                Outcome::kTcpUrgent, Outcome::kTcpOutOfWindow, Outcome::kTcpShed}),
            Of(outcomes, Outcome::kTcpPayload).bytes},
           {"datagram payload stored", Of(outcomes, Outcome::kDatagramStored).bytes,
            Of(outcomes, Outcome::kDatagramPayload).bytes}}};
}

void WriteBalance(const Outcomes& outcomes, Json& json) {
  const auto lines = BalanceOf(outcomes);
  const auto holds = [](const Balance& line) { return line.have == line.want; };
  json.Flag("balanced", std::ranges::all_of(lines, holds));
  json.Key("balance").BeginArray();
  for (const Balance& line : lines) {
    json.BeginObject();
    json.Text("what", line.what);
    json.Count("have", line.have);
    json.Count("want", line.want);
    json.Flag("ok", holds(line));
    json.EndObject();
  }
  json.EndArray();
}

void WriteMinutes(const Minutes& minutes, Json& json) {
  json.Key("minutes").BeginArray();
  for (const auto& [t_minute_ns, outcomes] : minutes) {
    uint64_t refused = 0;
    for (const auto& [name, tally] : outcomes) refused += IsRefused(name) ? tally.packets : 0;
    const Tally captured = Of(outcomes, Outcome::kCaptured);
    json.BeginObject();
    json.Text("time", FormatTime(t_minute_ns));
    json.Count("captured_packets", captured.packets);
    json.Count("captured_bytes", captured.bytes);
    json.Count("delivered_packets", Of(outcomes, OutcomeOf(Verdict::kOk)).packets);
    json.Count("refused_packets", refused);
    json.EndObject();
  }
  json.EndArray();
}

void WriteEnd(const char* key, bool is_there, int64_t t_ns, Json& json) {
  json.Optional(key, is_there ? FormatTime(t_ns) : "");
}

void WriteSensor(const std::string& name, const Outcomes& outcomes, const Minutes& minutes,
                 Json& json) {
  json.BeginObject();
  json.Text("name", name);
  WriteEnd("first", !minutes.empty(), minutes.empty() ? 0 : minutes.begin()->first, json);
  WriteEnd("last", !minutes.empty(), minutes.empty() ? 0 : minutes.rbegin()->first, json);
  json.Key("captured");
  WriteOutcome(OutcomeName(Outcome::kCaptured), Of(outcomes, Outcome::kCaptured), json);
  json.Key("delivered");
  const Outcome delivered = OutcomeOf(Verdict::kOk);
  WriteOutcome(OutcomeName(delivered), Of(outcomes, delivered), json);
  for (const bool refused_only : {false, true}) {
    json.Key(refused_only ? "refused" : "outcomes").BeginArray();
    for (const auto& [outcome, tally] : outcomes) {
      if (!refused_only || IsRefused(outcome)) WriteOutcome(outcome, tally, json);
    }
    json.EndArray();
  }
  WriteBalance(outcomes, json);
  WriteMinutes(minutes, json);
  json.EndObject();
}

}  // namespace

absl::StatusOr<std::string> SensorsRoute(const ApiCall& call) {
  DFC_ASSIGN_OR_RETURN(const auto from, TimeParameter(call.request, "from"));
  DFC_ASSIGN_OR_RETURN(const auto to, TimeParameter(call.request, "to"));
  const int64_t from_ns = from.value_or(std::numeric_limits<int64_t>::min());
  const int64_t to_ns = to.value_or(std::numeric_limits<int64_t>::max());
  std::map<std::string, Outcomes> sums;
  DFC_RETURN_IF_ERROR(call.reader.Ledger(from_ns, to_ns, false, [&](const LedgerSum& sum) {
    sums[sum.sensor][sum.outcome].Add(sum);
  }));
  DFC_ASSIGN_OR_RETURN(const int64_t last_ns, call.reader.LastMinute(from_ns, to_ns));
  const int64_t shown_ns = kMinutesShown * kNsPerMinute;
  const int64_t first_ns = std::max(from_ns, last_ns > shown_ns ? last_ns - shown_ns : 0);
  std::map<std::string, Minutes> minutes;
  DFC_RETURN_IF_ERROR(call.reader.Ledger(first_ns, to_ns, true, [&](const LedgerSum& sum) {
    minutes[sum.sensor][sum.t_minute_ns][sum.outcome].Add(sum);
  }));
  Json json;
  json.BeginObject();
  json.Key("sensors").BeginArray();
  for (const auto& [name, outcomes] : sums) WriteSensor(name, outcomes, minutes[name], json);
  json.EndArray();
  json.EndObject();
  return json.Take();
}

}  // namespace dfc
