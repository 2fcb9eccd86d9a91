#include "filter.h"

#include <gtest/gtest.h>

#include "capture_bytes.h"

namespace dfc {
namespace {

// An IPv4 packet of TCP or UDP from port 1000 to `port`: no more than a filter looks at.
std::string Ip(uint8_t protocol, uint16_t port) {
  Bytes ip(Order::kBig);
  ip.U16(0x4500).U16(40).U32(0).U16(static_cast<uint16_t>(0x4000 | protocol)).U16(0);
  return ip.U32(0x0A000001).U32(0x0A000002).U16(1000).U16(port).Text(std::string(16, '\0')).str();
}
std::string Ether(const std::string& ip) {
  return Bytes(Order::kBig).Text("abcdefghijkl").U16(0x0800).Text(ip).str();
}
const std::string kWeb = Ether(Ip(kTcp, 80));
const std::string kDns = Ether(Ip(kUdp, 53));

TEST(CaptureFilter, RefusedFramesAreCountedNotReturned) {
  const Reading reading =
      Read(Pcap() + Record(1, 0, kDns, 100) + Record(2, 0, kWeb) + Record(3, 0, kDns, 200),
           "tcp port 80");
  EXPECT_EQ(reading.Texts(), kWeb);
  EXPECT_EQ(reading.frames_filtered, 2u);
  EXPECT_EQ(reading.bytes_filtered, 300u);
  EXPECT_TRUE(reading.status.ok());
}

TEST(CaptureFilter, EmptyLetsEverythingPass) {
  EXPECT_EQ(Read(Pcap() + Record(1, 0, kDns) + Record(2, 0, "x")).frames.size(), 2u);
}

TEST(CaptureFilter, IsCompiledForEachLinkType) {
  const Reading reading = Read(Section() + Interface("", kLinkEthernet) + Interface("", kLinkRaw) +
                                   PacketBlock(0, 1, kWeb) + PacketBlock(1, 1, Ip(kTcp, 80)) +
                                   PacketBlock(0, 1, kDns) + PacketBlock(1, 1, Ip(kUdp, 53)),
                               "tcp port 80");
  EXPECT_EQ(reading.frames.size(), 2u) << reading.status;
  EXPECT_EQ(reading.frames_filtered, 2u);
}

TEST(CaptureFilter, KnowsEveryLinkTypeOfRawIp) {
  for (const uint32_t link_type : {kLinkRaw, kLinkRawBsd, kLinkRawOpenBsd, kLinkIpv4}) {
    const std::string capture =
        Pcap({.link_type = link_type}) + Record(1, 0, Ip(kTcp, 80)) + Record(1, 0, Ip(kUdp, 53));
    EXPECT_EQ(Read(capture, "tcp port 80").Texts(), Ip(kTcp, 80)) << link_type;
  }
}

TEST(CaptureFilter, KnowsTheByteOrderOfLoopbackHeaders) {
  for (const Order order : {Order::kLittle, Order::kBig}) {
    const PcapHeader header{.order = order, .link_type = kLinkNull};
    const std::string frame = Bytes(order).U32(2).Text(Ip(kTcp, 80)).str();
    EXPECT_EQ(Read(Pcap(header) + Record(1, 0, frame, 0, header), "tcp port 80").Texts(), frame);
  }
}

TEST(CaptureFilter, LooksAtCapturedBytesOnly) {
  const std::string cut = kWeb.substr(0, 30);
  EXPECT_EQ(Read(Pcap() + Record(1, 0, cut, 60), "tcp port 80").frames_filtered, 1u);
  EXPECT_EQ(Read(Pcap() + Record(1, 0, "", 60), "tcp").frames_filtered, 1u);
}

TEST(CaptureFilter, ErrorHasTheReasonOfLibpcap) {
  const absl::Status status = CheckFilter("tcp prot 80");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(MessageOf(status).find("filter 'tcp prot 80' does not compile for link type 1: "),
            std::string::npos);
  EXPECT_NE(MessageOf(status).find("syntax error"), std::string::npos) << status;
}

TEST(CaptureFilter, GoodOnesPassTheCheck) {
  EXPECT_TRUE(CheckFilter("").ok());
  EXPECT_TRUE(CheckFilter("host 10.0.0.1 and (tcp or udp portrange 50-60)").ok());
}

TEST(CaptureFilter, PcapIsRefusedAtOpening) {
  const Reading reading = Read(Pcap({.link_type = 147}) + Record(1, 0, "a"), "tcp");
  EXPECT_FALSE(reading.opened);
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(reading.message().find("x: filter 'tcp' does not compile for link type 147: "),
            std::string::npos)
      << reading.message();
}

TEST(CaptureFilter, PcapngIsRefusedAtTheFirstFrameOfItsLinkType) {
  const std::string start = Section() + Interface() + Interface("", 147) + PacketBlock(0, 1, kWeb);
  EXPECT_TRUE(Read(start, "tcp").status.ok());
  const Reading reading = Read(start + PacketBlock(1, 1, "a"), "tcp");
  EXPECT_EQ(reading.Texts(), kWeb);
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kInvalidArgument);
}

TEST(CaptureFilter, IsPartOfTheFingerprint) {
  const std::string capture = Pcap() + Record(1, 0, kWeb);
  EXPECT_NE(Read(capture, "tcp").fingerprint, Read(capture).fingerprint);
  EXPECT_EQ(Read(capture, "tcp").fingerprint, Read(capture, "tcp").fingerprint);
}

}  // namespace
}  // namespace dfc
