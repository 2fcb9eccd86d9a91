#include <algorithm>

#include "transport.h"

namespace dfc {

namespace {

constexpr size_t kTcpHeaderBytesMin = 20;
constexpr uint8_t kWindowScaleMax = 14;  // RFC 7323 2.3.

// The kinds that matter here, from IANA's list of TCP options.
enum OptionKind : uint8_t {
  kEnd = 0,
  kNothing = 1,
  kWindowScale = 3,
  kSackPermitted = 4,
  kTimestamps = 8,
  kMd5 = 19,
};

// Reads on until the end or an option of a bad length, as Linux does.
void ReadOptions(ByteSpan options, TcpHeader& tcp) {
  // What nearly every segment has: two bytes of padding and the timestamps (RFC 7323 appendix A).
  if (options.size() == 12 && LoadBig32(options, 0) == 0x0101080A) {
    tcp.options = kTcpTimestamp;
    tcp.timestamp = LoadBig32(options, 4);
    return;
  }
  while (!options.empty() && options[0] != kEnd) {
    if (options[0] == kNothing) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return;
    const size_t bytes = options[1];
    const uint8_t kind = options[0];
    if (kind == kTimestamps && bytes == 10) {
      tcp.options |= kTcpTimestamp;
      tcp.timestamp = LoadBig32(options, 2);
    } else if (kind == kWindowScale && bytes == 3) {
      tcp.options |= kTcpWindowScale;
      tcp.window_scale = std::min(options[2], kWindowScaleMax);
    } else if (kind == kSackPermitted && bytes == 2) {
      tcp.options |= kTcpSackPermitted;
    } else if (kind == kMd5 && bytes == 18) {
      tcp.options |= kTcpSignature;
    }
    options = options.subspan(bytes);
  }
}

}  // namespace

Verdict DecodeTcp(const IpDatagram& datagram, Packet& packet) {
  const ByteSpan bytes = datagram.payload;
  const size_t wire_bytes = bytes.size() + datagram.payload_missing;
  if (wire_bytes < kTcpHeaderBytesMin) return Verdict::kBadTcpHeaderLength;
  if (bytes.size() < kTcpHeaderBytesMin) return Verdict::kTruncated;

  const size_t header_bytes = (bytes[12] >> 4) * size_t{4};  // Data offset counts 32-bit words.
  if (header_bytes < kTcpHeaderBytesMin) return Verdict::kBadTcpHeaderLength;
  if (wire_bytes < header_bytes) return Verdict::kBadTcpHeaderLength;
  if (bytes.size() < header_bytes) return Verdict::kTruncated;

  packet.tuple.source_port = LoadBig16(bytes, 0);
  packet.tuple.destination_port = LoadBig16(bytes, 2);
  packet.tcp.seq = LoadBig32(bytes, 4);
  packet.tcp.ack = LoadBig32(bytes, 8);
  packet.tcp.flags = bytes[13] & 0x3F;
  packet.tcp.window = LoadBig16(bytes, 14);
  packet.tcp.urgent = LoadBig16(bytes, 18);
  packet.tcp.options = 0;
  if (header_bytes > kTcpHeaderBytesMin) {
    ReadOptions(bytes.subspan(kTcpHeaderBytesMin, header_bytes - kTcpHeaderBytesMin), packet.tcp);
  }
  packet.payload = bytes.data() + header_bytes;
  packet.payload_bytes = static_cast<uint32_t>(bytes.size() - header_bytes);
  packet.payload_missing = datagram.payload_missing;
  return Verdict::kOk;
}

}  // namespace dfc
