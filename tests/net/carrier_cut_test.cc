// Every way to carry a packet, at every captured and every sent length, in front of a guard page.
#include <gtest/gtest.h>

#include "carriers.h"
#include "decoded.h"

namespace dfc {
namespace {

constexpr std::string_view kInside = "inside";

// Cut by the snaplen: refused, or the carrier's own packet, or the inner one with what is there of
// its payload.
void CutByTheSnaplen(const Carrier& carrier) {
  for (size_t cut = 0; cut <= carrier.bytes.size(); ++cut) {
    SCOPED_TRACE(testing::Message() << carrier.name << " cut at " << cut);
    const Decoded decoded = Decode(carrier.bytes, carrier.link, {.captured = cut});
    const size_t missing = carrier.bytes.size() - cut;
    if (missing <= kInside.size()) {
      EXPECT_EQ(decoded.verdict, Verdict::kOk);
      EXPECT_EQ(decoded.payload, kInside.substr(0, kInside.size() - missing));
      EXPECT_EQ(decoded.packet.payload_missing, missing);
      EXPECT_EQ(decoded.packet.tunnel, carrier.tunnel);
    } else if (decoded.verdict == Verdict::kOk) {
      EXPECT_EQ(FormatAddress(decoded.packet.tuple.source), "192.0.2.1");
      EXPECT_EQ(decoded.packet.tunnel, Tunnel{});
    }
  }
}

// The frame really was that short: no header's length fits.
void CutOnTheWire(const Carrier& carrier) {
  for (size_t cut = 0; cut < carrier.bytes.size(); ++cut) {
    SCOPED_TRACE(testing::Message() << carrier.name << " sent only " << cut);
    EXPECT_NE(Decode(carrier.bytes, carrier.link, {.captured = cut, .wire_bytes = cut}).verdict,
              Verdict::kOk);
  }
}

TEST(CarrierCut, BySnaplenOnEachLink) {
  for (const Carrier& carrier : LinkCarriers()) CutByTheSnaplen(carrier);
}
TEST(CarrierCut, BySnaplenInEthernet) {
  for (const Carrier& carrier : EthernetCarriers()) CutByTheSnaplen(carrier);
}
TEST(CarrierCut, BySnaplenInIp) {
  for (const Carrier& carrier : IpCarriers()) CutByTheSnaplen(carrier);
}
TEST(CarrierCut, BySnaplenInUdp) {
  for (const Carrier& carrier : UdpCarriers()) CutByTheSnaplen(carrier);
}

TEST(CarrierCut, OnTheWire) {
  for (const Carrier& carrier : AllCarriers()) CutOnTheWire(carrier);
}

// Whatever a byte says, nothing is read that is not there.
TEST(CarrierCut, SurvivesEveryByteWithEveryValue) {
  for (const Carrier& carrier : AllCarriers()) {
    DecodeWithEachByteAs({0, 1, 3, 8, 15, 47, 64, 127, 128, 255}, carrier.bytes, 0, carrier.link);
  }
}

}  // namespace
}  // namespace dfc
