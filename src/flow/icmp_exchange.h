// ICMP and ICMPv6: requests paired with replies, errors with what they quote.
//
// Source: RFC 792, RFC 4443, RFC 8335.
#pragma once

#include "flow.h"
#include "icmp_requests.h"

namespace dfc {

// A reply that comes later than this after its request is told apart: the tool that sent the
// request has most likely given up by then. It is as long as ping waits in Windows.
inline constexpr int64_t kIcmpLateNs = 4 * int64_t{1'000'000'000};

// What is known about a message by the request that it belongs to.
struct IcmpPair {
  IcmpPairing pairing = IcmpPairing::kNone;
  IcmpPayload payload = IcmpPayload::kUnknown;
  int64_t rtt_ns = -1;
  uint32_t request_n = kNoIcmpMessage;
};

// Remembers a request, or finds the one that a reply answers: the newest with its number that has
// no answer yet, else the newest. `flow` is the message's flow, `n` its number there, `side` its
// sender.
IcmpPair PairQuery(IcmpRequests& requests, IcmpExchange& exchange, uint32_t flow, Side side,
                   uint32_t n, const Packet& packet);

// Finds the request that an error quotes in flow `about`, whose side `side` sent it.
IcmpPair PairError(IcmpRequests& requests, uint32_t about, Side side, const Packet& packet);

// True when the sender of the flow's first message `packet` is the server: it answers something
// that was not captured.
bool OpensWithAnswer(const Packet& packet);

// The row of message `n` of the flow; the quoted flow, if known, is filled in by the caller.
IcmpRow IcmpRowOf(const Packet& packet, const FlowId& id, uint32_t n, Side side,
                  const IcmpPair& pair);

}  // namespace dfc
