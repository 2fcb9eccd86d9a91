#include "rebuilt_capture.h"

#include <fmt/format.h>

#include <algorithm>

#include "dfc/bytes.h"
#include "dfc/time.h"

namespace dfc {

namespace {

constexpr uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr uint32_t kInterfaceDescription = 1;
constexpr uint32_t kEnhancedPacket = 6;
constexpr uint32_t kByteOrderMagic = 0x1A2B3C4D;
constexpr uint16_t kOptionComment = 1;
constexpr uint16_t kOptionTimeResolution = 9;
constexpr uint16_t kRawIp = 101;
constexpr uint8_t kNanoseconds = 9;
constexpr size_t kSegmentBytesMax = 1'400;
constexpr uint8_t kHopLimit = 64;
constexpr uint32_t kFirstSequence = 1;
constexpr uint8_t kTcpSyn = 0x02;
constexpr uint8_t kTcpPush = 0x08;
constexpr uint8_t kTcpAck = 0x10;
constexpr std::string_view kComment =
    "Rebuilt by dfc from stored content: packets, sequence numbers and checksums are made up, "
    "times, addresses, ports and bytes are not.";

void Put(std::string& to, std::string_view bytes) { to.append(bytes); }

// Host order, in which the file is written.
template <typename Number>
void PutNative(std::string& to, Number value) {
  std::array<char, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  to.append(bytes.data(), bytes.size());
}

// Network order, of packets.
void PutBig(std::string& to, uint64_t value, size_t bytes) {
  for (size_t at = bytes; at > 0; --at) to.push_back(static_cast<char>(value >> (8 * (at - 1))));
}

void Pad(std::string& to) { to.resize((to.size() + 3) / 4 * 4); }

std::string Block(uint32_t type, std::string body) {
  constexpr size_t kFrame = 12;
  Pad(body);
  std::string block;
  const auto bytes = static_cast<uint32_t>(body.size() + kFrame);
  PutNative(block, type);
  PutNative(block, bytes);
  block += body;
  PutNative(block, bytes);
  return block;
}

void PutOption(std::string& to, uint16_t code, std::string_view value) {
  PutNative(to, code);
  PutNative(to, static_cast<uint16_t>(value.size()));
  to.append(value);
  Pad(to);
}

// RFC 1071, over bytes in network order.
uint32_t Sum(std::string_view bytes, uint32_t sum = 0) {
  for (size_t at = 0; at < bytes.size(); ++at) {
    const auto byte = static_cast<uint8_t>(bytes[at]);
    sum += at % 2 == 0 ? static_cast<uint32_t>(byte) << 8 : byte;
    sum = (sum & 0xFFFF) + (sum >> 16);
  }
  return sum;
}

uint16_t Checksum(uint32_t sum) { return static_cast<uint16_t>(~sum); }

void Replace16(std::string& in, size_t at, uint16_t value) {
  in[at] = static_cast<char>(value >> 8);
  in[at + 1] = static_cast<char>(value);
}

std::string_view BytesOf(const IpAddress& address) {
  const std::string_view all(AsChars(address.bytes.data()), address.bytes.size());
  return address.IsIpv4() ? all.substr(12) : all;
}

}  // namespace

std::string RebuiltCapture::Begin() {
  constexpr uint16_t kMajor = 1, kMinor = 0, kEndOfOptions = 0;
  constexpr int64_t kUnknownLength = -1;
  std::string section;
  PutNative(section, kByteOrderMagic);
  PutNative(section, kMajor);
  PutNative(section, kMinor);
  PutNative(section, kUnknownLength);
  PutOption(section, kOptionComment, kComment);
  PutOption(section, kEndOfOptions, "");
  std::string interface;
  PutNative(interface, kRawIp);
  PutNative(interface, uint16_t{0});
  PutNative(interface, uint32_t{0});  // No limit on the length of a packet.
  PutOption(interface, kOptionTimeResolution, std::string(1, static_cast<char>(kNanoseconds)));
  PutOption(interface, kEndOfOptions, "");
  std::string file = Block(kSectionHeader, section) + Block(kInterfaceDescription, interface);
  if (flow_.protocol != kTcp || (flow_.flags & kFlowMidstream) != 0) return file;
  const int64_t t_ns = flow_.id.t_start_ns;
  file += Packet({Side::kClient, t_ns, kTcpSyn, 0, {}});
  const bool was_answered =
      flow_.state != FlowState::kAttempt && flow_.state != FlowState::kRejected;
  if (!was_answered) return file;
  file += Packet({Side::kServer, t_ns, kTcpSyn | kTcpAck, 0, {}});
  return file + Packet({Side::kClient, t_ns, kTcpAck, 0, {}});
}

std::string RebuiltCapture::Write(const Turn& turn) {
  const auto side = static_cast<size_t>(turn.side);
  if (turn.kind == TurnKind::kGap) {
    next_[side] = turn.offset + turn.length;
    return "";
  }
  if (turn.kind == TurnKind::kDatagram) {
    return Packet({turn.side, turn.t_ns, 0, turn.offset, turn.bytes});
  }
  if (turn.kind != TurnKind::kData) return "";
  std::string packets;
  for (size_t at = 0; at < turn.bytes.size(); at += kSegmentBytesMax) {
    const size_t bytes = std::min(kSegmentBytesMax, turn.bytes.size() - at);
    packets += Packet({turn.side, turn.t_ns, kTcpPush | kTcpAck, turn.offset + at,
                       turn.bytes.subspan(at, bytes)});
    next_[side] = turn.offset + at + bytes;
  }
  return packets;
}

std::string RebuiltCapture::TcpHeader(const Segment& segment) const {
  constexpr uint8_t kHeaderWords = 5;
  constexpr uint16_t kWindow = 65'535;
  const bool is_syn = (segment.tcp_flags & kTcpSyn) != 0;
  const bool acknowledges = (segment.tcp_flags & kTcpAck) != 0;
  const uint64_t peer_next = next_[static_cast<size_t>(Other(segment.side))];
  const uint64_t sequence = is_syn ? 0 : kFirstSequence + segment.offset;
  std::string header;
  PutBig(header, segment.side == Side::kClient ? flow_.client_port : flow_.server_port, 2);
  PutBig(header, segment.side == Side::kClient ? flow_.server_port : flow_.client_port, 2);
  PutBig(header, sequence, 4);
  PutBig(header, acknowledges ? kFirstSequence + peer_next : 0, 4);
  PutBig(header, kHeaderWords << 4, 1);
  PutBig(header, segment.tcp_flags, 1);
  PutBig(header, kWindow, 2);
  PutBig(header, 0, 4);  // Checksum, urgent pointer.
  return header;
}

// Header and payload, without a checksum where the protocol's is not known here.
std::string RebuiltCapture::Transport(const Segment& segment) const {
  const std::string_view payload(AsChars(segment.payload.data()), segment.payload.size());
  std::string bytes;
  if (flow_.protocol == kTcp) {
    bytes = TcpHeader(segment);
  } else if (flow_.protocol == kUdp) {
    constexpr size_t kUdpHeaderBytes = 8;
    PutBig(bytes, segment.side == Side::kClient ? flow_.client_port : flow_.server_port, 2);
    PutBig(bytes, segment.side == Side::kClient ? flow_.server_port : flow_.client_port, 2);
    PutBig(bytes, payload.size() + kUdpHeaderBytes, 2);
    PutBig(bytes, 0, 2);
  }
  Put(bytes, payload);
  return bytes;
}

std::string RebuiltCapture::IpHeader(const Segment& segment, size_t transport_bytes) const {
  const bool from_client = segment.side == Side::kClient;
  const IpAddress& source = from_client ? flow_.client : flow_.server;
  const IpAddress& destination = from_client ? flow_.server : flow_.client;
  std::string header;
  if (!source.IsIpv4()) {
    PutBig(header, 0x60000000, 4);
    PutBig(header, transport_bytes, 2);
    PutBig(header, flow_.protocol, 1);
    PutBig(header, kHopLimit, 1);
  } else {
    constexpr size_t kIpv4HeaderBytes = 20;
    PutBig(header, 0x4500, 2);
    PutBig(header, transport_bytes + kIpv4HeaderBytes, 2);
    PutBig(header, 0, 4);  // Identification, flags, offset.
    PutBig(header, kHopLimit, 1);
    PutBig(header, flow_.protocol, 1);
    PutBig(header, 0, 2);
  }
  Put(header, BytesOf(source));
  Put(header, BytesOf(destination));
  constexpr size_t kIpv4ChecksumAt = 10;
  if (source.IsIpv4()) Replace16(header, kIpv4ChecksumAt, Checksum(Sum(header)));
  return header;
}

std::string RebuiltCapture::Packet(const Segment& segment) {
  constexpr size_t kTcpChecksumAt = 16;
  constexpr size_t kUdpChecksumAt = 6;
  std::string transport = Transport(segment);
  if (flow_.protocol == kTcp || flow_.protocol == kUdp) {
    uint32_t sum = Sum(BytesOf(flow_.client), Sum(BytesOf(flow_.server)));
    sum += flow_.protocol + static_cast<uint32_t>(transport.size());
    uint16_t checksum = Checksum(Sum(transport, (sum & 0xFFFF) + (sum >> 16)));
    // Zero means in UDP that there is none.
    if (flow_.protocol == kUdp && checksum == 0) checksum = 0xFFFF;
    Replace16(transport, flow_.protocol == kTcp ? kTcpChecksumAt : kUdpChecksumAt, checksum);
  }
  const std::string packet = IpHeader(segment, transport.size()) + transport;
  const auto t_ns = static_cast<uint64_t>(segment.t_ns);
  std::string body;
  PutNative(body, uint32_t{0});  // The interface.
  PutNative(body, static_cast<uint32_t>(t_ns >> 32));
  PutNative(body, static_cast<uint32_t>(t_ns));
  PutNative(body, static_cast<uint32_t>(packet.size()));
  PutNative(body, static_cast<uint32_t>(packet.size()));
  return Block(kEnhancedPacket, body + packet);
}

}  // namespace dfc
