// What IPv4 and IPv6 have in common: a datagram, whole or a fragment.
#pragma once

#include "dfc/bytes.h"
#include "dfc/packet.h"
#include "dfc/verdict.h"

namespace dfc {

struct IpDatagram {
  IpAddress source;
  IpAddress destination;
  ByteSpan payload;              // Cut to the IP length and to what was captured.
  uint32_t payload_missing = 0;  // Bytes of the payload that the snaplen cut off.
  uint32_t total_bytes = 0;      // Of the whole datagram on the wire, header included.
  uint8_t protocol = 0;          // Of the payload; for IPv6, after the extension headers.
  uint8_t ttl = 0;
  bool is_ipv6 = false;
  bool source_routed = false;  // A routing header is still at work: the checksum can't be told.
  bool is_fragment = false;
  bool more_fragments = false;
  bool has_fragment_header = false;  // IPv6; also of the whole that fragments make.
  uint8_t ecn = 0;                   // RFC 3168: 0 Not-ECT, 1 and 2 ECT, 3 CE.
  uint32_t header_bytes = 0;         // Of a fragment: up to the payload or the fragment header.
  uint32_t fragment_at = 0;          // Bytes.
  uint32_t fragment_id = 0;
  uint64_t conflict_bytes = 0;  // Of copies that lost where fragments overlapped.
};

inline constexpr size_t kIpv4HeaderBytesMin = 20;
inline constexpr size_t kIpv6HeaderBytes = 40;

// Both decode the header at the front of `bytes`, of which `wire_bytes` were on the wire. A length
// of zero stands for all of them (segmentation offload), but for a fragment is kBadIpLength. On kOk
// `datagram` is filled; Ethernet padding never reaches its payload. RFC 791 3.1; RFC 8200 3 and 4.
Verdict DecodeIpv4(ByteSpan bytes, size_t wire_bytes, IpDatagram& datagram);
Verdict DecodeIpv6(ByteSpan bytes, size_t wire_bytes, IpDatagram& datagram);

// True when the sum over the IPv4 header at the front of `bytes` is right. The header has been
// decoded.
bool Ipv4ChecksumGood(ByteSpan bytes);

// Steps over IPv6 extension headers at the front of the payload; stops at a fragment header with
// `is_fragment` set (an atomic fragment, RFC 6946, is stepped over) or at the transport header. A
// second fragment header is kTooManyHeaders, even within the whole that fragments made.
Verdict SkipIpv6Extensions(IpDatagram& datagram);

// True for the first fragment of an IPv6 datagram that ends inside its transport header; Linux
// drops it (RFC 8200 4.5). One that ends inside an extension header in front of that is let
// through.
bool LacksTransportHeader(const IpDatagram& fragment);
// Steps over IPv4 authentication headers (RFC 4302) at the front of the payload, as
// SkipIpv6Extensions does for IPv6.
Verdict SkipIpv4Authentication(IpDatagram& datagram);

IpAddress MappedIpv4(const uint8_t* at);

}  // namespace dfc
