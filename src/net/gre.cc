#include "tunnel.h"

namespace dfc {

namespace {

enum GreFlag : uint16_t {
  kGreChecksum = 0x8000,
  kGreRouting = 0x4000,
  kGreKey = 0x2000,
  kGreSequence = 0x1000,
  kGreAcknowledgment = 0x0080,  // Version 1 only.
};
constexpr uint16_t kGreVersion = 0x0007;

enum GreType : uint16_t {
  kGreErspan3 = 0x22EB,
  kGreTransparent = 0x6558,
  kGrePpp = 0x880B,
  kGreErspan = 0x88BE,
};

// | flags | type | payload length | call | sequence, acknowledgment |, with PPP behind it. RFC
// 2637.
Verdict FollowPptp(uint16_t flags, uint16_t type, Walk& walk) {
  constexpr size_t kHeaderBytes = 8;
  if (type != kGrePpp || (flags & kGreKey) == 0) return Verdict::kNotIp;
  const size_t header_bytes = kHeaderBytes + ((flags & kGreSequence) != 0 ? 4 : 0) +
                              ((flags & kGreAcknowledgment) != 0 ? 4 : 0);
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  const size_t length = LoadBig16(walk.bytes, 4);
  walk.tunnel = {TunnelKind::kPptp, LoadBig16(walk.bytes, 6)};
  walk.Skip(header_bytes);
  if (length > walk.wire_bytes()) return Verdict::kBadTunnelHeader;
  if (length == 0) return Verdict::kNotIp;  // It acknowledges, no more.
  walk.CutTo(length);
  return FollowPpp(walk);
}

}  // namespace

// | flags, version | type | checksum and reserved | key | sequence |, the last three if flagged.
Verdict FollowGre(Walk& walk) {
  constexpr size_t kHeaderBytesMin = 4;
  if (walk.bytes.size() < kHeaderBytesMin) return Verdict::kTruncated;
  const uint16_t flags = LoadBig16(walk.bytes, 0);
  const uint16_t type = LoadBig16(walk.bytes, 2);
  if ((flags & kGreVersion) == 1) return FollowPptp(flags, type, walk);
  // Source routing was never used, and RFC 2784 took it out.
  if ((flags & kGreVersion) != 0 || (flags & kGreRouting) != 0) return Verdict::kNotIp;

  const size_t key_at = kHeaderBytesMin + ((flags & kGreChecksum) != 0 ? 4 : 0);
  const bool has_key = (flags & kGreKey) != 0;
  const bool has_sequence = (flags & kGreSequence) != 0;
  const size_t header_bytes = key_at + (has_key ? 4 : 0) + (has_sequence ? 4 : 0);
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  walk.tunnel = {TunnelKind::kGre, has_key ? LoadBig32(walk.bytes, key_at) : 0};
  walk.Skip(header_bytes);
  switch (type) {
    case kGreErspan:
    case kGreErspan3:
      return FollowErspan(type == kGreErspan3 ? 3 : 2, has_sequence, walk);
    case kGreTransparent:
      return FollowEthernet(walk);
    case kGrePpp:
      return FollowPpp(walk);
    default:
      return FollowEtherType(type, walk);
  }
}

// draft-foschiano-erspan. Type I has no header at all, and is told from type II by that GRE does
// not count its packets.
Verdict FollowErspan(uint16_t type, bool has_sequence, Walk& walk) {
  constexpr size_t kHeader2Bytes = 8, kHeader3Bytes = 12, kPlatformBytes = 8;
  walk.tunnel = {TunnelKind::kErspan, 0};
  if (type == 2 && !has_sequence) return FollowEthernet(walk);
  const size_t header_bytes = type == 2 ? kHeader2Bytes : kHeader3Bytes;
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  if (walk.bytes[0] >> 4 != type - 1) return Verdict::kNotIp;  // Versions 1 and 2.
  walk.tunnel.id = LoadBig16(walk.bytes, 2) & 0x03FF;          // The session.
  const bool has_platform = type == 3 && (walk.bytes[11] & 1) != 0;
  walk.Skip(header_bytes);
  if (!has_platform) return FollowEthernet(walk);
  if (walk.bytes.size() < kPlatformBytes) return Verdict::kTruncated;
  walk.Skip(kPlatformBytes);
  return FollowEthernet(walk);
}

}  // namespace dfc
