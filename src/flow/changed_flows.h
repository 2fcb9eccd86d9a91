// The flows of a live capture that have changed since their rows were written last: a bit a slot.
//
// A packet sets its flow's bit, which costs it nothing that is not in the cache; once a second all
// bits are looked at, 64 in one step. One worker owns it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "dfc/memory.h"

namespace dfc {

class ChangedFlows {
 public:
  // Of a replay, which writes no row before its end: `flows_max` 0, and nothing is ever in it.
  explicit ChangedFlows(size_t flows_max)
      : words_((flows_max + kWordBits - 1) / kWordBits + 1), live_(flows_max > 0) {}

  void Add(uint32_t at) {
    if (live_) words_[at / kWordBits] |= BitOf(at);
  }
  void Remove(uint32_t at) {
    if (live_) words_[at / kWordBits] &= ~BitOf(at);
  }

  // Calls take(at) for each, which is then no longer in it.
  template <typename Take>
  void TakeAll(Take take) {
    for (size_t n = 0; n < words_.size(); ++n) {
      while (words_[n] != 0) {
        const auto bit = static_cast<uint32_t>(std::countr_zero(words_[n]));
        words_[n] &= words_[n] - 1;
        take(static_cast<uint32_t>(n * kWordBits) + bit);
      }
    }
  }

 private:
  static constexpr size_t kWordBits = 64;
  static uint64_t BitOf(uint32_t at) { return uint64_t{1} << (at % kWordBits); }

  MappedArray<uint64_t> words_;
  bool live_;
};

}  // namespace dfc
