#include <algorithm>
#include <iterator>

#include "transport.h"

namespace dfc {

namespace {

constexpr size_t kIcmpHeaderBytes = 8;
constexpr uint8_t kRedirect6 = 137;

struct QueryPair {
  uint8_t protocol, request, reply;
  bool narrow_seq;  // One byte of sequence number, then flags: RFC 8335 section 2.
};
// RFC 792, RFC 950, RFC 8335; RFC 4443, RFC 8335.
constexpr QueryPair kQueryPairs[] = {{kIcmp, 8, 0, false},     {kIcmp, 13, 14, false},
                                     {kIcmp, 15, 16, false},   {kIcmp, 17, 18, false},
                                     {kIcmp, 42, 43, true},    {kIcmpv6, 128, 129, false},
                                     {kIcmpv6, 160, 161, true}};

// Null for what is no query.
const QueryPair* FindQuery(uint8_t protocol, uint8_t type) {
  const auto found = std::ranges::find_if(kQueryPairs, [&](const QueryPair& pair) {
    return pair.protocol == protocol && (type == pair.request || type == pair.reply);
  });
  return found == std::end(kQueryPairs) ? nullptr : found;
}

// `message` has the whole header.
uint16_t SequenceOf(const QueryPair& pair, ByteSpan message) {
  return pair.narrow_seq ? message[6] : LoadBig16(message, 6);
}

bool IsError(uint8_t protocol, uint8_t type) {
  if (protocol == kIcmpv6) return type >= 1 && type <= 4;  // RFC 4443 2.1.
  return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

// The quoted datagram's ends and what follows its IP header, which is nothing in a later fragment.
// Its lengths and checksums are not checked: routers cut and rewrite what they quote (RFC 1812
// 4.3.2.3). False when not even the ends are there.
bool ReadQuotedEnds(ByteSpan bytes, FiveTuple& ends, ByteSpan& transport) {
  transport = {};
  if (bytes.size() >= kIpv4HeaderBytesMin && bytes[0] >> 4 == 4) {
    const size_t header_bytes = std::max<size_t>((bytes[0] & 0x0Fu) * 4, kIpv4HeaderBytesMin);
    const bool first = (LoadBig16(bytes, 6) & 0x1FFF) == 0;
    ends.source = MappedIpv4(bytes.data() + 12);
    ends.destination = MappedIpv4(bytes.data() + 16);
    ends.protocol = bytes[9];
    if (first && bytes.size() >= header_bytes) transport = bytes.subspan(header_bytes);
    return true;
  }
  if (bytes.size() < kIpv6HeaderBytes || bytes[0] >> 4 != 6) return false;
  IpDatagram quoted;
  // The quote is shorter than it says: any length passes, since only what is there is read.
  const Verdict verdict = DecodeIpv6(bytes, SIZE_MAX, quoted);
  ends.source = quoted.source;
  ends.destination = quoted.destination;
  ends.protocol = quoted.protocol;
  const bool first = !quoted.is_fragment || quoted.fragment_at == 0;
  if (verdict == Verdict::kOk && first) transport = quoted.payload;
  return true;
}

// The ports of the quoted datagram, as flows have them. False when they are not there.
bool ReadQuotedPorts(ByteSpan transport, IcmpHeader& icmp) {
  FiveTuple& tuple = icmp.quoted;
  if (HasPorts(tuple.protocol)) {
    if (transport.size() < 4) return false;
    tuple.source_port = LoadBig16(transport, 0);
    tuple.destination_port = LoadBig16(transport, 2);
    return true;
  }
  if (!IsIcmp(tuple.protocol)) return !transport.empty();
  if (transport.size() < kIcmpHeaderBytes) return false;
  icmp.quoted_type = transport[0];
  const QueryPair* query = FindQuery(tuple.protocol, icmp.quoted_type);
  if (query == nullptr) return true;
  icmp.quotes_request = icmp.quoted_type == query->request;
  icmp.quoted_seq = SequenceOf(*query, transport);
  tuple.source_port = tuple.destination_port = LoadBig16(transport, 4);
  return true;
}

// The datagram that an ICMPv6 redirect carries in an option, empty without: RFC 4861 4.5 and 4.6.3.
// `bytes` follow the 8-byte header: target and destination, then options that count 8 bytes.
ByteSpan FindRedirected(ByteSpan bytes) {
  constexpr size_t kAddressesBytes = 32;
  constexpr size_t kOptionHeaderBytes = 8;
  constexpr uint8_t kRedirectedHeader = 4;
  if (bytes.size() < kAddressesBytes) return {};
  bytes = bytes.subspan(kAddressesBytes);
  while (bytes.size() >= kOptionHeaderBytes) {
    const size_t option_bytes = std::min(bytes[1] * size_t{8}, bytes.size());
    if (option_bytes == 0) return {};
    if (bytes[0] == kRedirectedHeader) {
      return bytes.subspan(kOptionHeaderBytes, option_bytes - kOptionHeaderBytes);
    }
    bytes = bytes.subspan(option_bytes);
  }
  return {};
}

void ReadQuote(ByteSpan bytes, IcmpHeader& icmp) {
  icmp.quoted = {};
  ByteSpan transport;
  if (!ReadQuotedEnds(bytes, icmp.quoted, transport)) return;
  icmp.has_quote = ReadQuotedPorts(transport, icmp);
  icmp.quote_cut = !icmp.has_quote;
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
  icmp.ident = icmp.seq = icmp.quoted_seq = 0;
  icmp.is_query = icmp.is_request = icmp.has_quote = icmp.quote_cut = icmp.quotes_request = false;
  icmp.quoted_type = 0;
  if (const QueryPair* query = FindQuery(datagram.protocol, icmp.type); query != nullptr) {
    icmp.is_query = true;
    icmp.is_request = icmp.type == query->request;
    icmp.ident = LoadBig16(bytes, 4);
    icmp.seq = SequenceOf(*query, bytes);
  }
  packet.tuple.source_port = packet.tuple.destination_port = icmp.ident;
  packet.payload = bytes.data() + kIcmpHeaderBytes;
  packet.payload_bytes = static_cast<uint32_t>(bytes.size() - kIcmpHeaderBytes);
  packet.payload_missing = datagram.payload_missing;
  const ByteSpan body = bytes.subspan(kIcmpHeaderBytes);
  if (IsError(datagram.protocol, icmp.type)) ReadQuote(body, icmp);
  if (datagram.protocol == kIcmpv6 && icmp.type == kRedirect6) {
    ReadQuote(FindRedirected(body), icmp);
  }
  return Verdict::kOk;
}

}  // namespace dfc
