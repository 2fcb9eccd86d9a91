// Whose bad checksums are overlooked, and whose are refused.
#include <gtest/gtest.h>

#include "decoded.h"

namespace dfc {
namespace {

PacketBuilder Good(const char* from = "10.0.0.1:1") { return Tcp(from, "10.0.0.2:2").Data("x"); }
PacketBuilder Bad(const char* from = "10.0.0.1:1") { return Good(from).TransportSum(Sum::kBad); }

class ChecksumTrustTest : public testing::Test {
 protected:
  // Looks at these ahead of time: `bad` frames and `good` ones.
  void LookAt(size_t bad, size_t good = 0) {
    const FrameBytes bad_bytes = Bad().Bytes();
    const FrameBytes good_bytes = Good().Bytes();
    std::vector<Frame> frames(bad, FrameOf(bad_bytes));
    frames.resize(bad + good, FrameOf(good_bytes));
    decoder_.LearnChecksums(frames);
  }
  Verdict Take(const PacketBuilder& packet) {
    Packet decoded{};
    const FrameBytes bytes = packet.Bytes();
    return decoder_.Decode(FrameOf(bytes), decoded);
  }

  static Frame FrameOf(const FrameBytes& bytes) {
    return {1, bytes, static_cast<uint32_t>(bytes.size())};
  }

  Decoder decoder_{{.checksums = Checksums::kAuto, .fragment_datagrams_max = 4}};
};

TEST_F(ChecksumTrustTest, AHostThatHasSentAGoodOneIsHeldToIt) {
  EXPECT_EQ(Take(Good()), Verdict::kOk);
  EXPECT_EQ(Take(Bad()), Verdict::kBadTcpChecksum);
}

TEST_F(ChecksumTrustTest, AHostThatNeverSentAGoodOneIsOverlookedAndCounted) {
  EXPECT_EQ(Take(Bad()), Verdict::kOk);
  EXPECT_EQ(decoder_.checksums_offloaded(), 1u);
}

TEST_F(ChecksumTrustTest, EachHostStandsForItself) {
  EXPECT_EQ(Take(Good("10.0.0.1:1")), Verdict::kOk);
  EXPECT_EQ(Take(Bad("10.0.0.3:1")), Verdict::kOk);
  EXPECT_EQ(Take(Bad("10.0.0.1:1")), Verdict::kBadTcpChecksum);
}

TEST_F(ChecksumTrustTest, EachProtocolStandsForItself) {
  EXPECT_EQ(Take(Good()), Verdict::kOk);
  const PacketBuilder udp = Udp("10.0.0.1:1", "10.0.0.2:2").TransportSum(Sum::kBad);
  EXPECT_EQ(Take(udp), Verdict::kOk);
}

TEST_F(ChecksumTrustTest, AGoodOneSeenAheadCounts) {
  LookAt(1, 1);
  EXPECT_EQ(Take(Bad()), Verdict::kBadTcpChecksum);
}

TEST_F(ChecksumTrustTest, ALoneBadOneAheadStaysWhatItIs) {
  LookAt(1);
  EXPECT_EQ(Take(Bad()), Verdict::kBadTcpChecksum);
}

TEST_F(ChecksumTrustTest, ThreeBadOnesAheadAreOverlooked) {
  LookAt(3);
  EXPECT_EQ(Take(Bad()), Verdict::kOk);
}

TEST_F(ChecksumTrustTest, MoreThanThreeBadOnesAheadAreOverlookedFromTheFirst) {
  LookAt(10);
  for (int n = 0; n < 10; ++n) ASSERT_EQ(Take(Bad()), Verdict::kOk) << n;
}

TEST_F(ChecksumTrustTest, WhereMoreThanATenthAreBadNothingIsVerified) {
  LookAt(20, 179);
  EXPECT_EQ(Take(Bad()), Verdict::kOk);
}

TEST_F(ChecksumTrustTest, ATenthIsNotEnough) {
  LookAt(20, 180);
  EXPECT_EQ(Take(Bad()), Verdict::kBadTcpChecksum);
}

TEST_F(ChecksumTrustTest, FewerThanTwentyAreNotEnough) {
  LookAt(19, 1);
  EXPECT_EQ(Take(Bad()), Verdict::kBadTcpChecksum);
}

TEST_F(ChecksumTrustTest, TheNextInputIsJudgedByItself) {
  LookAt(20, 100);
  LookAt(0, 100);
  EXPECT_EQ(Take(Bad()), Verdict::kBadTcpChecksum);
}

TEST_F(ChecksumTrustTest, LookingAheadHoldsNoFragment) {
  const FrameBytes first = Good().Fragment(0, 16);
  const FrameBytes last = Good().Fragment(16, 8);
  const Frame ahead = FrameOf(first);
  decoder_.LearnChecksums({&ahead, 1});
  Packet packet{};
  EXPECT_EQ(decoder_.Decode(FrameOf(last), packet), Verdict::kFragmentHeld);
}

TEST_F(ChecksumTrustTest, HoldsForTheIpv4HeaderToo) {
  EXPECT_EQ(Take(Good().IpSum(Sum::kBad)), Verdict::kOk);
  EXPECT_EQ(Take(Good()), Verdict::kOk);
  EXPECT_EQ(Take(Good().IpSum(Sum::kBad)), Verdict::kBadIpChecksum);
}

TEST(Checksums, VerifyTrustsNobody) {
  EXPECT_EQ(Decode(Bad(), {.checksums = Checksums::kVerify}).verdict, Verdict::kBadTcpChecksum);
}

}  // namespace
}  // namespace dfc
