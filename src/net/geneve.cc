#include "tunnel.h"

namespace dfc {

// | version 2, options 6 | O, C, 0 x 6 | Ethernet type | network 3 | 0 | options |
Verdict FollowGeneve(Walk& walk) {
  constexpr size_t kHeaderBytesMin = 8;
  constexpr uint8_t kReserved = 0x3F;
  constexpr uint16_t kEthernet = 0x6558;
  if (walk.bytes.size() < kHeaderBytesMin) return Verdict::kTruncated;
  const size_t header_bytes = kHeaderBytesMin + (walk.bytes[0] & 0x3Fu) * 4;
  if (walk.bytes[0] >> 6 != 0 || (walk.bytes[1] & kReserved) != 0 || walk.bytes[7] != 0) {
    return Verdict::kNotIp;
  }
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  const uint16_t type = LoadBig16(walk.bytes, 2);
  walk.tunnel = {TunnelKind::kGeneve, LoadBig32(walk.bytes, 4) >> 8};
  walk.Skip(header_bytes);
  return type == kEthernet ? FollowEthernet(walk) : FollowEtherType(type, walk);
}

}  // namespace dfc
