#include "flow_table.h"

#include <algorithm>
#include <bit>

#include "dfc/check.h"
#include "dfc/time.h"

namespace dfc {

// Twice as many entries as flows keeps probe runs short.
FlowTable::FlowTable(size_t flows_max)
    : flows_(flows_max), mask_(std::bit_ceil(flows_max * 2) - 1), index_(mask_ + 1) {}

void FlowTable::PrefetchSlot(uint32_t hash) const {
  const Entry& entry = index_[hash & mask_];
  if (entry.slot_plus_one == 0) return;
  const auto* slot =
      static_cast<const char*>(static_cast<const void*>(&flows_[entry.slot_plus_one - 1]));
  __builtin_prefetch(slot);
  __builtin_prefetch(slot + 64);
  __builtin_prefetch(slot + 128);
}

uint32_t FlowTable::Find(const FlowKey& key, uint32_t hash) const {
  for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
    const Entry& entry = index_[at];
    if (entry.slot_plus_one == 0) return kNoFlow;
    const uint32_t slot = entry.slot_plus_one - 1;
    if (entry.hash == hash && flows_[slot].key == key) return slot;
  }
}

uint32_t FlowTable::Insert(const FlowKey& key, uint32_t hash) {
  const uint32_t slot = flows_.Take();
  if (slot == kNoFlow) return kNoFlow;
  Flow& flow = flows_[slot];
  flow.key = key;
  flow.hash = hash;
  flow.used = true;
  flow.extension = kNoFlow;
  size_t at = hash & mask_;
  while (index_[at].slot_plus_one != 0) at = (at + 1) & mask_;
  index_[at] = {hash, slot + 1};
  return slot;
}

// Closes the hole that the entry leaves: later entries of the run move up if they may.
void FlowTable::Erase(uint32_t slot) {
  size_t hole = flows_[slot].hash & mask_;
  while (index_[hole].slot_plus_one != slot + 1) hole = (hole + 1) & mask_;
  for (size_t at = (hole + 1) & mask_; index_[at].slot_plus_one != 0; at = (at + 1) & mask_) {
    const size_t home = index_[at].hash & mask_;
    const bool may_move = ((at - home) & mask_) >= ((at - hole) & mask_);
    if (!may_move) continue;
    index_[hole] = index_[at];
    hole = at;
  }
  index_[hole] = {0, 0};
  flows_[slot].used = false;
  flows_.Give(slot);
}

TimerWheel::TimerWheel(const FlowTable& flows) : flows_(flows), heads_(kBuckets, kNoFlow) {}

void TimerWheel::Schedule(uint32_t at, int64_t due_ns) {
  const int64_t due = due_ns / kNsPerSecond + 1;  // The whole second must have passed.
  const int64_t second = std::clamp(due, current_, current_ + static_cast<int64_t>(kBuckets) - 1);
  const auto bucket = static_cast<uint32_t>(static_cast<uint64_t>(second) % kBuckets);
  Flow& flow = flows_[at];
  flow.timer_bucket = bucket;
  flow.timer_previous = kNoFlow;
  flow.timer_next = heads_[bucket];
  if (flow.timer_next != kNoFlow) flows_[flow.timer_next].timer_previous = at;
  heads_[bucket] = at;
  ++scheduled_;
}

void TimerWheel::Remove(uint32_t at) {
  const Flow& flow = flows_[at];
  if (flow.timer_next != kNoFlow) flows_[flow.timer_next].timer_previous = flow.timer_previous;
  if (flow.timer_previous == kNoFlow) {
    heads_[flow.timer_bucket] = flow.timer_next;
  } else {
    flows_[flow.timer_previous].timer_next = flow.timer_next;
  }
  --scheduled_;
}

uint32_t TimerWheel::PopDue(int64_t now_ns) {
  const int64_t now = now_ns / kNsPerSecond;
  // A long silence needs each bucket looked at once only.
  if (scheduled_ > 0 && now - current_ > static_cast<int64_t>(kBuckets)) {
    current_ = now - static_cast<int64_t>(kBuckets);
  }
  while (scheduled_ > 0 && current_ <= now) {
    const uint32_t at = heads_[static_cast<uint64_t>(current_) % kBuckets];
    if (at != kNoFlow) {
      Remove(at);
      return at;
    }
    ++current_;
  }
  if (scheduled_ == 0) current_ = std::max(current_, now);
  return kNoFlow;
}

bool TimerWheel::IsEarlierThan(uint32_t at, int64_t due_ns) const {
  const uint64_t now = static_cast<uint64_t>(current_) % kBuckets;
  const uint64_t ahead = (flows_[at].timer_bucket + kBuckets - now) % kBuckets;
  return current_ + static_cast<int64_t>(ahead) < due_ns / kNsPerSecond + 1;
}

uint32_t TimerWheel::PopEarliest() {
  if (scheduled_ == 0) return kNoFlow;
  auto bucket = static_cast<uint64_t>(current_);
  while (heads_[bucket % kBuckets] == kNoFlow) ++bucket;
  const uint32_t at = heads_[bucket % kBuckets];
  Remove(at);
  return at;
}

}  // namespace dfc
