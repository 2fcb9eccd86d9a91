#include "transport.h"

namespace dfc {

namespace {
constexpr size_t kTcpHeaderBytesMin = 20;
}

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
  packet.payload = bytes.data() + header_bytes;
  packet.payload_bytes = static_cast<uint32_t>(bytes.size() - header_bytes);
  packet.payload_missing = datagram.payload_missing;
  return Verdict::kOk;
}

}  // namespace dfc
