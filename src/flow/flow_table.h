// The worker's flows: slots, the index that finds them, and the wheel that tells which are due.
//
//   key -> hash -> index (open addressing, linear probing) -> slot
//
// Everything is sized at construction and touched only as it fills. One worker owns it.
#pragma once

#include <vector>

#include "dfc/memory.h"
#include "flow.h"

namespace dfc {

// Fixed slots of one type; the free ones are a list. Slots come out zeroed.
template <typename T>
class Slab {
 public:
  explicit Slab(size_t count) : slots_(count), free_(count) {}

  // kNoFlow when all are taken.
  uint32_t Take() {
    uint32_t at = kNoFlow;
    if (free_count_ > 0) {
      at = free_[--free_count_];
      std::memset(static_cast<void*>(&slots_[at]), 0, sizeof(T));
    } else if (fresh_ < slots_.size()) {
      at = fresh_++;
    }
    return at;
  }
  void Give(uint32_t at) { free_[free_count_++] = at; }

  T& operator[](uint32_t at) const { return slots_[at]; }
  uint32_t taken() const { return fresh_ - static_cast<uint32_t>(free_count_); }
  // Every slot that was ever used lies below.
  uint32_t high_water() const { return fresh_; }

 private:
  MappedArray<T> slots_;
  MappedArray<uint32_t> free_;
  size_t free_count_ = 0;
  uint32_t fresh_ = 0;
};

class FlowTable {
 public:
  explicit FlowTable(size_t flows_max);

  void Prefetch(uint32_t hash) const { __builtin_prefetch(&index_[hash & mask_]); }
  // Once the index entry has been fetched: the slot that it most likely means.
  void PrefetchSlot(uint32_t hash) const;

  // kNoFlow when there is none.
  uint32_t Find(const FlowKey& key, uint32_t hash) const;
  // A zeroed flow with key and hash set; kNoFlow when the table is full. The key must be new.
  uint32_t Insert(const FlowKey& key, uint32_t hash);
  void Erase(uint32_t at);

  Flow& operator[](uint32_t at) const { return flows_[at]; }
  uint32_t size() const { return flows_.taken(); }
  uint32_t high_water() const { return flows_.high_water(); }

 private:
  struct Entry {
    uint32_t hash;
    uint32_t slot_plus_one;  // Zero: empty.
  };

  Slab<Flow> flows_;
  size_t mask_;
  MappedArray<Entry> index_;
};

// Flows by the second at which they may be due. Lazy: a flow that was active since is put in anew
// when its bucket comes up, so a packet costs the wheel nothing.
class TimerWheel {
 public:
  explicit TimerWheel(const FlowTable& flows);

  // The flow must not be in the wheel; PopDue() must have been called, to tell the time.
  void Schedule(uint32_t at, int64_t due_ns);
  void Remove(uint32_t at);
  // True when the bucket from which the flow was just taken comes up before that of `due_ns`.
  bool IsEarlierThan(uint32_t at, int64_t due_ns) const;

  // The next flow whose bucket has come up by `now_ns`, taken out of the wheel; kNoFlow when none.
  uint32_t PopDue(int64_t now_ns);
  // Some flow among those due first, taken out; kNoFlow when the wheel is empty.
  uint32_t PopEarliest();

 private:
  static constexpr size_t kBuckets = 4096;  // Seconds: more than the longest timeout.

  const FlowTable& flows_;
  std::vector<uint32_t> heads_;
  int64_t current_ = INT64_MIN;  // The second whose bucket comes up next.
  size_t scheduled_ = 0;
};

}  // namespace dfc
