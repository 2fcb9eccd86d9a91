// One TCP connection: two streams and the handshake and farewell between them.
//
// Plain state and functions on it; a flow of protocol TCP has one. Source: RFC 9293 section 3.5.
#pragma once

#include "dfc/event.h"
#include "dfc/packet.h"
#include "tcp_stream.h"

namespace dfc {

// All zero is a connection of which nothing was seen. Arrays are indexed by Side.
struct TcpState {
  TcpStream streams[2];
  uint32_t isn[2];
  uint32_t other_isn[2];  // Of a second SYN+ACK; the one acknowledged first counts.
  uint32_t last_ack[2];   // The last acknowledgment number that the side sent.
  bool syn_seen[2];
  bool has_other_isn[2];
  bool ack_seen[2];
  bool reset;
  bool rejected;  // RST was the first answer to SYN.
};

struct TcpContext {
  const StreamLimits& limits;
  HeldBudget& budget;
  StreamCounts& counts;
  StreamHandler& handler;
};

// True when the SYN in `tcp` does not fit the connection, so that it opens a new one on its ports.
// A repeated SYN, a late one, simultaneous and split opens fit.
bool StartsNewConnection(const TcpState& state, const TcpHeader& tcp, Side side);

void UpdateTcp(TcpState& state, const Packet& packet, Side side, const TcpContext& context);

// True when nothing more is expected: FIN from both sides, or RST.
bool IsOver(const TcpState& state);

FlowState StateOf(const TcpState& state, const SideCounts counts[2]);

}  // namespace dfc
