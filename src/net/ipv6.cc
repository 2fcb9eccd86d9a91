#include <algorithm>

#include "ip.h"

namespace dfc {

namespace {

// RFC 8200 4.1 and the IANA list of IPv6 extension header types, beside kAuthentication.
enum Extension : uint8_t {
  kHopByHop = 0,
  kRouting = 43,
  kFragment = 44,
  kDestinationOptions = 60,
  kMobility = 135,
  kHostIdentity = 139,
  kShim6 = 140,
};

constexpr size_t kExtensionsMax = 8;
constexpr size_t kFragmentHeaderBytes = 8;

bool IsExtension(uint8_t header) {
  switch (header) {
    case kHopByHop:
    case kRouting:
    case kFragment:
    case kAuthentication:
    case kDestinationOptions:
    case kMobility:
    case kHostIdentity:
    case kShim6:
      return true;
    default:
      return false;
  }
}

// Length of the extension header at the front of `bytes`, which has at least 8 bytes.
size_t ExtensionBytes(uint8_t header, ByteSpan bytes) {
  if (header == kFragment) return kFragmentHeaderBytes;
  if (header == kAuthentication) return (bytes[1] + size_t{2}) * 4;  // RFC 4302 2.2.
  return (bytes[1] + size_t{1}) * 8;
}

// The extension headers that Linux steps over on its way to the transport header.
bool LinuxSkips(uint8_t header) {
  return header == kHopByHop || header == kRouting || header == kFragment ||
         header == kAuthentication || header == kDestinationOptions;
}

size_t TransportHeaderBytesMin(uint8_t protocol) {
  if (protocol == kTcp) return 20;
  return protocol == kUdp || protocol == kIcmpv6 ? 8 : 1;
}

}  // namespace

bool LacksTransportHeader(const IpDatagram& fragment) {
  if (fragment.fragment_at != 0) return false;
  ByteSpan bytes = fragment.payload;
  uint8_t header = fragment.protocol;
  while (LinuxSkips(header)) {
    if (bytes.size() < kFragmentHeaderBytes) return false;
    const bool inner_rest = header == kFragment && (LoadBig16(bytes, 2) & 0xFFF8u) != 0;
    if (inner_rest) return false;
    const size_t header_bytes = ExtensionBytes(header, bytes);
    header = bytes[0];
    bytes = bytes.subspan(std::min(header_bytes, bytes.size()));
  }
  return header != kNoNextHeader && bytes.size() < TransportHeaderBytesMin(header);
}

Verdict SkipIpv6Extensions(IpDatagram& datagram) {
  for (size_t n = 0; IsExtension(datagram.protocol); ++n) {
    if (n == kExtensionsMax) return Verdict::kTooManyHeaders;
    const ByteSpan bytes = datagram.payload;
    const bool cut = datagram.payload_missing > 0;
    if (bytes.size() < 8) return cut ? Verdict::kTruncated : Verdict::kBadIpExtension;
    const size_t header_bytes = ExtensionBytes(datagram.protocol, bytes);
    if (bytes.size() < header_bytes) return cut ? Verdict::kTruncated : Verdict::kBadIpExtension;

    if (datagram.protocol == kRouting && bytes[3] != 0) datagram.source_routed = true;
    const bool fragment_header = datagram.protocol == kFragment;
    if (fragment_header && datagram.has_fragment_header) return Verdict::kTooManyHeaders;
    datagram.protocol = bytes[0];
    datagram.payload = bytes.subspan(header_bytes);
    if (!fragment_header) {
      datagram.header_bytes += static_cast<uint32_t>(header_bytes);
      continue;
    }
    datagram.has_fragment_header = true;

    const uint16_t field = LoadBig16(bytes, 2);
    datagram.fragment_at = field & 0xFFF8u;  // Counts 8 bytes, in place.
    datagram.more_fragments = (field & 1) != 0;
    datagram.fragment_id = LoadBig32(bytes, 4);
    datagram.is_fragment = datagram.more_fragments || datagram.fragment_at != 0;
    if (datagram.is_fragment) return Verdict::kOk;
  }
  return Verdict::kOk;
}

Verdict DecodeIpv6(ByteSpan bytes, size_t wire_bytes, IpDatagram& datagram) {
  if (bytes.size() < kIpv6HeaderBytes) return Verdict::kTruncated;
  if (bytes[0] >> 4 != 6) return Verdict::kBadIpVersion;

  const bool has_length = LoadBig16(bytes, 4) != 0;
  size_t total_bytes = kIpv6HeaderBytes + LoadBig16(bytes, 4);
  // A jumbogram (RFC 2675) and segmentation offload both leave zero: the frame's length counts.
  if (!has_length) total_bytes = wire_bytes;
  if (total_bytes > wire_bytes) return Verdict::kIpBeyondFrame;

  const size_t captured = std::min(total_bytes, bytes.size());
  std::copy_n(bytes.data() + 8, 16, datagram.source.bytes.data());
  std::copy_n(bytes.data() + 24, 16, datagram.destination.bytes.data());
  datagram.payload = bytes.subspan(kIpv6HeaderBytes, captured - kIpv6HeaderBytes);
  datagram.payload_missing = static_cast<uint32_t>(total_bytes - captured);
  datagram.total_bytes = static_cast<uint32_t>(total_bytes);
  datagram.protocol = bytes[6];
  datagram.ttl = bytes[7];
  datagram.ecn = (bytes[1] >> 4) & 3;
  datagram.header_bytes = kIpv6HeaderBytes;
  datagram.is_ipv6 = true;
  datagram.has_fragment_header = false;
  datagram.source_routed = false;
  datagram.is_fragment = datagram.more_fragments = false;
  datagram.fragment_at = 0;
  const Verdict verdict = SkipIpv6Extensions(datagram);
  if (verdict == Verdict::kOk && datagram.is_fragment && !has_length) return Verdict::kBadIpLength;
  return verdict;
}

}  // namespace dfc
