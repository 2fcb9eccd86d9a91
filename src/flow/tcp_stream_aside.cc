// Segments that the receiver should refuse: set aside until what it sends tells whether it did.
#include <algorithm>

#include "tcp_stream.h"

namespace dfc {

namespace {

// Bytes set aside, a direction, with what each segment costs besides. What finds no room is
// refused.
constexpr uint32_t kAsideBytesMax = 128 << 10;
constexpr uint32_t kAsideCostBytes = 256;

}  // namespace

bool TcpStream::SetAside(const TcpSegment& segment, const StreamContext& context) {
  const size_t size = segment.payload.size();
  const size_t aside_bytes_max = std::min<size_t>(kAsideBytesMax, context.limits.held_bytes_max);
  if (aside_bytes_ + size + kAsideCostBytes > aside_bytes_max) return false;
  Start(segment);
  TcpSegment rest = segment;
  int64_t at = OffsetOf(segment.seq);
  if (anchored_ && at < next_) {
    const size_t old = std::min(static_cast<size_t>(next_ - at), size);
    DiscardOld(at, rest.payload.first(old), rest.arrival, context);
    rest.payload = rest.payload.subspan(old);
    at += static_cast<int64_t>(old);
  }
  if (rest.payload.empty() && (!rest.fin || at < next_)) return true;
  HeldPart* const part = held_.Copy(at, rest, context.budget);
  if (part == nullptr) {
    context.handler.OnDiscard(rest.arrival, Discard::kShed, static_cast<uint64_t>(at),
                              rest.payload);
    return true;
  }
  aside_bytes_ += part->bytes + kAsideCostBytes;
  HeldPart** end = &aside_;
  while (*end != nullptr) end = &(*end)->next;
  *end = part;
  return true;
}

// The receiver has all of the part: what nobody else brought fills the holes.
void TcpStream::Adopt(HeldPart& part, const StreamContext& context) {
  if (!anchored_) return HoldPart(part, context);  // It may tell where the stream begins.
  while (part.bytes > 0 && part.at <= next_) {
    const int64_t old_end = std::min(next_, part.end());
    ForEachPiece(part, part.at, old_end,
                 [&](int64_t at, ByteSpan piece) { DiscardOld(at, piece, part.arrival, context); });
    TrimFront(part, old_end);
    if (part.bytes == 0) break;
    fin_reached_ = false;  // The receiver went on behind that FIN, so it was none.
    const int64_t to = held_.empty() ? part.end() : std::min(part.end(), held_.First()->at());
    ForEachPiece(part, part.at, to,
                 [&](int64_t, ByteSpan piece) { Deliver(part.arrival, piece, context); });
    TrimFront(part, to);
    Drain(context);
  }
  const bool fin = part.fin && part.end() >= next_;
  if (fin) {
    fin_seen_ = true;
    fin_at_ = part.end();
  }
  if (part.bytes > 0 || (fin && part.end() > next_)) return HoldPart(part, context);
  if (fin) ReachFin(next_, context);
}

// Bytes before the part are missing still.
void TcpStream::HoldPart(const HeldPart& part, const StreamContext& context) {
  if (held_.empty()) hole_since_ns_ = part.arrival.t_ns;
  if (part.bytes == 0) {
    TcpSegment segment{next_seq_ + static_cast<uint32_t>(part.end() - next_), {}};
    segment.fin = true;
    held_.Add(part.end(), segment, HostPolicy::kFirst, context.budget, context.handler);
  }
  ForEachPiece(part, part.at, part.end(), [&](int64_t at, ByteSpan piece) {
    TcpSegment segment{next_seq_ + static_cast<uint32_t>(at - next_), piece};
    segment.arrival = part.arrival;
    segment.clock_ns = part.arrival.t_ns;
    const int64_t end = at + static_cast<int64_t>(piece.size());
    segment.fin = part.fin && end == part.end();
    const int64_t taken =
        held_.Add(at, segment, HostPolicy::kFirst, context.budget, context.handler);
    if (taken == end) return;
    segment.seq += static_cast<uint32_t>(taken - at);
    segment.payload = piece.subspan(static_cast<size_t>(taken - at));
    DeliverWithoutWaiting(segment, context);
  });
  while (held_.bytes_taken() > context.limits.held_bytes_max && !held_.empty()) GiveUpGap(context);
}

template <typename Taken>
void TcpStream::AdoptWhere(Taken taken, const StreamContext& context) {
  for (HeldPart** link = &aside_; *link != nullptr;) {
    HeldPart* const part = *link;
    if (!taken(*part)) {
      link = &part->next;
      continue;
    }
    *link = part->next;
    aside_bytes_ -= part->bytes + kAsideCostBytes;
    Adopt(*part, context);
    held_.Free(part, context.budget);
    link = &aside_;  // What came before it may follow on now.
  }
}

void TcpStream::Acknowledge(uint32_t seq, const StreamContext& context) {
  if (aside_ == nullptr) return;
  if (fin_reached_ && OffsetOf(seq) <= next_ + 1) return;  // It is FIN that was acknowledged.
  // In sequence numbers, as delivery moves the offset that they are told from.
  AdoptWhere([&](const HeldPart& part) { return part.end() + (part.fin ? 1 : 0) <= OffsetOf(seq); },
             context);
}

void TcpStream::AdoptUndoubted(const Receiver& receiver, const StreamContext& context) {
  if (aside_ == nullptr) return;
  AnchorAtLowest(context);
  AdoptWhere(
      [&](const HeldPart& part) {
        if (part.order > receiver.heard_order) return true;
        const int64_t claimed = receiver.has_claimed ? OffsetOf(receiver.ack_claimed) : INT64_MIN;
        const bool only_fin = fin_reached_ && claimed <= next_ + 1;
        if (part.end() <= claimed && !only_fin) return true;
        switch (part.doubt) {
          case Doubt::kAckUnsent:
            return receiver.has_sent && SeqDistance(part.ack, receiver.sent_end) >= 0;
          case Doubt::kBeyondWindow:
            return receiver.has_edge && part.end() <= OffsetOf(receiver.edge);
          case Doubt::kBeforeSyn:
            return receiver.missed_syn;
          default:
            return false;
        }
      },
      context);
}

void TcpStream::DropAside(Discard why, const StreamContext& context) {
  while (aside_ != nullptr) {
    HeldPart* const part = aside_;
    aside_ = part->next;
    DiscardHeld(*part, part->at, part->end(), why, context);
    held_.Free(part, context.budget);
  }
  aside_bytes_ = 0;
}

}  // namespace dfc
