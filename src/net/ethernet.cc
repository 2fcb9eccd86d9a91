#include "walk.h"

namespace dfc {

namespace {

enum EtherType : uint16_t {
  kEtherIpv4 = 0x0800,
  kEtherArp = 0x0806,
  kEtherTransparent = 0x6558,  // Ethernet in something else, RFC 1701.
  kEtherRarp = 0x8035,
  kEtherVlan = 0x8100,
  kEtherIpv6 = 0x86DD,
  kEtherPpp = 0x880B,
  kEtherMpls = 0x8847,
  kEtherMplsMulticast = 0x8848,
  kEtherPppoeSession = 0x8864,
  kEtherQinq = 0x88A8,
  kEtherCiscoMetadata = 0x8909,
  kEtherNsh = 0x894F,
  kEtherQinqOld = 0x9100,
};

constexpr uint16_t kEtherTypeMin = 0x0600;  // Below it the field is an IEEE 802.3 length.

Verdict FollowVlan(Walk& walk) {
  if (!walk.Stack()) return Verdict::kTooManyHeaders;
  if (walk.bytes.size() < 4) return Verdict::kTruncated;
  if (walk.vlan == 0) walk.vlan = LoadBig16(walk.bytes, 0) & 0x0FFF;
  const uint16_t type = LoadBig16(walk.bytes, 2);
  walk.Skip(4);
  return FollowEtherType(type, walk);
}

// Version, length and one option, the security group tag, before the type that it stands in front
// of: always eight bytes.
Verdict FollowCiscoMetadata(Walk& walk) {
  if (!walk.Stack()) return Verdict::kTooManyHeaders;
  if (walk.bytes.size() < 8) return Verdict::kTruncated;
  const uint16_t type = LoadBig16(walk.bytes, 6);
  walk.Skip(8);
  return FollowEtherType(type, walk);
}

}  // namespace

Verdict FollowEtherType(uint16_t type, Walk& walk) {
  switch (type) {
    case kEtherIpv4:
    case kEtherIpv6:
      return Verdict::kOk;
    case kEtherVlan:
    case kEtherQinq:
    case kEtherQinqOld:
      return FollowVlan(walk);
    case kEtherArp:
    case kEtherRarp:
      return Verdict::kArp;
    case kEtherMpls:
    case kEtherMplsMulticast:
      return FollowMpls(walk);
    case kEtherPppoeSession:
      return FollowPppoe(walk);
    case kEtherPpp:
      return walk.Stack() ? FollowPpp(walk) : Verdict::kTooManyHeaders;
    case kEtherNsh:
      return FollowNsh(walk);
    case kEtherCiscoMetadata:
      return FollowCiscoMetadata(walk);
    case kEtherTransparent:
      return walk.Stack() ? FollowEthernet(walk) : Verdict::kTooManyHeaders;
    default:
      return Verdict::kNotIp;
  }
}

Verdict FollowEthernet(Walk& walk) {
  if (walk.bytes.size() < 14) return Verdict::kTruncated;
  const uint16_t type = LoadBig16(walk.bytes, 12);
  walk.Skip(14);
  return type >= kEtherTypeMin ? FollowEtherType(type, walk) : FollowLlc(walk);
}

// With SNAP it carries an Ethernet type too (RFC 1042); anything else is no IP.
Verdict FollowLlc(Walk& walk) {
  const ByteSpan bytes = walk.bytes;
  if (bytes.size() < 8 || LoadBig32(bytes, 0) != 0xAAAA0300 || bytes[4] != 0) {
    return Verdict::kNotIp;
  }
  const uint16_t type = LoadBig16(bytes, 6);
  walk.Skip(8);
  return FollowEtherType(type, walk);
}

}  // namespace dfc
