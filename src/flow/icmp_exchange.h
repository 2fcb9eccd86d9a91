// ICMP and ICMPv6: requests paired with replies, errors with the flow that they quote.
//
// Source: RFC 792, RFC 4443.
#pragma once

#include "flow.h"

namespace dfc {

// Remembers a request, or finds the one that a reply answers and returns the round-trip time; -1
// where there is none. A request is answered once; a later one with its slot replaces it.
int64_t PairEcho(EchoState& state, const Packet& packet);

// True when the sender of the flow's first message `packet` is the server: it answers something
// that was not captured.
bool OpensWithAnswer(const Packet& packet);

// The row of message `n` of the flow; the quoted flow, if known, is filled in by the caller.
IcmpRow IcmpRowOf(const Packet& packet, const FlowId& id, uint32_t n, Side side, int64_t rtt_ns);

}  // namespace dfc
