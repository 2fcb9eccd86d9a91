// Every verdict has a name of its own and a frame that comes to it.
#include "dfc/verdict.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "decoded.h"

namespace dfc {
namespace {

PacketBuilder V4() { return Tcp("10.0.0.1:1000", "10.0.0.2:80").Data("hello"); }
PacketBuilder V6() { return Tcp("[fd00::1]:1000", "[fd00::2]:80").Data("hello"); }
PacketBuilder OverUdp() { return Udp("10.0.0.1:1000", "10.0.0.2:53").Data("hello"); }
PacketBuilder Ping() { return Icmp("10.0.0.1", "10.0.0.2").Echo(1, 1).Data("hello"); }

TEST(VerdictName, IsUnique) {
  std::set<std::string> names;
  for (size_t at = 0; at < kVerdictCount; ++at) {
    names.insert(VerdictName(static_cast<Verdict>(at)));
  }
  EXPECT_EQ(names.size(), kVerdictCount);
  EXPECT_EQ(names.count("unknown"), 0u);
}

TEST(Verdict, OkForASoundPacket) {
  for (const PacketBuilder& packet : {V4(), V6(), OverUdp(), Ping()}) {
    EXPECT_EQ(Decode(packet).verdict, Verdict::kOk);
  }
}

TEST(Verdict, FragmentHeldUntilTheRestComes) {
  EXPECT_EQ(Decode(V4().Fragment(0, 8)).verdict, Verdict::kFragmentHeld);
  EXPECT_EQ(Decode(V6().Fragment(0, 24)).verdict, Verdict::kFragmentHeld);
}

TEST(Verdict, ArpCarriesNoFlow) {
  EXPECT_EQ(Decode(V4().EtherType(0x0806)).verdict, Verdict::kArp);
  EXPECT_EQ(Decode(V4().EtherType(0x8035)).verdict, Verdict::kArp);
  EXPECT_EQ(Decode(V4().Vlan(5).EtherType(0x0806)).verdict, Verdict::kArp);
}

TEST(Verdict, NotIp) {
  EXPECT_EQ(Decode(V4().EtherType(0x88CC)).verdict, Verdict::kNotIp);
  EXPECT_EQ(Decode(V4().EtherType(60)).verdict, Verdict::kNotIp);  // A length without SNAP.
  EXPECT_EQ(Decode(V4().Link(kLinkNull).NullFamily(7, false)).verdict, Verdict::kNotIp);
}

TEST(Verdict, OtherTransport) {
  EXPECT_EQ(Decode(PacketBuilder("fd00::1", "fd00::2", 59)).verdict, Verdict::kOtherTransport);
}

TEST(Verdict, IcmpOfTheWrongFamilyIsNoIcmp) {
  EXPECT_EQ(Decode(PacketBuilder("10.0.0.1", "10.0.0.2", kIcmpv6).Data("12345678")).verdict,
            Verdict::kOtherTransport);
  EXPECT_EQ(Decode(PacketBuilder("fd00::1", "fd00::2", kIcmp).Data("12345678")).verdict,
            Verdict::kOtherTransport);
}

TEST(Verdict, UnknownLink) {
  EXPECT_EQ(Decode(V4().Bytes(), static_cast<LinkType>(147)).verdict, Verdict::kUnknownLink);
}

TEST(Verdict, TruncatedInsideAHeader) {
  for (const size_t captured : {0u, 13u, 14u, 33u, 34u, 53u}) {
    EXPECT_EQ(Decode(V4(), {.captured = captured}).verdict, Verdict::kTruncated) << captured;
  }
}

TEST(Verdict, TooManyVlanTags) {
  PacketBuilder packet = V4();
  for (uint16_t n = 0; n < 8; ++n) packet.Vlan(n);
  EXPECT_EQ(Decode(packet).verdict, Verdict::kOk);
  EXPECT_EQ(Decode(packet.Vlan(9)).verdict, Verdict::kTooManyHeaders);
}

TEST(Verdict, TooManyIpv6Extensions) {
  PacketBuilder packet = V6();
  for (int n = 0; n < 8; ++n) packet.Extension(60, std::string(6, '\0'));
  EXPECT_EQ(Decode(packet).verdict, Verdict::kOk);
  EXPECT_EQ(Decode(packet.Extension(60, std::string(6, '\0'))).verdict, Verdict::kTooManyHeaders);
}

TEST(Verdict, BadIpVersion) {
  EXPECT_EQ(Decode(V4().Version(5)).verdict, Verdict::kBadIpVersion);
  EXPECT_EQ(Decode(V6().Version(0)).verdict, Verdict::kBadIpVersion);
}

TEST(Verdict, BadIpHeaderLength) {
  for (int words = 0; words < 5; ++words) {
    EXPECT_EQ(Decode(V4().Ihl(words)).verdict, Verdict::kBadIpHeaderLength);
  }
}

TEST(Verdict, BadIpLengthShorterThanTheHeader) {
  for (const size_t bytes : {1u, 19u}) {
    EXPECT_EQ(Decode(V4().IpLength(bytes)).verdict, Verdict::kBadIpLength);
  }
  EXPECT_EQ(Decode(V4().IpOptions(std::string(8, '\0')).IpLength(27)).verdict,
            Verdict::kBadIpLength);
}

TEST(Verdict, IpBeyondFrame) {
  const size_t exact = V4().Datagram().size();
  EXPECT_EQ(Decode(V4().IpLength(exact + 1)).verdict, Verdict::kIpBeyondFrame);
  EXPECT_EQ(Decode(V6().IpLength(0xFFFF)).verdict, Verdict::kIpBeyondFrame);
}

TEST(Verdict, BadIpExtensionThatDoesNotFit) {
  PacketBuilder packet("fd00::1", "fd00::2", 60);
  EXPECT_EQ(Decode(packet.Data("\6")).verdict, Verdict::kBadIpExtension);
  EXPECT_EQ(Decode(packet.Data(std::string("\6\1\0\0\0\0\0\0", 8))).verdict,
            Verdict::kBadIpExtension);
}

TEST(Verdict, ZeroSource) {
  EXPECT_EQ(Decode(Tcp("0.0.0.0:1", "10.0.0.2:2")).verdict, Verdict::kZeroSource);
  EXPECT_EQ(Decode(Udp("0.0.0.0:68", "10.0.0.2:53")).verdict, Verdict::kZeroSource);
  EXPECT_EQ(Decode(Udp("[::]:68", "[ff02::1]:67")).verdict, Verdict::kZeroSource);
}

TEST(Verdict, ZeroDestination) {
  EXPECT_EQ(Decode(Tcp("10.0.0.1:1", "0.0.0.0:2")).verdict, Verdict::kZeroDestination);
  EXPECT_EQ(Decode(Tcp("[fd00::1]:1", "[::]:2")).verdict, Verdict::kZeroDestination);
}

TEST(Verdict, BadTcpHeaderLength) {
  EXPECT_EQ(Decode(V4().DataOffset(4)).verdict, Verdict::kBadTcpHeaderLength);
  EXPECT_EQ(Decode(V4().DataOffset(7)).verdict, Verdict::kBadTcpHeaderLength);
  EXPECT_EQ(Decode(PacketBuilder("10.0.0.1", "10.0.0.2", kTcp).Data("short")).verdict,
            Verdict::kBadTcpHeaderLength);
}

TEST(Verdict, BadUdpLength) {
  EXPECT_EQ(Decode(OverUdp().UdpLength(7)).verdict, Verdict::kBadUdpLength);
  EXPECT_EQ(Decode(OverUdp().UdpLength(14)).verdict, Verdict::kBadUdpLength);
  EXPECT_EQ(Decode(PacketBuilder("10.0.0.1", "10.0.0.2", kUdp).Data("1234567")).verdict,
            Verdict::kBadUdpLength);
}

TEST(Verdict, BadIcmpLength) {
  EXPECT_EQ(Decode(PacketBuilder("10.0.0.1", "10.0.0.2", kIcmp).Data("1234567")).verdict,
            Verdict::kBadIcmpLength);
  EXPECT_EQ(Decode(PacketBuilder("fd00::1", "fd00::2", kIcmpv6).Data("")).verdict,
            Verdict::kBadIcmpLength);
}

TEST(Verdict, BadChecksums) {
  EXPECT_EQ(Decode(V4().IpSum(Sum::kBad)).verdict, Verdict::kBadIpChecksum);
  EXPECT_EQ(Decode(V4().TransportSum(Sum::kBad)).verdict, Verdict::kBadTcpChecksum);
  EXPECT_EQ(Decode(V6().TransportSum(Sum::kBad)).verdict, Verdict::kBadTcpChecksum);
  EXPECT_EQ(Decode(OverUdp().TransportSum(Sum::kBad)).verdict, Verdict::kBadUdpChecksum);
  EXPECT_EQ(Decode(Ping().TransportSum(Sum::kBad)).verdict, Verdict::kBadIcmpChecksum);
}

class FragmentVerdict : public testing::Test {
 protected:
  Verdict Add(const FrameBytes& bytes) {
    Packet packet{};
    return decoder_.Decode({1, bytes, static_cast<uint32_t>(bytes.size())}, packet);
  }
  const PacketBuilder large_ = Udp("10.0.0.1:1", "10.0.0.2:2").Data(std::string(2'040, 'x'));

 private:
  Decoder decoder_{{.fragment_datagrams_max = 4}};
};

TEST_F(FragmentVerdict, CrossingAnother) {
  EXPECT_EQ(Add(large_.Fragment(0, 16)), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(large_.Fragment(8, 16)), Verdict::kFragmentOverlap);
}

TEST_F(FragmentVerdict, WithoutBytes) {
  EXPECT_EQ(Add(large_.Fragment(2'048, 0, false)), Verdict::kBadIpLength);
}

TEST_F(FragmentVerdict, BeyondTheEnd) {
  EXPECT_EQ(Add(large_.Fragment(16, 8, false)), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(large_.Fragment(24, 8, true)), Verdict::kFragmentBeyond);
}

TEST_F(FragmentVerdict, MorePiecesThanTheTableKeeps) {
  const PacketBuilder huge = PacketBuilder(large_).Data(std::string(8'000, 'x'));
  for (size_t n = 0; n < 256; ++n) {
    EXPECT_EQ(Add(huge.Fragment(n * 16, 8, true)), Verdict::kFragmentHeld);
  }
  EXPECT_EQ(Add(huge.Fragment(4'104, 8, true)), Verdict::kFragmentLimit);
}

TEST_F(FragmentVerdict, RepeatingWhatIsThere) {
  EXPECT_EQ(Add(large_.Fragment(0, 16)), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(large_.Fragment(8, 8)), Verdict::kFragmentDuplicate);
}

TEST_F(FragmentVerdict, TooTinyForItsTransportHeader) {
  EXPECT_EQ(Add(V6().Fragment(0, 16)), Verdict::kFragmentTiny);
}

TEST_F(FragmentVerdict, OnlyAPartIsEcnCapable) {
  FrameBytes second = V6().Fragment(24, 1'000);
  second[15] = 0x10;  // ECT(1), in the middle of the traffic class.
  EXPECT_EQ(Add(V6().Fragment(0, 24)), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(second), Verdict::kFragmentEcn);
}

}  // namespace
}  // namespace dfc
