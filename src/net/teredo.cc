#include "tunnel.h"

namespace dfc {

// RFC 4380 5.1.1: perhaps an authentication header (00 01), perhaps an origin (00 00), then IPv6.
Verdict FollowTeredo(Walk& walk) {
  constexpr size_t kOriginBytes = 8, kNonceAndConfirmationBytes = 9;
  if (walk.bytes.size() < 4) return Verdict::kTruncated;
  if (LoadBig16(walk.bytes, 0) == 0x0001) {
    const size_t header_bytes =
        size_t{4} + walk.bytes[2] + walk.bytes[3] + kNonceAndConfirmationBytes;
    if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
    walk.Skip(header_bytes);
  }
  if (walk.bytes.size() < kOriginBytes) return Verdict::kTruncated;
  if (LoadBig16(walk.bytes, 0) == 0x0000) walk.Skip(kOriginBytes);
  walk.tunnel = {TunnelKind::kTeredo, 0};
  if (walk.bytes.empty()) return Verdict::kTruncated;
  return walk.bytes[0] >> 4 == 6 ? Verdict::kOk : Verdict::kNotIp;
}

}  // namespace dfc
