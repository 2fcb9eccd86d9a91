#include <algorithm>

#include "transport.h"

namespace dfc {

namespace {

constexpr size_t kIcmpHeaderBytes = 8;

struct QueryPair {
  uint8_t protocol, request, reply;
};
// RFC 792, RFC 950, RFC 8335; RFC 4443, RFC 8335.
constexpr QueryPair kQueryPairs[] = {{kIcmp, 8, 0},      {kIcmp, 13, 14}, {kIcmp, 15, 16},
                                     {kIcmp, 17, 18},    {kIcmp, 42, 43}, {kIcmpv6, 128, 129},
                                     {kIcmpv6, 160, 161}};

bool IsError(uint8_t protocol, uint8_t type) {
  if (protocol == kIcmpv6) return type >= 1 && type <= 4;  // RFC 4443 2.1.
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

// Reads the tuple of a quoted datagram. Its lengths and checksums are not checked: routers cut and
// rewrite what they quote (RFC 1812 4.3.2.3). False when the ports are not there.
bool ReadQuote(ByteSpan bytes, FiveTuple& tuple) {
  ByteSpan transport;
  if (bytes.size() >= kIpv4HeaderBytesMin && bytes[0] >> 4 == 4) {
    const size_t header_bytes = std::max<size_t>((bytes[0] & 0x0Fu) * 4, kIpv4HeaderBytesMin);
    const bool first = (LoadBig16(bytes, 6) & 0x1FFF) == 0;
    if (!first || bytes.size() < header_bytes) return false;
    tuple.source = MappedIpv4(bytes.data() + 12);
    tuple.destination = MappedIpv4(bytes.data() + 16);
    tuple.protocol = bytes[9];
    transport = bytes.subspan(header_bytes);
  } else {
    IpDatagram quoted;
    // The quote is shorter than it says: any length passes, since only what is there is read.
    if (DecodeIpv6(bytes, SIZE_MAX, quoted) != Verdict::kOk) return false;
    if (quoted.is_fragment && quoted.fragment_at != 0) return false;
    tuple.source = quoted.source;
    tuple.destination = quoted.destination;
    tuple.protocol = quoted.protocol;
    transport = quoted.payload;
  }
  tuple.source_port = tuple.destination_port = 0;
  if (HasPorts(tuple.protocol)) {
    if (transport.size() < 4) return false;
    tuple.source_port = LoadBig16(transport, 0);
    tuple.destination_port = LoadBig16(transport, 2);
  } else if (IsIcmp(tuple.protocol)) {
    if (transport.size() < kIcmpHeaderBytes) return false;
    tuple.source_port = tuple.destination_port = LoadBig16(transport, 4);
  }
  return true;
}

}  // namespace

Verdict DecodeIcmp(const IpDatagram& datagram, Packet& packet) {
  const ByteSpan bytes = datagram.payload;
  const size_t wire_bytes = bytes.size() + datagram.payload_missing;
  if (wire_bytes < kIcmpHeaderBytes) return Verdict::kBadIcmpLength;
  if (bytes.size() < kIcmpHeaderBytes) return Verdict::kTruncated;

  IcmpHeader& icmp = packet.icmp;
  icmp.type = bytes[0];
  icmp.code = bytes[1];
  icmp.rest = LoadBig32(bytes, 4);
  icmp.ident = icmp.seq = 0;
  icmp.is_query = icmp.is_request = false;
  for (const QueryPair& pair : kQueryPairs) {
    if (pair.protocol != datagram.protocol) continue;
    if (icmp.type != pair.request && icmp.type != pair.reply) continue;
    icmp.is_query = true;
    icmp.is_request = icmp.type == pair.request;
    icmp.ident = LoadBig16(bytes, 4);
    icmp.seq = LoadBig16(bytes, 6);
  }
  packet.tuple.source_port = packet.tuple.destination_port = icmp.ident;
  packet.payload = bytes.data() + kIcmpHeaderBytes;
  packet.payload_bytes = static_cast<uint32_t>(bytes.size() - kIcmpHeaderBytes);
  packet.payload_missing = datagram.payload_missing;
  icmp.has_quote = IsError(datagram.protocol, icmp.type) &&
                   ReadQuote(bytes.subspan(kIcmpHeaderBytes), icmp.quoted);
  return Verdict::kOk;
}

}  // namespace dfc
