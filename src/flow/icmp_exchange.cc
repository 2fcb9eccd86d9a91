#define XXH_INLINE_ALL
#include "icmp_exchange.h"

#include <xxhash.h>

#include <algorithm>

namespace dfc {

namespace {

constexpr uint8_t kEchoReply = 0, kEcho = 8, kEcho6 = 128;

// Every answering type follows its asking one, but for echo in ICMPv4.
uint8_t RequestTypeOf(const IcmpHeader& icmp) {
  if (icmp.is_request) return icmp.type;
  return icmp.type == kEchoReply ? kEcho : static_cast<uint8_t>(icmp.type - 1);
}

uint64_t PayloadHash(const Packet& packet) {
  return XXH3_64bits(packet.payload, packet.payload_bytes);
}

uint32_t PayloadWireBytes(const Packet& packet) {
  return packet.payload_bytes + packet.payload_missing;
}

// Only an echo must bring back what was sent.
IcmpPayload ComparePayload(const IcmpRequests::Request& request, const Packet& packet) {
  if (request.key.type != kEcho && request.key.type != kEcho6) return IcmpPayload::kUnknown;
  if (request.payload_bytes != PayloadWireBytes(packet)) return IcmpPayload::kDiffers;
  if (!request.whole || packet.payload_missing > 0) return IcmpPayload::kUnknown;
  return request.payload_hash == PayloadHash(packet) ? IcmpPayload::kEqual : IcmpPayload::kDiffers;
}

int64_t RoundTrip(const IcmpRequests::Request& request, const Packet& packet) {
  return std::max<int64_t>(packet.time_ns - request.t_ns, 0);
}

}  // namespace

IcmpPair PairQuery(IcmpRequests& requests, IcmpExchange& exchange, uint32_t flow, Side side,
                   uint32_t n, const Packet& packet) {
  const IcmpHeader& icmp = packet.icmp;
  const Side asking = icmp.is_request ? side : Other(side);
  const IcmpRequests::Key key{flow, icmp.seq, asking, RequestTypeOf(icmp)};
  IcmpPair pair;
  if (icmp.is_request) {
    pair.pairing = IcmpPairing::kRequest;
    if (IcmpRequests::Request* request = requests.Add(exchange, key, n, packet.time_ns);
        request != nullptr) {
      request->payload_hash = PayloadHash(packet);
      request->payload_bytes = PayloadWireBytes(packet);
      request->whole = packet.payload_missing == 0;
    }
    return pair;
  }
  IcmpRequests::Request* request = requests.Find(key, true);
  pair.pairing = IcmpPairing::kStray;
  if (request == nullptr) return pair;
  pair.rtt_ns = RoundTrip(*request, packet);
  pair.pairing = request->answered           ? IcmpPairing::kDuplicate
                 : pair.rtt_ns > kIcmpLateNs ? IcmpPairing::kLate
                                             : IcmpPairing::kReply;
  pair.request_n = request->n;
  pair.payload = ComparePayload(*request, packet);
  request->answered = true;
  return pair;
}

IcmpPair PairError(IcmpRequests& requests, uint32_t about, Side side, const Packet& packet) {
  IcmpPair pair;
  if (!packet.icmp.quotes_request) return pair;
  const IcmpRequests::Key key{about, packet.icmp.quoted_seq, side, packet.icmp.quoted_type};
  const IcmpRequests::Request* request = requests.Find(key, false);
  if (request == nullptr) return pair;
  pair.pairing = IcmpPairing::kError;
  pair.rtt_ns = RoundTrip(*request, packet);
  pair.request_n = request->n;
  return pair;
}

bool OpensWithAnswer(const Packet& packet) {
  return packet.icmp.is_query && !packet.icmp.is_request;
}

IcmpRow IcmpRowOf(const Packet& packet, const FlowId& id, uint32_t n, Side side,
                  const IcmpPair& pair) {
  const IcmpHeader& icmp = packet.icmp;
  IcmpRow row{};
  row.id = id;
  row.t_ns = packet.time_ns;
  row.rtt_ns = pair.rtt_ns;
  row.n = n;
  row.payload_bytes = PayloadWireBytes(packet);
  row.rest = icmp.rest;
  row.ident = icmp.ident;
  row.seq = icmp.seq;
  row.side = side;
  row.type = icmp.type;
  row.code = icmp.code;
  row.has_quote = icmp.has_quote || icmp.quote_cut;
  row.quote_cut = icmp.quote_cut;
  row.pairing = pair.pairing;
  row.payload = pair.payload;
  row.request_n = pair.request_n;
  if (row.has_quote) row.quoted = icmp.quoted;
  return row;
}

}  // namespace dfc
