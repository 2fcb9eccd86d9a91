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
  void ExpectRepeated(const PacketBuilder& packet, size_t at, size_t bytes) {
    EXPECT_EQ(Add(packet, at, bytes), Verdict::kFragmentDuplicate) << "at " << at;
  }
  // The whole datagram anew, in pieces of 24 bytes.
  Verdict AddAll(const PacketBuilder& packet) {
    Verdict verdict = Verdict::kOk;
    for (size_t at = 0; at < packet.PayloadBytes(); at += 24) verdict = Add(packet, at, 24);
    return verdict;
  }

  Decoder decoder_{{.checksums = Checksums::kVerify, .fragment_datagrams_max = 16}};
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
  ExpectRepeated(V4(), 0, 24);
  ExpectHeld(V4(), 24, 24);
  ExpectRepeated(V4(), 24, 24);
  EXPECT_EQ(Add(V4(), 48, 48), Verdict::kOk);
  EXPECT_EQ(payload_, kText);
  EXPECT_EQ(decoder_.fragments().conflicts, 0u);
}

TEST_F(FragmentsTest, ContainedIsIgnoredAndTheFirstCopyWins) {
  ExpectHeld(V4(), 0, 48);
  ExpectRepeated(V4().Data(std::string(65, 'x')), 8, 16);
  EXPECT_EQ(Add(V4(), 48, 48), Verdict::kOk);
  EXPECT_EQ(payload_, kText);
  EXPECT_EQ(decoder_.fragments().conflicts, 1u);
}

