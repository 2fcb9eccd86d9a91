// Bytes of a datagram's fragments that lost to another copy of the same places.
//
//   runs: | bytes [24, 40) | bytes [64, 70) | ...     at most kRunsMax, kept one behind the other
//
// They lie in the blocks that all datagrams share, but never make another one give way. All of them
// are counted; those past a bound, or without a free block, are not kept. Plain data: all-zero
// memory is an empty list.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dfc/packet.h"
#include "fragment_blocks.h"

namespace dfc {

class LostCopies {
 public:
  static constexpr size_t kBlocksMax = FragmentConflict::kBytesMax / FragmentBlocks::kBlockBytes;

  // REQUIRES: holds no blocks.
  void Clear() { bytes_ = count_ = kept_ = 0; }

  // Bytes that are not known one by one.
  void Count(uint64_t bytes) { bytes_ += bytes; }
  // The copy that lost of `part`, of which at least the first kBytesMax bytes are at `bytes`. Takes
  // at most `blocks_max` blocks more; returns how many it took.
  size_t Add(Piece part, const uint8_t* bytes, size_t blocks_max, FragmentBlocks& blocks);

  uint64_t bytes() const { return bytes_; }
  // Runs are where they were in the datagram's payload.
  void Read(const FragmentBlocks& blocks, FragmentConflict& to) const;
  // Returns how many blocks came back.
  size_t Release(FragmentBlocks& blocks) { return blocks.Release(places_); }

 private:
  uint64_t bytes_;
  uint32_t count_;
  uint32_t kept_;
  std::array<Piece, FragmentConflict::kRunsMax> runs_;
  FragmentBlocks::Places places_;  // Of the bytes kept.
};

}  // namespace dfc
