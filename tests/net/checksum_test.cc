#include "checksum.h"

#include <gtest/gtest.h>

#include "decoded.h"

namespace dfc {
namespace {

uint16_t FoldBig(const FrameBytes& bytes) {
  InternetSum sum;
  sum.Add(bytes);
  return __builtin_bswap16(sum.Fold());
}

TEST(InternetSum, MatchesTheExampleOfRfc1071) {
  EXPECT_EQ(FoldBig({0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7}), 0xDDF2);
}

TEST(InternetSum, PadsAnOddByteBehind) {
  EXPECT_EQ(FoldBig({0x12}), 0x1200);
  EXPECT_EQ(FoldBig({0x01, 0x02, 0x03}), 0x0402);
  EXPECT_EQ(FoldBig({0x01, 0x02, 0x03, 0x04, 0x05}), 0x0906);
}

TEST(InternetSum, CarriesAroundTheEnd) {
  EXPECT_EQ(FoldBig({0xFF, 0xFF, 0x00, 0x01}), 0x0001);
  EXPECT_EQ(FoldBig(FrameBytes(65'536, 0xFF)), 0xFFFF);
}

TEST(InternetSum, OfNothingIsZero) { EXPECT_EQ(FoldBig({}), 0); }

TEST(InternetSum, TakesPartsInAnyOrder) {
  const FrameBytes front = {1, 2, 3, 4, 5, 6};
  const FrameBytes back = {7, 8, 9};
  InternetSum one;
  one.Add(front);
  one.Add(back);
  InternetSum other;
  other.Add(back);
  other.Add(front);
  EXPECT_EQ(one.Fold(), other.Fold());
}

// As RFC 1071 has it, two bytes at a time.
uint16_t PlainSum(const FrameBytes& bytes) {
  uint32_t sum = 0;
  for (size_t at = 0; at < bytes.size(); ++at) {
    sum += at % 2 == 0 ? uint32_t{bytes[at]} << 8 : bytes[at];
    sum = (sum & 0xFFFF) + (sum >> 16);
  }
  return static_cast<uint16_t>(sum);
}

TEST(InternetSum, OfEveryLengthIsThatOfItsBytesAndNoOthers) {
  FrameBytes bytes;
  for (size_t size = 0; size < 300; ++size) {
    InternetSum sum;
    sum.Add(GuardedBytes(bytes).span());
    EXPECT_EQ(__builtin_bswap16(sum.Fold()), PlainSum(bytes)) << size;
    bytes.push_back(static_cast<uint8_t>(255 - size * 7 % 64));
  }
}

TEST(InternetSum, OfMegabytesLosesNoCarry) {
  FrameBytes bytes;
  for (uint32_t n = 0; n < 3'000'001; ++n) {
    bytes.push_back(static_cast<uint8_t>(n < 1'500'000 ? 0xFF : n * 7919 >> 8));
  }
  EXPECT_EQ(FoldBig(bytes), PlainSum(bytes));
}

// 0xb861 is the sum that the classic IPv4 header example carries.
TEST(InternetSum, IsGoodOverDataAndItsChecksum) {
  const FrameBytes header = {0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11,
                             0xB8, 0x61, 0xC0, 0xA8, 0x00, 0x01, 0xC0, 0xA8, 0x00, 0xC7};
  InternetSum sum;
  sum.Add(header);
  EXPECT_TRUE(sum.IsGood());
  sum.AddBig16(1);
  EXPECT_FALSE(sum.IsGood());
}

TEST(PseudoHeaderSum, LeavesTheMappedPrefixOut) {
  const InternetSum sum = PseudoHeaderSum(Address("0.0.0.1"), Address("0.0.0.2"), kUdp, 8);
  EXPECT_EQ(__builtin_bswap16(sum.Fold()), 1 + 2 + kUdp + 8);
}

TEST(PseudoHeaderSum, CountsLengthsOver64KiB) {
  const InternetSum sum = PseudoHeaderSum(Address("::1"), Address("::2"), kTcp, 0x10002);
  EXPECT_EQ(__builtin_bswap16(sum.Fold()), 1 + 2 + kTcp + 1 + 2);
}

std::vector<PacketBuilder> EveryTransport() {
  return {Tcp("10.0.0.1:1", "10.0.0.2:2").Data("abc"),
          Udp("10.0.0.1:1", "10.0.0.2:2").Data("abcd"),
          Icmp("10.0.0.1", "10.0.0.2").Echo(1, 2).Data("abc"),
          Tcp("[fd00::1]:1", "[fd00::2]:2").Data("abc"),
          Udp("[fd00::1]:1", "[fd00::2]:2").Data("abcd"),
          Icmp("fd00::1", "fd00::2").Echo(1, 2).Data("abc")};
}

TEST(Checksums, AreVerified) {
  for (PacketBuilder& packet : EveryTransport()) {
    EXPECT_EQ(Decode(packet).verdict, Verdict::kOk);
    EXPECT_NE(Decode(packet.TransportSum(Sum::kBad)).verdict, Verdict::kOk);
  }
}

TEST(Checksums, AreLeftAloneWhenAsked) {
  for (PacketBuilder& packet : EveryTransport()) {
    packet.TransportSum(Sum::kBad).IpSum(Sum::kBad);
    EXPECT_EQ(Decode(packet, {.checksums = Checksums::kIgnore}).verdict, Verdict::kOk);
    EXPECT_EQ(Decode(packet, {.checksums_unfilled = true}).verdict, Verdict::kOk);
  }
}

TEST(Checksums, OfCutPayloadCannotBeTold) {
  for (PacketBuilder& packet : EveryTransport()) {
    packet.TransportSum(Sum::kBad);
    const size_t captured = packet.Bytes().size() - 1;
    EXPECT_EQ(Decode(packet, {.captured = captured}).verdict, Verdict::kOk);
  }
}

const DecodeHow kAuto{.checksums = Checksums::kAuto};

TEST(Checksums, LeftToTheCardAreCountedAndAccepted) {
  for (PacketBuilder& packet : EveryTransport()) {
    const Decoded zero = Decode(packet.TransportSum(Sum::kZero), kAuto);
    EXPECT_EQ(zero.verdict, Verdict::kOk);
    // In UDP a zero says that there is none, which is the sender's right.
    EXPECT_EQ(zero.offloaded, zero.packet.tuple.protocol == kUdp ? 0u : 1u);
    if (zero.packet.tuple.protocol == kIcmp) continue;
    const Decoded pseudo = Decode(packet.TransportSum(Sum::kPseudoHeader), kAuto);
    EXPECT_EQ(pseudo.verdict, Verdict::kOk);
    EXPECT_EQ(pseudo.offloaded, 1u);
  }
}

TEST(Checksums, ZeroInTheIpv4HeaderIsLeftToTheCard) {
  const PacketBuilder packet = Tcp("10.0.0.1:1", "10.0.0.2:2").IpSum(Sum::kZero);
  EXPECT_EQ(Decode(packet, kAuto).verdict, Verdict::kOk);
  EXPECT_EQ(Decode(packet).verdict, Verdict::kBadIpChecksum);
}

// A forger would know how to make them.
TEST(Checksums, LeftToTheCardAreRefusedWhereAllAreVerified) {
  for (PacketBuilder& packet : EveryTransport()) {
    if (Decode(packet).packet.tuple.protocol == kIcmp) continue;
    EXPECT_NE(Decode(packet.TransportSum(Sum::kPseudoHeader)).verdict, Verdict::kOk);
  }
}

TEST(Checksums, CoverIpv4Options) {
  PacketBuilder packet = Tcp("10.0.0.1:1", "10.0.0.2:2").IpOptions(std::string(40, '\1'));
  EXPECT_EQ(Decode(packet).verdict, Verdict::kOk);
  EXPECT_EQ(Decode(packet.IpSum(Sum::kBad)).verdict, Verdict::kBadIpChecksum);
}

TEST(Checksums, BehindARoutingHeaderCannotBeTold) {
  PacketBuilder packet = Tcp("[fd00::1]:1", "[fd00::2]:2").TransportSum(Sum::kBad);
  packet.Extension(43, std::string("\0\1", 2) + std::string(20, '\0'));
  EXPECT_EQ(Decode(packet).verdict, Verdict::kOk);
}

TEST(Checksums, LeaveBytesBehindTheUdpLengthOut) {
  const PacketBuilder exact = Udp("10.0.0.1:1", "10.0.0.2:2").Data("abc");
  FrameBytes segment = exact.Datagram();
  segment.erase(segment.begin(), segment.begin() + 20);
  segment.insert(segment.end(), {9, 9, 9});
  const Decoded decoded = Decode(PacketBuilder("10.0.0.1", "10.0.0.2", kUdp).Data(segment));
  EXPECT_EQ(decoded.verdict, Verdict::kOk);
  EXPECT_EQ(decoded.payload, "abc");
}

}  // namespace
}  // namespace dfc
