#include "tcp_connection.h"

namespace dfc {

namespace {

size_t Index(Side side) { return static_cast<size_t>(side); }

void UpdateSyn(TcpState& state, const TcpHeader& tcp, Side side, const TcpContext& context) {
  const size_t own = Index(side);
  const size_t peer = Index(Other(side));
  if (!state.syn_seen[own]) {
    state.syn_seen[own] = true;
    state.isn[own] = tcp.seq;
    context.counts.refused_bytes +=
        state.streams[own].Anchor(tcp.seq + 1, context.budget, context.handler);
  } else if (tcp.seq != state.isn[own]) {
    state.other_isn[own] = tcp.seq;
    state.has_other_isn[own] = true;
  }
  // The peer's SYN was not captured, but its number is in this acknowledgment.
  if ((tcp.flags & kAck) != 0 && !state.streams[peer].anchored()) {
    context.counts.refused_bytes +=
        state.streams[peer].Anchor(tcp.ack, context.budget, context.handler);
  }
}

// The first acknowledgment tells which of two SYN+ACKs the peer took.
void ChooseIsn(TcpState& state, uint32_t ack, Side acked, const TcpContext& context) {
  const size_t own = Index(acked);
  if (!state.has_other_isn[own]) return;
  state.has_other_isn[own] = false;
  if (ack != state.other_isn[own] + 1) return;
  state.isn[own] = state.other_isn[own];
  context.counts.refused_bytes += state.streams[own].Anchor(ack, context.budget, context.handler);
}

// A reset counts only where the next byte is due (RFC 5961 3.2), as far as that is known.
void UpdateRst(TcpState& state, const TcpHeader& tcp, Side side) {
  const TcpStream& stream = state.streams[Index(side)];
  if (stream.anchored() && stream.next_seq() != tcp.seq) {
    const bool behind_fin = stream.fin_reached() && stream.next_seq() + 1 == tcp.seq;
    if (!behind_fin) return;
  }
  const bool answers_syn = !state.syn_seen[Index(side)] && state.syn_seen[Index(Other(side))];
  if (answers_syn && !stream.started() && !state.reset) state.rejected = true;
  state.reset = true;
}

}  // namespace

bool IsOver(const TcpState& state) {
  return state.reset || (state.streams[0].fin_seen() && state.streams[1].fin_seen());
}

bool StartsNewConnection(const TcpState& state, const TcpHeader& tcp, Side side) {
  if ((tcp.flags & kSyn) == 0 || (tcp.flags & kRst) != 0) return false;
  const size_t own = Index(side);
  const size_t peer = Index(Other(side));
  const bool is_answer = (tcp.flags & kAck) != 0;
  if (state.syn_seen[own]) {
    const bool known =
        tcp.seq == state.isn[own] || (state.has_other_isn[own] && tcp.seq == state.other_isn[own]);
    if (known) return false;
    return is_answer ? IsOver(state) : true;
  }
  const TcpStream& stream = state.streams[own];
  const bool fits = (stream.started() && stream.lowest_seq() == tcp.seq + 1) ||
                    (state.ack_seen[peer] && state.last_ack[peer] == tcp.seq + 1);
  if (fits) return false;
  if (IsOver(state)) return true;
  if (is_answer) return false;
  return !state.syn_seen[peer];  // With it: both sides open at once, or a split handshake.
}

void UpdateTcp(TcpState& state, const Packet& packet, Side side, const TcpContext& context) {
  const TcpHeader& tcp = packet.tcp;
  const size_t own = Index(side);
  uint32_t seq = tcp.seq;
  if ((tcp.flags & kSyn) != 0 && (tcp.flags & kRst) == 0) {
    UpdateSyn(state, tcp, side, context);
    ++seq;  // SYN takes a sequence number; data may follow it (RFC 7413).
  } else if ((tcp.flags & kAck) != 0) {
    ChooseIsn(state, tcp.ack, Other(side), context);
  }
  if ((tcp.flags & kAck) != 0) {
    state.ack_seen[own] = true;
    state.last_ack[own] = tcp.ack;
  }
  // What an RST carries is a reason in words (RFC 9293 3.5.2), not part of the stream.
  const uint32_t length = packet.payload_bytes + packet.payload_missing;
  if ((tcp.flags & kRst) != 0) {
    context.counts.refused_bytes += packet.payload_bytes;
    return UpdateRst(state, tcp, side);
  }

  TcpStream& stream = state.streams[own];
  if ((tcp.flags & kFin) != 0) stream.Fin(seq + length);
  if (length == 0) return;
  stream.Insert({seq, ByteSpan(packet.payload, packet.payload_bytes), packet.payload_missing,
                 packet.time_ns, packet.clock_ns},
                context.limits, context.budget, context.counts, context.handler);
}

FlowState StateOf(const TcpState& state, const SideCounts counts[2]) {
  if (state.rejected) return FlowState::kRejected;
  if (state.reset) return FlowState::kReset;
  const bool client_done = state.streams[0].fin_seen();
  const bool server_done = state.streams[1].fin_seen();
  if (client_done && server_done) return FlowState::kClosed;
  if (client_done || server_done) return FlowState::kClosing;
  const bool unanswered = state.syn_seen[0] && counts[1].packets == 0 &&
                          counts[0].content_bytes == 0 && !state.ack_seen[0];
  return unanswered ? FlowState::kAttempt : FlowState::kEstablished;
}

}  // namespace dfc
