// The two halves of VerifyStore(), and what they have in common.
#pragma once

#include <array>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "dfc/verify.h"
#include "sql_cursor.h"

namespace dfc {

using OutcomeSums = std::array<uint64_t, kOutcomeCount>;

// What a sensor's ledger and its flows come to. `flow_*` are by Outcome too: those from kFlowTcp
// on.
struct SensorSums {
  std::set<uint64_t> sources;
  OutcomeSums packets{};
  OutcomeSums bytes{};
  OutcomeSums flow_packets{};
  OutcomeSums flow_bytes{};
  uint64_t flow_left_out_bytes = 0;   // Of all others, the same; copies that lost aside.
  uint64_t flow_discarded_bytes = 0;  // Of TCP: all that was captured and not stored.
};

struct Verifier {
  SqlConnection& connection;
  const std::function<void(const Finding&)>& each;
  bool hash_is_signed;                      // How the store orders a flow_hash.
  std::map<uint64_t, std::string> sensors;  // Names by number.
  std::map<uint64_t, SensorSums> sums;      // Of every sensor that has rows.
  Verified verified;
  // Before that retention has taken what is not pinned: what is left, or came back since, is no
  // whole. The ledger knows of the packets of flows that began before and went on.
  int64_t kept_from_ns = std::numeric_limits<int64_t>::min();

  bool Keeps(int64_t t_ns) const { return t_ns >= kept_from_ns; }
  void Report(const Finding& finding) {
    ++verified.findings;
    each(finding);
  }
  // Of a number that has no name: "".
  std::string SensorName(uint64_t sensor_id) const {
    const auto found = sensors.find(sensor_id);
    return found == sensors.end() ? "" : found->second;
  }
};

// Balances each minute and adds up the sensors' sums of the ledger.
absl::Status VerifyLedger(Verifier& verifier);

// Checks each flow with its chunks and messages, and adds up the sensors' sums of the flows.
absl::Status VerifyFlows(Verifier& verifier);

}  // namespace dfc
