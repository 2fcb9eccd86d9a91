#include "packet_builder.h"

#include <algorithm>

#include "dfc/check.h"

namespace dfc {

namespace {

void Put8(FrameBytes& to, uint32_t value) { to.push_back(static_cast<uint8_t>(value)); }
void Put16(FrameBytes& to, uint32_t value) {
  Put8(to, value >> 8);
  Put8(to, value);
}
void Put32(FrameBytes& to, uint32_t value) {
  Put16(to, value >> 16);
  Put16(to, value);
}
template <typename Container>
void PutAll(FrameBytes& to, const Container& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}
void Set16(FrameBytes& to, size_t at, uint32_t value) {
  to[at] = static_cast<uint8_t>(value >> 8);
  to[at + 1] = static_cast<uint8_t>(value);
}

// RFC 1071 in its plainest form, apart from the code under test: 16-bit words, big-endian.
uint32_t SumOf(const FrameBytes& bytes) {
  uint32_t sum = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    sum += at % 2 == 0 ? uint32_t{bytes[at]} << 8 : bytes[at];
    sum = (sum & 0xFFFF) + (sum >> 16);
  }
  return sum;
}

void PutAddress(FrameBytes& to, const IpAddress& address) {
  const size_t skip = address.IsIpv4() ? 12 : 0;
  to.insert(to.end(), address.bytes.begin() + static_cast<ptrdiff_t>(skip), address.bytes.end());
}

// Splits "10.0.0.1:1000"; a port is there only behind a bracket or a single colon.
IpAddress ParseEnd(std::string_view text, uint16_t& port) {
  const size_t colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (text.front() == '[' || text.find(':') == colon);
  if (!has_port) return Address(text);
  port = static_cast<uint16_t>(std::stoi(std::string(text.substr(colon + 1))));
  text = text.substr(0, colon);
  if (text.front() == '[') text = text.substr(1, text.size() - 2);
  return Address(text);
}

constexpr uint8_t kFragmentHeader = 44;
constexpr uint8_t kAuthenticationHeader = 51;

void PutExtensions(FrameBytes& to, const std::vector<std::pair<uint8_t, std::string>>& headers,
                   uint8_t last) {
  for (size_t n = 0; n < headers.size(); ++n) {
    const auto& [type, body] = headers[n];
    const size_t bytes = body.size() + 2;
    size_t length = bytes / 8 - 1;
    if (type == kAuthenticationHeader) length = bytes / 4 - 2;
    if (type == kFragmentHeader) length = 0;
    Put8(to, n + 1 < headers.size() ? headers[n + 1].first : last);
    Put8(to, static_cast<uint32_t>(length));
    PutAll(to, body);
  }
}

}  // namespace

IpAddress Address(std::string_view text) {
  IpAddress address;
  DFC_CHECK(ParseAddress(std::string(text), address));
  return address;
}

PacketBuilder::PacketBuilder(std::string_view from, std::string_view to, uint8_t protocol)
    : source_(ParseEnd(from, source_port_)),
      destination_(ParseEnd(to, destination_port_)),
      protocol_(protocol) {
  if (!source_.IsIpv4()) null_family_ = 30;
}

PacketBuilder Tcp(std::string_view from, std::string_view to) {
  PacketBuilder builder(from, to, kTcp);
  builder.kind_ = PacketBuilder::Kind::kTcp;
  return builder;
}

PacketBuilder Udp(std::string_view from, std::string_view to) {
  PacketBuilder builder(from, to, kUdp);
  builder.kind_ = PacketBuilder::Kind::kUdp;
  return builder;
}

PacketBuilder Icmp(std::string_view from, std::string_view to) {
  PacketBuilder builder(from, to, Address(from).IsIpv4() ? kIcmp : kIcmpv6);
  builder.kind_ = PacketBuilder::Kind::kIcmp;
  builder.type_ = builder.protocol_ == kIcmp ? 8 : 128;
  return builder;
}

PacketBuilder& PacketBuilder::Vlan(uint16_t id, uint16_t ether_type) {
  tags_.emplace_back(ether_type, id);
  return *this;
}

PacketBuilder& PacketBuilder::NullFamily(uint32_t family, bool swapped) {
  null_family_ = family;
  null_swapped_ = swapped;
  return *this;
}

