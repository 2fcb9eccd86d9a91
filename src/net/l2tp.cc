#include "tunnel.h"

namespace dfc {

namespace {

enum L2tpFlag : uint16_t {
  kL2tpControl = 0x8000,
  kL2tpLength = 0x4000,
  kL2tpSequence = 0x0800,
  kL2tpOffset = 0x0200,
};
constexpr uint16_t kL2tpReserved = 0x34F0;
constexpr uint16_t kL2tpVersion = 0x000F;

// | session 4 | cookie 0, 4 or 8 | sublayer 0 or 4 | Ethernet ... |: the ends have agreed on the
// sizes, and nothing tells which. Right is the one behind which everything fits.
Verdict FollowSession(Walk& walk) {
  constexpr size_t kSessionBytes = 4, kCookieAndSublayerBytesMax = 12;
  if (walk.bytes.size() < kSessionBytes) return Verdict::kTruncated;
  const uint32_t session = LoadBig32(walk.bytes, 0);
  if (session == 0) return Verdict::kNotIp;  // Control.
  const Walk begin = walk;
  for (size_t more = 0; more <= kCookieAndSublayerBytesMax; more += 4) {
    walk = begin;
    if (walk.bytes.size() < kSessionBytes + more) break;
    walk.tunnel = {TunnelKind::kL2tp, session};
    walk.Skip(kSessionBytes + more);
    if (FollowEthernet(walk) == Verdict::kOk && HasSoundIp(walk, false)) return Verdict::kOk;
  }
  return Verdict::kNotIp;
}

}  // namespace

// | flags, version | length | tunnel | session | sequence 4 | offset 2 and as many bytes |; length,
// sequence and offset if flagged.
Verdict FollowL2tp(Walk& walk) {
  const ByteSpan bytes = walk.bytes;
  if (bytes.size() < 2) return Verdict::kTruncated;
  const uint16_t flags = LoadBig16(bytes, 0);
  if ((flags & kL2tpControl) != 0) return Verdict::kNotIp;
  if ((flags & kL2tpVersion) == 3) {
    if (bytes.size() < 4) return Verdict::kTruncated;
    walk.Skip(4);
    return FollowSession(walk);
  }
  if ((flags & kL2tpVersion) != 2 || (flags & kL2tpReserved) != 0) return Verdict::kNotIp;

  const bool has_length = (flags & kL2tpLength) != 0;
  const size_t tunnel_at = has_length ? 4 : 2;
  const size_t offset_at = tunnel_at + 4 + ((flags & kL2tpSequence) != 0 ? 4 : 0);
  const size_t fixed_bytes = offset_at + ((flags & kL2tpOffset) != 0 ? 2 : 0);
  if (bytes.size() < fixed_bytes) return Verdict::kTruncated;
  if (has_length) {
    const size_t length = LoadBig16(bytes, 2);
    if (length < fixed_bytes || length > walk.wire_bytes()) return Verdict::kBadTunnelHeader;
    walk.CutTo(length);
  }
  const size_t padding = (flags & kL2tpOffset) != 0 ? LoadBig16(bytes, offset_at) : 0;
  walk.tunnel = {TunnelKind::kL2tp, LoadBig32(bytes, tunnel_at)};
  if (walk.bytes.size() < fixed_bytes) return Verdict::kTruncated;
  walk.Skip(fixed_bytes);
  if (walk.bytes.size() < padding) return Verdict::kTruncated;
  walk.Skip(padding);
  return FollowPpp(walk);
}

Verdict FollowL2tpv3(Walk& walk) { return FollowSession(walk); }

}  // namespace dfc
