// What a sound packet decodes to.
#include "dfc/decode.h"

#include <gtest/gtest.h>

#include "decoded.h"

namespace dfc {
namespace {

PacketBuilder V4() { return Tcp("10.0.0.1:1000", "10.0.0.2:80").Data("hello"); }
PacketBuilder V6() { return Tcp("[fd00::1]:1000", "[fd00::2]:80").Data("hello"); }
const std::string kSixZeros(6, '\0');

TEST(DecodeTcp, FillsTheHeader) {
  const Packet packet = Decode(V4().Seq(0xFFFFFFFE).Ack(7).Flags("SAU").Window(99)).packet;
  EXPECT_EQ(packet.tcp.seq, 0xFFFFFFFE);
  EXPECT_EQ(packet.tcp.ack, 7u);
  EXPECT_EQ(packet.tcp.flags, kSyn | kAck | kUrg);
  EXPECT_EQ(packet.tcp.window, 99);
}

TEST(DecodeTcp, NamesTheTuple) {
  const FiveTuple tuple = Decode(V6()).packet.tuple;
  EXPECT_EQ(FormatAddress(tuple.source), "fd00::1");
  EXPECT_EQ(FormatAddress(tuple.destination), "fd00::2");
  EXPECT_EQ(tuple.source_port, 1000);
  EXPECT_EQ(tuple.destination_port, 80);
  EXPECT_EQ(tuple.protocol, kTcp);
}

TEST(DecodeTcp, StepsOverOptions) {
  EXPECT_EQ(Decode(V4().TcpOptions(std::string(40, '\1'))).payload, "hello");
}

TEST(DecodeIp, TellsLengthAndTimeToLive) {
  const Packet packet = Decode(V4().Ttl(3)).packet;
  EXPECT_EQ(packet.ip_bytes, 45u);
  EXPECT_EQ(packet.ttl, 3);
  EXPECT_FALSE(packet.fragmented);
  EXPECT_EQ(Decode(V6()).packet.ip_bytes, 65u);
}

TEST(DecodeIp, StepsOverIpv4Options) {
  EXPECT_EQ(Decode(V4().IpOptions(std::string(40, '\1'))).payload, "hello");
}

TEST(DecodeIp, StepsOverEachIpv6Extension) {
  for (const int type : {0, 43, 51, 60, 135, 139, 140}) {
    EXPECT_EQ(Decode(V6().Extension(type, kSixZeros)).payload, "hello") << type;
  }
}

TEST(DecodeIp, StepsOverLongAndManyIpv6Extensions) {
  PacketBuilder packet = V6();
  packet.Extension(0, std::string(2'046, '\0')).Extension(60, kSixZeros);
  packet.Extension(51, std::string(22, '\0')).Extension(60, std::string(14, '\0'));
  EXPECT_EQ(Decode(packet).payload, "hello");
}

TEST(DecodeIp, CutsEthernetPadding) {
  EXPECT_EQ(Decode(V4().Data("x").Pad(19)).payload, "x");
  EXPECT_EQ(Decode(V6().Data("").Pad(4)).payload, "");
  EXPECT_EQ(Decode(V4().Data("x").Pad(19)).packet.payload_missing, 0u);
}

// Segmentation offload leaves zero where 16 bits do not hold the length.
TEST(DecodeIp, TakesTheFramesLengthForATotalLengthOfZero) {
  const std::string data(66'000, 'x');
  const Decoded v4 = Decode(V4().Data(data).IpLength(0));
  EXPECT_EQ(v4.payload, data);
  EXPECT_EQ(v4.packet.ip_bytes, 66'040u);
  EXPECT_EQ(Decode(V6().Data(data).IpLength(0)).payload, data);
}

TEST(DecodeIp, TellsWhatTheSnaplenCut) {
  const Decoded cut = Decode(V4(), {.captured = V4().Bytes().size() - 2});
  EXPECT_EQ(cut.payload, "hel");
  EXPECT_EQ(cut.packet.payload_missing, 2u);
  EXPECT_EQ(cut.packet.ip_bytes, 45u);
}

TEST(DecodeUdp, CutsToItsOwnLength) {
  const Decoded decoded = Decode(Udp("10.0.0.1:1", "10.0.0.2:2").Data("hello").Pad(10));
  EXPECT_EQ(decoded.payload, "hello");
  EXPECT_EQ(Decode(Udp("10.0.0.1:1", "10.0.0.2:2")).payload, "");
}

TEST(DecodeUdp, AcceptsThatThereIsNoChecksum) {
  const PacketBuilder packet = Udp("10.0.0.1:1", "10.0.0.2:2").Data("hello");
  const Decoded none = Decode(PacketBuilder(packet).TransportSum(Sum::kZero));
  EXPECT_EQ(none.verdict, Verdict::kOk);
  EXPECT_EQ(none.offloaded, 0u);
}

TEST(ZeroSource, IsAllowedForDhcp) {
  EXPECT_EQ(Decode(Udp("0.0.0.0:68", "255.255.255.255:67").Data("discover")).verdict, Verdict::kOk);
}

TEST(ZeroSource, IsAllowedForIcmpv6) {
  EXPECT_EQ(Decode(Icmp("::", "ff02::1").Type(135)).verdict, Verdict::kOk);
}

TEST(DecodeLink, FindsIpBehindEachLinkHeader) {
  for (const LinkType link : {kLinkEthernet, kLinkLinuxSll, kLinkLinuxSll2, kLinkRaw, kLinkRawBsd,
                              kLinkRawOpenBsd, kLinkNull, kLinkLoop}) {
    EXPECT_EQ(Decode(V4().Link(link)).payload, "hello") << link;
    EXPECT_EQ(Decode(V6().Link(link)).payload, "hello") << link;
  }
  EXPECT_EQ(Decode(V4().Link(kLinkIpv4)).payload, "hello");
  EXPECT_EQ(Decode(V6().Link(kLinkIpv6)).payload, "hello");
}

TEST(DecodeLink, ReadsLoopbackFamiliesInBothByteOrders) {
  for (const bool swapped : {false, true}) {
    EXPECT_EQ(Decode(V4().Link(kLinkNull).NullFamily(2, swapped)).payload, "hello");
    for (const uint32_t family : {10u, 24u, 28u, 30u}) {
      EXPECT_EQ(Decode(V6().Link(kLinkNull).NullFamily(family, swapped)).payload, "hello");
    }
  }
}

TEST(DecodeLink, NamesTheOutermostVlan) {
  EXPECT_EQ(Decode(V4()).packet.vlan, 0);
  EXPECT_EQ(Decode(V4().Vlan(0xE000 | 5)).packet.vlan, 5);  // Priority is not part of the id.
  EXPECT_EQ(Decode(V4().Vlan(7, 0x88A8).Vlan(5)).packet.vlan, 7);
  EXPECT_EQ(Decode(V4().Vlan(8, 0x9100).Vlan(5)).payload, "hello");
  EXPECT_EQ(Decode(V4().Vlan(0).Vlan(5)).packet.vlan, 5);  // A priority alone is no VLAN.
}

TEST(DecodeLink, FollowsVlanTagsOnCookedLinks) {
  EXPECT_EQ(Decode(V4().Link(kLinkLinuxSll).Vlan(5)).packet.vlan, 5);
  EXPECT_EQ(Decode(V6().Link(kLinkLinuxSll2).Vlan(6)).packet.vlan, 6);
}

TEST(DecodeLink, FollowsSnap) {
  EXPECT_EQ(Decode(V4().Snap()).payload, "hello");
  EXPECT_EQ(Decode(V4().Snap().Vlan(5)).packet.vlan, 5);
}

}  // namespace
}  // namespace dfc
