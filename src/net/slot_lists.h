// Finding and ordering the slots of a fixed array without touching the slots themselves: chains by
// hash, and lists by age. Sized at construction; no call allocates; owned by whoever owns the
// slots.
#pragma once

#include <cstdint>
#include <vector>

#include "dfc/memory.h"

namespace dfc {

inline constexpr uint32_t kNoSlot = UINT32_MAX;

// Slots by hash. The hash must be keyed, or the sender of packets picks the length of a chain.
class HashChains {
 public:
  explicit HashChains(size_t slots);

  // The slots whose hash may be `hash`: First(), then Next() until kNoSlot.
  uint32_t First(uint64_t hash) const { return heads_[hash & mask_] - 1; }
  uint32_t Next(uint32_t slot) const { return next_[slot] - 1; }

  void Add(uint64_t hash, uint32_t slot);
  void Remove(uint64_t hash, uint32_t slot);

  // Of all chains; walks everything, for tests.
  size_t LongestChain() const;

  static size_t MemoryBytes(size_t slots);

 private:
  // Both hold a slot's number plus one, so that fresh memory means "none".
  MappedArray<uint32_t> heads_;
  MappedArray<uint32_t> next_;
  uint64_t mask_;
};

// Slots in the order in which they were appended. Any number of lists; a slot is in one at a time.
class AgeLists {
 public:
  struct List {
    uint32_t oldest = kNoSlot;
    uint32_t newest = kNoSlot;
  };

  explicit AgeLists(size_t slots) : links_(slots) {}

  void Append(List& list, uint32_t slot);
  void Remove(List& list, uint32_t slot);
  uint32_t After(uint32_t slot) const { return links_[slot].after; }

  static size_t MemoryBytes(size_t slots) { return slots * sizeof(Links); }

 private:
  struct Links {
    uint32_t before = kNoSlot;
    uint32_t after = kNoSlot;
  };
  std::vector<Links> links_;
};

// Which slots are free: those given back last first, then those never used, so that as few pages as
// possible are touched.
class FreeSlots {
 public:
  explicit FreeSlots(size_t slots) : returned_(slots) {}

  size_t count() const { return returned_.size() - used_; }
  // REQUIRES: count() > 0.
  uint32_t Take() {
    ++used_;
    return returned_count_ > 0 ? returned_[--returned_count_] : fresh_++;
  }
  void Return(uint32_t slot) {
    --used_;
    returned_[returned_count_++] = slot;
  }

  static size_t MemoryBytes(size_t slots) { return slots * sizeof(uint32_t); }

 private:
  MappedArray<uint32_t> returned_;
  size_t returned_count_ = 0;
  size_t used_ = 0;
  uint32_t fresh_ = 0;
};

}  // namespace dfc
