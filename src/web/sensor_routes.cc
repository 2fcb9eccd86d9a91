// What each sensor saw, minute by minute, and whether its ledger adds up.
#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "api.h"
#include "dfc/time.h"
#include "json.h"
#include "parameters.h"
#include "sensor_figures.h"

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

// Frames that a live capture had no room for.
bool IsDropped(const std::string& name) {
  return name == OutcomeName(OutcomeOf(Verdict::kDroppedByInterface)) ||
         name == OutcomeName(OutcomeOf(Verdict::kDroppedByKernel)) ||
         name == OutcomeName(OutcomeOf(Verdict::kDroppedBySensor));
}

// Frames that were looked at and came to no flow. A fragment is part of a datagram that does, or is
// counted again.
bool IsRefused(const std::string& name) {
  return IsVerdict(name) && !IsDropped(name) && name != OutcomeName(OutcomeOf(Verdict::kOk)) &&
         name != OutcomeName(OutcomeOf(Verdict::kFragmentHeld));
}

bool IsAny(const std::string&) { return true; }

void WriteOutcome(std::string_view name, const Tally& tally, Json& json) {
  json.BeginObject();
  json.Text("outcome", name);
  json.Count("packets", tally.packets);
  json.Count("bytes", tally.bytes);
  json.EndObject();
}

void WriteOutcomes(const char* key, bool (*is_part)(const std::string&), const Outcomes& outcomes,
                   Json& json) {
  json.Key(key).BeginArray();
  for (const auto& [name, tally] : outcomes) {
    if (is_part(name)) WriteOutcome(name, tally, json);
  }
  json.EndArray();
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
  return {
      {{"captured packets with an outcome", judged.packets, captured.packets},
       {"captured bytes with an outcome", judged.bytes, captured.bytes},
       {"delivered packets in flows",
        SumPackets(outcomes, {Outcome::kFlowTcp, Outcome::kFlowUdp, Outcome::kFlowIcmp,
                              Outcome::kFlowIcmpv6, Outcome::kFlowOther}),
        Of(outcomes, OutcomeOf(Verdict::kOk)).packets},
       {"TCP payload with a fate",
        SumBytes(outcomes, {Outcome::kTcpStored, Outcome::kTcpDuplicate, Outcome::kTcpConflict,
                            Outcome::kTcpUrgent, Outcome::kTcpUrgentDropped,
                            Outcome::kTcpOutOfWindow, Outcome::kTcpShed, Outcome::kTcpContentLimit,
                            Outcome::kTcpNoContent, Outcome::kTcpOverload}),
        Of(outcomes, Outcome::kTcpPayload).bytes},
       {"datagram payload with a fate",
        SumBytes(outcomes, {Outcome::kDatagramStored, Outcome::kDatagramConflict,
                            Outcome::kDatagramContentLimit, Outcome::kDatagramNoContent,
                            Outcome::kDatagramOverload}),
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
    uint64_t dropped = 0;
    for (const auto& [name, tally] : outcomes) {
      refused += IsRefused(name) ? tally.packets : 0;
      dropped += IsDropped(name) ? tally.packets : 0;
    }
    const Tally captured = Of(outcomes, Outcome::kCaptured);
    json.BeginObject();
    json.Text("time", FormatTime(t_minute_ns));
    json.Count("captured_packets", captured.packets);
    json.Count("captured_bytes", captured.bytes);
    json.Count("delivered_packets", Of(outcomes, OutcomeOf(Verdict::kOk)).packets);
    json.Count("refused_packets", refused);
    json.Count("dropped_packets", dropped);
    json.EndObject();
  }
  json.EndArray();
}

void WriteEnd(const char* key, bool is_there, int64_t t_ns, Json& json) {
  json.Optional(key, is_there ? FormatTime(t_ns) : "");
}

void WriteStatus(const StoredSensor& sensor, int64_t now_ns, Json& json) {
  json.Key("status");
  if (sensor.t_status_ns == 0) return json.Null();
  json.BeginObject();
  json.Text("time", FormatTime(sensor.t_status_ns));
  json.Flag("fresh", now_ns - sensor.t_status_ns < kStatusFreshNs);
  json.Key("figures").BeginObject();
  for (const auto& [name, value] : FiguresOf(sensor.status)) json.Key(name).Double(value);
  json.EndObject();
  json.EndObject();
}

void WriteSensor(const StoredSensor& sensor, const Outcomes& outcomes, const Minutes& minutes,
                 int64_t now_ns, Json& json) {
  json.BeginObject();
  json.Text("name", sensor.name);
  WriteStatus(sensor, now_ns, json);
  WriteEnd("first", !minutes.empty(), minutes.empty() ? 0 : minutes.begin()->first, json);
  WriteEnd("last", !minutes.empty(), minutes.empty() ? 0 : minutes.rbegin()->first, json);
  json.Key("captured");
  WriteOutcome(OutcomeName(Outcome::kCaptured), Of(outcomes, Outcome::kCaptured), json);
  json.Key("delivered");
  const Outcome delivered = OutcomeOf(Verdict::kOk);
  WriteOutcome(OutcomeName(delivered), Of(outcomes, delivered), json);
  WriteOutcomes("outcomes", IsAny, outcomes, json);
  WriteOutcomes("refused", IsRefused, outcomes, json);
  WriteOutcomes("dropped", IsDropped, outcomes, json);
  WriteBalance(outcomes, json);
  WriteMinutes(minutes, json);
  json.EndObject();
}

void WriteUsage(const StoreUsage& usage, Json& json) {
  const auto number = [&json](const char* key, const auto& value) {
    json.Key(key);
    value ? json.Unsigned(*value) : json.Null();
  };
  json.Key("store").BeginObject();
  json.Count("bytes", usage.bytes);
  json.Count("bytes_a_day", usage.bytes_a_day);
  number("free_bytes", usage.free_bytes);
  number("keep_days", usage.limits.days);
  number("keep_bytes", usage.limits.bytes);
  WriteEnd("kept_from", usage.kept_from_ns.has_value(), usage.kept_from_ns.value_or(0), json);
  const std::optional<double> days_left = DaysLeft(usage);
  json.Key("days_left");
  days_left ? json.Double(*days_left) : json.Null();
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
  DFC_RETURN_IF_ERROR(call.reader.Sensors([&](const StoredSensor& sensor) {
    WriteSensor(sensor, sums[sensor.name], minutes[sensor.name], call.now_ns, json);
  }));
  json.EndArray();
  DFC_ASSIGN_OR_RETURN(const StoreUsage usage, call.reader.Usage());
  WriteUsage(usage, json);
  json.EndObject();
  return json.Take();
}

}  // namespace dfc
