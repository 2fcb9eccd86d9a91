#include "tunnel.h"

namespace dfc {

// | version 3, 1, -, E, S, N | type | length | tunnel endpoint 4 | sequence 2 | N-PDU | next |
//
// The last four bytes are there with any of E, S and N; an extension header counts its length in
// four bytes and ends in the type of the next.
Verdict FollowGtp(Walk& walk) {
  constexpr size_t kHeaderBytes = 8, kOptionalBytes = 4, kExtensionsMax = 8;
  constexpr uint8_t kVersionAndProtocol = 0xF8, kVersion1 = 0x30, kUserData = 255;
  if (walk.bytes.size() < kHeaderBytes) return Verdict::kTruncated;
  const uint8_t flags = walk.bytes[0];
  if ((flags & kVersionAndProtocol) != kVersion1 || walk.bytes[1] != kUserData) {
    return Verdict::kNotIp;
  }
  const size_t length = LoadBig16(walk.bytes, 2);
  walk.tunnel = {TunnelKind::kGtp, LoadBig32(walk.bytes, 4)};
  walk.Skip(kHeaderBytes);
  if (length != walk.wire_bytes()) return Verdict::kBadTunnelHeader;
  if ((flags & 0x07) == 0) return Verdict::kOk;

  if (walk.bytes.size() < kOptionalBytes) return Verdict::kTruncated;
  uint8_t next = (flags & 0x04) != 0 ? walk.bytes[3] : 0;
  walk.Skip(kOptionalBytes);
  for (size_t n = 0; next != 0; ++n) {
    if (n == kExtensionsMax) return Verdict::kTooManyHeaders;
    if (walk.bytes.empty()) return Verdict::kTruncated;
    const size_t extension_bytes = walk.bytes[0] * size_t{4};
    if (extension_bytes == 0) return Verdict::kBadTunnelHeader;
    if (walk.bytes.size() < extension_bytes) return Verdict::kTruncated;
    next = walk.bytes[extension_bytes - 1];
    walk.Skip(extension_bytes);
  }
  return Verdict::kOk;
}

}  // namespace dfc
