#include "tunnel.h"

namespace dfc {

// draft-massar-v6ops-ayiya:
// | identity length 4, type 4 | signature length 4, hash 4 | method 4, operation 4 | next |
// | time 4 | identity | signature |
Verdict FollowAyiya(Walk& walk) {
  constexpr size_t kHeaderBytesMin = 8;
  constexpr uint8_t kForward = 1;
  if (walk.bytes.size() < kHeaderBytesMin) return Verdict::kTruncated;
  // The identity's length is a power of two; the signature counts four bytes.
  const size_t identity_bytes = size_t{1} << (walk.bytes[0] >> 4);
  const size_t signature_bytes = (walk.bytes[1] >> 4) * size_t{4};
  const uint8_t next = walk.bytes[3];
  if ((walk.bytes[2] & 0x0F) != kForward) return Verdict::kNotIp;
  if (next != kIpv6InIp && next != kIpv4InIp) return Verdict::kNotIp;
  const size_t header_bytes = kHeaderBytesMin + identity_bytes + signature_bytes;
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  walk.tunnel = {TunnelKind::kAyiya, 0};
  walk.Skip(header_bytes);
  if (walk.bytes.empty()) return Verdict::kTruncated;
  return walk.bytes[0] >> 4 == (next == kIpv6InIp ? 6 : 4) ? Verdict::kOk : Verdict::kNotIp;
}

}  // namespace dfc
