#include "icmp_exchange.h"

namespace dfc {

int64_t PairEcho(EchoState& state, const Packet& packet) {
  if (!packet.icmp.is_query) return -1;
  EchoState::Request& slot = state.requests[packet.icmp.seq % EchoState::kOutstandingMax];
  if (packet.icmp.is_request) {
    // A repeated number is a copy of the request that still waits: the first one counts.
    if (!slot.waits || slot.seq != packet.icmp.seq) {
      slot = {packet.time_ns, packet.icmp.seq, true};
    }
    return -1;
  }
  if (!slot.waits || slot.seq != packet.icmp.seq) return -1;
  slot.waits = false;
  return packet.time_ns >= slot.t_ns ? packet.time_ns - slot.t_ns : 0;
}

bool OpensWithAnswer(const Packet& packet) {
  return packet.icmp.is_query && !packet.icmp.is_request;
}

IcmpRow IcmpRowOf(const Packet& packet, const FlowId& id, uint32_t n, Side side, int64_t rtt_ns) {
  const IcmpHeader& icmp = packet.icmp;
  IcmpRow row{};
  row.id = id;
  row.t_ns = packet.time_ns;
  row.rtt_ns = rtt_ns;
  row.n = n;
  row.payload_bytes = packet.payload_bytes + packet.payload_missing;
  row.rest = icmp.rest;
  row.ident = icmp.ident;
  row.seq = icmp.seq;
  row.side = side;
  row.type = icmp.type;
  row.code = icmp.code;
  row.has_quote = icmp.has_quote;
  if (icmp.has_quote) row.quoted = icmp.quoted;
  return row;
}

}  // namespace dfc
