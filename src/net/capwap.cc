#include "tunnel.h"

namespace dfc {

namespace {

// A data frame's first byte stands second where the control is swapped; in a right one there are
// only flags.
Verdict FollowStation(Walk& walk) {
  constexpr uint8_t kVersionAndType = 0x0F, kData = 0x08;
  if (walk.bytes.size() < 2) return Verdict::kTruncated;
  const bool swapped =
      (walk.bytes[0] & kVersionAndType) != kData && (walk.bytes[1] & kVersionAndType) == kData;
  return FollowWlan(walk, {.swapped = swapped});
}

}  // namespace

// | version 4, type 4 | length 5, radio 5, binding 5, T | F, L, W, M, K, - | fragment 4 | ... |
Verdict FollowCapwap(Walk& walk) {
  constexpr size_t kHeaderBytesMin = 8;
  constexpr uint8_t kFragmented = 0x80, kKeepAlive = 0x08, kReserved = 0x07;
  constexpr uint8_t kNative = 0x01, kBinding = 0x3E, kWlanBinding = 0x02;
  if (walk.bytes.size() < kHeaderBytesMin) return Verdict::kTruncated;
  if (walk.bytes[0] != 0) return Verdict::kNotIp;  // Another version, or encrypted (type 1).
  const size_t header_bytes = (walk.bytes[1] >> 3) * size_t{4};
  const uint8_t binding = walk.bytes[2], flags = walk.bytes[3];
  if (header_bytes < kHeaderBytesMin || (flags & kReserved) != 0) return Verdict::kNotIp;
  // A frame that came in pieces is not put together: its pieces stay datagrams.
  if ((flags & (kFragmented | kKeepAlive)) != 0) return Verdict::kNotIp;
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  walk.tunnel = {TunnelKind::kCapwap, 0};
  walk.Skip(header_bytes);
  if ((binding & kNative) == 0) return FollowEthernet(walk);
  return (binding & kBinding) == kWlanBinding ? FollowStation(walk) : Verdict::kNotIp;
}

}  // namespace dfc
