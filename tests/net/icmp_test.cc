// ICMP queries, and the datagrams that errors quote.
#include <gtest/gtest.h>

#include "decoded.h"

namespace dfc {
namespace {

PacketBuilder Ping() { return Icmp("10.0.0.1", "10.0.0.2"); }
PacketBuilder Ping6() { return Icmp("fd00::1", "fd00::2"); }
PacketBuilder Unreachable() { return Icmp("10.0.0.9", "10.0.0.1").Type(3, 3); }
PacketBuilder Unreachable6() { return Icmp("fd00::9", "fd00::1").Type(1, 4); }
PacketBuilder Sent() { return Udp("10.0.0.1:1000", "10.0.0.2:53").Data("question"); }
PacketBuilder Sent6() { return Tcp("[fd00::1]:1000", "[fd00::2]:80").Data("hello"); }

IcmpHeader HeaderOf(const PacketBuilder& packet) { return Decode(packet).packet.icmp; }

std::string QuoteOf(const PacketBuilder& packet) {
  const Decoded decoded = Decode(packet);
  EXPECT_EQ(decoded.verdict, Verdict::kOk);
  if (!decoded.packet.icmp.has_quote) return "none";
  const FiveTuple& q = decoded.packet.icmp.quoted;
  return FormatAddress(q.source) + ":" + std::to_string(q.source_port) + " " +
         FormatAddress(q.destination) + ":" + std::to_string(q.destination_port) + " " +
         std::to_string(q.protocol);
}

TEST(IcmpQuery, HasIdentifierAndSequence) {
  const Packet packet = Decode(Ping().Echo(0x1234, 7).Data("x")).packet;
  EXPECT_EQ(packet.icmp.ident, 0x1234);
  EXPECT_EQ(packet.icmp.seq, 7);
  EXPECT_EQ(packet.icmp.rest, 0x12340007u);
  EXPECT_EQ(packet.tuple.source_port, 0x1234);
  EXPECT_EQ(packet.tuple.destination_port, 0x1234);
  EXPECT_EQ(packet.payload_bytes, 1u);
}

TEST(IcmpQuery, TellsRequestFromReply) {
  for (const int request : {8, 13, 15, 17, 42}) {
    EXPECT_TRUE(HeaderOf(Ping().Type(request)).is_request) << request;
  }
  for (const int reply : {0, 14, 16, 18, 43}) {
    EXPECT_TRUE(HeaderOf(Ping().Type(reply)).is_query) << reply;
    EXPECT_FALSE(HeaderOf(Ping().Type(reply)).is_request) << reply;
  }
  EXPECT_TRUE(HeaderOf(Ping6().Type(128)).is_request);
  EXPECT_TRUE(HeaderOf(Ping6().Type(129)).is_query);
  EXPECT_FALSE(HeaderOf(Ping6().Type(129)).is_request);
}

TEST(IcmpQuery, OtherMessagesHaveNoIdentifier) {
  const Packet packet = Decode(Ping6().Type(135).Rest(0x01020304)).packet;
  EXPECT_FALSE(packet.icmp.is_query);
  EXPECT_EQ(packet.icmp.ident, 0);
  EXPECT_EQ(packet.tuple.source_port, 0);
  EXPECT_EQ(packet.icmp.rest, 0x01020304u);
}

TEST(IcmpQuote, NamesTheTuple) {
  EXPECT_EQ(QuoteOf(Unreachable().Data(Sent().Datagram())), "10.0.0.1:1000 10.0.0.2:53 17");
  EXPECT_EQ(QuoteOf(Unreachable6().Data(Sent6().Datagram())), "fd00::1:1000 fd00::2:80 6");
}

TEST(IcmpQuote, OfAPingNamesItsIdentifier) {
  EXPECT_EQ(QuoteOf(Unreachable().Data(Ping().Echo(77, 1).Datagram())),
            "10.0.0.1:77 10.0.0.2:77 1");
}

TEST(IcmpQuote, StepsOverOptionsAndExtensions) {
  const PacketBuilder with_options = Sent().IpOptions(std::string(8, '\1'));
  EXPECT_EQ(QuoteOf(Unreachable().Data(with_options.Datagram())), "10.0.0.1:1000 10.0.0.2:53 17");
  const PacketBuilder with_extension = Sent6().Extension(60, std::string(6, '\0'));
  EXPECT_EQ(QuoteOf(Unreachable6().Data(with_extension.Datagram())), "fd00::1:1000 fd00::2:80 6");
}

TEST(IcmpQuote, IsInEveryErrorAndNoOtherMessage) {
  for (const int type : {3, 4, 5, 11, 12}) {
    EXPECT_NE(QuoteOf(Unreachable().Type(type).Data(Sent().Datagram())), "none") << type;
  }
  for (const int type : {1, 2, 3, 4}) {
    EXPECT_NE(QuoteOf(Unreachable6().Type(type).Data(Sent6().Datagram())), "none") << type;
  }
  EXPECT_EQ(QuoteOf(Unreachable().Type(8).Data(Sent().Datagram())), "none");
  EXPECT_EQ(QuoteOf(Unreachable6().Type(128).Data(Sent6().Datagram())), "none");
}

// RFC 792 asks for eight bytes of the transport; the ports are in the first four.
TEST(IcmpQuote, NeedsThePorts) {
  const FrameBytes quote = Sent().Datagram();
  for (size_t bytes = 0; bytes <= quote.size(); ++bytes) {
    const FrameBytes cut(quote.begin(), quote.begin() + static_cast<ptrdiff_t>(bytes));
    EXPECT_EQ(QuoteOf(Unreachable().Data(cut)) != "none", bytes >= 24) << bytes;
  }
}

TEST(IcmpQuote, OfALaterFragmentHasNoPorts) {
  const FrameBytes frame = Sent().Fragment(8, 8);
  EXPECT_EQ(QuoteOf(Unreachable().Data(FrameBytes(frame.begin() + 14, frame.end()))), "none");
  const FrameBytes frame6 = Sent6().Fragment(8, 8);
  EXPECT_EQ(QuoteOf(Unreachable6().Data(FrameBytes(frame6.begin() + 14, frame6.end()))), "none");
}

TEST(IcmpQuote, OfAFirstFragmentHasPorts) {
  const FrameBytes frame6 = Sent6().Fragment(0, 16);
  EXPECT_EQ(QuoteOf(Unreachable6().Data(FrameBytes(frame6.begin() + 14, frame6.end()))),
            "fd00::1:1000 fd00::2:80 6");
}

TEST(IcmpQuote, OfNonsenseIsNone) {
  EXPECT_EQ(QuoteOf(Unreachable().Data(std::string(60, '\x99'))), "none");
  EXPECT_EQ(QuoteOf(Unreachable6().Data(std::string(60, '\x99'))), "none");
}

}  // namespace
}  // namespace dfc
