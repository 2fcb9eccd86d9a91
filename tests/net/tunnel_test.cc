// What is inside of links and tunnels, and what only looks like one.
#include "tunnel.h"

#include <gtest/gtest.h>

#include "carriers.h"
#include "decoded.h"

namespace dfc {
namespace {

TEST(Carriers, GiveWhatTheyCarry) {
  for (const Carrier& carrier : AllCarriers()) {
    SCOPED_TRACE(carrier.name);
    const Decoded decoded = Decode(carrier.bytes, carrier.link);
    EXPECT_EQ(decoded.verdict, Verdict::kOk);
    EXPECT_EQ(decoded.payload, "inside");
    EXPECT_EQ(decoded.packet.tuple.source_port, 1000);
    EXPECT_EQ(decoded.packet.tunnel, carrier.tunnel);
  }
}

TEST(Carriers, AreNamed) {
  EXPECT_STREQ(TunnelName(TunnelKind::kNone), "");
  for (size_t at = 1; at < kTunnelKindCount; ++at) {
    for (size_t other = 0; other < at; ++other) {
      EXPECT_STRNE(TunnelName(static_cast<TunnelKind>(at)),
                   TunnelName(static_cast<TunnelKind>(other)));
    }
  }
}

TEST(Carriers, LeaveLengthAndTimeToLiveOfTheInnermost) {
  const FrameBytes inner = Inner().Ttl(3).Datagram();
  const Packet packet = Decode(OverIp(kIpv4InIp, {inner})).packet;
  EXPECT_EQ(packet.ttl, 3);
  EXPECT_EQ(packet.ip_bytes, inner.size());
}

TEST(Carriers, KeepTheOutermostVlan) {
  const FrameBytes inner = Inner().Vlan(9).Bytes();
  const PacketBuilder outer =
      Udp("192.0.2.1:40000", "192.0.2.2:4789").Data(Join({Hex("08000000 00006400"), inner}));
  EXPECT_EQ(Decode(PacketBuilder(outer).Vlan(5)).packet.vlan, 5);
  EXPECT_EQ(Decode(outer).packet.vlan, 9);
}

TEST(Carriers, TakeIpv6InIpv4AndIpv4InIpv6) {
  const PacketBuilder inner6 = Tcp("[fd00::1]:1", "[fd00::2]:2").Data("x");
  EXPECT_EQ(Decode(OverIp(kIpv6InIp, {inner6.Datagram()})).payload, "x");
  PacketBuilder outer6("2001:db8::1", "2001:db8::2", kIpv4InIp);
  EXPECT_EQ(Decode(outer6.Data(InnerPacket())).payload, "inside");
}

TEST(Carriers, OfTheWrongIpVersionAreRefused) {
  EXPECT_EQ(Decode(OverIp(kIpv6InIp, {InnerPacket()})).verdict, Verdict::kBadIpVersion);
}

// Whatever of the outer datagram's payload does not fit: the datagram is all there is.
void ExpectsPlainDatagram(const FrameBytes& frame) {
  const Decoded decoded = Decode(frame);
  EXPECT_EQ(decoded.verdict, Verdict::kOk);
  EXPECT_EQ(FormatAddress(decoded.packet.tuple.source), "192.0.2.1");
  EXPECT_EQ(decoded.packet.tunnel, Tunnel{});
  EXPECT_TRUE(decoded.packet.has_datagram);
  EXPECT_EQ(decoded.payload.size(), frame.size() - 42);
}

TEST(UdpTunnel, NeedsReservedBitsToBeZero) {
  ExpectsPlainDatagram(OverUdp(4789, {Hex("08000001 00006400"), InnerFrame()}));
  ExpectsPlainDatagram(OverUdp(4789, {Hex("08000000 00006401"), InnerFrame()}));
  ExpectsPlainDatagram(OverUdp(4789, {Hex("00000000 00006400"), InnerFrame()}));
  ExpectsPlainDatagram(OverUdp(6081, {Hex("0001 6558 00006400"), InnerFrame()}));
  ExpectsPlainDatagram(OverUdp(5247, {Hex("00100201 00000000"), InnerFrame()}));
}

TEST(UdpTunnel, NeedsAnotherVersionToBeNone) {
  ExpectsPlainDatagram(OverUdp(6081, {Hex("4000 6558 00006400"), InnerFrame()}));
  ExpectsPlainDatagram(OverUdp(2152, {Hex("50ff 002e 00000064"), InnerPacket()}));
  ExpectsPlainDatagram(OverUdp(1701, {Hex("0001 0001 0002 0021"), InnerPacket()}));
}

TEST(UdpTunnel, NeedsLengthsToFit) {
  ExpectsPlainDatagram(OverUdp(2152, {Hex("30ff 0001 00000064"), InnerPacket()}));
  const FrameBytes packet6 = Tcp("[fd00::1]:1", "[fd00::2]:2").Data("x").Datagram();
  ExpectsPlainDatagram(OverUdp(3544, {packet6, Hex("00")}));
}

TEST(UdpTunnel, NeedsASoundIpHeaderInside) {
  const FrameBytes bad_sum = Inner().IpSum(Sum::kBad).Bytes();
  ExpectsPlainDatagram(OverUdp(4789, {Hex("08000000 00006400"), bad_sum}));
  const FrameBytes bad_length = Inner().IpLength(400).Bytes();
  ExpectsPlainDatagram(OverUdp(4789, {Hex("08000000 00006400"), bad_length}));
  const FrameBytes arp = Inner().EtherType(0x0806).Bytes();
  ExpectsPlainDatagram(OverUdp(4789, {Hex("08000000 00006400"), arp}));
}

TEST(UdpTunnel, NeedsItsPort) {
  ExpectsPlainDatagram(OverUdp(4788, {Hex("08000000 00006400"), InnerFrame()}));
}

TEST(UdpTunnel, IsToldByEitherPort) {
  const FrameBytes vxlan = Join({Hex("08000000 00006400"), InnerFrame()});
  EXPECT_EQ(Decode(Udp("192.0.2.1:4789", "192.0.2.2:40000").Data(vxlan)).payload, "inside");
}

TEST(UdpTunnel, WithoutAPacketInsideIsADatagram) {  // A bubble, RFC 4380 2.8.
  ExpectsPlainDatagram(OverUdp(3544, {PacketBuilder("fd00::1", "fd00::2", 59).Datagram()}));
}

TEST(UdpTunnel, IsCheckedOnEveryLevel) {
  const FrameBytes vxlan = Join({Hex("08000000 00006400"), InnerFrame()});
  const PacketBuilder outer = Udp("192.0.2.1:40000", "192.0.2.2:4789").Data(vxlan);
  EXPECT_EQ(Decode(PacketBuilder(outer).TransportSum(Sum::kBad)).verdict, Verdict::kBadUdpChecksum);
  const FrameBytes bad = Inner().TransportSum(Sum::kBad).Bytes();
  EXPECT_EQ(Decode(OverUdp(4789, {Hex("08000000 00006400"), bad})).verdict,
            Verdict::kBadTcpChecksum);
}

TEST(IpTunnel, ChecksTheIpHeaderInside) {
  const FrameBytes bad_sum = Inner().IpSum(Sum::kBad).Datagram();
  EXPECT_EQ(Decode(OverIp(kGre, {Hex("0000 0800"), bad_sum})).verdict, Verdict::kBadIpChecksum);
  const FrameBytes zero = Tcp("10.1.0.1:1", "0.0.0.0:2").Datagram();
  EXPECT_EQ(Decode(OverIp(kGre, {Hex("0000 0800"), zero})).verdict, Verdict::kZeroDestination);
}

TEST(IpTunnel, WithoutIpInsideIsCounted) {
  for (const char* gre : {"0000 0806", "0000 88cc", "4000 0800", "0003 0800"}) {
    const Decoded decoded = Decode(OverIp(kGre, {Hex(gre), InnerPacket()}));
    EXPECT_EQ(decoded.verdict, Verdict::kOk) << gre;
    EXPECT_EQ(decoded.packet.tuple.protocol, kGre);
    EXPECT_FALSE(decoded.packet.has_datagram);
    EXPECT_EQ(decoded.packet.tunnel, Tunnel{});
  }
}

TEST(Carriers, ThatContradictThemselvesAreRefused) {
  EXPECT_EQ(Decode(OverEthernet(0x8864, {Hex("1200 0007 0030 0021"), InnerPacket()})).verdict,
            Verdict::kBadTunnelHeader);
  EXPECT_EQ(Decode(OverEthernet(0x8864, {Hex("1100 0007 0100 0021"), InnerPacket()})).verdict,
            Verdict::kBadTunnelHeader);
  EXPECT_EQ(Decode(OverEthernet(0x894F, {Hex("0fc10201 000064ff"), InnerPacket()})).verdict,
            Verdict::kBadTunnelHeader);
}

TEST(Carriers, OfSomethingElseAreNotIp) {
  EXPECT_EQ(Decode(OverEthernet(0x8847, {Hex("0001013f"), Hex("10000000")})).verdict,
            Verdict::kNotIp);
  EXPECT_EQ(Decode(OverEthernet(0x8864, {Hex("1100 0007 0004 c021 0101")})).verdict,
            Verdict::kNotIp);
  EXPECT_EQ(Decode(Hex("8f00 8035 00000000"), kLinkCiscoHdlc).verdict, Verdict::kNotIp);
}

TEST(Wlan, ManagementCarriesNothing) {
  EXPECT_EQ(Decode(Join({Hex("8000"), FrameBytes(40, 0)}), kLinkWlan).verdict, Verdict::kNotIp);
  EXPECT_EQ(Decode(Join({Hex("4801"), FrameBytes(22, 0)}), kLinkWlan).verdict, Verdict::kNotIp);
}

TEST(Wlan, TellsWhatItCannotRead) {
  EXPECT_EQ(Decode(Join({Hex("0841"), FrameBytes(60, 0)}), kLinkWlan).verdict, Verdict::kProtected);
  const FrameBytes aggregate =
      Join({Hex("8801"), FrameBytes(22, 0), Hex("8000"), FrameBytes(60, 0)});
  EXPECT_EQ(Decode(aggregate, kLinkWlan).verdict, Verdict::kAggregated);
}

FrameBytes Nested(int depth) {
  FrameBytes packet = InnerPacket();
  for (int n = 0; n < depth; ++n) {
    packet = PacketBuilder("192.0.2.1", "192.0.2.2", kIpv4InIp).Data(packet).Datagram();
  }
  return packet;
}

TEST(Carriers, NestEightDeep) {
  EXPECT_EQ(Decode(Nested(8), kLinkRaw).payload, "inside");
  EXPECT_EQ(Decode(Nested(9), kLinkRaw).verdict, Verdict::kTooManyHeaders);
}

TEST(Carriers, CountHeadersOfEveryKind) {
  // Two tags, two labels, control word, then three IP headers more: eight in all.
  const auto stacked = [](int depth) {
    const FrameBytes inner = OverEthernet(0x0800, {Nested(depth)});
    return OverEthernet(0x8100, {Hex("0001 8100 0002 8847 0001003f 0001013f 00000000"), inner});
  };
  EXPECT_EQ(Decode(stacked(3)).payload, "inside");
  EXPECT_EQ(Decode(stacked(4)).verdict, Verdict::kTooManyHeaders);
}

class TunnelFragments : public testing::Test {
 protected:
  Verdict Add(const FrameBytes& bytes) {
    return decoder_.Decode({1, bytes, static_cast<uint32_t>(bytes.size())}, packet_);
  }
  std::string payload() const { return {AsChars(packet_.payload), packet_.payload_bytes}; }
  static FrameBytes NetworkOf(const FrameBytes& frame) { return {frame.begin() + 14, frame.end()}; }

