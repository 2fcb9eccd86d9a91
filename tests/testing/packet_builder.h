// Packets for tests, layer by layer; lengths and checksums are right unless a test asks for a lie.
//
//   Tcp("10.0.0.1:1000", "10.0.0.2:80").Flags("S").Seq(7).Bytes()     a whole Ethernet frame
//   Udp("[2001:db8::1]:53", "[2001:db8::2]:53").Data("x").Fragment(0, 8)    the first of its parts
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dfc/packet.h"

namespace dfc {

using FrameBytes = std::vector<uint8_t>;

// What to write where a checksum belongs.
enum class Sum {
  kGood,
  kBad,
  kZero,
  kPseudoHeader,  // What a sender writes that leaves the rest to its network card.
};

class PacketBuilder {
 public:
  // `protocol` without a header of its own: Data() is then the whole IP payload.
  PacketBuilder(std::string_view from, std::string_view to, uint8_t protocol);

  // Link. Ethernet unless said otherwise.
  PacketBuilder& Link(LinkType type) { return link_ = type, *this; }
  PacketBuilder& Vlan(uint16_t id, uint16_t ether_type = 0x8100);
  PacketBuilder& Snap() { return snap_ = true, *this; }
  PacketBuilder& EtherType(uint16_t type) { return ether_type_ = type, *this; }
  PacketBuilder& NullFamily(uint32_t family, bool swapped);
  PacketBuilder& Pad(size_t bytes) { return pad_bytes_ = bytes, *this; }

  // Network. Extensions are IPv6 headers in front of, InnerExtensions behind a fragment header;
  // `body` is what follows the first two bytes.
  PacketBuilder& Ttl(uint8_t ttl) { return ttl_ = ttl, *this; }
  PacketBuilder& Id(uint32_t id) { return id_ = id, *this; }
  PacketBuilder& IpOptions(std::string bytes) { return ip_options_ = std::move(bytes), *this; }
  PacketBuilder& Extension(int type, std::string body);
  PacketBuilder& InnerExtension(int type, std::string body);
  PacketBuilder& Version(uint8_t version) { return version_ = version, *this; }
  PacketBuilder& Ihl(int words) { return ihl_ = static_cast<uint8_t>(words), *this; }
  PacketBuilder& IpLength(size_t bytes) { return ip_length_ = static_cast<uint16_t>(bytes), *this; }
  PacketBuilder& IpSum(Sum sum) { return ip_sum_ = sum, *this; }

  // Transport.
  PacketBuilder& Flags(std::string_view letters);  // Of "FSRPAU".
  PacketBuilder& Seq(uint32_t seq) { return seq_ = seq, *this; }
  PacketBuilder& Ack(uint32_t ack) { return ack_ = ack, *this; }
  PacketBuilder& Window(uint16_t window) { return window_ = window, *this; }
  PacketBuilder& Urgent(uint16_t pointer);  // With its flag.
  PacketBuilder& TcpOptions(std::string bytes) { return tcp_options_ = std::move(bytes), *this; }
  PacketBuilder& DataOffset(uint8_t words) { return data_offset_ = words, *this; }
  PacketBuilder& UdpLength(uint16_t bytes) { return udp_length_ = bytes, *this; }
  PacketBuilder& Type(int type, int code = 0);
  PacketBuilder& Echo(uint16_t ident, uint16_t seq);
  PacketBuilder& Rest(uint32_t rest) { return rest_ = rest, *this; }
  PacketBuilder& TransportSum(Sum sum) { return transport_sum_ = sum, *this; }
  PacketBuilder& Data(std::string data) { return data_ = std::move(data), *this; }
  PacketBuilder& Data(const FrameBytes& data) {
    return data_.assign(data.begin(), data.end()), *this;
  }

  // From the IP header on, for quotes in ICMP errors.
  FrameBytes Datagram() const { return Network(Payload(), std::nullopt); }
  // The whole frame, and one with only the given part of the IP payload.
  FrameBytes Bytes() const { return Framed(Datagram()); }
  FrameBytes Fragment(size_t at, size_t bytes) const;
  // With "more fragments" as given.
  FrameBytes Fragment(size_t at, size_t bytes, bool more) const;
  // Everything before Data() of an unfragmented frame.
  size_t HeaderBytes() const { return Bytes().size() - pad_bytes_ - data_.size(); }
  size_t PayloadBytes() const { return Payload().size(); }

  LinkType link() const { return link_; }
  const std::string& data() const { return data_; }

 private:
  friend PacketBuilder Tcp(std::string_view from, std::string_view to);
  friend PacketBuilder Udp(std::string_view from, std::string_view to);
  friend PacketBuilder Icmp(std::string_view from, std::string_view to);
  enum class Kind { kRaw, kTcp, kUdp, kIcmp };

  struct Part {
    size_t at;
    bool more;
  };
  using Headers = std::vector<std::pair<uint8_t, std::string>>;

  FrameBytes Segment() const;
  FrameBytes Payload() const;  // With the inner extensions in front.
  FrameBytes Network(const FrameBytes& payload, std::optional<Part> part) const;
  FrameBytes Ipv4(const FrameBytes& payload, std::optional<Part> part) const;
  FrameBytes Ipv6(const FrameBytes& payload, std::optional<Part> part) const;
  FrameBytes Framed(const FrameBytes& network) const;
  void FillSum(FrameBytes& segment, size_t at) const;
  uint8_t FirstOf(const Headers& headers, uint8_t last) const;

  uint16_t source_port_ = 0, destination_port_ = 0;
  IpAddress source_, destination_;
  uint8_t protocol_;
  Kind kind_ = Kind::kRaw;

  LinkType link_ = kLinkEthernet;
  std::vector<std::pair<uint16_t, uint16_t>> tags_;  // Ether type and id.
  bool snap_ = false;
  std::optional<uint16_t> ether_type_;
  uint32_t null_family_ = 2;
  bool null_swapped_ = false;
  size_t pad_bytes_ = 0;

  uint8_t ttl_ = 64;
  uint32_t id_ = 1;
  std::string ip_options_;
  Headers extensions_, inner_extensions_;
  std::optional<uint8_t> version_, ihl_, data_offset_;
  std::optional<uint16_t> ip_length_, udp_length_;
  Sum ip_sum_ = Sum::kGood, transport_sum_ = Sum::kGood;

  uint8_t flags_ = kAck;
  uint32_t seq_ = 0, ack_ = 0, rest_ = 0;
  uint16_t window_ = 65'535, urgent_ = 0;
  uint8_t type_ = 8, code_ = 0;
  std::string tcp_options_, data_;
};

// "10.0.0.1:1000" or "[2001:db8::1]:80".
PacketBuilder Tcp(std::string_view from, std::string_view to);
PacketBuilder Udp(std::string_view from, std::string_view to);
// Addresses without ports; ICMPv6 between IPv6 addresses.
PacketBuilder Icmp(std::string_view from, std::string_view to);

// "10.0.0.1" as an address; dies on nonsense.
IpAddress Address(std::string_view text);

}  // namespace dfc
