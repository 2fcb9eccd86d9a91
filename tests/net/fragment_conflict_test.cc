// Copies of a byte that differ between fragments: which of them lost, and where in the payload.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "decoded.h"
#include "fragment_script.h"

namespace dfc {
namespace {

const std::string kText = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
const std::string kUpset = std::string(kText.size(), '#');

PacketBuilder Good() { return Udp("10.0.0.1:1", "10.0.0.2:2").Data(kText); }
PacketBuilder Evil() { return Udp("10.0.0.1:1", "10.0.0.2:2").Data(kUpset); }

// An IP packet within another one.
PacketBuilder Carry(const FrameBytes& packet) {
  return PacketBuilder("192.0.2.1", "192.0.2.2", kIpv4InIp).Data(packet);
}

// "5 lost, 8:xyz": how many bytes in all, and those that were kept with their places.
std::string TextOf(const FragmentConflict* conflict) {
  if (conflict == nullptr) return "none";
  std::string text = fmt::format("{} lost", conflict->bytes);
  conflict->ForEachRun([&](uint32_t at, ByteSpan bytes) {
    text += fmt::format(", {}:{}", at, std::string_view(AsChars(bytes.data()), bytes.size()));
  });
  return text;
}

class FragmentConflictTest : public testing::Test {
 protected:
  void Use(HostPolicy policy) {
    DecodeOptions options{.checksums = Checksums::kVerify, .fragment_datagrams_max = 16};
    ASSERT_TRUE(options.host_policies.Add(HostPolicyName(policy)).ok());
    decoder_ = std::make_unique<Decoder>(options);
  }
  void SetUp() override { Use(HostPolicy::kLinux); }

  Verdict Add(const FrameBytes& frame) {
    frame_ = frame;
    return decoder_->Decode({1, frame_, static_cast<uint32_t>(frame_.size())}, packet_);
  }
  // Bytes [at, at + bytes) of the IP payload.
  Verdict Add(const PacketBuilder& packet, size_t at, size_t bytes) {
    return Add(packet.Fragment(at, bytes));
  }
  std::string Payload() const { return {AsChars(packet_.payload), packet_.payload_bytes}; }
  std::string Conflict() const { return TextOf(packet_.conflict); }

