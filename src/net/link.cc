#include "link.h"

namespace dfc {

namespace {

// https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html and ..._SLL2.html
Verdict FollowCooked(size_t header_bytes, size_t type_at, Walk& walk) {
  constexpr uint16_t kCookedLlc = 4;  // IEEE 802.2 without an Ethernet type.
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  const uint16_t type = LoadBig16(walk.bytes, type_at);
  walk.Skip(header_bytes);
  return type == kCookedLlc ? FollowLlc(walk) : FollowEtherType(type, walk);
}

// Four bytes of address family in the byte order of whoever wrote the file: 2 is AF_INET
// everywhere, AF_INET6 is 10, 24, 28 or 30 depending on the system.
Verdict FollowNull(Walk& walk) {
  if (walk.bytes.size() < 4) return Verdict::kTruncated;
  uint32_t family = LoadBig32(walk.bytes, 0);
  if (family > 0xFFFF) family = __builtin_bswap32(family);
  switch (family) {
    case 2:
    case 10:
    case 24:
    case 28:
    case 30:
      walk.Skip(4);
      return Verdict::kOk;
    default:
      return Verdict::kNotIp;
  }
}

}  // namespace

Verdict DecodeLink(uint16_t link_type, Walk& walk) {
  switch (link_type) {
    case kLinkEthernet:
      return FollowEthernet(walk);
    case kLinkLinuxSll:
      return FollowCooked(16, 14, walk);
    case kLinkLinuxSll2:
      return FollowCooked(20, 0, walk);
    case kLinkNull:
    case kLinkLoop:
      return FollowNull(walk);
    case kLinkRaw:
    case kLinkRawBsd:
    case kLinkRawOpenBsd:
    case kLinkIpv4:
    case kLinkIpv6:
      return Verdict::kOk;
    case kLinkPpp:
    case kLinkPppHdlc:
      return FollowPpp(walk);
    case kLinkPppEther:
      return FollowPppoe(walk);
    case kLinkCiscoHdlc:
      return FollowCiscoHdlc(walk);
    case kLinkFrameRelay:
      return FollowFrameRelay(walk);
    case kLinkWlan:
      return FollowWlan(walk);
    case kLinkRadiotap:
      return FollowRadiotap(walk);
    case kLinkPrism:
    case kLinkAvs:
      return FollowPrism(walk);
    case kLinkPpi:
      return FollowPpi(walk);
    case kLinkNflog:
      return FollowNflog(walk);
    default:
      return Verdict::kUnknownLink;
  }
}

}  // namespace dfc
