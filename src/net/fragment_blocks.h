// The bytes of datagrams that wait for their rest, in blocks that all datagrams share.
//
//   datagram: | block | block |   -   | block | ...      kBlocksMax places, filled where bytes came
//
// Memory is taken at construction; pages are touched when a block is first used, and a block that
// was given back is used before a fresh one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dfc/bytes.h"
#include "dfc/memory.h"
#include "fragment_pieces.h"
#include "slot_lists.h"

namespace dfc {

class FragmentBlocks {
 public:
  static constexpr size_t kBlockBytes = 2048;
  static constexpr size_t kDatagramBytesMax = 65'535;
  static constexpr size_t kBlocksMax = 32;  // Of a datagram.

  // A datagram's blocks by place: the number plus one, 0 where there is none. All-zero is empty.
  using Places = std::array<uint16_t, kBlocksMax>;

  // At most 65,535 blocks.
  explicit FragmentBlocks(size_t blocks);

  size_t free() const { return free_.count(); }

  // How many blocks `places` lacks for bytes [begin, end) below kDatagramBytesMax.
  static size_t Lacking(const Places& places, Piece piece);
  // REQUIRES: free() >= Lacking(). Bytes past kDatagramBytesMax are left out: a datagram that long
  // is never delivered.
  void Write(Places& places, Piece piece, const uint8_t* bytes);
  // From the first to behind the last byte of `piece` of which `bytes` has another one; empty when
  // none does. REQUIRES: they have been written.
  Piece Difference(const Places& places, Piece piece, const uint8_t* bytes) const;
  // Copies bytes out. REQUIRES: they have been written.
  void Read(const Places& places, Piece piece, uint8_t* to) const;
  // Returns how many blocks came back; `places` is empty afterwards.
  size_t Release(Places& places);

  static size_t MemoryBytes(size_t blocks) {
    return blocks * kBlockBytes + FreeSlots::MemoryBytes(blocks);
  }

 private:
  uint8_t* At(const Places& places, size_t place) const {
    return memory_.data() + (places[place / kBlockBytes] - size_t{1}) * kBlockBytes +
           place % kBlockBytes;
  }

  Mapping memory_;
  FreeSlots free_;
};

}  // namespace dfc