PacketBuilder& PacketBuilder::Extension(int type, std::string body) {
  extensions_.emplace_back(static_cast<uint8_t>(type), std::move(body));
  return *this;
}

PacketBuilder& PacketBuilder::InnerExtension(int type, std::string body) {
  inner_extensions_.emplace_back(static_cast<uint8_t>(type), std::move(body));
  return *this;
}

PacketBuilder& PacketBuilder::Urgent(uint16_t pointer) {
  flags_ |= kUrg;
  urgent_ = pointer;
  return *this;
}

PacketBuilder& PacketBuilder::Flags(std::string_view letters) {
  constexpr std::string_view kLetters = "FSRPAU";
  flags_ = 0;
  for (const char letter : letters) {
    DFC_CHECK(kLetters.find(letter) != std::string_view::npos);
    flags_ |= static_cast<uint8_t>(1u << kLetters.find(letter));
  }
  return *this;
}

PacketBuilder& PacketBuilder::Type(int type, int code) {
  type_ = static_cast<uint8_t>(type);
  code_ = static_cast<uint8_t>(code);
  return *this;
}

PacketBuilder& PacketBuilder::Echo(uint16_t ident, uint16_t seq) {
  return Rest(uint32_t{ident} << 16 | seq);
}

// The transport's checksum; the field at `at` is zero so far.
void PacketBuilder::FillSum(FrameBytes& segment, size_t at) const {
  FrameBytes pseudo;
  if (protocol_ != kIcmp) {
    PutAddress(pseudo, source_);
    PutAddress(pseudo, destination_);
    Put16(pseudo, protocol_);
    Put32(pseudo, static_cast<uint32_t>(segment.size()));
  }
  FrameBytes all = pseudo;
  PutAll(all, segment);
  const uint32_t good = ~SumOf(all) & 0xFFFF;
  switch (transport_sum_) {
    case Sum::kGood:
      return Set16(segment, at, protocol_ == kUdp && good == 0 ? 0xFFFF : good);
    case Sum::kBad:
      return Set16(segment, at, good ^ 0x5A5A);
    case Sum::kZero:
      return;
    case Sum::kPseudoHeader:
      return Set16(segment, at, SumOf(pseudo));
  }
}

FrameBytes PacketBuilder::Segment() const {
  FrameBytes segment;
  if (kind_ == Kind::kTcp) {
    const size_t words = 5 + tcp_options_.size() / 4;
    Put16(segment, source_port_);
    Put16(segment, destination_port_);
    Put32(segment, seq_);
    Put32(segment, ack_);
    Put8(segment, static_cast<uint32_t>(data_offset_.value_or(static_cast<uint8_t>(words))) << 4);
    Put8(segment, flags_);
    Put16(segment, window_);
    Put16(segment, 0);
    Put16(segment, urgent_);
    PutAll(segment, tcp_options_);
  } else if (kind_ == Kind::kUdp) {
    const auto length = static_cast<uint16_t>(8 + data_.size());
    Put16(segment, source_port_);
    Put16(segment, destination_port_);
    Put16(segment, udp_length_.value_or(length));
    Put16(segment, 0);
  } else if (kind_ == Kind::kIcmp) {
    Put8(segment, type_);
    Put8(segment, code_);
    Put16(segment, 0);
    Put32(segment, rest_);
  }
  PutAll(segment, data_);
  if (kind_ == Kind::kTcp) FillSum(segment, 16);
  if (kind_ == Kind::kUdp) FillSum(segment, 6);
  if (kind_ == Kind::kIcmp) FillSum(segment, 2);
  return segment;
}

uint8_t PacketBuilder::FirstOf(const Headers& headers, uint8_t last) const {
  return headers.empty() ? last : headers.front().first;
}

FrameBytes PacketBuilder::Payload() const {
  FrameBytes payload;
  PutExtensions(payload, inner_extensions_, protocol_);
  PutAll(payload, Segment());
  return payload;
}

