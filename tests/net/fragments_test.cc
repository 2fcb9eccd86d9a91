// Fragments through the decoder, by the rules of the Linux kernel.
#include "fragments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "decoded.h"
#include "dfc/time.h"

namespace dfc {
namespace {

const std::string kText = "The quick brown fox jumps over the lazy dog, again and again.....";

PacketBuilder V4() { return Udp("10.0.0.1:1", "10.0.0.2:2").Data(kText); }
PacketBuilder V6() { return Udp("[fd00::1]:1", "[fd00::2]:2").Data(kText); }

class FragmentsTest : public testing::Test {
 protected:
  Verdict Add(const FrameBytes& frame, int64_t t_ns = 0) {
    const GuardedBytes guarded(frame);
    const Verdict verdict =
        decoder_.Decode({t_ns, guarded.span(), static_cast<uint32_t>(frame.size())}, packet_);
    if (verdict == Verdict::kOk) {
      payload_.assign(AsChars(packet_.payload), packet_.payload_bytes);
    }
    return verdict;
  }
  // Bytes [at, at + bytes) of the IP payload: 8 bytes of UDP header and 65 of text.
  Verdict Add(const PacketBuilder& packet, size_t at, size_t bytes) {
    return Add(packet.Fragment(at, bytes));
  }
  void ExpectHeld(const PacketBuilder& packet, size_t at, size_t bytes) {
    EXPECT_EQ(Add(packet, at, bytes), Verdict::kFragmentHeld) << "at " << at;
  }
  // The whole datagram anew, in pieces of 24 bytes.
  Verdict AddAll(const PacketBuilder& packet) {
    Verdict verdict = Verdict::kOk;
    for (size_t at = 0; at < packet.PayloadBytes(); at += 24) verdict = Add(packet, at, 24);
    return verdict;
  }

