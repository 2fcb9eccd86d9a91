#include "walk.h"

namespace dfc {

namespace {

// Network layer protocol identifiers, ISO/IEC TR 9577.
enum Nlpid : uint8_t { kNlpidSnap = 0x80, kNlpidIpv6 = 0x8E, kNlpidIpv4 = 0xCC };

// SNAP: three bytes of whose numbers these are, and a type.
Verdict FollowSnap(Walk& walk) {
  constexpr uint32_t kBridged = 0x0080C2;  // IEEE 802.1, RFC 2427 appendix.
  if (walk.bytes.size() < 5) return Verdict::kTruncated;
  const uint32_t owner = LoadBig32(walk.bytes, 0) >> 8;
  const uint16_t type = LoadBig16(walk.bytes, 3);
  walk.Skip(5);
  if (owner == 0) return FollowEtherType(type, walk);
  const bool is_ethernet = type == 1 || type == 7;  // With and without its checksum.
  return owner == kBridged && is_ethernet ? FollowEthernet(walk) : Verdict::kNotIp;
}

}  // namespace

// An address of one byte, a control byte of zero, an Ethernet type.
Verdict FollowCiscoHdlc(Walk& walk) {
  constexpr uint16_t kKeepAlive = 0x8035;  // SLARP here, RARP on Ethernet.
  if (walk.bytes.size() < 4) return Verdict::kTruncated;
  const uint16_t type = LoadBig16(walk.bytes, 2);
  walk.Skip(4);
  return type == kKeepAlive ? Verdict::kNotIp : FollowEtherType(type, walk);
}

// The address has two to four bytes, of which the last is odd. Behind it either an Ethernet type
// (Cisco) or control and protocol identifier (RFC 2427), each perhaps with a zero to pad.
Verdict FollowFrameRelay(Walk& walk) {
  size_t address_bytes = 1;
  do {
    if (address_bytes == 4) return Verdict::kNotIp;
    if (walk.bytes.size() < address_bytes + 1) return Verdict::kTruncated;
  } while ((walk.bytes[address_bytes++] & 1) == 0);
  walk.Skip(address_bytes);
  if (walk.bytes.size() < 2) return Verdict::kTruncated;
  constexpr uint8_t kUnnumbered = 0x03;
  if (walk.bytes[0] != kUnnumbered) {
    const uint16_t type = LoadBig16(walk.bytes, 0);
    walk.Skip(2);
    return FollowEtherType(type, walk);
  }
  walk.Skip(walk.bytes[1] == 0 ? 2 : 1);
  if (walk.bytes.empty()) return Verdict::kTruncated;
  const uint8_t protocol = walk.bytes[0];
  walk.Skip(1);
  if (protocol == kNlpidIpv4 || protocol == kNlpidIpv6) return Verdict::kOk;
  return protocol == kNlpidSnap ? FollowSnap(walk) : Verdict::kNotIp;
}

}  // namespace dfc
