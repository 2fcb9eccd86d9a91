// Puts one direction of one TCP connection back in order.
//
//   offset 0                 next
//   | delivered to handler   | gap | held | gap | held |     held segments: sorted, disjoint
//
// Offsets are 64-bit and count from the first byte after SYN, or from the lowest byte seen where no
// SYN was: such a stream is not anchored until its start is known well enough, and holds what
// comes. `SeqDistance` is the one place that does modular arithmetic. In-order bytes go to the
// handler from the packet itself; only early segments are copied. The first copy of a byte wins.
// Where there is no memory to hold a segment, the hole before it is given up instead: what was
// captured is never lost. Not thread-safe: one worker owns it. Source: RFC 9293 section 3.4.
#pragma once

#include <cstdint>

#include "dfc/bytes.h"
#include "segment_pool.h"

namespace dfc {

// Bytes from sequence number `from` to `to`, negative when `to` is before `from`.
inline int32_t SeqDistance(uint32_t from, uint32_t to) { return static_cast<int32_t>(to - from); }

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;
  virtual void OnData(int64_t t_ns, uint64_t offset, ByteSpan bytes) = 0;
  virtual void OnGap(int64_t t_ns, uint64_t offset, uint32_t bytes) = 0;
  // Bytes that were held lie before the stream's start or behind FIN, and are dropped.
  virtual void OnHeldRefused(uint64_t /*bytes*/) {}
};

struct StreamLimits {
  size_t held_bytes_max;  // Of one direction.
  int64_t gap_hold_ns;    // How long a hole may wait for its bytes.
};

// What a worker's streams hold together: kept below half of the pool, so that content has room.
struct HeldBudget {
  SegmentPool& pool;
  ContentPressure* pressure = nullptr;  // Asked for room before a hole is given up.
  size_t pool_bytes_taken = 0;
  uint64_t refused_bytes = 0;  // Held, and then behind FIN, in Finish(): the caller takes it.
  uint64_t gaps_given_up = 0;  // For lack of memory to wait with.
  // Where the ledger counts the bytes that the handler is being told of: the caller sets it to the
  // packet's; while held bytes leave it is that of the packet which brought them.
  uint32_t ledger_cell = 0;
};

// What insertions came to, added to by each call.
struct StreamCounts {
  uint64_t duplicate_bytes = 0;
  uint64_t refused_bytes = 0;
  bool out_of_order = false;
  bool conflict = false;  // Two copies of a byte that was held differed.
};

struct TcpSegment {
  uint32_t seq;  // Of the first byte.
  ByteSpan payload;
  uint32_t missing;  // Bytes behind the payload that the snaplen cut off.
  int64_t t_ns;
  int64_t clock_ns;
};

// Trivially copyable; all zero is a stream of which nothing is known.
class TcpStream {
 public:
  // The stream's first byte has sequence number `seq`: from a SYN, or from the peer's first ACK.
  // Bytes held before it are dropped; returns how many. Ignored once bytes were delivered.
  uint64_t Anchor(uint32_t seq, HeldBudget& budget, StreamHandler& handler);

  // Every byte that is now in order reaches `handler` before this returns. Past a limit, gives up
  // on the oldest gap.
  void Insert(const TcpSegment& segment, const StreamLimits& limits, HeldBudget& budget,
              StreamCounts& counts, StreamHandler& handler);

  // FIN stands at `seq`: nothing at or behind it belongs to the stream.
  void Fin(uint32_t seq);

  // Delivers all that is held, with its gaps, and a gap up to FIN. Frees what was held.
  void Finish(int64_t t_ns, HeldBudget& budget, StreamHandler& handler);

  bool anchored() const { return anchored_; }
  bool started() const { return started_; }  // Some sequence number is known.
  bool fin_reached() const { return fin_seen_ && fin_at_ <= next_; }
  bool fin_seen() const { return fin_seen_; }
  uint64_t delivered() const { return static_cast<uint64_t>(next_ - origin_); }
  uint32_t next_seq() const { return next_seq_; }
  // The sequence number of the lowest byte held or, when none is, of the next.
  uint32_t lowest_seq() const;

 private:
  struct Held;

  int64_t OffsetOf(uint32_t seq) const { return next_ + SeqDistance(next_seq_, seq); }
  void AnchorAtLowest(HeldBudget& budget, StreamHandler& handler);
  void Deliver(int64_t t_ns, ByteSpan bytes, uint32_t missing, StreamHandler& handler);
  void GiveUpGap(HeldBudget& budget, StreamHandler& handler);
  void Drain(HeldBudget& budget, StreamHandler& handler);
  void CountRepeated(Held& held, int64_t at, const TcpSegment& segment, StreamCounts& counts) const;
  void Place(const TcpSegment& segment, const StreamLimits& limits, HeldBudget& budget,
             StreamCounts& counts, StreamHandler& handler);
  int64_t Hold(int64_t at, const TcpSegment& segment, HeldBudget& budget, StreamCounts& counts);
  void DeliverWithoutWaiting(const TcpSegment& segment, HeldBudget& budget, StreamCounts& counts,
                             StreamHandler& handler);
  bool TrimToStream(int64_t& at, TcpSegment& segment, StreamCounts& counts) const;
  Held* NewHeld(int64_t at, ByteSpan bytes, const TcpSegment& segment, HeldBudget& budget);
  void Release(Held* held, HeldBudget& budget);
  void Skip(int64_t bytes);

  int64_t next_;    // Offset of the next byte to deliver.
  int64_t origin_;  // Offset of the stream's first byte; set when anchored.
  int64_t fin_at_;
  int64_t hole_since_ns_;  // Clock at which the first hole opened, or the unanchored wait began.
  Held* first_;
  Held* last_;
  uint32_t next_seq_;    // Sequence number of `next_`.
  uint32_t held_bytes_;  // Of the pool, with headers and slack: what holding costs.
  bool started_;
  bool anchored_;
  bool fin_seen_;
};

}  // namespace dfc
