#include <gtest/gtest.h>

#include "capture_bytes.h"

namespace dfc {
namespace {

constexpr uint32_t kUnknownBlock = 0x0BAD;

std::string TimeOffset(int64_t seconds) {
  return Option(14, Bytes().U64(static_cast<uint64_t>(seconds)).str());
}

// The message of the damage that ends a capture of one good frame and `bad`.
std::string DamageOf(const std::string& bad) {
  const Reading reading = Read(Section() + Interface() + PacketBlock(0, 1, "good") + bad);
  EXPECT_EQ(reading.Texts(), "good");
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss);
  return reading.message();
}

// The time of a packet of `ticks` on an interface with `options`.
int64_t TimeOf(const std::string& options, uint64_t ticks) {
  const Reading reading = Read(Section() + Interface(options) + PacketBlock(0, ticks, "a"));
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  return reading.frames.at(0).time_ns;
}

TEST(PcapngFile, ReadsBothOrders) {
  for (const Order order : {Order::kLittle, Order::kBig}) {
    const Reading reading = Read(Section(order) + Interface("", kLinkLinuxSll, 0, order) +
                                 PacketBlock(0, 0x1'0000'0002, "frame", 70, order));
    ASSERT_EQ(reading.frames.size(), 1u) << reading.status;
    EXPECT_EQ(reading.frames[0], (Seen{0x1'0000'0002 * 1000, "frame", 70, kLinkLinuxSll}));
  }
}

TEST(PcapngFile, KeepsInterfacesApart) {
  const Reading reading =
      Read(Section() + Interface("", kLinkEthernet) + Interface(TimeResolution(9), kLinkRaw) +
           PacketBlock(1, 5, "raw") + PacketBlock(0, 5, "ether"));
  ASSERT_EQ(reading.frames.size(), 2u);
  EXPECT_EQ(reading.frames[0], (Seen{5, "raw", 3, kLinkRaw}));
  EXPECT_EQ(reading.frames[1], (Seen{5'000, "ether", 5, kLinkEthernet}));
}

TEST(PcapngFile, EachSectionHasItsOwnOrderAndInterfaces) {
  const Reading reading =
      Read(Section() + Interface("", kLinkRaw) + PacketBlock(0, 1, "one") + Section(Order::kBig) +
           Interface("", kLinkLoop, 0, Order::kBig) + PacketBlock(0, 2, "two", 0, Order::kBig));
  ASSERT_EQ(reading.frames.size(), 2u) << reading.status;
  EXPECT_EQ(reading.frames[1], (Seen{2'000, "two", 3, kLinkLoop}));
}

TEST(PcapngFile, NewSectionForgetsInterfaces) {
  EXPECT_EQ(DamageOf(Section() + PacketBlock(0, 1, "a")),
            "x: packet of interface 0, which is not described at offset 112");
}

TEST(PcapngFile, KnownSectionLengthChangesNothing) {
  Bytes body;
  body.U32(0x1A2B3C4D).U16(1).U16(0).U64(56);
  const std::string section = Block(0x0A0D0D0A, body);
  EXPECT_EQ(Read(section + Interface() + PacketBlock(0, 1, "a")).Texts(), "a");
}

TEST(PcapngFile, ReadsTimeResolutions) {
  EXPECT_EQ(TimeOf("", 1'500'000), 1'500'000'000);
  EXPECT_EQ(TimeOf(TimeResolution(9), 1'500'000'000), 1'500'000'000);
  EXPECT_EQ(TimeOf(TimeResolution(0), 3), 3'000'000'000);
  EXPECT_EQ(TimeOf(TimeResolution(12), 1'999), 1);
  EXPECT_EQ(TimeOf(TimeResolution(0x80 | 10), 1536), 1'500'000'000);
}

TEST(PcapngFile, AddsTimeOffset) {
  EXPECT_EQ(TimeOf(TimeOffset(100), 5), 100'000'005'000);
  EXPECT_EQ(TimeOf(TimeOffset(-1), 1'000'005), 5'000);
}

TEST(PcapngFile, SkipsOtherOptions) {
  EXPECT_EQ(TimeOf(Option(2, "eth0") + Option(3, "x") + TimeResolution(9) + Option(0, ""), 7), 7);
}

TEST(PcapngFile, SimplePacketsHaveTheLastTimeSeen) {
  const Reading reading = Read(Section() + Interface() + SimplePacketBlock("a") +
                               PacketBlock(0, 7, "b") + SimplePacketBlock("c"));
  EXPECT_EQ(reading.Texts(), "a b c");
  EXPECT_EQ(reading.frames.at(0).time_ns, 0);
  EXPECT_EQ(reading.frames.at(2).time_ns, 7'000);
}

TEST(PcapngFile, SnaplenCutsSimplePackets) {
  const Reading reading =
      Read(Section() + Interface("", kLinkRaw, 4) + SimplePacketBlock("abcd", 70));
  ASSERT_EQ(reading.frames.size(), 1u) << reading.status;
  EXPECT_EQ(reading.frames[0], (Seen{0, "abcd", 70, kLinkRaw}));
}

TEST(PcapngFile, ReadsObsoletePackets) {
  Bytes body;
  body.U16(0).U16(99).U32(0).U32(3).U32(3).U32(70).Text("old").Pad4();
  const Reading reading = Read(Section() + Interface() + Block(2, body));
  ASSERT_EQ(reading.frames.size(), 1u) << reading.status;
  EXPECT_EQ(reading.frames[0], (Seen{3'000, "old", 70, kLinkEthernet}));
}

TEST(PcapngFile, SkipsUnknownBlocksOfAnySize) {
  const std::string small = Block(kUnknownBlock, Bytes());
  const std::string large = Block(kUnknownBlock, Bytes().Text(std::string(3'000'000, 'x')));
  EXPECT_EQ(Read(Section() + small + Interface() + large + PacketBlock(0, 1, "a") + small).Texts(),
            "a");
}

TEST(PcapngFile, WireIsNeverShorterThanCaptured) {
  EXPECT_EQ(Read(Section() + Interface() + PacketBlock(0, 1, "abcd", 2)).frames.at(0).wire_bytes,
            4u);
}

TEST(PcapngFile, TakesFrameAtLimit) {
  const std::string frame(262'144, 'x');
  EXPECT_EQ(Read(Section() + Interface() + PacketBlock(0, 1, frame)).frames.size(), 1u);
}

TEST(PcapngFile, RefusesFrameAboveLimit) {
  EXPECT_EQ(DamageOf(PacketBlock(0, 1, std::string(262'148, 'x'))),
            "x: packet of 262148 bytes (limit 262144) at offset 84");
}

TEST(PcapngFile, RefusesUnknownInterface) {
  EXPECT_EQ(DamageOf(PacketBlock(1, 1, "a")),
            "x: packet of interface 1, which is not described at offset 84");
}

TEST(PcapngFile, RefusesFrameLongerThanItsBlock) {
  Bytes body;
  body.U32(0).U64(0).U32(5).U32(5).Text("four");
  EXPECT_EQ(DamageOf(Block(6, body)),
            "x: packet of 5 bytes in a block that has room for 4 at offset 84");
  EXPECT_EQ(DamageOf(SimplePacketBlock("four", 5)),
            "x: packet of 5 bytes in a block that has room for 4 at offset 84");
}

TEST(PcapngFile, RefusesBadBlockLengths) {
  for (const uint32_t total_bytes : {0u, 4u, 8u, 13u, 14u, 0xFFFF'FFFFu}) {
    const std::string head = Bytes().U32(kUnknownBlock).U32(total_bytes).U64(0).str();
    EXPECT_NE(DamageOf(head).find("at least 12, in steps of 4) at offset 84"), std::string::npos);
  }
}

TEST(PcapngFile, RefusesBlocksTooShortForTheirType) {
  for (const uint32_t type : {1u, 2u, 3u, 6u}) {
    EXPECT_NE(DamageOf(Block(type, Bytes())).find("block of 12 bytes"), std::string::npos);
  }
}

TEST(PcapngFile, RefusesPacketBlockAboveOneMegabyte) {
  Bytes body;
  body.U32(0).U64(0).U32(4).U32(4).Text("four").Text(std::string(1 << 20, '\0'));
  EXPECT_NE(DamageOf(Block(6, body)).find("limit 1048576) at offset 84"), std::string::npos);
}

TEST(PcapngFile, RefusesLengthsThatDiffer) {
  for (const uint32_t type : {6u, kUnknownBlock}) {
    Bytes block;
    block.U32(type).U32(36).Text(std::string(24, '\0')).U32(40);
    EXPECT_EQ(DamageOf(block.str()),
              "x: block of 36 bytes that ends with the length 40 at offset 84");
  }
}

TEST(PcapngFile, RefusesOptionsThatRunPastTheirBlock) {
  const std::string option = Bytes().U16(2).U16(5).Text("four").str();
  EXPECT_EQ(DamageOf(Interface(option)),
            "x: interface with an option that runs past its end at offset 84");
  EXPECT_EQ(DamageOf(Section(Order::kLittle, option)),
            "x: section header with an option that runs past its end at offset 84");
  EXPECT_FALSE(Read(Section(Order::kLittle, option)).opened);
}

TEST(PcapngFile, RefusesTimeOptionsOfWrongLength) {
  for (const std::string& option : {Option(9, "12"), Option(9, ""), Option(14, "1234")}) {
    EXPECT_EQ(DamageOf(Interface(option)),
              "x: interface with a time option of the wrong length at offset 84");
  }
}

TEST(PcapngFile, RefusesOtherVersions) {
  Bytes body;
  body.U32(0x1A2B3C4D).U16(2).U16(0).U64(UINT64_MAX);
  const Reading reading = Read(Block(0x0A0D0D0A, body));
  EXPECT_FALSE(reading.opened);
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kInvalidArgument);
}

TEST(PcapngFile, BoundsInterfaces) {
  std::string capture = Section();
  for (int n = 0; n < 65'536; ++n) capture += Interface();
  EXPECT_EQ(Read(capture + PacketBlock(65'535, 1, "a")).Texts(), "a");
  EXPECT_NE(Read(capture + Interface()).message().find("more than 65536 interfaces"),
            std::string::npos);
}

}  // namespace
}  // namespace dfc