  std::unique_ptr<Decoder> decoder_;
  FrameBytes frame_;
  Packet packet_{};
};

TEST_F(FragmentConflictTest, CopiesThatAgreeAreNone) {
  Add(Good(), 0, 40);
  EXPECT_EQ(Add(Good(), 8, 16), Verdict::kFragmentDuplicate);
  EXPECT_EQ(Add(Good(), 40, 100), Verdict::kOk);
  EXPECT_EQ(Conflict(), "none");
}

TEST_F(FragmentConflictTest, ByTheRulesOfLinuxTheRepeatedCopyLoses) {
  Add(Good(), 0, 40);
  EXPECT_EQ(Add(Evil(), 16, 8), Verdict::kFragmentDuplicate);
  EXPECT_EQ(Add(Good(), 40, 100), Verdict::kOk);
  EXPECT_EQ(Payload(), kText);
  EXPECT_EQ(Conflict(), "8 lost, 8:########");
}

TEST_F(FragmentConflictTest, TheOlderCopyLosesWhereTheNewerOneCounts) {
  Use(HostPolicy::kLast);
  Add(Evil(), 16, 16);
  Add(Good(), 0, 24);
  Add(Good(), 24, 100);
  EXPECT_EQ(Payload(), kText);
  EXPECT_EQ(Conflict(), "16 lost, 8:########, 16:########");
}

TEST_F(FragmentConflictTest, OfAFragmentThatCrossesSomeBytesMayWinAndSomeLose) {
  Use(HostPolicy::kBsd);  // What begins first wins.
  std::string other = kText;
  std::fill_n(other.begin() + 8, 8, '+');
  Add(Good(), 0, 24);
  Add(Evil(), 32, 8);
  Add(Udp("10.0.0.1:1", "10.0.0.2:2").Data(other), 16, 32);
  EXPECT_EQ(Add(Good(), 48, 100), Verdict::kOk);
  EXPECT_EQ(Payload(), kText);
  EXPECT_EQ(Conflict(), "16 lost, 8:++++++++, 24:########");
}

TEST_F(FragmentConflictTest, ReachesFromTheFirstToTheLastByteThatDiffers) {
  std::string other = kText;
  other[9] = other[13] = '#';
  Add(Good(), 0, 40);
  Add(Udp("10.0.0.1:1", "10.0.0.2:2").Data(other), 16, 16);
  Add(Good(), 40, 100);
  EXPECT_EQ(Conflict(), "5 lost, 9:#klm#");
}

TEST_F(FragmentConflictTest, BytesOfTheTransportHeaderAreCountedAlone) {
  Add(Good(), 0, 40);
  EXPECT_EQ(Add(Udp("10.0.0.1:1", "10.0.0.2:777").Data(kText), 0, 8), Verdict::kFragmentDuplicate);
  Add(Good(), 40, 100);
  EXPECT_EQ(packet_.tuple.destination_port, 2);
  EXPECT_EQ(Conflict(), "6 lost");  // From the port's first byte to the checksum's last one.
}

TEST_F(FragmentConflictTest, ARunThatBeginsInTheHeaderIsKeptFromThePayloadOn) {
  Add(Good(), 0, 40);
  Add(Udp("10.0.0.1:9", "10.0.0.2:2").Data(kUpset), 0, 16);
  Add(Good(), 40, 100);
  EXPECT_EQ(Conflict(), "15 lost, 0:########");
}

TEST_F(FragmentConflictTest, IsForgottenWithItsDatagram) {
  Add(Good(), 0, 40);
  Add(Evil(), 16, 8);
  EXPECT_EQ(Add(Good(), 32, 16), Verdict::kFragmentOverlap);
  Add(Good(), 0, 40);
  EXPECT_EQ(Add(Good(), 40, 100), Verdict::kOk);
  EXPECT_EQ(Conflict(), "none");
  Add(Good(), 0, 40);
  Add(Evil(), 16, 8);
  Add(Good(), 40, 100);
  EXPECT_EQ(Conflict(), "8 lost, 8:########");
  EXPECT_EQ(Add(Good().Bytes()), Verdict::kOk);
  EXPECT_EQ(Conflict(), "none");
}

TEST_F(FragmentConflictTest, OfIpv6IsToldAsWell) {
  const PacketBuilder good = Udp("[fd00::1]:1", "[fd00::2]:2").Data(kText);
  PacketBuilder evil = Udp("[fd00::1]:1", "[fd00::2]:2").Data(kUpset);
  Add(good, 0, 40);
  Add(evil, 16, 8);
  EXPECT_EQ(Add(good, 40, 100), Verdict::kOk);
  EXPECT_EQ(Conflict(), "8 lost, 8:########");
}

TEST_F(FragmentConflictTest, OfWhatCarriedAPacketConcernsThatPacket) {
  const PacketBuilder good = Carry(Good().Datagram());
  Add(good, 0, 48);
  Add(Carry(Evil().Datagram()), 32, 8);  // 20 bytes of IP and 8 of UDP lie before the text.
  EXPECT_EQ(Add(good, 48, 100), Verdict::kOk);
  EXPECT_EQ(Payload(), kText);
  EXPECT_EQ(Conflict(), "8 lost, 4:########");
}

TEST_F(FragmentConflictTest, OfFragmentsInFragmentsIsCounted) {
  const auto datagram = [](const FrameBytes& frame) {
    return FrameBytes(frame.begin() + 14, frame.end());
  };
  const PacketBuilder outer = Carry(datagram(Good().Fragment(0, 40)));
  Add(outer, 0, 48);
  FrameBytes other = datagram(Good().Fragment(0, 40));
  other[45] ^= 0xFF;
  Add(Carry(other), 40, 8);
  EXPECT_EQ(Add(outer, 48, 100), Verdict::kFragmentHeld);
  EXPECT_EQ(Add(Good(), 40, 100), Verdict::kOk);
  EXPECT_EQ(Payload(), kText);
  EXPECT_EQ(Conflict(), "1 lost");
}

// Bounds.

TEST_F(FragmentConflictTest, IsKeptUpTo4KiBAndCountedPastThat) {
  const PacketBuilder good = Udp("10.0.0.1:1", "10.0.0.2:2").Data(std::string(9'000, '.'));
  const PacketBuilder evil = Udp("10.0.0.1:1", "10.0.0.2:2").Data(std::string(9'000, '#'));
  Add(good, 0, 8'000);
  Add(evil, 8, 3'000);
  Add(evil, 3'200, 3'000);
  EXPECT_EQ(Add(good, 8'000, 9'000), Verdict::kOk);
  EXPECT_EQ(packet_.conflict->bytes, 6'000u);
  EXPECT_EQ(packet_.conflict->kept_bytes, FragmentConflict::kBytesMax);
  EXPECT_EQ(packet_.conflict->runs[1].at, 3'192u);
  EXPECT_EQ(packet_.conflict->runs[1].bytes, 1'096u);
}

TEST_F(FragmentConflictTest, IsKeptIn16RunsAndCountedPastThat) {
  Add(Good(), 0, 40);
  for (int n = 0; n < 20; ++n) Add(Evil(), 16, 8);
  Add(Good(), 40, 100);
  EXPECT_EQ(packet_.conflict->bytes, 160u);
  EXPECT_EQ(packet_.conflict->run_count, FragmentConflict::kRunsMax);
}

TEST_F(FragmentConflictTest, OfALargeOlderCopyItsBeginningIsKept) {
  Use(HostPolicy::kLast);
  const PacketBuilder good = Udp("10.0.0.1:1", "10.0.0.2:2").Data(std::string(20'000, '.'));
  Add(Udp("10.0.0.1:1", "10.0.0.2:2").Data(std::string(20'000, '#')), 8, 19'000);
  Add(good, 0, 19'200);
  EXPECT_EQ(Add(good, 19'200, 9'000), Verdict::kOk);
  EXPECT_EQ(packet_.conflict->bytes, 19'000u);
  EXPECT_EQ(packet_.conflict->kept_bytes, FragmentConflict::kBytesMax);
  EXPECT_EQ(packet_.conflict->kept.back(), '#');
}

// Against a slow, obvious account: one letter for each 8 bytes of a datagram.

class FragmentConflictModel : public testing::TestWithParam<HostPolicy> {};

// The bytes that lose are counted one by one; by these policies it is always the newer, or the
// older copy.
TEST_P(FragmentConflictModel, CountsEveryByteThatLoses) {
  DecodeOptions options{.fragment_datagrams_max = 4};
  ASSERT_TRUE(options.host_policies.Add(HostPolicyName(GetParam())).ok());
  std::mt19937_64 random(7);
  int conflicts = 0;
  for (int round = 0; round < 2'000; ++round) {
    FragmentTable table(options);
    constexpr uint32_t kBlocks = 12;
    std::string have(kBlocks, ' ');
    uint64_t lost = 0;
    Verdict verdict = Verdict::kFragmentHeld;
    IpDatagram datagram;
    while (verdict == Verdict::kFragmentHeld || verdict == Verdict::kFragmentDuplicate) {
      const auto begin = static_cast<uint32_t>(random() % kBlocks);
      const auto end = begin + 1 + static_cast<uint32_t>(random() % (kBlocks - begin));
      const auto letter = static_cast<char>('a' + random() % 3);
      const std::string bytes(size_t{8} * (end - begin), letter);
      for (uint32_t at = begin; at < end; ++at) {
        lost += have[at] != ' ' && have[at] != letter ? 8 : 0;
        if (have[at] == ' ' || GetParam() == HostPolicy::kLast) have[at] = letter;
      }
      datagram = FragmentOf(bytes, 8 * begin, end < kBlocks);
      verdict = table.Add(1, datagram);
    }
    ASSERT_EQ(verdict, Verdict::kOk);
    for (uint32_t at = 0; at < kBlocks; ++at) EXPECT_EQ(datagram.payload[8 * at], have[at]);
    EXPECT_EQ(datagram.conflict_bytes, lost);
    EXPECT_EQ(table.lost().bytes, lost);
    conflicts += lost > 0;
    uint32_t kept = 0;
    table.lost().ForEachRun([&](uint32_t at, ByteSpan run) {
      EXPECT_LE(at + run.size(), datagram.payload.size());
      kept += static_cast<uint32_t>(run.size());
    });
    EXPECT_EQ(kept, table.lost().kept_bytes);
    if (table.lost().run_count < FragmentConflict::kRunsMax) {
      EXPECT_EQ(kept, lost);
    }
    EXPECT_EQ(table.blocks_now(), 0u);
  }
  EXPECT_GT(conflicts, 1'000);
}

INSTANTIATE_TEST_SUITE_P(Policies, FragmentConflictModel,
                         testing::Values(HostPolicy::kFirst, HostPolicy::kLast),
                         [](const auto& policy) { return HostPolicyName(policy.param); });

}  // namespace
}  // namespace dfc
