// Attempts to connect that get no flow of their own: the sums of a flood.
//
//   attempt -> by server and port, or by client, whichever has more of them -> one row
//                    neither has many -> the row of all others
//
// The row is a flow whose unknown end is the unspecified address with port 0, with the flag
// kFlowAttempts. It holds the counts of all its attempts, so that the ledger balances, and is
// written once nothing was added for some time. Who has many is told by two arrays of counters
// under keyed hashes, which other senders share: a bounded guess, good enough to find the few that
// make a flood. One worker owns it.
#pragma once

#include <array>
#include <vector>

#include "dfc/event.h"
#include "event_writer.h"

namespace dfc {

class AttemptTotals {
 public:
  // `idle_ns`: how long a sum waits for more. The seed is that of flow identities; `worker` is part
  // of the identity as well.
  AttemptTotals(int64_t idle_ns, uint64_t secret, uint64_t identity_seed, uint32_t worker);

  // Sums up what a flow's row would have said.
  void Add(const FlowRow& row, int64_t clock_ns);

  // True when a sum is being made that an attempt like `row` belongs to.
  bool Takes(const FlowRow& row) const;

  // Writes the sums that have waited long enough, or all.
  void Advance(int64_t clock_ns, EventWriter& events);
  void Finish(EventWriter& events);

 private:
  struct Sum {
    FlowRow row;
    int64_t clock_ns;  // When something was added last.
    uint64_t attempts;
  };
  static constexpr size_t kSums = 1024;  // And one for all others.
  static constexpr size_t kCounters = 4096;

  uint64_t HashOfServer(const FlowRow& row) const;
  uint64_t HashOfClient(const FlowRow& row) const;
  FlowRow EmptyRow(const FlowRow& row, bool keep_server, bool keep_client) const;
  bool IsSame(const Sum& sum, const FlowRow& empty) const;
  const Sum* Find(const FlowRow& row) const;
  void Write(Sum& sum, EventWriter& events);

  const int64_t idle_ns_;
  const uint64_t secret_;
  const uint64_t identity_seed_;
  const uint32_t worker_;
  int64_t next_look_ns_ = INT64_MIN;
  size_t sums_used_ = 0;
  std::vector<Sum> sums_;  // By hash; the last one is that of all others.
  std::vector<uint32_t> by_server_, by_client_;
  uint64_t counted_ = 0;  // In either of them.
};

}  // namespace dfc
