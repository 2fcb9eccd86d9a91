#include "tcp_stream.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "dfc/time.h"

namespace dfc {

namespace {

// A segment further ahead than this is not of this stream: 2^14 * 64 KiB is the largest window, and
// 16 MiB is what tcpflow and the usual receive buffers allow.
constexpr int64_t kAheadBytesMax = 16 << 20;

// A stream without SYN waits this long, or for this much, before its lowest byte becomes its start.
constexpr int64_t kUnanchoredHoldNs = kNsPerSecond;
constexpr uint32_t kUnanchoredBytesMax = 64 << 10;

}  // namespace

// Stands at the front of its chain's first segment.
struct TcpStream::Held {
  Held* next;
  int64_t at;
  int64_t t_ns;
  uint32_t bytes;
  uint32_t missing;
  uint32_t ledger_cell;

  int64_t end() const { return at + bytes; }
  Segment* chain() { return static_cast<Segment*>(static_cast<void*>(this)) - 1; }
};

uint32_t TcpStream::lowest_seq() const {
  if (first_ == nullptr) return next_seq_;
  return next_seq_ + static_cast<uint32_t>(first_->at - next_);
}

TcpStream::Held* TcpStream::NewHeld(int64_t at, ByteSpan bytes, const TcpSegment& segment,
                                    HeldBudget& budget) {
  const auto take = [&budget](size_t want) {
    Segment* piece = budget.pool.Take(want);
    while (piece == nullptr && budget.pressure != nullptr && budget.pressure->RelieveContent()) {
      piece = budget.pool.Take(want);
    }
    return piece;
  };
  Segment* chain = take(sizeof(Held) + bytes.size());
  if (chain == nullptr) return nullptr;
  Held* held = new (chain->data()) Held{nullptr, at, segment.t_ns, 0, 0, budget.ledger_cell};
  chain->used = sizeof(Held);
  size_t cost = chain->cost();
  for (Segment* piece = chain; !bytes.empty();) {
    if (piece->room() == 0) {
      piece->next = take(bytes.size());
      if (piece->next == nullptr) break;
      piece = piece->next;
      cost += piece->cost();
    }
    const size_t here = std::min<size_t>(piece->room(), bytes.size());
    std::memcpy(piece->data() + piece->used, bytes.data(), here);
    piece->used += static_cast<uint32_t>(here);
    held->bytes += static_cast<uint32_t>(here);
    bytes = bytes.subspan(here);
  }
  budget.pool_bytes_taken += cost;
  held_bytes_ += static_cast<uint32_t>(cost);
  return held;
}

void TcpStream::Release(Held* held, HeldBudget& budget) {
  const size_t before = budget.pool.bytes_taken();
  budget.pool.GiveChain(held->chain());
  const size_t cost = before - budget.pool.bytes_taken();
  budget.pool_bytes_taken -= cost;
  held_bytes_ -= static_cast<uint32_t>(cost);
}

void TcpStream::Skip(int64_t bytes) {
  next_ += bytes;
  next_seq_ += static_cast<uint32_t>(bytes);
}

// Hands on bytes at `next_`, and the gap behind them that the snaplen made.
void TcpStream::Deliver(int64_t t_ns, ByteSpan bytes, uint32_t missing, StreamHandler& handler) {
  if (!bytes.empty()) {
    handler.OnData(t_ns, delivered(), bytes);
    Skip(static_cast<int64_t>(bytes.size()));
  }
  if (missing > 0) {
    handler.OnGap(t_ns, delivered(), missing);
    Skip(missing);
  }
}

// Delivers held segments for as long as they follow on.
void TcpStream::Drain(HeldBudget& budget, StreamHandler& handler) {
  const uint32_t cell = budget.ledger_cell;
  while (first_ != nullptr && (first_->at <= next_ || fin_reached())) {
    Held* const held = first_;
    first_ = held->next;
    if (first_ == nullptr) last_ = nullptr;
    budget.ledger_cell = held->ledger_cell;
    if (fin_reached() && held->end() > fin_at_) {
      budget.refused_bytes += held->bytes;
      handler.OnHeldRefused(held->bytes);
      Release(held, budget);
      continue;
    }
    auto skip = static_cast<uint64_t>(next_ - held->at);  // A gap given up may have passed it.
    if (skip > 0) handler.OnHeldRefused(std::min<uint64_t>(skip, held->bytes));
    uint32_t from = sizeof(Held);
    for (Segment* piece = held->chain(); piece != nullptr; piece = piece->next, from = 0) {
      const size_t here = piece->used - from;
      const size_t skipped = std::min<size_t>(here, skip);
      skip -= skipped;
      Deliver(held->t_ns, ByteSpan(piece->data() + from + skipped, here - skipped), 0, handler);
    }
    int64_t missing_end = held->end() + held->missing;
    if (first_ != nullptr) missing_end = std::min(missing_end, first_->at);
    if (missing_end > next_) {
      Deliver(held->t_ns, {}, static_cast<uint32_t>(missing_end - next_), handler);
    }
    Release(held, budget);
  }
  budget.ledger_cell = cell;
}

void TcpStream::GiveUpGap(HeldBudget& budget, StreamHandler& handler) {
  if (!anchored_) return AnchorAtLowest(budget, handler);
  if (first_ == nullptr) return;
  Deliver(first_->t_ns, {}, static_cast<uint32_t>(first_->at - next_), handler);
  Drain(budget, handler);
}

void TcpStream::AnchorAtLowest(HeldBudget& budget, StreamHandler& handler) {
  if (anchored_) return;
  anchored_ = true;
  if (first_ != nullptr) Skip(first_->at - next_);
  origin_ = next_;
  Drain(budget, handler);
}

uint64_t TcpStream::Anchor(uint32_t seq, HeldBudget& budget, StreamHandler& handler) {
  if (anchored_) {
    // A handshake seen again with another number: the one that the peer acknowledges counts, as
    // long as nothing was delivered.
    if (next_ != origin_ || first_ != nullptr) return 0;
  }
  if (!started_) {
    next_seq_ = seq;
    next_ = 0;
    started_ = true;
  }
  Skip(SeqDistance(next_seq_, seq));
  origin_ = next_;
  anchored_ = true;
  uint64_t dropped = 0;
  for (Held* held = first_; held != nullptr && held->at < next_; held = held->next) {
    dropped += static_cast<uint64_t>(std::min(held->end(), next_) - held->at);
  }
  Drain(budget, handler);
  return dropped + std::exchange(budget.refused_bytes, 0);
}

void TcpStream::Fin(uint32_t seq) {
  if (!started_) {
    started_ = true;
    next_seq_ = seq;
  }
  const int64_t at = OffsetOf(seq);
  if (at > next_ + kAheadBytesMax || (anchored_ && at < next_)) return;
  if (fin_seen_ && at >= fin_at_) return;
  fin_seen_ = true;
  fin_at_ = at;
}

// Counts the bytes of the segment, which begins at `at`, that `held` has already, and compares
// them.
void TcpStream::CountRepeated(Held& held, int64_t at, const TcpSegment& segment,
                              StreamCounts& counts) const {
  const int64_t begin = std::max(at, held.at);
  const int64_t end = std::min(at + static_cast<int64_t>(segment.payload.size()), held.end());
  if (begin >= end) return;
  counts.duplicate_bytes += static_cast<uint64_t>(end - begin);
  ByteSpan again =
      segment.payload.subspan(static_cast<size_t>(begin - at), static_cast<size_t>(end - begin));
  auto skip = static_cast<size_t>(begin - held.at) + sizeof(Held);
  for (const Segment* piece = held.chain(); !again.empty(); piece = piece->next) {
    const size_t from = std::min<size_t>(skip, piece->used);
    const size_t here = std::min<size_t>(piece->used - from, again.size());
    if (here > 0 && std::memcmp(piece->data() + from, again.data(), here) != 0) {
      counts.conflict = true;
    }
    skip -= from;
    again = again.subspan(here);
  }
}

// Holds those bytes of [at, at + payload) that are not held yet; the others are duplicates. Returns
// how far it came: the segment's end, or less when memory ran out.
int64_t TcpStream::Hold(int64_t at, const TcpSegment& segment, HeldBudget& budget,
                        StreamCounts& counts) {
  const int64_t end = at + static_cast<int64_t>(segment.payload.size());
  // Most early segments go behind everything held.
  Held* before = last_ != nullptr && last_->at <= at ? last_ : nullptr;
  if (before == nullptr) {
    for (Held* h = first_; h != nullptr && h->at <= at; h = h->next) before = h;
  }
  int64_t from = before == nullptr ? at : std::clamp(before->end(), at, end);
  if (before != nullptr) CountRepeated(*before, at, segment, counts);
  while (from < end) {
    Held* const after = before == nullptr ? first_ : before->next;
    const int64_t to = after == nullptr ? end : std::min(end, after->at);
    if (from < to) {
      const auto offset = static_cast<size_t>(from - at);
      const auto size = static_cast<size_t>(to - from);
      const bool allowed = budget.pool_bytes_taken + size < budget.pool.bytes_max() / 2;
      Held* held =
          allowed ? NewHeld(from, segment.payload.subspan(offset, size), segment, budget) : nullptr;
      if (held == nullptr) return from;
      held->next = after;
      (before == nullptr ? first_ : before->next) = held;
      if (after == nullptr) last_ = held;
      if (held->end() < to) return held->end();  // Memory ran out on the way.
      if (to == end) held->missing = segment.missing;
    }
    if (after == nullptr) break;
    CountRepeated(*after, at, segment, counts);
    before = after;
    from = std::max(to, after->end());
  }
  return end;
}

// There is no memory to wait with: every hole of this stream up to the segment is given up.
void TcpStream::DeliverWithoutWaiting(const TcpSegment& segment, HeldBudget& budget,
                                      StreamCounts& counts, StreamHandler& handler) {
  ++budget.gaps_given_up;
  AnchorAtLowest(budget, handler);
  while (first_ != nullptr) GiveUpGap(budget, handler);
  TcpSegment rest = segment;
  int64_t at = OffsetOf(rest.seq);
  if (!TrimToStream(at, rest, counts)) return;
  if (at > next_) Deliver(rest.t_ns, {}, static_cast<uint32_t>(at - next_), handler);
  Deliver(rest.t_ns, rest.payload, rest.missing, handler);
}

// Cuts off what was delivered already, what is too far ahead and what lies behind FIN. False when
// nothing is left.
bool TcpStream::TrimToStream(int64_t& at, TcpSegment& segment, StreamCounts& counts) const {
  const size_t size = segment.payload.size();
  if (at > next_ + kAheadBytesMax || at < next_ - kAheadBytesMax) {
    // Long gone bytes of an anchored stream came before: a late retransmission.
    (anchored_ && at < next_ ? counts.duplicate_bytes : counts.refused_bytes) += size;
    return false;
  }
  if (anchored_ && at < next_) {
    const size_t old = std::min(static_cast<size_t>(next_ - at), size);
    counts.duplicate_bytes += old;
    segment.payload = segment.payload.subspan(old);
    at += static_cast<int64_t>(old);
    if (at < next_) return false;
  }
  const bool behind_fin =
      fin_reached() && at + static_cast<int64_t>(segment.payload.size()) > fin_at_;
  if (behind_fin) {
    const auto keep = static_cast<size_t>(std::max<int64_t>(fin_at_ - at, 0));
    counts.refused_bytes += segment.payload.size() - keep;
    segment.payload = segment.payload.first(keep);
    segment.missing = 0;
  }
  return !segment.payload.empty() || segment.missing > 0;
}

void TcpStream::Insert(const TcpSegment& segment, const StreamLimits& limits, HeldBudget& budget,
                       StreamCounts& counts, StreamHandler& handler) {
  Place(segment, limits, budget, counts, handler);
  counts.refused_bytes += std::exchange(budget.refused_bytes, 0);
}

void TcpStream::Place(const TcpSegment& segment, const StreamLimits& limits, HeldBudget& budget,
                      StreamCounts& counts, StreamHandler& handler) {
  if (!started_) {
    started_ = true;
    next_seq_ = segment.seq;
    hole_since_ns_ = segment.clock_ns;
  }
  const bool waits = first_ != nullptr || !anchored_;
  const int64_t patience_ns = anchored_ ? limits.gap_hold_ns : kUnanchoredHoldNs;
  if (waits && segment.clock_ns - hole_since_ns_ > patience_ns) {
    GiveUpGap(budget, handler);
    hole_since_ns_ = segment.clock_ns;
  }

  TcpSegment rest = segment;
  int64_t at = OffsetOf(segment.seq);
  if (!TrimToStream(at, rest, counts)) return;

  const int64_t end = at + static_cast<int64_t>(rest.payload.size()) + rest.missing;
  if (anchored_ && at == next_ && (first_ == nullptr || first_->at >= end)) {
    Deliver(rest.t_ns, rest.payload, rest.missing, handler);
    hole_since_ns_ = rest.clock_ns;
  } else {
    if (anchored_ && at > next_) counts.out_of_order = true;
    if (anchored_ && (first_ == nullptr || at == next_)) hole_since_ns_ = rest.clock_ns;
    const auto held = static_cast<size_t>(Hold(at, rest, budget, counts) - at);
    if (held < rest.payload.size()) {
      rest.payload = rest.payload.subspan(held);
      rest.seq = next_seq_ + static_cast<uint32_t>(at + static_cast<int64_t>(held) - next_);
      DeliverWithoutWaiting(rest, budget, counts, handler);
    }
  }
  if (anchored_) Drain(budget, handler);
  const uint32_t held_bytes_max =
      anchored_ ? static_cast<uint32_t>(limits.held_bytes_max) : kUnanchoredBytesMax;
  while (first_ != nullptr && held_bytes_ > held_bytes_max) GiveUpGap(budget, handler);
}

void TcpStream::Finish(int64_t t_ns, HeldBudget& budget, StreamHandler& handler) {
  AnchorAtLowest(budget, handler);
  while (first_ != nullptr) GiveUpGap(budget, handler);
  if (fin_seen_ && fin_at_ > next_) {
    Deliver(t_ns, {}, static_cast<uint32_t>(fin_at_ - next_), handler);
  }
}

}  // namespace dfc
