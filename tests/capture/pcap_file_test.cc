#include <gtest/gtest.h>

#include "capture_bytes.h"

namespace dfc {
namespace {

// The one frame of a file in the given dialect.
Seen OneFrame(const PcapHeader& header, uint32_t fraction) {
  const Reading reading = Read(Pcap(header) + Record(9, fraction, "frame", 70, header));
  EXPECT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_EQ(reading.frames.size(), 1u);
  return reading.frames.empty() ? Seen{} : reading.frames[0];
}

TEST(PcapFile, ReadsMicrosecondsInBothOrders) {
  const Seen expected{9'000'005'000, "frame", 70, kLinkEthernet};
  EXPECT_EQ(OneFrame({.order = Order::kLittle}, 5), expected);
  EXPECT_EQ(OneFrame({.order = Order::kBig}, 5), expected);
}

TEST(PcapFile, ReadsNanosecondsInBothOrders) {
  const Seen expected{9'000'000'005, "frame", 70, kLinkEthernet};
  EXPECT_EQ(OneFrame({.order = Order::kLittle, .magic = kNanoMagic}, 5), expected);
  EXPECT_EQ(OneFrame({.order = Order::kBig, .magic = kNanoMagic}, 5), expected);
}

TEST(PcapFile, ReadsModifiedFormatInBothOrders) {
  const Seen expected{9'000'005'000, "frame", 70, kLinkEthernet};
  EXPECT_EQ(OneFrame({.order = Order::kLittle, .magic = kModifiedMagic}, 5), expected);
  EXPECT_EQ(OneFrame({.order = Order::kBig, .magic = kModifiedMagic}, 5), expected);
}

TEST(PcapFile, ReadsRecordsInOrder) {
  const Reading reading = Read(Pcap() + Record(1, 0, "a") + Record(2, 0, "") + Record(3, 0, "ccc"));
  EXPECT_EQ(reading.Texts(), "a  ccc");
  EXPECT_TRUE(reading.status.ok());
}

TEST(PcapFile, MayHoldNoFrames) {
  const Reading reading = Read(Pcap());
  EXPECT_TRUE(reading.opened && reading.status.ok());
  EXPECT_EQ(reading.frames.size(), 0u);
}

TEST(PcapFile, HandsOnUnknownLinkType) {
  EXPECT_EQ(OneFrame({.link_type = 147}, 0).link_type, 147);
}

TEST(PcapFile, IgnoresFactsAboutCheckSequence) {
  EXPECT_EQ(OneFrame({.link_type = 0x5400'0071}, 0).link_type, kLinkLinuxSll);
}

TEST(PcapFile, CarriesFractionPastOneSecond) {
  EXPECT_EQ(OneFrame({}, 1'500'000).time_ns, 10'500'000'000);
  EXPECT_EQ(OneFrame({}, 4'294'967'295).time_ns, 9'000'000'000 + 4'294'967'295'000);
}

TEST(PcapFile, ReadsTimesPast2038) {
  const Reading reading = Read(Pcap() + Record(4'294'967'295, 0, "a"));
  EXPECT_EQ(reading.frames.at(0).time_ns, 4'294'967'295'000'000'000);
}

TEST(PcapFile, WireIsNeverShorterThanCaptured) {
  EXPECT_EQ(Read(Pcap() + Record(1, 0, "12345", 3)).frames.at(0).wire_bytes, 5u);
}

TEST(PcapFile, TakesFrameAtLimit) {
  const std::string frame(262'144, 'x');
  const Reading reading = Read(Pcap() + Record(1, 0, frame) + Record(1, 0, frame));
  EXPECT_EQ(reading.frames.size(), 2u);
  EXPECT_TRUE(reading.status.ok());
}

TEST(PcapFile, RefusesFrameAboveLimit) {
  const std::string start = Pcap({.snaplen = 1'000'000}) + Record(1, 0, "first");
  const Reading reading = Read(start + Record(1, 0, std::string(262'145, 'x')));
  EXPECT_EQ(reading.Texts(), "first");
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(reading.message(), "x: record of 262145 bytes (limit 262144) at offset 45");
}

TEST(PcapFile, RefusesOtherVersions) {
  const Reading reading = Read(Pcap({.major = 1}) + Record(1, 0, "a"));
  EXPECT_FALSE(reading.opened);
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(reading.message(), "x: pcap version 1.x is not supported; dfc reads version 2.x");
}

TEST(PcapFile, ReadsSwappedLengthsOfVersion22) {
  const Bytes record = Bytes().U32(1).U32(0).U32(70).U32(2).Text("ab");
  const Reading reading = Read(Pcap({.minor = 2}) + record.str());
  EXPECT_EQ(reading.Texts(), "ab");
  EXPECT_EQ(reading.frames.at(0).wire_bytes, 70u);
}

TEST(PcapFile, ReadsVersion23EitherWay) {
  const std::string swapped = Bytes().U32(1).U32(0).U32(70).U32(2).Text("ab").str();
  const Reading reading = Read(Pcap({.minor = 3}) + swapped + Record(1, 0, "cd", 70));
  EXPECT_EQ(reading.Texts(), "ab cd");
}

TEST(PcapFile, NamesOffsetOfCut) {
  const Reading reading =
      Read(Pcap() + Record(1, 0, "first") + Record(2, 0, "second").substr(0, 20));
  EXPECT_EQ(reading.Texts(), "first");
  EXPECT_EQ(reading.message(), "x: record cut short at offset 45 (needs 22 bytes, 20 are left)");
}

}  // namespace
}  // namespace dfc
