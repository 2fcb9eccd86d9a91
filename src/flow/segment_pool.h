// Memory for content that waits: pieces of 256 B to 4 KiB from one fixed mapping.
//
// Pages of 4 KiB are taken in order and never given back; a small class carves its pieces from a
// page. When the wanted class has none left, a smaller one serves, then a larger; null means that
// the bound is reached and that the caller must free something or do without. One worker owns it.
#pragma once

#include <array>
#include <cstdint>

#include "dfc/memory.h"

namespace dfc {

// A piece; `capacity` bytes of room follow it. Chains end with a null `next`.
struct Segment {
  Segment* next;
  uint32_t used;
  uint32_t capacity;

  uint8_t* data() { return static_cast<uint8_t*>(static_cast<void*>(this + 1)); }
  const uint8_t* data() const {
    return static_cast<const uint8_t*>(static_cast<const void*>(this + 1));
  }
  uint32_t room() const { return capacity - used; }
  // What it takes of the pool.
  size_t cost() const { return capacity + sizeof(Segment); }
};

class SegmentPool {
 public:
  explicit SegmentPool(size_t bytes_max);

  // A piece with room for about `bytes`, less for more than a page; empty, `next` null.
  Segment* Take(size_t bytes);
  void Give(Segment* segment);
  void GiveChain(Segment* first);

  size_t bytes_max() const { return memory_.bytes(); }
  // In use, with headers and slack.
  size_t bytes_taken() const { return bytes_taken_; }

 private:
  static constexpr size_t kClasses = 5;
  static constexpr size_t kPageBytes = 4096;
  static constexpr size_t ClassBytes(size_t n) { return size_t{256} << n; }
  static size_t ClassFor(size_t bytes);

  bool Carve(size_t n);

  Mapping memory_;
  size_t pages_used_ = 0;
  size_t bytes_taken_ = 0;
  std::array<Segment*, kClasses> free_{};
};

// Gives memory of the pool back; false when there is none to give.
class MemoryPressure {
 public:
  virtual ~MemoryPressure() = default;
  // The flow that has held content longest writes it.
  virtual bool RelieveContent() = 0;
  // A stream of some other flow gives up what it waits for: of those that have waited longest, the
  // one that holds most.
  virtual bool RelieveHeld() { return false; }
};

}  // namespace dfc
