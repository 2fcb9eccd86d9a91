// Puts one direction of one TCP connection back in order.
//
//   offset 0                 next
//   | delivered to handler   | gap | held | gap | held |     held segments: see held_segments.h
//
// Offsets are 64-bit and count from the first byte after SYN, or from the lowest byte seen where no
// SYN was: such a stream is not anchored until its start is known well enough, and holds what
// comes. `SeqDistance` is the one place that does modular arithmetic. In-order bytes go to the
// handler from the packet itself; only early segments are copied. Where there is no memory to hold
// a segment, the hole before it is given up instead: what was captured is never lost.
//
// A segment that the receiver would refuse, as far as the packets tell, is set aside: if the
// receiver acknowledges its bytes and no other copy of them came by, it did take them. Not
// thread-safe: one worker owns it. Source: RFC 9293 section 3.4.
#pragma once

#include <cstdint>

#include "held_segments.h"

namespace dfc {

// Bytes from sequence number `from` to `to`, negative when `to` is before `from`.
inline int32_t SeqDistance(uint32_t from, uint32_t to) { return static_cast<int32_t>(to - from); }

struct StreamLimits {
  size_t held_bytes_max;  // Of one direction.
  int64_t gap_hold_ns;    // How long a hole may wait for its bytes.
};

// What every call works with.
struct StreamContext {
  const StreamLimits& limits;
  HeldBudget& budget;
  StreamHandler& handler;
  HostPolicy policy = HostPolicy::kLinux;
};

// Trivially copyable; all zero is a stream of which nothing is known.
class TcpStream {
 public:
  // The stream's first byte has sequence number `seq`: from a SYN, or from the peer's first ACK.
  // Bytes held before it are discarded. Ignored once bytes were delivered.
  void Anchor(uint32_t seq, const StreamContext& context);

  // Every byte that is now in order reaches the handler before this returns. Past a limit, gives up
  // on the oldest gap.
  void Insert(const TcpSegment& segment, const StreamContext& context);

  // Keeps a segment that the receiver should refuse. False, with nothing done, when there is no
  // room.
  bool SetAside(const TcpSegment& segment, const StreamContext& context);
  // The receiver has everything before `seq`: bytes set aside fill what is open before it.
  void Acknowledge(uint32_t seq, const StreamContext& context);
  // What speaks for what was set aside, now that more was seen of the receiver.
  struct Receiver {
    uint32_t
        heard_order;    // When it last sent anything: since then nothing speaks against a segment.
    uint32_t sent_end;  // Behind the last byte that it has sent.
    bool has_sent;
    uint32_t edge;  // Of the window that it has offered.
    bool has_edge;
    uint32_t ack_claimed;  // The furthest that it has acknowledged, believable or not.
    bool has_claimed;
    bool missed_syn;  // The stream's own SYN was not captured.
  };
  void AdoptUndoubted(const Receiver& receiver, const StreamContext& context);

  // The byte at `seq` is urgent and not part of the stream, as an application under Linux finds it
  // that reads at once (tcp_input.c, tcp_check_urg).
  void MarkUrgent(uint32_t seq);

  // Delivers all that is held, with its gaps, and a gap up to FIN; discards what is set aside
  // still. Frees all memory.
  void Finish(int64_t t_ns, const StreamContext& context);

  // A limit is reached: as Finish(), but the stream goes on.
  void GiveUp(const StreamContext& context);
  // A limit is reached: all that is set aside is shed. REQUIRES: !holds().
  void Shed(const StreamContext& context);

  bool anchored() const { return anchored_; }
  // In the stream, negative before its start. REQUIRES: anchored().
  int64_t OffsetOf(uint32_t seq) const { return next_ + SeqDistance(next_seq_, seq); }
  bool started() const { return started_; }  // Some sequence number is known.
  bool fin_reached() const { return fin_reached_; }
  bool fin_seen() const { return fin_seen_; }
  bool out_of_order() const { return out_of_order_; }
  uint64_t delivered() const { return static_cast<uint64_t>(next_); }
  // What the receiver waits for next, with FIN counted once it was reached.
  uint32_t next_seq() const { return next_seq_ + (fin_reached_ ? 1 : 0); }
  // The sequence number of the lowest byte held or set aside or, when none is, of the next.
  uint32_t lowest_seq() const;
  // Behind everything held: the right edge of the last block that the receiver would SACK.
  uint32_t held_end_seq() const;
  bool holds() const { return !held_.empty(); }
  // Held or set aside, with headers.
  size_t held_bytes() const { return held_.bytes_taken(); }
  // Clock at which the first hole opened.
  int64_t hole_since_ns() const { return hole_since_ns_; }

 private:
  struct Range {
    int64_t begin, end;
  };

  void BeginAt(int64_t at);
  void AnchorAtLowest(const StreamContext& context);
  void Start(const TcpSegment& segment);
  bool Trim(int64_t& at, TcpSegment& segment, const StreamContext& context) const;
  void DiscardOld(int64_t at, ByteSpan bytes, Arrival arrival, const StreamContext& context) const;
  void DeliverInOrder(const TcpSegment& segment, const StreamContext& context);
  void Deliver(Arrival arrival, ByteSpan bytes, const StreamContext& context);
  void DeliverGap(int64_t t_ns, int64_t to, bool given_up, const StreamContext& context);
  void DeliverNode(const HeldNode& node, const StreamContext& context);
  void DeliverWithoutWaiting(const TcpSegment& segment, const StreamContext& context);
  void Drain(const StreamContext& context);
  void ReachFin(int64_t at, const StreamContext& context);
  void GiveUpGap(const StreamContext& context);
  void Adopt(HeldPart& part, const StreamContext& context);
  void HoldPart(const HeldPart& part, const StreamContext& context);
  template <typename Taken>
  void AdoptWhere(Taken taken, const StreamContext& context);
  void DropAside(Discard why, const StreamContext& context);
  void DiscardHeld(const HeldPart& part, int64_t from, int64_t to, Discard why,
                   const StreamContext& context);
  void Skip(int64_t bytes);

  int64_t next_;    // Offset of the next byte to deliver.
  int64_t fin_at_;  // Of the last FIN that was let in.
  int64_t urgent_at_;
  int64_t hole_since_ns_;  // Clock at which the first hole opened, or the unanchored wait began.
  Range gap_;              // Given up last.
  HeldSegments held_;
  HeldPart* aside_;  // In order of arrival.
  uint32_t aside_bytes_;
  uint32_t next_seq_;  // Sequence number of `next_`.
  bool started_;
  bool anchored_;
  bool fin_seen_;
  bool fin_reached_;
  bool urgent_marked_;
  bool out_of_order_;
};

}  // namespace dfc