TEST_F(FragmentsTest, ARepeatOfTwoNeighboursThatCameInReverseIsAnOverlap) {
  for (const PacketBuilder& packet : {V4(), V6()}) {
    ExpectHeld(packet, 8, 8);
    ExpectHeld(packet, 0, 8);
    EXPECT_EQ(Add(packet, 0, 16), Verdict::kFragmentOverlap);
    ExpectHeld(packet, 0, 8);
    ExpectHeld(packet, 8, 8);
    ExpectRepeated(packet, 0, 16);
    EXPECT_EQ(Add(packet, 16, 100), Verdict::kOk);
  }
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

TEST_F(FragmentsTest, AnEndThatRepeatsBytesIsNoticedAtTheNextFragment) {
  ExpectHeld(V4(), 8, 64);
  EXPECT_EQ(Add(V4().Data(kText.substr(0, 64)).Fragment(8, 64, false)),
            Verdict::kFragmentDuplicate);
  EXPECT_EQ(Add(V4(), 0, 8), Verdict::kBadUdpLength);  // Whole, 72 bytes; UDP says 73.
}

TEST_F(FragmentsTest, PingOfDeathNeverBecomesWhole) {
  const PacketBuilder huge = Icmp("10.0.0.1", "10.0.0.2").Data(std::string(66'000, 'x'));
  EXPECT_EQ(Add(huge.Fragment(65'528, 400, false)), Verdict::kFragmentHeld);
  for (size_t at = 32'000; at < 65'528; at += 8'000) {
    EXPECT_EQ(Add(huge.Fragment(at, std::min<size_t>(8'000, 65'528 - at), true)),
              Verdict::kFragmentHeld);
  }
  EXPECT_EQ(Add(huge.Fragment(0, 32'000, true)), Verdict::kFragmentBeyond);
  EXPECT_EQ(decoder_.fragments().dropped, 1u);
}

TEST_F(FragmentsTest, AnIpv6FragmentPastTheLargestDatagramIsRefusedAlone) {
  const PacketBuilder huge = Icmp("fd00::1", "fd00::2").Data(std::string(66'000, 'x'));
  ExpectHeld(huge, 0, 16);
  EXPECT_EQ(Add(huge.Fragment(65'528, 8, false)), Verdict::kFragmentBeyond);
  EXPECT_EQ(decoder_.fragments().dropped, 0u);
}

TEST_F(FragmentsTest, TheHeaderOfTheFirstCountsForTheLargestDatagram) {
  PacketBuilder large = Udp("10.0.0.1:1", "10.0.0.2:2").Data(std::string(65'507, 'x'));
  for (size_t at = 32'000; at < 65'515; at += 8'000) Add(large, at, 8'000);
  large.IpOptions(std::string(4, '\1'));
  EXPECT_EQ(Add(large, 0, 32'000), Verdict::kFragmentBeyond);
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

TEST_F(FragmentsTest, TheRestMustComeWithin30SecondsOr60InIpv6) {
  const std::pair<PacketBuilder, int64_t> patience[] = {{V4(), 30 * kNsPerSecond},
                                                        {V6(), 60 * kNsPerSecond}};
  int64_t t_ns = 1;
  for (const auto& [packet, most_ns] : patience) {
    EXPECT_EQ(Add(packet.Fragment(0, 48), t_ns), Verdict::kFragmentHeld);
    EXPECT_EQ(Add(packet.Fragment(48, 48), t_ns + most_ns), Verdict::kOk);
    t_ns += most_ns;
    EXPECT_EQ(Add(packet.Fragment(0, 48), t_ns), Verdict::kFragmentHeld);
    EXPECT_EQ(Add(packet.Fragment(48, 48), t_ns + most_ns + 1), Verdict::kFragmentHeld);
    t_ns += 3 * most_ns;
  }
  EXPECT_EQ(decoder_.fragments().timed_out, 3u);
}

TEST_F(FragmentsTest, AFragmentWithoutBytesDropsTheDatagram) {
  for (const PacketBuilder& packet : {V4(), V6()}) {
    ExpectHeld(packet, 0, 24);
    EXPECT_EQ(Add(packet.Fragment(24, 0, true)), Verdict::kBadIpLength);
    ExpectHeld(packet, 24, 100);
    EXPECT_EQ(Add(packet, 0, 24), Verdict::kOk);
  }
}

TEST_F(FragmentsTest, AFragmentHasALength) {
  for (const PacketBuilder& packet : {V4(), V6()}) {
    EXPECT_EQ(Add(PacketBuilder(packet).IpLength(0), 0, 24), Verdict::kBadIpLength);
    EXPECT_EQ(Add(PacketBuilder(packet).IpLength(0), 24, 100), Verdict::kBadIpLength);
    EXPECT_EQ(Add(PacketBuilder(packet).IpLength(0).Bytes()), Verdict::kOk);
  }
}

TEST_F(FragmentsTest, AnIpv6FirstFragmentHasItsTransportHeader) {
  const PacketBuilder tcp = Tcp("[fd00::1]:1", "[fd00::2]:2").Data(kText);
  EXPECT_EQ(Add(tcp, 0, 16), Verdict::kFragmentTiny);
  ExpectHeld(tcp, 0, 24);
  EXPECT_EQ(Add(tcp, 24, 1'000), Verdict::kOk);
  const PacketBuilder tcp4 = Tcp("10.0.0.1:1", "10.0.0.2:2").Data(kText);
  ExpectHeld(tcp4, 0, 8);
  EXPECT_EQ(Add(tcp4, 8, 1'000), Verdict::kOk);
}

TEST_F(FragmentsTest, TheHeaderOfTheFirstIsThatOfTheWhole) {
  ExpectHeld(V4().Ttl(9).IpOptions(std::string(8, '\1')), 0, 24);
  EXPECT_EQ(Add(V4().Ttl(3), 24, 100), Verdict::kOk);
  EXPECT_EQ(packet_.ttl, 9);
  EXPECT_EQ(packet_.ip_bytes, 28u + 8 + kText.size());
}

TEST_F(FragmentsTest, FragmentsThatComeFarApartBeginAnew) {
  const auto others = [this](int count) {
    for (int n = 0; n < count; ++n) Add(V4().Id(2), 0, 8);
  };
  ExpectHeld(V4(), 0, 24);
  others(63);
  EXPECT_EQ(Add(V4(), 24, 100), Verdict::kOk);
  ExpectHeld(V4(), 0, 24);
  others(64);
  ExpectHeld(V4(), 24, 100);
  EXPECT_EQ(Add(V4(), 0, 24), Verdict::kOk);
  EXPECT_EQ(decoder_.fragments().restarted, 1u);
}

TEST_F(FragmentsTest, OtherReceiversDoNotCountForTheDistance) {
  const PacketBuilder other = Udp("10.0.0.1:1", "10.0.0.3:2").Data(kText);
  ExpectHeld(V4(), 0, 24);
  for (int n = 0; n < 100; ++n) Add(other, 0, 8);
  EXPECT_EQ(Add(V4(), 24, 100), Verdict::kOk);
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

TEST_F(FragmentsTest, AnAtomicFragmentWithinAFragmentIsRefused) {
  PacketBuilder packet = V6();
  packet.InnerExtension(44, std::string("\0\0\0\0\0\7", 6));
  ExpectHeld(packet, 0, 16);
  EXPECT_EQ(Add(packet, 16, 1'000), Verdict::kTooManyHeaders);
}

TEST_F(FragmentsTest, EveryDatagramIsCountedOnce) {
  std::mt19937_64 random(3);
  int64_t t_ns = 0;
  for (int n = 0; n < 5'000; ++n) {
    t_ns += random() % 50 == 0 ? 31 * kNsPerSecond : kNsPerMs;
    PacketBuilder packet = Udp(random() % 2 == 0 ? "10.0.0.1:1" : "10.0.0.3:1", "10.0.1.1:2");
    packet.Data(kText).Id(static_cast<uint32_t>(random() % 6));
    const size_t at = random() % 20 == 0 ? 8 : random() % 4 * 24;
    Add(packet.Fragment(at, 24), t_ns);
    const std::string stranger = "10.0.2." + std::to_string(random() % 200) + ":1";
    if (n % 4 == 0) Add(Udp(stranger, "10.0.1.1:2").Data(kText).Fragment(0, 24), t_ns);
  }
  const FragmentCounters of = decoder_.fragments();
  EXPECT_EQ(of.started,
            of.whole + of.dropped + of.timed_out + of.over_share + of.pushed_out + of.unfinished);
  for (const uint64_t count : {of.whole, of.dropped, of.timed_out, of.over_share, of.pushed_out}) {
    EXPECT_GT(count, 0u);
  }
}

TEST_F(FragmentsTest, WhatIsPutTogetherIsVerified) {
  EXPECT_EQ(AddAll(V4().TransportSum(Sum::kBad)), Verdict::kBadUdpChecksum);
}

}  // namespace
}  // namespace dfc
