#include "walk.h"

namespace dfc {

namespace {

// https://www.iana.org/assignments/ppp-numbers
enum PppProtocol : uint16_t {
  kPppIpv4 = 0x0021,
  kPppIpv6 = 0x0057,
  kPppMpls = 0x0281,
  kPppMplsMulticast = 0x0283,
};

constexpr uint8_t kPppoeVersionAndType = 0x11;

}  // namespace

// Address and control (ff 03) may be left out, and so may the first byte of the protocol when it is
// zero: the last byte of a protocol is odd, others are even (RFC 1661 2).
Verdict FollowPpp(Walk& walk) {
  if (walk.bytes.size() >= 2 && LoadBig16(walk.bytes, 0) == 0xFF03) walk.Skip(2);
  // Routers of Cisco write their own HDLC where a capture says PPP.
  if (walk.bytes.size() >= 2 && (walk.bytes[0] == 0x0F || walk.bytes[0] == 0x8F) &&
      walk.bytes[1] == 0) {
    return FollowCiscoHdlc(walk);
  }
  if (walk.bytes.empty()) return Verdict::kTruncated;
  const size_t protocol_bytes = (walk.bytes[0] & 1) != 0 ? 1 : 2;
  if (walk.bytes.size() < protocol_bytes) return Verdict::kTruncated;
  const uint16_t protocol = protocol_bytes == 1 ? walk.bytes[0] : LoadBig16(walk.bytes, 0);
  walk.Skip(protocol_bytes);
  switch (protocol) {
    case kPppIpv4:
    case kPppIpv6:
      return Verdict::kOk;
    case kPppMpls:
    case kPppMplsMulticast:
      return FollowMpls(walk);
    default:
      return Verdict::kNotIp;
  }
}

Verdict FollowPppoe(Walk& walk) {
  constexpr size_t kHeaderBytes = 6;
  if (!walk.Stack()) return Verdict::kTooManyHeaders;
  if (walk.bytes.size() < kHeaderBytes) return Verdict::kTruncated;
  if (walk.bytes[0] != kPppoeVersionAndType) return Verdict::kBadTunnelHeader;
  if (walk.bytes[1] != 0) return Verdict::kNotIp;  // Of the discovery stage.
  walk.tunnel = {TunnelKind::kPppoe, LoadBig16(walk.bytes, 2)};
  const size_t length = LoadBig16(walk.bytes, 4);
  walk.Skip(kHeaderBytes);
  if (length > walk.wire_bytes()) return Verdict::kBadTunnelHeader;
  walk.CutTo(length);
  return FollowPpp(walk);
}

}  // namespace dfc
