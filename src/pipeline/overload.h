// How far a worker of a live capture is behind, by how full its queues are, and what it sheds.
//
//   full for kRaiseNs       one level up, and again        queues: packet blocks that wait for it,
//   near empty for kLowerNs one level down                 event blocks that wait for the store
//
// Between the two marks the level stays, so that it does not swing with each block. A burst that
// the kernel's ring has kept while the machine was busy fills the queue too, but is soon over: time
// is the machine's, on any clock that does not jump. One worker owns it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "dfc/flow_engine.h"
#include "dfc/time.h"

namespace dfc {

class Overload {
 public:
  static constexpr int64_t kRaiseNs = 500 * kNsPerMs;
  static constexpr int64_t kLowerNs = 750 * kNsPerMs;

  struct Queue {
    size_t used;
    size_t room;

    // At three quarters and above; at a quarter and below.
    bool IsFull() const { return used * 4 >= room * 3; }
    bool IsNearEmpty() const { return used * 4 <= room; }
  };

  // Looks at the queues. The level that holds from now on.
  Shedding Look(Queue packets, Queue events, int64_t now_ns) {
    const bool full = packets.IsFull() || events.IsFull();
    const bool near_empty = packets.IsNearEmpty() && events.IsNearEmpty();
    if (!full) full_since_ns_ = kNever;
    if (!near_empty) empty_since_ns_ = kNever;
    if (full && IsDue(full_since_ns_, kRaiseNs, now_ns)) {
      level_ = static_cast<Shedding>(std::min<int>(static_cast<int>(level_) + 1, kHighest));
    }
    if (near_empty && IsDue(empty_since_ns_, kLowerNs, now_ns)) {
      level_ = static_cast<Shedding>(std::max<int>(static_cast<int>(level_) - 1, 0));
    }
    return level_;
  }

  Shedding level() const { return level_; }

 private:
  static constexpr int kHighest = static_cast<int>(Shedding::kNewFlows);
  static constexpr int64_t kNever = INT64_MIN;

  // Each `wait_ns` since it began.
  static bool IsDue(int64_t& since_ns, int64_t wait_ns, int64_t now_ns) {
    if (since_ns == kNever) since_ns = now_ns;
    if (now_ns - since_ns < wait_ns) return false;
    since_ns = now_ns;
    return true;
  }

  Shedding level_ = Shedding::kNothing;
  int64_t full_since_ns_ = kNever;
  int64_t empty_since_ns_ = kNever;
};

}  // namespace dfc