  Decoder decoder_{{.checksums = Checksums::kVerify, .fragment_datagrams_max = 4}};
  Packet packet_{};
  std::string payload_;
};

TEST_F(FragmentsTest, InOrder) {
  for (const PacketBuilder& packet : {V4(), V6()}) {
    EXPECT_EQ(AddAll(packet), Verdict::kOk);
    EXPECT_EQ(payload_, kText);
    EXPECT_TRUE(packet_.fragmented);
    EXPECT_EQ(packet_.tuple.source_port, 1);
  }
}

TEST_F(FragmentsTest, InReverseOrder) {
  for (const PacketBuilder& packet : {V4(), V6()}) {
    for (size_t at = 72; at > 0; at -= 8) ExpectHeld(packet, at, 8);
    EXPECT_EQ(Add(packet, 0, 8), Verdict::kOk);
    EXPECT_EQ(payload_, kText);
  }
}

TEST_F(FragmentsTest, InAnyOrder) {
  std::mt19937_64 random(1);
  std::vector<size_t> places = {0, 8, 16, 24, 32, 40, 48, 56, 64, 72};
  for (int n = 0; n < 200; ++n) {
    std::shuffle(places.begin(), places.end(), random);
    for (size_t i = 0; i + 1 < places.size(); ++i) ExpectHeld(V4(), places[i], 8);
    EXPECT_EQ(Add(V4(), places.back(), 8), Verdict::kOk);
    EXPECT_EQ(payload_, kText);
  }
}

TEST_F(FragmentsTest, TellTheLengthOfTheWhole) {
  AddAll(V4());
  EXPECT_EQ(packet_.ip_bytes, 20u + 8 + kText.size());
  AddAll(V6());
  EXPECT_EQ(packet_.ip_bytes, 40u + 8 + kText.size());
}

TEST_F(FragmentsTest, DuplicateIsIgnored) {
  ExpectHeld(V4(), 0, 24);
  ExpectHeld(V4(), 0, 24);
  ExpectHeld(V4(), 24, 24);
  ExpectHeld(V4(), 24, 24);
  EXPECT_EQ(Add(V4(), 48, 48), Verdict::kOk);
  EXPECT_EQ(payload_, kText);
}

TEST_F(FragmentsTest, ContainedIsIgnoredAndTheFirstCopyWins) {
  ExpectHeld(V4(), 0, 48);
  ExpectHeld(V4().Data(std::string(65, 'x')), 8, 16);
  EXPECT_EQ(Add(V4(), 48, 48), Verdict::kOk);
  EXPECT_EQ(payload_, kText);
}

TEST_F(FragmentsTest, CrossingDropsTheDatagramAndACleanResendWorks) {
  for (const PacketBuilder& packet : {V4(), V6()}) {
    ExpectHeld(packet, 16, 16);
    EXPECT_EQ(Add(packet, 8, 16), Verdict::kFragmentOverlap);
    EXPECT_EQ(AddAll(packet), Verdict::kOk);
    EXPECT_EQ(payload_, kText);
  }
}

TEST_F(FragmentsTest, CoveringDropsTheDatagram) {
  ExpectHeld(V4(), 16, 8);
  EXPECT_EQ(Add(V4(), 8, 24), Verdict::kFragmentOverlap);
}

TEST_F(FragmentsTest, CrossingBehindDropsTheDatagram) {
  ExpectHeld(V4(), 0, 24);
  EXPECT_EQ(Add(V4(), 16, 16), Verdict::kFragmentOverlap);
}

TEST_F(FragmentsTest, BytesBeyondTheEndDropTheDatagram) {
  ExpectHeld(V4(), 72, 8);
  EXPECT_EQ(Add(V4().Data(std::string(100, 'x')).Fragment(80, 8)), Verdict::kFragmentBeyond);
  EXPECT_EQ(AddAll(V4()), Verdict::kOk);
}

TEST_F(FragmentsTest, AnotherEndDropsTheDatagram) {
  ExpectHeld(V4(), 72, 8);
  EXPECT_EQ(Add(V4().Fragment(48, 8, false)), Verdict::kFragmentBeyond);
}

TEST_F(FragmentsTest, AnEndBeforeWhatIsHereDropsTheDatagram) {
  ExpectHeld(V4(), 48, 8);
  EXPECT_EQ(Add(V4().Fragment(8, 8, false)), Verdict::kFragmentBeyond);
}

TEST_F(FragmentsTest, PingOfDeathIsRefused) {
  const PacketBuilder huge = Icmp("10.0.0.1", "10.0.0.2").Data(std::string(66'000, 'x'));
  EXPECT_EQ(Add(huge.Fragment(65'528, 1'000, false)), Verdict::kFragmentBeyond);
  EXPECT_EQ(Add(huge.Fragment(65'528, 8, false)), Verdict::kFragmentBeyond);
}

TEST_F(FragmentsTest, TheLargestDatagramFits) {
  const PacketBuilder large = Udp("10.0.0.1:1", "10.0.0.2:2").Data(std::string(65'507, 'x'));
  for (size_t at = 0; at < 65'515; at += 1'480) Add(large, at, 1'480);
  EXPECT_EQ(payload_.size(), 65'507u);
}

TEST_F(FragmentsTest, TheSameIdentificationServesAgain) {
  EXPECT_EQ(AddAll(V4()), Verdict::kOk);
  EXPECT_EQ(AddAll(V4().Data(std::string(70, 'y'))), Verdict::kOk);
  EXPECT_EQ(payload_, std::string(70, 'y'));
}

TEST_F(FragmentsTest, IdentificationsAndHostsAreKeptApart) {
  const PacketBuilder others[] = {V4().Id(2), Udp("10.0.0.3:1", "10.0.0.2:2").Data(kText),
                                  Icmp("10.0.0.1", "10.0.0.2").Data(kText)};
  ExpectHeld(V4(), 0, 48);
  for (const PacketBuilder& other : others) ExpectHeld(other, 48, 48);
  EXPECT_EQ(Add(V4(), 48, 48), Verdict::kOk);
  for (const PacketBuilder& other : others) EXPECT_EQ(Add(other, 0, 48), Verdict::kOk);
}

TEST_F(FragmentsTest, TheRestMustComeWithin30Seconds) {
  EXPECT_EQ(Add(V4().Fragment(0, 48), 1), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(V4().Fragment(48, 48), 30 * kNsPerSecond + 1), Verdict::kOk);
  EXPECT_EQ(Add(V4().Fragment(0, 48), 1), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(V4().Fragment(48, 48), 60 * kNsPerSecond + 2), Verdict::kFragmentHeld);
  EXPECT_EQ(decoder_.fragments_abandoned(), 1u);
}

TEST_F(FragmentsTest, TheOldestDatagramMakesRoom) {
  for (uint32_t id = 1; id <= 5; ++id) {
    EXPECT_EQ(Add(V4().Id(id).Fragment(0, 48), id), Verdict::kFragmentHeld);
  }
  EXPECT_EQ(decoder_.fragments_abandoned(), 1u);
  for (uint32_t id = 2; id <= 5; ++id) {
    EXPECT_EQ(Add(V4().Id(id).Fragment(48, 48), 6), Verdict::kOk) << id;
  }
  EXPECT_EQ(Add(V4().Id(1).Fragment(48, 48), 6), Verdict::kFragmentHeld);
}

TEST_F(FragmentsTest, Ipv6ExtensionsMayStandOnBothSides) {
  PacketBuilder packet = V6();
  packet.Extension(0, std::string(6, '\0')).InnerExtension(60, std::string(14, '\0'));
  EXPECT_EQ(AddAll(packet), Verdict::kOk);
  EXPECT_EQ(payload_, kText);
}

TEST_F(FragmentsTest, AnAtomicFragmentIsAWholeDatagram) {
  ExpectHeld(V6(), 0, 24);
  EXPECT_EQ(Add(V6().Fragment(0, 1'000)), Verdict::kOk);  // RFC 6946: apart from the others.
  EXPECT_EQ(payload_, kText);
  EXPECT_FALSE(packet_.fragmented);
  EXPECT_EQ(Add(V6(), 24, 1'000), Verdict::kOk);
}

TEST_F(FragmentsTest, AFragmentWithinAFragmentIsRefused) {
  PacketBuilder packet = V6();
  packet.InnerExtension(44, std::string("\0\1\0\0\0\7", 6));
  ExpectHeld(packet, 0, 16);
  EXPECT_EQ(Add(packet, 16, 1'000), Verdict::kTooManyHeaders);
}

TEST_F(FragmentsTest, AnOddMiddlePieceIsCutInIpv4AndRefusedInIpv6) {
  EXPECT_EQ(Add(V4().Fragment(0, 20, true)), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(V4(), 16, 1'000), Verdict::kOk);
  EXPECT_EQ(payload_, kText);
  EXPECT_EQ(Add(V6().Fragment(0, 20, true)), Verdict::kBadIpLength);
}

TEST_F(FragmentsTest, WhatIsPutTogetherIsVerified) {
  EXPECT_EQ(AddAll(V4().TransportSum(Sum::kBad)), Verdict::kBadUdpChecksum);
}

}  // namespace
}  // namespace dfc
