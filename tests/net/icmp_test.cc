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

// RFC 8335: one byte of sequence number, then flags, which differ between request and reply.
TEST(IcmpQuery, ExtendedEchoHasANarrowSequence) {
  for (const PacketBuilder& ping :
       {Ping().Type(42).Rest(0x12340701), Ping().Type(43).Rest(0x12340746),
        Ping6().Type(160).Rest(0x12340701), Ping6().Type(161).Rest(0x12340746)}) {
    EXPECT_EQ(HeaderOf(ping).ident, 0x1234);
    EXPECT_EQ(HeaderOf(ping).seq, 7);
  }
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

// What is known of a quote without ports: the ends and the protocol.
std::string EndsOf(const PacketBuilder& packet) {
  const IcmpHeader icmp = HeaderOf(packet);
  EXPECT_FALSE(icmp.has_quote && icmp.quote_cut);
  if (!icmp.quote_cut) return "none";
  return FormatAddress(icmp.quoted.source) + " " + FormatAddress(icmp.quoted.destination) + " " +
         std::to_string(icmp.quoted.protocol);
}

FrameBytes Without(const FrameBytes& frame, size_t front, size_t back = 0) {
  return {frame.begin() + static_cast<ptrdiff_t>(front),
          frame.end() - static_cast<ptrdiff_t>(back)};
}

TEST(IcmpQuote, WithoutPortsHasTheEnds) {
  EXPECT_EQ(EndsOf(Unreachable().Data(Without(Sent().Fragment(8, 8), 14))), "10.0.0.1 10.0.0.2 17");
  EXPECT_EQ(EndsOf(Unreachable6().Data(Without(Sent6().Fragment(8, 8), 14))), "fd00::1 fd00::2 6");
  EXPECT_EQ(EndsOf(Unreachable().Data(Without(Sent().Datagram(), 0, 14))), "10.0.0.1 10.0.0.2 17");
  EXPECT_EQ(EndsOf(Unreachable().Data(Sent().Datagram())), "none");
  EXPECT_EQ(EndsOf(Unreachable().Data("")), "none");
}

// Two addresses, the link-layer address of the target, and the datagram in an option.
PacketBuilder Redirect6(const FrameBytes& redirected, int option = 4) {
  std::string data(32, '\x20');
  data += std::string("\2\1\2\3\4\5\6\7", 8);
  data += static_cast<char>(option);
  data += static_cast<char>((8 + redirected.size()) / 8);
  data += std::string(6, '\0') + std::string(redirected.begin(), redirected.end());
  return Icmp("fe80::1", "fd00::1").Type(137).Data(data);
}

TEST(IcmpQuote, OfARedirectIsInAnOption) {
  EXPECT_EQ(QuoteOf(Redirect6(Sent6().Datagram())), "fd00::1:1000 fd00::2:80 6");
  EXPECT_EQ(QuoteOf(Redirect6(Sent6().Datagram(), 14)), "none");
  EXPECT_EQ(QuoteOf(Icmp("fe80::1", "fd00::1").Type(137).Data(std::string(60, '\0'))), "none");
  EXPECT_EQ(QuoteOf(Icmp("fe80::1", "fd00::1").Type(137).Data("")), "none");
}

TEST(IcmpQuote, OfARedirectIsReadNoFurtherThanItGoes) {
  const PacketBuilder whole = Redirect6(Sent6().Datagram());
  for (size_t bytes = 0; bytes <= whole.data().size(); ++bytes) {
    const PacketBuilder cut =
        Icmp("fe80::1", "fd00::1").Type(137).Data(whole.data().substr(0, bytes));
    EXPECT_EQ(QuoteOf(cut) != "none", bytes >= 32 + 8 + 8 + 40 + 4) << bytes;
  }
}

TEST(IcmpQuote, TellsWhichRequestItIs) {
  const IcmpHeader icmp = HeaderOf(Unreachable().Data(Ping().Echo(77, 5).Datagram()));
  EXPECT_TRUE(icmp.quotes_request);
  EXPECT_EQ(icmp.quoted_type, 8);
  EXPECT_EQ(icmp.quoted_seq, 5);
  EXPECT_FALSE(HeaderOf(Unreachable().Data(Ping().Type(0).Datagram())).quotes_request);
}

TEST(IcmpQuote, OfOtherIcmpHasNoPorts) {
  EXPECT_EQ(QuoteOf(Unreachable6().Data(Ping6().Type(131).Rest(0x12340000).Datagram())),
            "fd00::1:0 fd00::2:0 58");
}

TEST(IcmpQuote, OfSctpHasPorts) {
  const PacketBuilder sctp =
      PacketBuilder("10.0.0.1", "10.0.0.2", 132).Data(std::string("\x0b\x59\x0b\x5a\0\0\0\0", 8));
  EXPECT_EQ(QuoteOf(Unreachable().Data(sctp.Datagram())), "10.0.0.1:2905 10.0.0.2:2906 132");
}

TEST(IcmpQuote, OfNonsenseIsNone) {
  EXPECT_EQ(QuoteOf(Unreachable().Data(std::string(60, '\x99'))), "none");
  EXPECT_EQ(QuoteOf(Unreachable6().Data(std::string(60, '\x99'))), "none");
}

}  // namespace
}  // namespace dfc
