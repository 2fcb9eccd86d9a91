#include "walk.h"

namespace dfc {

// | version 2, O, -, TTL 6, length 6 | metadata type | next protocol | path 24, index 8 | ... |
Verdict FollowNsh(Walk& walk) {
  constexpr size_t kHeaderBytesMin = 8;
  if (!walk.Stack()) return Verdict::kTooManyHeaders;
  const ByteSpan bytes = walk.bytes;
  if (bytes.size() < kHeaderBytesMin) return Verdict::kTruncated;
  const size_t header_bytes = (bytes[1] & 0x3Fu) * 4;
  if (bytes[0] >> 6 != 0 || header_bytes < kHeaderBytesMin) return Verdict::kBadTunnelHeader;
  if (bytes.size() < header_bytes) return Verdict::kTruncated;
  walk.tunnel = {TunnelKind::kNsh, LoadBig32(bytes, 4) >> 8};
  const uint8_t next = bytes[3];
  walk.Skip(header_bytes);
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
