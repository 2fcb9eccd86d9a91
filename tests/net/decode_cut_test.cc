// Every path through the decoder at every captured length, in front of a guard page.
#include <gtest/gtest.h>

#include <random>

#include "decoded.h"

namespace dfc {
namespace {

struct Sample {
  const char* name;
  PacketBuilder packet;
};

PacketBuilder V4() { return Tcp("10.0.0.1:1000", "10.0.0.2:80").Data("hello"); }
PacketBuilder V6() { return Tcp("[fd00::1]:1000", "[fd00::2]:80").Data("hello"); }
PacketBuilder Ping() { return Icmp("10.0.0.1", "10.0.0.2").Echo(1, 2).Data("hello"); }
PacketBuilder Ping6() { return Icmp("fd00::1", "fd00::2").Echo(1, 2).Data("hello"); }

std::vector<Sample> LinkSamples() {
  return {{"Ethernet", V4()},
          {"VLAN", V4().Vlan(5)},
          {"QinQ", V6().Vlan(7, 0x88A8).Vlan(5)},
          {"SLL", V4().Link(kLinkLinuxSll)},
          {"SLL2", V6().Link(kLinkLinuxSll2)},
          {"raw", V4().Link(kLinkRaw)},
          {"raw IPv6", V6().Link(kLinkRaw)},
          {"null", V4().Link(kLinkNull)},
          {"null swapped", V6().Link(kLinkNull).NullFamily(30, true)},
          {"loop", V4().Link(kLinkLoop)},
          {"SNAP", V4().Snap()}};
}

std::vector<Sample> NetworkSamples() {
  std::vector<Sample> samples = {{"IPv4 options", V4().IpOptions(std::string(40, '\1'))},
                                 {"IPv4 length 0", V4().IpLength(0)},
                                 {"IPv6 length 0", V6().IpLength(0)},
                                 {"atomic fragment", V6().Extension(44, std::string(6, '\0'))}};
  for (const int type : {0, 43, 51, 60, 135, 139, 140}) {
    samples.push_back({"IPv6 extension", V6().Extension(type, std::string(14, '\0'))});
    PacketBuilder two = V6().Extension(0, std::string(6, '\0'));
    samples.push_back({"IPv6 extensions", two.Extension(type, std::string(6, '\0'))});
  }
  return samples;
}

std::vector<Sample> TransportSamples() {
  const FrameBytes quote = V4().Datagram();
  const FrameBytes quote6 = V6().Extension(60, std::string(6, '\0')).Datagram();
  return {{"TCP options", V4().TcpOptions(std::string(40, '\1'))},
          {"UDP", Udp("10.0.0.1:1", "10.0.0.2:2").Data("hello")},
          {"UDP over IPv6", Udp("[fd00::1]:1", "[fd00::2]:2").Data("hello")},
          {"ICMP", Ping()},
          {"ICMPv6", Ping6()},
          {"ICMP error", Icmp("10.0.0.9", "10.0.0.1").Type(3, 1).Data(quote)},
          {"ICMP error, ping", Icmp("10.0.0.9", "10.0.0.1").Type(11).Data(Ping().Datagram())},
          {"ICMPv6 error", Icmp("fd00::9", "fd00::1").Type(1).Data(quote6)},
          {"ICMPv6 error, ping", Icmp("fd00::9", "fd00::1").Type(3).Data(Ping6().Datagram())}};
}

// Captured up to `cut` bytes of all: a cut header is told, a cut payload measured.
void CutByTheSnaplen(const Sample& sample) {
  const FrameBytes bytes = sample.packet.Bytes();
  const size_t header_bytes = sample.packet.HeaderBytes();
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    SCOPED_TRACE(testing::Message() << sample.name << " cut at " << cut);
    const Decoded decoded = Decode(sample.packet, {.captured = cut});
    if (cut < header_bytes) {
      // A length in place of an Ethernet type with too little behind it may be any protocol's.
      const bool unclear = sample.name == std::string("SNAP") && cut >= 14 && cut < 22;
      EXPECT_EQ(decoded.verdict, unclear ? Verdict::kNotIp : Verdict::kTruncated);
      continue;
    }
    ASSERT_EQ(decoded.verdict, Verdict::kOk);
    EXPECT_EQ(decoded.payload, sample.packet.data().substr(0, cut - header_bytes));
    EXPECT_EQ(decoded.payload.size() + decoded.packet.payload_missing, sample.packet.data().size());
  }
}

// The frame really was that short: nothing of it is a packet.
void CutOnTheWire(const Sample& sample) {
  const FrameBytes bytes = sample.packet.Bytes();
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    SCOPED_TRACE(testing::Message() << sample.name << " sent only " << cut);
    EXPECT_NE(Decode(sample.packet, {.captured = cut, .wire_bytes = cut}).verdict, Verdict::kOk);
  }
}

TEST(DecodeCut, BySnaplenOnEachLink) {
  for (const Sample& sample : LinkSamples()) CutByTheSnaplen(sample);
}
TEST(DecodeCut, BySnaplenInEachNetworkHeader) {
  for (const Sample& sample : NetworkSamples()) CutByTheSnaplen(sample);
}
TEST(DecodeCut, BySnaplenInEachTransport) {
  for (const Sample& sample : TransportSamples()) CutByTheSnaplen(sample);
}

TEST(DecodeCut, OnTheWireOnEachLink) {
  for (const Sample& sample : LinkSamples()) CutOnTheWire(sample);
}
TEST(DecodeCut, OnTheWireInEachTransport) {
  for (const Sample& sample : TransportSamples()) CutOnTheWire(sample);
}

TEST(DecodeCut, FragmentsAreNotPutTogetherFromPieces) {
  for (const PacketBuilder& packet : {V4(), V6()}) {
    const FrameBytes fragment = packet.Fragment(0, 16);
    for (size_t cut = 0; cut < fragment.size(); ++cut) {
      EXPECT_EQ(Decode(fragment, kLinkEthernet, {.captured = cut}).verdict, Verdict::kTruncated);
    }
  }
}

// Whatever a byte says, nothing is read that is not there.
TEST(DecodeCut, SurvivesEveryByteWithEveryValue) {
  std::vector<Sample> samples = TransportSamples();
  for (const Sample& sample : NetworkSamples()) samples.push_back(sample);
  for (const Sample& sample : samples) {
    DecodeWithEachByteAs({0, 1, 4, 5, 15, 44, 64, 127, 128, 255}, sample.packet.Bytes(), 12,
                         kLinkEthernet);
  }
}

TEST(DecodeCut, SurvivesRandomBytesOnEachLink) {
  std::mt19937_64 random(1);
  Decoder decoder({.checksums = Checksums::kIgnore, .fragment_datagrams_max = 4});
  Packet packet{};
  for (int n = 0; n < 5'000; ++n) {
    FrameBytes bytes(random() % 120);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() % 4 == 0 ? random() : 0x45);
    const GuardedBytes guarded(bytes);
    for (const LinkType link : {kLinkEthernet, kLinkLinuxSll2, kLinkRaw, kLinkNull}) {
      decoder.Decode({n, guarded.span(), static_cast<uint32_t>(bytes.size()), link}, packet);
    }
  }
}

}  // namespace
}  // namespace dfc
