#include "link.h"

namespace dfc {

namespace {

enum EtherType : uint16_t {
  kEtherIpv4 = 0x0800,
  kEtherArp = 0x0806,
  kEtherRarp = 0x8035,
  kEtherVlan = 0x8100,
  kEtherIpv6 = 0x86DD,
  kEtherQinq = 0x88A8,
  kEtherQinqOld = 0x9100,
};

constexpr size_t kVlanTagsMax = 8;
constexpr uint16_t kEtherTypeMin = 0x0600;  // Below it the field is an IEEE 802.3 length.

// Follows VLAN tags from `type`, whose header ends where `rest` begins.
Verdict FollowEtherType(uint16_t type, ByteSpan rest, ByteSpan& network, uint16_t& vlan) {
  vlan = 0;
  for (size_t n = 0; type == kEtherVlan || type == kEtherQinq || type == kEtherQinqOld; ++n) {
    if (n == kVlanTagsMax) return Verdict::kTooManyHeaders;
    if (rest.size() < 4) return Verdict::kTruncated;
    if (n == 0) vlan = LoadBig16(rest, 0) & 0x0FFF;
    type = LoadBig16(rest, 2);
    rest = rest.subspan(4);
  }
  if (type == kEtherArp || type == kEtherRarp) return Verdict::kArp;
  if (type != kEtherIpv4 && type != kEtherIpv6) return Verdict::kNotIp;
  network = rest;
  return Verdict::kOk;
}

Verdict DecodeEthernet(ByteSpan bytes, ByteSpan& network, uint16_t& vlan) {
  if (bytes.size() < 14) return Verdict::kTruncated;
  const uint16_t type = LoadBig16(bytes, 12);
  const ByteSpan rest = bytes.subspan(14);
  if (type >= kEtherTypeMin) return FollowEtherType(type, rest, network, vlan);
  // IEEE 802.2 LLC with SNAP carries an Ethernet type too (RFC 1042); anything else is no IP.
  if (rest.size() < 8 || LoadBig32(rest, 0) != 0xAAAA0300 || rest[4] != 0) return Verdict::kNotIp;
  return FollowEtherType(LoadBig16(rest, 6), rest.subspan(8), network, vlan);
}

// https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and ..._SLL2.html
Verdict DecodeCooked(ByteSpan bytes, size_t header_bytes, size_t type_at, ByteSpan& network,
                     uint16_t& vlan) {
  if (bytes.size() < header_bytes) return Verdict::kTruncated;
  return FollowEtherType(LoadBig16(bytes, type_at), bytes.subspan(header_bytes), network, vlan);
}

// Four bytes of address family in the byte order of whoever wrote the file: 2 is AF_INET
// everywhere, AF_INET6 is 10, 24, 28 or 30 depending on the system.
Verdict DecodeNull(ByteSpan bytes, ByteSpan& network) {
  if (bytes.size() < 4) return Verdict::kTruncated;
  uint32_t family = LoadBig32(bytes, 0);
  if (family > 0xFFFF) family = __builtin_bswap32(family);
  switch (family) {
    case 2:
    case 10:
    case 24:
    case 28:
    case 30:
      network = bytes.subspan(4);
      return Verdict::kOk;
    default:
      return Verdict::kNotIp;
  }
}

}  // namespace

Verdict DecodeLink(const Frame& frame, ByteSpan& network, uint16_t& vlan) {
  vlan = 0;
  switch (frame.link_type) {
    case kLinkEthernet:
      return DecodeEthernet(frame.bytes, network, vlan);
    case kLinkLinuxSll:
      return DecodeCooked(frame.bytes, 16, 14, network, vlan);
    case kLinkLinuxSll2:
      return DecodeCooked(frame.bytes, 20, 0, network, vlan);
    case kLinkNull:
    case kLinkLoop:
      return DecodeNull(frame.bytes, network);
    case kLinkRaw:
    case kLinkRawBsd:
    case kLinkRawOpenBsd:
    case kLinkIpv4:
    case kLinkIpv6:
      network = frame.bytes;
      return Verdict::kOk;
    default:
      return Verdict::kUnknownLink;
  }
}

}  // namespace dfc
