#include <algorithm>

#include "transport.h"

namespace dfc {

namespace {
constexpr size_t kUdpHeaderBytes = 8;
}

Verdict DecodeUdp(const IpDatagram& datagram, Packet& packet) {
  const ByteSpan bytes = datagram.payload;
  const size_t wire_bytes = bytes.size() + datagram.payload_missing;
  if (wire_bytes < kUdpHeaderBytes) return Verdict::kBadUdpLength;
  if (bytes.size() < kUdpHeaderBytes) return Verdict::kTruncated;

  const size_t length = LoadBig16(bytes, 4);
  if (length < kUdpHeaderBytes || length > wire_bytes) return Verdict::kBadUdpLength;

  const size_t captured = std::min(length, bytes.size());
  packet.tuple.source_port = LoadBig16(bytes, 0);
  packet.tuple.destination_port = LoadBig16(bytes, 2);
  packet.payload = bytes.data() + kUdpHeaderBytes;
  packet.payload_bytes = static_cast<uint32_t>(captured - kUdpHeaderBytes);
  packet.payload_missing = static_cast<uint32_t>(length - captured);
  return Verdict::kOk;
}

}  // namespace dfc
