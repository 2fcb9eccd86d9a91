#include "tcp_stream.h"

#include <algorithm>

#include "dfc/time.h"

namespace dfc {

namespace {

// Where no window is known, a segment further ahead than this is not of this stream: tcpflow's
// bound, and more than the usual receive buffers allow.
constexpr int64_t kAheadBytesMax = 16 << 20;

// A stream without SYN waits this long, or for this much, before its lowest byte becomes its start.
constexpr int64_t kUnanchoredHoldNs = kNsPerSecond;
constexpr uint32_t kUnanchoredBytesMax = 64 << 10;

// As the handler counts. Negative ones are out of window, where the offset says nothing.
uint64_t Offset(int64_t at) { return static_cast<uint64_t>(at); }

}  // namespace

uint32_t TcpStream::lowest_seq() const {
  int64_t lowest = held_.empty() ? INT64_MAX : held_.First()->at();
  for (const HeldPart* part = aside_; part != nullptr; part = part->next) {
    lowest = std::min(lowest, part->at);
  }
  return lowest == INT64_MAX ? next_seq_ : next_seq_ + static_cast<uint32_t>(lowest - next_);
}

uint32_t TcpStream::held_end_seq() const {
  const HeldNode* const last = held_.Last();
  return next_seq_ + static_cast<uint32_t>(last == nullptr ? 0 : last->end - next_);
}

void TcpStream::Skip(int64_t bytes) {
  next_ += bytes;
  next_seq_ += static_cast<uint32_t>(bytes);
}

// Delivery --------------------------------------------------------------------------------------

void TcpStream::Deliver(Arrival arrival, ByteSpan bytes, const StreamContext& context) {
  while (!bytes.empty()) {
    auto here = static_cast<int64_t>(bytes.size());
    const bool urgent_within = urgent_marked_ && urgent_at_ >= next_ && urgent_at_ < next_ + here;
    if (urgent_within) here = urgent_at_ - next_;
    if (here > 0) {
      context.handler.OnData(arrival, delivered(), bytes.first(static_cast<size_t>(here)));
      Skip(here);
      bytes = bytes.subspan(static_cast<size_t>(here));
    }
    if (!urgent_within) continue;
    context.handler.OnUrgent(arrival, delivered(), bytes.front());
    Skip(1);
    bytes = bytes.subspan(1);
    urgent_marked_ = false;
  }
}

void TcpStream::DeliverGap(int64_t t_ns, int64_t to, bool given_up, const StreamContext& context) {
  if (to <= next_) return;
  if (given_up) gap_ = {next_, to};
  while (next_ < to) {  // Longer than 32 bits tell it is several.
    const auto here = static_cast<uint32_t>(std::min<int64_t>(to - next_, UINT32_MAX));
    context.handler.OnGap(t_ns, delivered(), here);
    Skip(here);
  }
}

// Everything of the node that lies at and behind `next_`; a gap for what the snaplen cut off.
void TcpStream::DeliverNode(const HeldNode& node, const StreamContext& context) {
  for (const HeldPart* part = &node.first; part != nullptr; part = part->next) {
    ForEachPiece(*part, part->at, next_, [&](int64_t at, ByteSpan piece) {
      DiscardOld(at, piece, part->arrival, context);
    });
    ForEachPiece(*part, next_, part->end(), [&](int64_t at, ByteSpan piece) {
      DeliverGap(part->arrival.t_ns, at, false, context);
      Deliver(part->arrival, piece, context);
    });
    if (part->missing == 0 || part->end() < next_) continue;
    int64_t missing_end = part->end() + part->missing;
    if (part->next != nullptr) missing_end = std::min(missing_end, part->next->at);
    if (!held_.empty()) missing_end = std::min(missing_end, held_.First()->at());
    DeliverGap(part->arrival.t_ns, missing_end, false, context);
  }
}

// Delivers held segments for as long as they follow on.
void TcpStream::Drain(const StreamContext& context) {
  while (!held_.empty() && held_.First()->at() <= next_) {
    HeldNode* const node = held_.Pop();
    DeliverNode(*node, context);
    const bool fin = node->fin;
    const int64_t fin_at = node->fin_at;
    held_.Free(node, context.budget);
    if (fin) ReachFin(fin_at, context);
  }
}

// FIN stands at `at`. Where bytes were delivered behind it, it was none.
void TcpStream::ReachFin(int64_t at, const StreamContext& context) {
  if (at != next_) {
    if (at < next_ && fin_at_ == at) fin_seen_ = false;
    return;
  }
  fin_reached_ = true;
  while (!held_.empty()) {  // As Linux empties its queue.
    HeldNode* const node = held_.Pop();
    for (const HeldPart* part = &node->first; part != nullptr; part = part->next) {
      DiscardHeld(*part, part->at, part->end(), Discard::kOutOfWindow, context);
    }
    held_.Free(node, context.budget);
  }
}

void TcpStream::DiscardHeld(const HeldPart& part, int64_t from, int64_t to, Discard why,
                            const StreamContext& context) {
  ForEachPiece(part, from, to, [&](int64_t at, ByteSpan piece) {
    context.handler.OnDiscard(part.arrival, why, Offset(at), piece);
  });
}

void TcpStream::GiveUpGap(const StreamContext& context) {
  if (!anchored_) return AnchorAtLowest(context);
  if (held_.empty()) return;
  const HeldNode* const first = held_.First();
  DeliverGap(first->first.arrival.t_ns, first->at(), true, context);
  Drain(context);
}

// Beginning -------------------------------------------------------------------------------------

// The stream's first byte is the one that had offset `at` so far.
void TcpStream::BeginAt(int64_t at) {
  Skip(at - next_);
  next_ = 0;
  fin_at_ -= at;
  urgent_at_ -= at;
  held_.Shift(-at);
  for (HeldPart* part = aside_; part != nullptr; part = part->next) part->at -= at;
  anchored_ = true;
}

void TcpStream::AnchorAtLowest(const StreamContext& context) {
  if (anchored_) return;
  BeginAt(held_.empty() ? next_ : held_.First()->at());
  Drain(context);
}

void TcpStream::Anchor(uint32_t seq, const StreamContext& context) {
  // A handshake seen again with another number: the one that the peer acknowledges counts, as long
  // as nothing was delivered.
  if (anchored_ && (next_ != 0 || !held_.empty())) return;
  if (!started_) {
    next_seq_ = seq;
    started_ = true;
  }
  BeginAt(OffsetOf(seq));
  for (HeldNode* node = held_.First(); node != nullptr && node->start < 0; node = Next(node)) {
    for (HeldPart* part = &node->first; part != nullptr; part = part->next) {
      DiscardHeld(*part, part->at, 0, Discard::kOutOfWindow, context);
      TrimFront(*part, 0);
    }
  }
  Drain(context);
}

void TcpStream::Start(const TcpSegment& segment) {
  if (started_) return;
  started_ = true;
  next_seq_ = segment.seq;
  hole_since_ns_ = segment.clock_ns;
}

// Arrival ---------------------------------------------------------------------------------------

// Bytes before `next_` have come before: the same ones, others, or late ones for a gap given up.
void TcpStream::DiscardOld(int64_t at, ByteSpan bytes, Arrival arrival,
                           const StreamContext& context) const {
  const bool probe = bytes.size() == 1 && at == next_ - 1;  // A keep-alive's byte means nothing.
  while (!bytes.empty()) {
    auto end = at + static_cast<int64_t>(bytes.size());
    Discard why = Discard::kDuplicate;
    if (at < 0) {
      why = Discard::kOutOfWindow;
      end = std::min<int64_t>(end, 0);
    } else if (at >= gap_.begin && at < gap_.end) {
      why = Discard::kShed;
      end = std::min(end, gap_.end);
    } else if (at < gap_.begin) {
      end = std::min(end, gap_.begin);
    }
    const ByteSpan part = bytes.first(static_cast<size_t>(end - at));
    if (why == Discard::kDuplicate && !probe) {
      DiscardRepeated(context.handler, arrival, Offset(at), part,
                      context.handler.CompareWithDelivered(Offset(at), part));
    } else {
      context.handler.OnDiscard(arrival, why, Offset(at), part);
    }
    bytes = bytes.subspan(part.size());
    at = end;
  }
}

// Cuts off what was delivered already, what is too far ahead and what lies behind FIN. False when
// nothing is left.
bool TcpStream::Trim(int64_t& at, TcpSegment& segment, const StreamContext& context) const {
  const ByteSpan all = segment.payload;
  const bool far_behind = at < next_ - kAheadBytesMax;
  const bool far_ahead = at > next_ + kAheadBytesMax && !segment.may_be_far;
  if (far_ahead || (far_behind && !anchored_)) {
    if (!all.empty()) {
      context.handler.OnDiscard(segment.arrival, Discard::kOutOfWindow, Offset(at), all);
    }
    return false;
  }
  if (anchored_ && at < next_) {
    const size_t old = std::min(static_cast<size_t>(next_ - at), all.size());
    DiscardOld(at, all.first(old), segment.arrival, context);
    segment.payload = all.subspan(old);
    const int64_t cut = std::min<int64_t>(next_ - at, static_cast<int64_t>(old) + segment.missing);
    segment.missing -= static_cast<uint32_t>(cut - static_cast<int64_t>(old));
    at += cut;
    if (at < next_) return false;
  }
  if (fin_reached_) {
    if (!segment.payload.empty()) {
      context.handler.OnDiscard(segment.arrival, Discard::kOutOfWindow, Offset(at),
                                segment.payload);
    }
    return false;
  }
  return !segment.payload.empty() || segment.missing > 0 || segment.fin;
}

// The segment begins at `next_`.
void TcpStream::DeliverInOrder(const TcpSegment& segment, const StreamContext& context) {
  const int64_t end = next_ + static_cast<int64_t>(segment.payload.size());
  if (!held_.empty()) {
    held_.Overrule(next_, segment.payload, context.budget, context.handler);
  }
  Deliver(segment.arrival, segment.payload, context);
  if (segment.missing > 0) {
    int64_t missing_end = end + segment.missing;
    if (!held_.empty()) missing_end = std::clamp(held_.First()->at(), end, missing_end);
    DeliverGap(segment.arrival.t_ns, missing_end, false, context);
  }
  if (segment.fin) ReachFin(end + segment.missing, context);
  Drain(context);
}

// There is no memory to wait with: every hole of this stream up to the segment is given up.
void TcpStream::DeliverWithoutWaiting(const TcpSegment& segment, const StreamContext& context) {
  ++context.budget.gaps_given_up;
  AnchorAtLowest(context);
  while (!held_.empty()) GiveUpGap(context);
  TcpSegment rest = segment;
  int64_t at = OffsetOf(rest.seq);
  if (!Trim(at, rest, context)) return;
  DeliverGap(rest.arrival.t_ns, at, true, context);
  DeliverInOrder(rest, context);
}

void TcpStream::Insert(const TcpSegment& segment, const StreamContext& context) {
  Start(segment);
  const bool waits = !held_.empty() || !anchored_;
  const int64_t patience_ns = anchored_ ? context.limits.gap_hold_ns : kUnanchoredHoldNs;
  if (waits && segment.clock_ns - hole_since_ns_ > patience_ns) {
    GiveUpGap(context);
    hole_since_ns_ = segment.clock_ns;
  }

  TcpSegment rest = segment;
  int64_t at = OffsetOf(segment.seq);
  if (!Trim(at, rest, context)) return;
  if (rest.fin) {
    fin_seen_ = true;
    fin_at_ = at + static_cast<int64_t>(rest.payload.size()) + rest.missing;
  }
  const bool due = anchored_ && at == next_;
  if (due && (held_.empty() || context.policy == HostPolicy::kLinux)) {
    hole_since_ns_ = rest.clock_ns;
    return DeliverInOrder(rest, context);
  }
  if (anchored_ && at > next_ && !rest.payload.empty()) out_of_order_ = true;
  if (anchored_ && (held_.empty() || due)) hole_since_ns_ = rest.clock_ns;
  const auto taken = static_cast<size_t>(
      held_.Add(at, rest, context.policy, context.budget, context.handler) - at);
  if (taken < rest.payload.size()) {
    rest.payload = rest.payload.subspan(taken);
    rest.seq = next_seq_ + static_cast<uint32_t>(at + static_cast<int64_t>(taken) - next_);
    return DeliverWithoutWaiting(rest, context);
  }
  if (anchored_) Drain(context);
  if (!anchored_ && held_.bytes_taken() > kUnanchoredBytesMax) AnchorAtLowest(context);
  if (!anchored_) return;
  while (!held_.empty() && held_.bytes_taken() > context.limits.held_bytes_max) GiveUpGap(context);
}

void TcpStream::MarkUrgent(uint32_t seq) {
  if (!started_) return;
  const int64_t at = OffsetOf(seq);
  if (at < next_ || at > next_ + kAheadBytesMax) return;  // Read, or never to be.
  if (urgent_marked_ && at <= urgent_at_) return;
  urgent_marked_ = true;
  urgent_at_ = at;
}

void TcpStream::Finish(int64_t t_ns, const StreamContext& context) {
  AnchorAtLowest(context);
  while (!held_.empty()) GiveUpGap(context);
  if (fin_seen_ && !fin_reached_) DeliverGap(t_ns, fin_at_, true, context);
  DropAside(Discard::kOutOfWindow, context);
}

void TcpStream::GiveUp(const StreamContext& context) {
  ++context.budget.gaps_given_up;
  AnchorAtLowest(context);
  while (!held_.empty()) GiveUpGap(context);
  DropAside(Discard::kShed, context);
}

void TcpStream::Shed(const StreamContext& context) { DropAside(Discard::kShed, context); }

}  // namespace dfc