FrameBytes PacketBuilder::Ipv4(const FrameBytes& payload, std::optional<Part> part) const {
  FrameBytes bytes;
  const size_t words = 5 + ip_options_.size() / 4;
  Put8(bytes, static_cast<uint32_t>(version_.value_or(4)) << 4 |
                  ihl_.value_or(static_cast<uint8_t>(words)));
  Put8(bytes, 0);
  Put16(bytes, ip_length_.value_or(static_cast<uint16_t>(words * 4 + payload.size())));
  Put16(bytes, id_);
  Put16(bytes, part ? (part->more ? 0x2000u : 0u) | static_cast<uint32_t>(part->at / 8) : 0x4000u);
  Put8(bytes, ttl_);
  Put8(bytes, protocol_);
  Put16(bytes, 0);
  PutAddress(bytes, source_);
  PutAddress(bytes, destination_);
  PutAll(bytes, ip_options_);
  const uint32_t good = ~SumOf(bytes) & 0xFFFF;
  if (ip_sum_ == Sum::kGood) Set16(bytes, 10, good);
  if (ip_sum_ == Sum::kBad) Set16(bytes, 10, good ^ 0x5A5A);
  PutAll(bytes, payload);
  return bytes;
}

FrameBytes PacketBuilder::Ipv6(const FrameBytes& payload, std::optional<Part> part) const {
  const uint8_t inner = FirstOf(inner_extensions_, protocol_);
  const uint8_t behind = part ? kFragmentHeader : inner;
  FrameBytes rest;
  PutExtensions(rest, extensions_, behind);
  if (part) {
    Put8(rest, inner);
    Put8(rest, 0);
    Put16(rest, static_cast<uint32_t>(part->at) | (part->more ? 1u : 0u));
    Put32(rest, id_);
  }
  PutAll(rest, payload);
  FrameBytes bytes;
  Put32(bytes, static_cast<uint32_t>(version_.value_or(6)) << 28);
  Put16(bytes, ip_length_.value_or(static_cast<uint16_t>(rest.size())));
  Put8(bytes, FirstOf(extensions_, behind));
  Put8(bytes, ttl_);
  PutAddress(bytes, source_);
  PutAddress(bytes, destination_);
  PutAll(bytes, rest);
  return bytes;
}

FrameBytes PacketBuilder::Network(const FrameBytes& payload, std::optional<Part> part) const {
  return source_.IsIpv4() ? Ipv4(payload, part) : Ipv6(payload, part);
}

FrameBytes PacketBuilder::Framed(const FrameBytes& network) const {
  const uint16_t last = ether_type_.value_or(source_.IsIpv4() ? 0x0800 : 0x86DD);
  const uint16_t first = tags_.empty() ? last : tags_.front().first;
  FrameBytes frame;
  switch (link_) {
    case kLinkEthernet:
      PutAll(frame, std::string("\2\0\0\0\0\1\2\0\0\0\0\2", 12));
      if (snap_) {
        Put16(frame, static_cast<uint32_t>(network.size() + 8));
        Put32(frame, 0xAAAA0300);
        Put16(frame, 0);
      }
      Put16(frame, first);
      break;
    case kLinkLinuxSll:
      PutAll(frame, std::string("\0\0\0\1\0\6\2\0\0\0\0\1\0\0", 14));
      Put16(frame, first);
      break;
    case kLinkLinuxSll2:
      Put16(frame, first);
      PutAll(frame, std::string("\0\0\0\0\0\2\0\1\0\6\2\0\0\0\0\1\0\0", 18));
      break;
    case kLinkNull:
    case kLinkLoop:
      Put32(frame, null_swapped_ ? __builtin_bswap32(null_family_) : null_family_);
      break;
    default:
      break;
  }
  for (size_t n = 0; n < tags_.size(); ++n) {
    Put16(frame, tags_[n].second);
    Put16(frame, n + 1 < tags_.size() ? tags_[n + 1].first : last);
  }
  PutAll(frame, network);
  frame.resize(frame.size() + pad_bytes_, 0xEE);
  return frame;
}

FrameBytes PacketBuilder::Fragment(size_t at, size_t bytes) const {
  return Fragment(at, bytes, at + bytes < Payload().size());
}

FrameBytes PacketBuilder::Fragment(size_t at, size_t bytes, bool more) const {
  const FrameBytes payload = Payload();
  const size_t end = std::min(at + bytes, payload.size());
  const FrameBytes piece(payload.begin() + static_cast<ptrdiff_t>(std::min(at, end)),
                         payload.begin() + static_cast<ptrdiff_t>(end));
  return Framed(Network(piece, Part{at, more}));
}

}  // namespace dfc
