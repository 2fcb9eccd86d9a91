#include "tunnel.h"

namespace dfc {

namespace {

constexpr size_t kVxlanBytes = 8;
constexpr uint8_t kHasNetwork = 0x08, kHasPolicy = 0x80, kHasProtocol = 0x04;

}  // namespace

// | flags | 0 x 3 | network 3 | 0 |; with a group policy (draft-smith-vxlan-group-policy) its flags
// and group are where the three zeros stand.
Verdict FollowVxlan(Walk& walk) {
  if (walk.bytes.size() < kVxlanBytes) return Verdict::kTruncated;
  const uint8_t flags = walk.bytes[0];
  const bool plain = flags == kHasNetwork && LoadBig32(walk.bytes, 0) << 8 == 0;
  const bool policy = flags == (kHasNetwork | kHasPolicy) && (walk.bytes[1] & 0xB7) == 0;
  if ((!plain && !policy) || walk.bytes[7] != 0) return Verdict::kNotIp;
  walk.tunnel = {TunnelKind::kVxlan, LoadBig32(walk.bytes, 4) >> 8};
  walk.Skip(kVxlanBytes);
  return FollowEthernet(walk);
}

// draft-ietf-nvo3-vxlan-gpe: the last byte of the first word says what comes next. Some senders
// leave out the flag that says so.
Verdict FollowVxlanGpe(Walk& walk) {
  if (walk.bytes.size() < kVxlanBytes) return Verdict::kTruncated;
  const uint8_t flags = walk.bytes[0];
  const uint8_t next = walk.bytes[3];
  if ((flags & ~kHasProtocol) != kHasNetwork || LoadBig16(walk.bytes, 1) != 0) {
    return Verdict::kNotIp;
  }
  if (walk.bytes[7] != 0) return Verdict::kNotIp;
  walk.tunnel = {TunnelKind::kVxlan, LoadBig32(walk.bytes, 4) >> 8};
  walk.Skip(kVxlanBytes);
  switch (next) {
    case 1:
    case 2:
      return Verdict::kOk;
    case 3:
      return FollowEthernet(walk);
    case 4:
      return FollowNsh(walk);
    case 5:
      return FollowMpls(walk);
    default:
      return Verdict::kNotIp;
  }
}

}  // namespace dfc
