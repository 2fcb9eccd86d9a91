// Bytes of one early packet, copied, and what becomes of them where another copy wins.
#pragma once

#include "stream_handler.h"

namespace dfc {

// Stands at the front of its chain of segments, by itself or in a HeldNode; its bytes follow.
struct HeldPart {
  HeldPart* next;  // Of the same node.
  Segment* chain;
  int64_t at;  // Offset of the first byte that counts.
  Arrival arrival;
  uint32_t skip;     // Bytes of the chain before it, headers included.
  uint32_t bytes;    // That count.
  uint32_t missing;  // Cut off behind it.
  uint32_t cost;     // Of memory, as the stream's limit counts.
  bool fin;          // Stands behind it, this and the next three where it was set aside.
  Doubt doubt;
  uint32_t ack;
  uint32_t order;

  int64_t end() const { return at + bytes; }
};

// Calls visit(offset, ByteSpan) for the pieces of what counts of `part` within [from, to).
template <typename Visit>
void ForEachPiece(const HeldPart& part, int64_t from, int64_t to, Visit visit) {
  from = from > part.at ? from : part.at;
  to = to < part.end() ? to : part.end();
  auto skip = static_cast<uint64_t>(part.skip) + static_cast<uint64_t>(from - part.at);
  for (const Segment* piece = part.chain; from < to; piece = piece->next) {
    const uint64_t passed = skip < piece->used ? skip : piece->used;
    skip -= passed;
    const auto wanted = static_cast<uint64_t>(to - from);
    const uint64_t here = piece->used - passed < wanted ? piece->used - passed : wanted;
    if (here == 0) continue;
    visit(from, ByteSpan(piece->data() + passed, here));
    from += static_cast<int64_t>(here);
  }
}

// Discards [from, to) of the part for the sake of `bytes`, whose first has offset `at`; they reach
// over all of it. The part itself stays as it is.
void DiscardPart(const HeldPart& part, int64_t from, int64_t to, int64_t at, ByteSpan bytes,
                 StreamHandler& handler);

// Discards `bytes` at offset `at` for the sake of the part, as far as it reaches over them.
void DiscardBeneath(const HeldPart& part, Arrival arrival, int64_t at, ByteSpan bytes,
                    StreamHandler& handler);

// What the part has before `to` loses against `bytes` at offset `at`, or came too late to count.
void LoseFront(HeldPart& part, int64_t to, int64_t at, ByteSpan bytes, StreamHandler& handler);

// What lies before `to` does not count any more.
void TrimFront(HeldPart& part, int64_t to);
// What lies at and behind `from` does not.
void TrimBack(HeldPart& part, int64_t from);

}  // namespace dfc