  Packet packet_{};

 private:
  Decoder decoder_{{.checksums = Checksums::kVerify, .fragment_datagrams_max = 4}};
};

TEST_F(TunnelFragments, InsideATunnelArePutTogether) {
  const FrameBytes first = NetworkOf(Inner().Fragment(0, 16));
  const FrameBytes last = NetworkOf(Inner().Fragment(16, 16));
  EXPECT_EQ(Add(OverUdp(4790, {Hex("0c000001 00006400"), first})), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(OverIp(kGre, {Hex("0000 0800"), last})), Verdict::kOk);
  EXPECT_EQ(payload(), "inside");
  EXPECT_TRUE(packet_.fragmented);
  EXPECT_EQ(packet_.tunnel.kind, TunnelKind::kGre);  // Of the one that made it whole.
}

TEST_F(TunnelFragments, OfTheCarrierArePutTogether) {
  const PacketBuilder outer =
      Udp("192.0.2.1:40000", "192.0.2.2:4789").Data(Join({Hex("08000000 00006400"), InnerFrame()}));
  EXPECT_EQ(Add(outer.Fragment(0, 40)), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(outer.Fragment(40, 80)), Verdict::kOk);
  EXPECT_EQ(payload(), "inside");
  EXPECT_EQ(FormatAddress(packet_.tuple.source), "10.1.0.1");
  EXPECT_TRUE(packet_.fragmented);
}

// The outer datagram lies in the table when the inner fragment is put there.
TEST_F(TunnelFragments, OnTwoLevelsArePutTogether) {
  for (const size_t at : {size_t{0}, size_t{16}}) {
    const FrameBytes inner = NetworkOf(Inner().Fragment(at, 16));
    const PacketBuilder outer = PacketBuilder("192.0.2.1", "192.0.2.2", kGre)
                                    .Id(static_cast<uint32_t>(at + 1))
                                    .Data(Join({Hex("0000 0800"), inner}));
    EXPECT_EQ(Add(outer.Fragment(0, 16)), Verdict::kFragmentHeld);
    const Verdict whole = Add(outer.Fragment(16, 80));
    EXPECT_EQ(whole, at == 0 ? Verdict::kFragmentHeld : Verdict::kOk);
  }
  EXPECT_EQ(payload(), "inside");
}

TEST(OtherProtocols, AreCountedWithoutContent) {
  for (const int number : {2, 33, 50, 89, 103, 112, 136}) {
    const auto protocol = static_cast<uint8_t>(number);
    const Decoded decoded = Decode(PacketBuilder("10.0.0.1", "10.0.0.2", protocol).Data("body"));
    EXPECT_EQ(decoded.verdict, Verdict::kOk);
    EXPECT_EQ(decoded.packet.tuple.protocol, protocol);
    EXPECT_EQ(decoded.packet.tuple.source_port, 0);
    EXPECT_EQ(decoded.packet.ip_bytes, 24u);
    EXPECT_EQ(decoded.packet.payload_bytes, 0u);
    EXPECT_FALSE(decoded.packet.has_datagram);
  }
}

TEST(OtherProtocols, IgmpNeedsNoAddress) {
  EXPECT_EQ(Decode(PacketBuilder("0.0.0.0", "224.0.0.1", 2).Data("body")).verdict, Verdict::kOk);
  EXPECT_EQ(Decode(PacketBuilder("0.0.0.0", "224.0.0.5", 89).Data("body")).verdict,
            Verdict::kZeroSource);
}

TEST(Authentication, IsSteppedOverInIpv4) {
  const FrameBytes whole = Inner().Datagram();
  const FrameBytes segment(whole.begin() + 20, whole.end());
  const FrameBytes header = Hex("0604 0000 00000000 00000000 000000000000000000000000");
  const PacketBuilder packet =
      PacketBuilder("10.1.0.1", "10.1.0.2", 51).Data(Join({header, segment}));
  EXPECT_EQ(Decode(packet).payload, "inside");
  EXPECT_EQ(Decode(packet).packet.tunnel, Tunnel{});
  EXPECT_EQ(Decode(PacketBuilder(packet).Data(Hex("0604 0000"))).verdict, Verdict::kBadIpExtension);
}

TEST(Authentication, MayNotRepeatForEver) {
  FrameBytes headers;
  for (int n = 0; n < 9; ++n) headers = Join({headers, Hex("3301 0000 00000000 00000000")});
  EXPECT_EQ(Decode(PacketBuilder("10.1.0.1", "10.1.0.2", 51).Data(headers)).verdict,
            Verdict::kTooManyHeaders);
}

}  // namespace
}  // namespace dfc
