#include <fmt/format.h>

#include <numeric>
#include <span>
#include <string_view>

#include "verifier.h"

namespace dfc {

namespace {

uint64_t SumOf(const OutcomeSums& sums, Outcome first, Outcome last) {
  const auto parts = std::span(sums).subspan(
      static_cast<size_t>(first), static_cast<size_t>(last) - static_cast<size_t>(first) + 1);
  return std::accumulate(parts.begin(), parts.end(), uint64_t{0});
}

uint64_t Of(const OutcomeSums& sums, Outcome outcome) { return sums[static_cast<size_t>(outcome)]; }

// kOutcomeCount when no outcome is called so.
size_t OutcomeNamed(std::string_view name) {
  size_t at = 0;
  while (at < kOutcomeCount && name != OutcomeName(static_cast<Outcome>(at))) ++at;
  return at;
}

// A whole and the parts that it must be the sum of.
struct Balance {
  const char* what;
  bool of_bytes;
  Outcome whole;
  Outcome first, last;
};

constexpr auto kFirstVerdict = Outcome{0};
constexpr auto kLastVerdict = static_cast<Outcome>(kVerdictCount - 1);
constexpr Balance kBalances[] = {
    {"captured packets with an outcome", false, Outcome::kCaptured, kFirstVerdict, kLastVerdict},
    {"captured bytes with an outcome", true, Outcome::kCaptured, kFirstVerdict, kLastVerdict},
    {"delivered packets in flows", false, OutcomeOf(Verdict::kOk), Outcome::kFlowTcp,
     Outcome::kFlowOther},
    {"TCP payload bytes with an outcome", true, Outcome::kTcpPayload, Outcome::kTcpStored,
     kTcpFateLast},
    {"datagram payload bytes with an outcome", true, Outcome::kDatagramPayload,
     Outcome::kDatagramStored, kDatagramFateLast},
};

// The rows of one minute of one input, which follow each other.
struct MinuteSums {
  int64_t t_minute_ns = 0;
  uint64_t sensor_id = 0;
  uint64_t source = 0;
  OutcomeSums packets{};
  OutcomeSums bytes{};

  bool IsOf(const SqlCursor& row) const {
    return t_minute_ns == row.Integer(0) && sensor_id == static_cast<uint64_t>(row.Integer(1)) &&
           source == static_cast<uint64_t>(row.Integer(2));
  }
};

Finding FindingOf(const MinuteSums& minute, const Verifier& verifier) {
  Finding finding;
  finding.sensor = verifier.SensorName(minute.sensor_id);
  finding.t_minute_ns = minute.t_minute_ns;
  finding.source = minute.source;
  return finding;
}

void CheckMinute(const MinuteSums& minute, Verifier& verifier) {
  if (!verifier.Keeps(minute.t_minute_ns)) return;
  ++verifier.verified.minutes;
  for (const Balance& balance : kBalances) {
    const OutcomeSums& sums = balance.of_bytes ? minute.bytes : minute.packets;
    const uint64_t parts = SumOf(sums, balance.first, balance.last);
    if (parts == Of(sums, balance.whole)) continue;
    Finding finding = FindingOf(minute, verifier);
    finding.what = balance.what;
    finding.have = parts;
    finding.want = Of(sums, balance.whole);
    verifier.Report(finding);
  }
}

// The row is t_minute, sensor_id, source, outcome, packets, bytes.
void AddRow(const SqlCursor& row, MinuteSums& minute, Verifier& verifier) {
  const ByteSpan text = row.Bytes(3);
  const std::string_view name(AsChars(text.data()), text.size());
  const size_t outcome = OutcomeNamed(name);
  if (outcome == kOutcomeCount) {
    Finding finding = FindingOf(minute, verifier);
    finding.what = fmt::format("outcome '{}' is unknown", name);
    return verifier.Report(finding);
  }
  const auto packets = static_cast<uint64_t>(row.Integer(4));
  const auto bytes = static_cast<uint64_t>(row.Integer(5));
  minute.packets[outcome] += packets;
  minute.bytes[outcome] += bytes;
  if (!verifier.Keeps(minute.t_minute_ns)) return;
  SensorSums& sums = verifier.sums[minute.sensor_id];
  sums.sources.insert(minute.source);
  sums.packets[outcome] += packets;
  sums.bytes[outcome] += bytes;
}

}  // namespace

absl::Status VerifyLedger(Verifier& verifier) {
  DFC_ASSIGN_OR_RETURN(
      const auto row,
      verifier.connection.Query("SELECT t_minute, sensor_id, source, outcome, packets, bytes"
                                " FROM ledger ORDER BY t_minute, sensor_id, source, outcome",
                                {}));
  MinuteSums minute;
  for (bool first = true;; first = false) {
    DFC_ASSIGN_OR_RETURN(const bool found, row->Next());
    if (!first && (!found || !minute.IsOf(*row))) CheckMinute(minute, verifier);
    if (!found) return absl::OkStatus();
    if (first || !minute.IsOf(*row)) {
      minute = MinuteSums{};
      minute.t_minute_ns = row->Integer(0);
      minute.sensor_id = static_cast<uint64_t>(row->Integer(1));
      minute.source = static_cast<uint64_t>(row->Integer(2));
    }
    AddRow(*row, minute, verifier);
  }
}

}  // namespace dfc
