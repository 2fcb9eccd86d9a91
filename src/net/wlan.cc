#include "walk.h"

namespace dfc {

namespace {

constexpr size_t kWlanHeaderBytesMin = 24;
constexpr size_t kAddressBytes = 6;

uint16_t LoadLittle16(ByteSpan bytes, size_t at) { return LoadNative<uint16_t>(bytes.data() + at); }
uint32_t LoadLittle32(ByteSpan bytes, size_t at) { return LoadNative<uint32_t>(bytes.data() + at); }

// What radiotap says about the frame: whether its header is padded to four bytes. The flags field
// lies behind the words that name the fields, and behind the time stamp if there is one.
bool RadiotapPads(ByteSpan header) {
  constexpr uint32_t kTime = 1, kFlags = 2, kMore = 0x80000000;
  constexpr uint8_t kPadded = 0x20;
  const uint32_t present = LoadLittle32(header, 4);
  if ((present & kFlags) == 0) return false;
  size_t at = 4;
  do {
    if (header.size() - at < 4) return false;
    at += 4;
  } while ((LoadLittle32(header, at - 4) & kMore) != 0);
  if ((present & kTime) != 0) at = ((at + 7) & ~size_t{7}) + 8;
  return at < header.size() && (header[at] & kPadded) != 0;
}

}  // namespace

// | control 2 | duration 2 | address 6 x 3 | sequence 2 | address 6 | QoS 2 | HT 4 | LLC ...
//                                                        WDS only   of QoS  ordered
Verdict FollowWlan(Walk& walk, WlanForm form) {
  if (walk.bytes.size() < kWlanHeaderBytesMin) return Verdict::kTruncated;
  const uint8_t kind = walk.bytes[form.swapped ? 1 : 0];
  const uint8_t flags = walk.bytes[form.swapped ? 0 : 1];
  constexpr uint8_t kVersionAndType = 0x0F, kData = 0x08, kWithoutData = 0x40, kQos = 0x80;
  if ((kind & kVersionAndType) != kData || (kind & kWithoutData) != 0) return Verdict::kNotIp;
  constexpr uint8_t kBetweenStations = 0x03, kProtected = 0x40, kOrdered = 0x80;
  if ((flags & kProtected) != 0) return Verdict::kProtected;

  size_t header_bytes = kWlanHeaderBytesMin;
  if ((flags & kBetweenStations) == kBetweenStations) header_bytes += kAddressBytes;
  const size_t qos_at = header_bytes;
  if ((kind & kQos) != 0) header_bytes += (flags & kOrdered) != 0 ? 6 : 2;
  if (form.padded) header_bytes = (header_bytes + 3) & ~size_t{3};
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  constexpr uint8_t kAggregate = 0x80;
  if ((kind & kQos) != 0 && (walk.bytes[qos_at] & kAggregate) != 0) return Verdict::kAggregated;
  walk.Skip(header_bytes);
  return FollowLlc(walk);
}

Verdict FollowRadiotap(Walk& walk) {
  constexpr size_t kHeaderBytesMin = 8;
  if (walk.bytes.size() < kHeaderBytesMin) return Verdict::kTruncated;
  const size_t header_bytes = LoadLittle16(walk.bytes, 2);
  if (walk.bytes[0] != 0 || header_bytes < kHeaderBytesMin) return Verdict::kBadTunnelHeader;
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  const WlanForm form{.padded = RadiotapPads(walk.bytes.first(header_bytes))};
  walk.Skip(header_bytes);
  return FollowWlan(walk, form);
}

// Prism writes in the host's byte order, AVS in network order; both have their length in the second
// word, and a card that writes the one may write the other under the same link type.
Verdict FollowPrism(Walk& walk) {
  constexpr size_t kWordsBytes = 8, kHeaderBytesMax = 4096;
  if (walk.bytes.size() < kWordsBytes) return Verdict::kTruncated;
  size_t header_bytes = LoadBig32(walk.bytes, 4);
  if (header_bytes > kHeaderBytesMax) header_bytes = LoadLittle32(walk.bytes, 4);
  if (header_bytes < kWordsBytes || header_bytes > kHeaderBytesMax) {
    return Verdict::kBadTunnelHeader;
  }
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  walk.Skip(header_bytes);
  return FollowWlan(walk);
}

// https://www.tcpdump.org/linktypes/LINKTYPE_PPI.html: the link type inside is in the header.
Verdict FollowPpi(Walk& walk) {
  constexpr size_t kHeaderBytesMin = 8;
  if (walk.bytes.size() < kHeaderBytesMin) return Verdict::kTruncated;
  const size_t header_bytes = LoadLittle16(walk.bytes, 2);
  const uint32_t link_type = LoadLittle32(walk.bytes, 4);
  if (walk.bytes[0] != 0 || header_bytes < kHeaderBytesMin) return Verdict::kBadTunnelHeader;
  if (walk.bytes.size() < header_bytes) return Verdict::kTruncated;
  walk.Skip(header_bytes);
  switch (link_type) {
    case kLinkWlan:
      return FollowWlan(walk);
    case kLinkRadiotap:
      return FollowRadiotap(walk);
    case kLinkEthernet:
      return FollowEthernet(walk);
    default:
      return Verdict::kUnknownLink;
  }
}

}  // namespace dfc
