#include "held_part.h"

#include <algorithm>
#include <cstring>

namespace dfc {

namespace {

using Difference = StreamHandler::Difference;

// Compares the part within [from, to) with `bytes`, whose first has offset `at`.
Difference Compare(const HeldPart& part, int64_t from, int64_t to, int64_t at, ByteSpan bytes) {
  Difference difference{0, 0};
  ForEachPiece(part, from, to, [&](int64_t offset, ByteSpan piece) {
    const uint8_t* const other = bytes.data() + (offset - at);
    if (std::memcmp(piece.data(), other, piece.size()) == 0) return;
    const auto base = static_cast<size_t>(offset - from);
    for (size_t n = 0; n < piece.size(); ++n) {
      if (piece[n] == other[n]) continue;
      if (difference.end == 0) difference.begin = base + n;
      difference.end = base + n + 1;
    }
  });
  return difference;
}

}  // namespace

void DiscardRepeated(StreamHandler& handler, Arrival arrival, uint64_t offset, ByteSpan bytes,
                     Difference difference) {
  const auto give = [&](Discard why, size_t begin, size_t end) {
    if (begin >= end) return;
    handler.OnDiscard(arrival, why, offset + begin, bytes.subspan(begin, end - begin));
  };
  give(Discard::kDuplicate, 0, difference.begin);
  give(Discard::kConflict, difference.begin, difference.end);
  give(Discard::kDuplicate, difference.end, bytes.size());
}

void DiscardPart(const HeldPart& part, int64_t from, int64_t to, int64_t at, ByteSpan bytes,
                 StreamHandler& handler) {
  from = std::max(from, part.at);
  to = std::min(to, part.end());
  if (from >= to) return;
  const Difference all = Compare(part, from, to, at, bytes);
  ForEachPiece(part, from, to, [&](int64_t offset, ByteSpan piece) {
    const auto base = static_cast<size_t>(offset - from);
    const size_t begin = std::clamp(all.begin, base, base + piece.size()) - base;
    const size_t end = std::clamp(all.end, base, base + piece.size()) - base;
    DiscardRepeated(handler, part.arrival, static_cast<uint64_t>(offset), piece, {begin, end});
  });
}

void DiscardBeneath(const HeldPart& part, Arrival arrival, int64_t at, ByteSpan bytes,
                    StreamHandler& handler) {
  const int64_t from = std::max(at, part.at);
  const int64_t to = std::min(at + static_cast<int64_t>(bytes.size()), part.end());
  if (from >= to) return;
  const Difference difference = Compare(part, from, to, at, bytes);
  DiscardRepeated(handler, arrival, static_cast<uint64_t>(from),
                  bytes.subspan(static_cast<size_t>(from - at), static_cast<size_t>(to - from)),
                  difference);
}

void LoseFront(HeldPart& part, int64_t to, int64_t at, ByteSpan bytes, StreamHandler& handler) {
  ForEachPiece(part, part.at, std::min(at, to), [&](int64_t offset, ByteSpan piece) {
    handler.OnDiscard(part.arrival, Discard::kDuplicate, static_cast<uint64_t>(offset), piece);
  });
  DiscardPart(part, at, to, at, bytes, handler);
  TrimFront(part, to);
}

void TrimFront(HeldPart& part, int64_t to) {
  if (to <= part.at) return;
  const auto lost = static_cast<uint32_t>(std::min(to, part.end()) - part.at);
  part.at += lost;
  part.skip += lost;
  part.bytes -= lost;
}

void TrimBack(HeldPart& part, int64_t from) {
  if (from >= part.end()) return;
  part.bytes = static_cast<uint32_t>(std::max(from, part.at) - part.at);
  part.missing = 0;
}

}  // namespace dfc
