#include "fragment_blocks.h"

#include <algorithm>
#include <cstring>

#include "dfc/check.h"

namespace dfc {

namespace {

using Blocks = FragmentBlocks;

// Calls each(place, bytes) for the parts of [begin, end) that lie in one block each.
template <typename Each>
void ForEachPart(Piece piece, Each each) {
  const size_t end = std::min<size_t>(piece.end, Blocks::kDatagramBytesMax);
  for (size_t place = piece.begin; place < end;) {
    const size_t in_block = Blocks::kBlockBytes - place % Blocks::kBlockBytes;
    const size_t bytes = std::min(in_block, end - place);
    each(place, bytes);
    place += bytes;
  }
}

}  // namespace

FragmentBlocks::FragmentBlocks(size_t blocks) : memory_(blocks * kBlockBytes), free_(blocks) {
  DFC_CHECK(blocks <= UINT16_MAX);
}

size_t FragmentBlocks::Lacking(const Places& places, Piece piece) {
  size_t lacking = 0;
  ForEachPart(piece, [&](size_t place, size_t) { lacking += places[place / kBlockBytes] == 0; });
  return lacking;
}

void FragmentBlocks::Write(Places& places, Piece piece, const uint8_t* bytes) {
  ForEachPart(piece, [&](size_t place, size_t count) {
    uint16_t& block = places[place / kBlockBytes];
    if (block == 0) {
      DFC_CHECK(free_.count() > 0);
      block = static_cast<uint16_t>(free_.Take() + 1);
    }
    std::memcpy(At(places, place), bytes + (place - piece.begin), count);
  });
}

Piece FragmentBlocks::Difference(const Places& places, Piece piece, const uint8_t* bytes) const {
  Piece difference{0, 0};
  ForEachPart(piece, [&](size_t place, size_t count) {
    const uint8_t* const here = At(places, place);
    const uint8_t* const there = bytes + (place - piece.begin);
    if (std::memcmp(here, there, count) == 0) return;
    for (size_t n = 0; n < count; ++n) {
      if (here[n] == there[n]) continue;
      const auto at = static_cast<uint32_t>(place + n);
      if (difference.end == 0) difference.begin = at;
      difference.end = at + 1;
    }
  });
  return difference;
}

void FragmentBlocks::Read(const Places& places, Piece piece, uint8_t* to) const {
  ForEachPart(piece, [&](size_t place, size_t count) {
    DFC_DCHECK(places[place / kBlockBytes] != 0);
    std::memcpy(to + (place - piece.begin), At(places, place), count);
  });
}

size_t FragmentBlocks::Release(Places& places) {
  size_t released = 0;
  for (uint16_t& block : places) {
    if (block == 0) continue;
    free_.Return(block - 1u);
    block = 0;
    ++released;
  }
  return released;
}

}  // namespace dfc
