// One TCP connection: two streams, and what each end would take of the other's segments.
//
// Plain state and functions on it; a flow of protocol TCP has one. A segment is taken, refused, or
// set aside until its receiver's acknowledgments tell: the rules are those of Linux, as far as a
// third party can follow them. Sources: RFC 9293 section 3.10, RFC 5961, RFC 7323; tcp_input.c of
// Linux.
#pragma once

#include "age_list.h"
#include "dfc/event.h"
#include "dfc/packet.h"
#include "tcp_stream.h"

namespace dfc {

// One end, as sender of its stream and as receiver of the other's. All zero is an end that has not
// been heard. Sequence numbers of its own are `sent`, those of the other end `acked`.
struct TcpEnd {
  TcpStream stream;      // What it sends.
  int64_t heard_ns;      // When it last sent anything.
  uint32_t heard_order;  // Of the packet that it sent last; 0 when none was seen.
  uint32_t isn;
  uint32_t other_isn;  // Of a second SYN+ACK, or of a SYN within the connection.
  uint32_t sent_end;   // Behind the last byte it has sent, SYN and FIN counted.
  uint32_t ack;        // Its last acknowledgment number.
  uint32_t ack_max;
  uint32_t ack_claimed;  // The furthest, also of segments that its peer would not take.
  uint32_t edge;         // Behind the last byte for which it has offered a window.
  uint32_t window_max;   // The largest window it has offered.
  uint32_t timestamp;    // Of its segments, what the other end compares with (TS.Recent).
  AgeLink age;           // Among the worker's streams that hold segments.
  HostPolicy policy;     // By which the other end puts this stream together.
  uint8_t options;       // TcpOption of its SYN.
  uint8_t window_scale;
  bool heard;
  bool syn_seen;
  bool opened;     // Its SYN was no answer.
  bool has_reset;  // It has ended the connection by RST.
  bool has_other_isn;
  bool is_answer_isn;  // `other_isn` came with an ACK.
  bool has_ack;
  bool has_claimed;
  bool has_sent;
};

// All zero is a connection of which nothing was seen. Indexed by Side.
struct TcpState {
  TcpEnd ends[2];
  uint32_t packets;
  uint32_t flow;  // Its slot.
  bool reset;
  bool rejected;  // RST was the first answer to SYN.
};

struct TcpContext {
  const StreamLimits& limits;
  HeldBudget& budget;
  StreamHandler& own_handler;     // Of what the sender of the packet at hand sends.
  StreamHandler& peer_handler;    // Of what the other end does.
  bool urgent_is_inline = false;  // The byte that an urgent pointer names is like any other.
};

// True when the SYN in `tcp` opens a new connection on the ports of this one. A repeated SYN, a
// late one, simultaneous and split opens do not; nor does a SYN of another number within a
// connection that goes on, unless the other end answers it.
bool StartsNewConnection(const TcpState& state, const TcpHeader& tcp, Side side);

void UpdateTcp(TcpState& state, const Packet& packet, Side side, const TcpContext& context);

// Delivers and frees what the streams hold.
void FinishTcp(TcpState& state, Side side, int64_t t_ns, const TcpContext& context);

// For a limit: the side gives up what it waits for, and goes on.
void GiveUpTcp(TcpState& state, Side side, const TcpContext& context);

// True while the connection is an attempt, of which no content was seen: whoever opened it has not
// answered the answer yet.
bool IsAttempt(const TcpState& state, const SideCounts counts[2]);

// For a limit: what the sides of an attempt have set aside is not to be content.
void ShedAttempt(TcpState& state, Side side, const TcpContext& context);

// True when nothing more is expected: FIN from both sides, or RST.
bool IsOver(const TcpState& state);

FlowState StateOf(const TcpState& state, const SideCounts counts[2]);

}  // namespace dfc
