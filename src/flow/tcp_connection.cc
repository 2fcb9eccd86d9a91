#include "tcp_connection.h"

#include <algorithm>

namespace dfc {

namespace {

// What the receiver does with a segment.
struct Judgment {
  enum Act {
    kTake,
    kSetAside,  // It should refuse it; its acknowledgments will tell.
    kRefuse,
  } act;
  Doubt doubt = Doubt::kNone;
};

// Linux lets a timestamp be late by this much (TCP_PAWS_WINDOW).
constexpr int32_t kPawsTicks = 1;

// Of a segment and an acknowledgment that belong together, where the window is not known.
constexpr uint32_t kNearBytes = 16 << 20;

size_t Index(Side side) { return static_cast<size_t>(side); }
bool IsAfter(uint32_t seq, uint32_t other) { return SeqDistance(other, seq) > 0; }

StreamContext OwnContext(const TcpContext& context, const TcpEnd& own) {
  return {context.limits, context.budget, context.own_handler, own.policy};
}
StreamContext PeerContext(const TcpContext& context, const TcpEnd& peer) {
  return {context.limits, context.budget, context.peer_handler, peer.policy};
}

void Refuse(const TcpSegment& segment, const TcpContext& context) {
  if (segment.payload.empty()) return;
  context.own_handler.OnDiscard(segment.arrival, Discard::kOutOfWindow, 0, segment.payload);
}

bool Fits(const TcpEnd& own, const TcpEnd& peer, uint32_t syn_seq) {
  return (own.stream.started() && own.stream.lowest_seq() == syn_seq + 1) ||
         (peer.has_ack && peer.ack == syn_seq + 1);
}

// Handshake -------------------------------------------------------------------------------------

// A SYN that opens its side, or one of another number.
void UpdateSyn(TcpEnd& own, TcpEnd& peer, const TcpHeader& tcp, const TcpContext& context) {
  const bool is_answer = (tcp.flags & kAck) != 0;
  const bool answers_nothing = is_answer && peer.syn_seen && !peer.has_ack &&
                               (!IsAfter(tcp.ack, peer.isn) || IsAfter(tcp.ack, peer.sent_end));
  if (answers_nothing) return;
  const bool opens =
      !own.syn_seen && (!own.heard || is_answer || peer.syn_seen || Fits(own, peer, tcp.seq));
  if (opens) {
    own.syn_seen = true;
    own.opened = !is_answer;
    own.isn = tcp.seq;
    own.options = tcp.options;
    own.window_scale = (tcp.options & kTcpWindowScale) != 0 ? tcp.window_scale : 0;
    own.timestamp = (tcp.options & kTcpTimestamp) != 0 ? tcp.timestamp : 0;
    own.stream.Anchor(tcp.seq + 1, OwnContext(context, own));
  } else if ((!own.syn_seen || tcp.seq != own.isn) && !(is_answer && peer.has_ack)) {
    own.other_isn = tcp.seq;
    own.has_other_isn = true;
    own.is_answer_isn = is_answer;
  }
  // The peer's SYN was not captured, but its number is in this acknowledgment.
  if (is_answer && !peer.stream.anchored()) {
    peer.stream.Anchor(tcp.ack, PeerContext(context, peer));
  }
}

// The first acknowledgment tells which of two SYN+ACKs the peer took, and the number of one that
// was not captured.
void ChooseIsn(TcpEnd& acked, const TcpEnd& acking, uint32_t ack, const TcpContext& context) {
  const bool syn_was_missed = acking.syn_seen && !acking.has_ack && !acked.stream.anchored() &&
                              !acked.syn_seen && acked.stream.started() &&
                              !IsAfter(ack, acked.stream.lowest_seq());
  if (syn_was_missed) acked.stream.Anchor(ack, PeerContext(context, acked));
  if (!acked.has_other_isn || !acked.is_answer_isn) return;
  acked.has_other_isn = false;
  if (ack != acked.other_isn + 1) return;
  acked.isn = acked.other_isn;
  acked.stream.Anchor(ack, PeerContext(context, acked));
}

// What the receiver thinks -----------------------------------------------------------------------

// PAWS (RFC 7323 section 5): both sides agreed on timestamps, and this one is old.
bool IsOldTimestamp(const TcpEnd& own, const TcpEnd& peer, const TcpHeader& tcp) {
  const bool agreed = (own.options & peer.options & tcp.options & kTcpTimestamp) != 0;
  return agreed && own.timestamp != 0 && SeqDistance(tcp.timestamp, own.timestamp) > kPawsTicks;
}

// A signature (RFC 2385) in a connection that began without.
bool IsSignedUnasked(const TcpEnd& own, const TcpHeader& tcp) {
  return own.syn_seen && (own.options & kTcpSignature) == 0 && (tcp.options & kTcpSignature) != 0;
}

// An acknowledgment that is too old (RFC 5961 5.2).
bool IsOldAck(const TcpEnd& own, const TcpEnd& peer, uint32_t ack) {
  if (!peer.syn_seen) return false;
  if (!own.has_ack) return !IsAfter(ack, peer.isn);
  const uint32_t acked_bytes = own.ack_max - (peer.isn + (peer.opened ? 0 : 1));
  return IsAfter(own.ack_max - std::min(own.window_max, acked_bytes), ack);
}

// Behind the window that the receiver has offered.
bool IsOutOfWindow(const TcpEnd& own, const TcpEnd& peer, const TcpSegment& segment) {
  if (!peer.has_ack || (segment.payload.empty() && !segment.fin)) return false;
  if (!own.syn_seen || !peer.syn_seen) return false;  // Nobody told the scale of the window.
  if (segment.payload.empty()) return IsAfter(segment.seq, peer.edge);
  if (!IsAfter(peer.edge, segment.seq)) return true;
  return !IsAfter(peer.edge, own.stream.next_seq());
}

// A capture that lost packets goes on far ahead of what it has, and so does the connection. Where
// no window speaks for the segment, what the receiver has acknowledged does.
bool MayBeFar(const TcpEnd& own, const TcpEnd& peer, uint32_t seq) {
  if (!peer.heard) return true;  // One direction alone: nobody can tell.
  if (!peer.has_ack) return false;
  if (own.syn_seen && peer.syn_seen) return true;
  return seq - peer.ack_max + kNearBytes <= 2 * kNearBytes;
}

Judgment Judge(const TcpEnd& own, const TcpEnd& peer, const TcpHeader& tcp,
               const TcpSegment& segment) {
  if ((tcp.flags & kSyn) != 0) {
    // Data may come with the SYN that opens; whether it counts is told by the answer (RFC 7413).
    const bool opening = own.syn_seen && tcp.seq == own.isn && (tcp.flags & kFin) == 0;
    if (opening) return {Judgment::kSetAside, Doubt::kOther};
    return {Judgment::kRefuse};
  }
  if ((tcp.flags & kAck) == 0) return {Judgment::kRefuse};
  if (!own.syn_seen && peer.syn_seen && !peer.has_ack) {
    return {Judgment::kSetAside, Doubt::kBeforeSyn};
  }
  if (IsSignedUnasked(own, tcp) || IsOldTimestamp(own, peer, tcp)) {
    return {Judgment::kSetAside, Doubt::kOther};
  }
  if (peer.has_sent && IsAfter(tcp.ack, peer.sent_end)) {
    return {Judgment::kSetAside, Doubt::kAckUnsent};
  }
  if (IsOldAck(own, peer, tcp.ack)) return {Judgment::kSetAside, Doubt::kOther};
  if (IsOutOfWindow(own, peer, segment)) return {Judgment::kSetAside, Doubt::kBeyondWindow};
  return {Judgment::kTake};
}

// What everybody may learn from a segment that its receiver takes.
void Learn(TcpEnd& own, TcpEnd& peer, const TcpHeader& tcp, const TcpContext& context) {
  const bool in_sequence = !peer.has_ack || !IsAfter(tcp.seq, peer.ack);
  if ((tcp.options & kTcpTimestamp) != 0 && in_sequence) own.timestamp = tcp.timestamp;
  if ((tcp.flags & kAck) == 0) return;
  const bool scaled =
      (own.options & peer.options & kTcpWindowScale) != 0 && (tcp.flags & kSyn) == 0;
  const uint32_t window = uint32_t{tcp.window} << (scaled ? own.window_scale : 0);
  const uint32_t edge = tcp.ack + window;
  if (!own.has_ack || IsAfter(edge, own.edge)) own.edge = edge;
  if (!own.has_ack || IsAfter(tcp.ack, own.ack_max)) own.ack_max = tcp.ack;
  own.window_max = std::max(own.window_max, window);
  own.ack = tcp.ack;
  own.has_ack = true;
  peer.stream.Acknowledge(tcp.ack, PeerContext(context, peer));
}

// Reset -----------------------------------------------------------------------------------------

// A reset counts only where the next byte is due (RFC 5961 3.2), as far as that is known, or at the
// right edge of what the receiver would SACK.
bool IsResetInPlace(const TcpEnd& own, const TcpEnd& peer, const TcpHeader& tcp) {
  const bool answers_syn = peer.syn_seen && !own.syn_seen && !peer.has_ack;
  if (answers_syn) return (tcp.flags & kAck) != 0 && tcp.ack - peer.isn - 1 <= UINT16_MAX;
  if (!own.stream.anchored()) return true;
  const uint32_t next = own.stream.next_seq();
  if (tcp.seq == next || (own.stream.fin_reached() && tcp.seq == next - 1)) return true;
  if (peer.has_ack && tcp.seq == peer.ack && IsAfter(peer.ack, next)) return true;  // Bytes missed.
  const bool sack = (own.options & peer.options & kTcpSackPermitted) != 0;
  return sack && own.stream.holds() && tcp.seq == own.stream.held_end_seq();
}

void UpdateRst(TcpState& state, TcpEnd& own, const TcpEnd& peer, const TcpHeader& tcp) {
  if (IsSignedUnasked(own, tcp) || !IsResetInPlace(own, peer, tcp)) return;
  const bool answers_syn = !own.syn_seen && peer.syn_seen;
  if (answers_syn && !own.stream.started() && !state.reset) state.rejected = true;
  state.reset = own.has_reset = true;
}

}  // namespace

bool IsOver(const TcpState& state) {
  return state.reset || (state.ends[0].stream.fin_seen() && state.ends[1].stream.fin_seen());
}

bool StartsNewConnection(const TcpState& state, const TcpHeader& tcp, Side side) {
  if ((tcp.flags & (kSyn | kRst | kFin)) != kSyn) return false;
  const TcpEnd& own = state.ends[Index(side)];
  const TcpEnd& peer = state.ends[Index(Other(side))];
  const bool is_answer = (tcp.flags & kAck) != 0;
  // A copy; but whoever takes the connection back may open it with the same number again.
  if (own.syn_seen && tcp.seq == own.isn) return own.has_reset && !is_answer;
  if (is_answer && peer.has_other_isn && !peer.is_answer_isn && tcp.ack == peer.other_isn + 1) {
    return true;  // The peer's SYN within the connection was meant, and is answered.
  }
  if (own.syn_seen) {
    if (is_answer) {
      return IsOver(state) && !(own.has_other_isn && tcp.seq == own.other_isn);
    }
    return IsOver(state) || !peer.heard;
  }
  if (Fits(own, peer, tcp.seq)) return false;
  if (IsOver(state)) return true;
  return !is_answer && !peer.syn_seen && !peer.heard && own.heard;
}

namespace {

TcpStream::Receiver ReceiverOf(bool reset, const TcpEnd& own, const TcpEnd& peer) {
  return {peer.heard_order, peer.sent_end,    peer.has_sent,    peer.edge,
          peer.has_ack,     peer.ack_claimed, peer.has_claimed, !own.syn_seen && !reset};
}

void SetAside(bool reset, TcpEnd& own, const TcpEnd& peer, const TcpSegment& segment,
              const TcpContext& context) {
  const StreamContext stream = OwnContext(context, own);
  if (own.stream.SetAside(segment, stream)) return;
  own.stream.AdoptUndoubted(ReceiverOf(reset, own, peer), stream);
  if (!own.stream.SetAside(segment, stream)) Refuse(segment, context);
}

// Behind the last byte, FIN counted.
uint32_t EndOf(const TcpSegment& segment) {
  const auto length = static_cast<uint32_t>(segment.payload.size()) + segment.missing;
  return segment.seq + length + (segment.fin ? 1 : 0);
}

// SYN takes a sequence number before the data.
TcpSegment SegmentOf(const Packet& packet, bool syn) {
  return {packet.tcp.seq + (syn ? 1 : 0),
          ByteSpan(packet.payload, packet.payload_bytes),
          packet.payload_missing,
          (packet.tcp.flags & kFin) != 0,
          Doubt::kNone,
          packet.tcp.ack,
          0,
          {packet.time_ns, packet.ledger_cell},
          packet.clock_ns};
}

}  // namespace

void UpdateTcp(TcpState& state, const Packet& packet, Side side, const TcpContext& context) {
  const TcpHeader& tcp = packet.tcp;
  TcpEnd& own = state.ends[Index(side)];
  TcpEnd& peer = state.ends[Index(Other(side))];
  const bool rst = (tcp.flags & kRst) != 0;
  const bool syn = (tcp.flags & kSyn) != 0 && !rst;
  const bool was_reset = state.reset;
  TcpSegment segment = SegmentOf(packet, syn);
  if (rst) {
    Refuse(segment, context);  // A reason in words (RFC 9293 3.5.2), not part of the stream.
    UpdateRst(state, own, peer, tcp);
  } else if (syn) {
    UpdateSyn(own, peer, tcp, context);
  } else if ((tcp.flags & kAck) != 0) {
    ChooseIsn(peer, own, tcp.ack, context);
  }
  own.heard = true;
  segment.order = ++state.packets;
  // Who ends the connection says nothing about what has come; any other RST refuses it.
  const bool ends = state.reset && !was_reset;
  if (!ends) own.heard_order = segment.order;
  if (rst) return;
  if ((tcp.flags & kAck) != 0 && (!own.has_claimed || IsAfter(tcp.ack, own.ack_claimed))) {
    own.ack_claimed = tcp.ack;
    own.has_claimed = true;
  }

  Judgment judgment = Judge(own, peer, tcp, segment);
  const bool taken = judgment.act == Judgment::kTake;
  const bool opens = syn && own.syn_seen && tcp.seq == own.isn;
  if (judgment.act != Judgment::kRefuse) {
    if (!own.has_sent || IsAfter(EndOf(segment), own.sent_end)) own.sent_end = EndOf(segment);
    own.has_sent = true;
  }
  const bool takes_urgent = taken && (tcp.flags & kUrg) != 0;
  const bool is_old = peer.has_ack && !opens && IsAfter(peer.ack, EndOf(segment));
  if ((taken && !is_old) || opens) Learn(own, peer, tcp, context);
  if (takes_urgent && !is_old && !context.urgent_is_inline) {
    // The pointer names the byte behind the urgent one (RFC 6093 2.1).
    own.stream.MarkUrgent(tcp.seq + std::max<uint32_t>(tcp.urgent, 1) - 1);
  }
  if (segment.payload.empty() && segment.missing == 0 && !segment.fin) return;
  if (state.reset && taken) judgment = {Judgment::kSetAside, Doubt::kOther};
  segment.doubt = judgment.doubt;
  if (judgment.act == Judgment::kRefuse) return Refuse(segment, context);
  if (judgment.act == Judgment::kSetAside) {
    return SetAside(state.reset, own, peer, segment, context);
  }
  segment.may_be_far = MayBeFar(own, peer, segment.seq);
  own.stream.Insert(segment, OwnContext(context, own));
}

void FinishTcp(TcpState& state, Side side, int64_t t_ns, const TcpContext& context) {
  TcpEnd& own = state.ends[Index(side)];
  const TcpEnd& peer = state.ends[Index(Other(side))];
  const StreamContext stream = OwnContext(context, own);
  own.stream.AdoptUndoubted(ReceiverOf(state.reset, own, peer), stream);
  own.stream.Finish(t_ns, stream);
}

void GiveUpTcp(TcpState& state, Side side, const TcpContext& context) {
  TcpEnd& own = state.ends[Index(side)];
  own.stream.GiveUp(OwnContext(context, own));
}

bool IsAttempt(const TcpState& state, const SideCounts counts[2]) {
  const TcpEnd& client = state.ends[0];
  const TcpEnd& server = state.ends[1];
  if ((!client.syn_seen && !server.syn_seen) || client.has_ack) return false;
  if (client.stream.holds() || server.stream.holds()) return false;
  return counts[0].content_bytes + counts[0].gap_bytes + counts[0].urgent_bytes == 0 &&
         counts[1].content_bytes + counts[1].gap_bytes + counts[1].urgent_bytes == 0;
}

void ShedAttempt(TcpState& state, Side side, const TcpContext& context) {
  TcpEnd& own = state.ends[Index(side)];
  own.stream.Shed(OwnContext(context, own));
}

FlowState StateOf(const TcpState& state, const SideCounts counts[2]) {
  if (state.rejected) return FlowState::kRejected;
  if (state.reset) return FlowState::kReset;
  const TcpEnd& client = state.ends[0];
  const bool client_done = client.stream.fin_seen();
  const bool server_done = state.ends[1].stream.fin_seen();
  if (client_done && server_done) return FlowState::kClosed;
  if (client_done || server_done) return FlowState::kClosing;
  const bool unanswered =
      client.syn_seen && counts[1].packets == 0 && counts[0].content_bytes == 0 && !client.has_ack;
  return unanswered ? FlowState::kAttempt : FlowState::kEstablished;
}

}  // namespace dfc
