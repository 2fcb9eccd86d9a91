#include <algorithm>

#include "checksum.h"
#include "ip.h"

namespace dfc {

IpAddress MappedIpv4(const uint8_t* at) {
  IpAddress address;
  address.bytes[10] = address.bytes[11] = 0xFF;
  std::copy_n(at, 4, address.bytes.data() + 12);
  return address;
}

namespace {

// RFC 791 3.1: an option is one byte (end, no operation) or has its length in the second.
bool OptionsFit(ByteSpan options) {
  while (!options.empty() && options[0] != 0) {
    const bool single = options[0] == 1;
    if (!single && options.size() < 2) return false;
    const size_t length = single ? 1 : options[1];
    if ((!single && length < 2) || length > options.size()) return false;
    options = options.subspan(length);
  }
  return true;
}

}  // namespace

Verdict DecodeIpv4(ByteSpan bytes, size_t wire_bytes, IpDatagram& datagram) {
  if (bytes.size() < kIpv4HeaderBytesMin) return Verdict::kTruncated;

  const size_t header_bytes = (bytes[0] & 0x0Fu) * 4;  // IHL counts 32-bit words.
  size_t total_bytes = LoadBig16(bytes, 2);
  const bool has_length = total_bytes != 0;
  if (bytes[0] >> 4 != 4) return Verdict::kBadIpVersion;
  if (header_bytes < kIpv4HeaderBytesMin) return Verdict::kBadIpHeaderLength;
  // Segmentation offload leaves zero in packets over 64 KiB: the frame's length stands in for it.
  if (!has_length) total_bytes = wire_bytes;
  if (total_bytes < header_bytes) return Verdict::kBadIpLength;
  if (total_bytes > wire_bytes) return Verdict::kIpBeyondFrame;
  if (bytes.size() < header_bytes) return Verdict::kTruncated;
  const ByteSpan options = bytes.subspan(kIpv4HeaderBytesMin, header_bytes - kIpv4HeaderBytesMin);
  if (!OptionsFit(options)) return Verdict::kBadIpOption;
  const uint16_t fragment = LoadBig16(bytes, 6);
  if ((fragment & 0x3FFF) != 0 && !has_length) return Verdict::kBadIpLength;

  const size_t captured = std::min(total_bytes, bytes.size());
  datagram.source = MappedIpv4(bytes.data() + 12);
  datagram.destination = MappedIpv4(bytes.data() + 16);
  datagram.payload = bytes.subspan(header_bytes, captured - header_bytes);
  datagram.payload_missing = static_cast<uint32_t>(total_bytes - captured);
  datagram.total_bytes = static_cast<uint32_t>(total_bytes);
  datagram.protocol = bytes[9];
  datagram.ttl = bytes[8];
  datagram.ecn = bytes[1] & 3;
  datagram.header_bytes = static_cast<uint32_t>(header_bytes);
  datagram.is_ipv6 = false;
  datagram.has_fragment_header = false;
  datagram.source_routed = false;
  datagram.more_fragments = (fragment & 0x2000) != 0;
  datagram.fragment_at = (fragment & 0x1FFFu) * 8;
  datagram.is_fragment = datagram.more_fragments || datagram.fragment_at != 0;
  datagram.fragment_id = LoadBig16(bytes, 4);
  return Verdict::kOk;
}

// | next | length, in four bytes and without two | 0 | ... |
Verdict SkipIpv4Authentication(IpDatagram& datagram) {
  constexpr size_t kHeaderBytesMin = 12, kHeadersMax = 8;
  for (size_t n = 0; datagram.protocol == kAuthentication; ++n) {
    if (n == kHeadersMax) return Verdict::kTooManyHeaders;
    const ByteSpan bytes = datagram.payload;
    const bool cut = datagram.payload_missing > 0;
    if (bytes.size() < kHeaderBytesMin) return cut ? Verdict::kTruncated : Verdict::kBadIpExtension;
    const size_t header_bytes = (bytes[1] + size_t{2}) * 4;
    if (header_bytes < kHeaderBytesMin) return Verdict::kBadIpExtension;
    if (bytes.size() < header_bytes) return cut ? Verdict::kTruncated : Verdict::kBadIpExtension;
    datagram.protocol = bytes[0];
    datagram.payload = bytes.subspan(header_bytes);
  }
  return Verdict::kOk;
}

bool Ipv4ChecksumGood(ByteSpan bytes) {
  InternetSum sum;
  sum.Add(bytes.first((bytes[0] & 0x0Fu) * 4));
  return sum.IsGood();
}

}  // namespace dfc
