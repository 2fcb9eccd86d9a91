// What ICMP messages say: errors and what they quote, extensions, neighbor discovery.
#include "icmp_details.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "dfc/packet.h"
#include "guarded_bytes.h"

namespace dfc {
namespace {

using Bytes = std::vector<uint8_t>;

// "fe80 01": hex digits, blanks as you like; "x*n" is n bytes of value x.
Bytes Hex(const std::string& text) {
  Bytes bytes;
  std::string digits;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '*') {
      const size_t count = std::stoul(text.substr(at + 1));
      bytes.insert(bytes.end(), count - 1, bytes.back());
      at = std::min(text.find(' ', at), text.size());
      continue;
    }
    if (text[at] == ' ') continue;
    digits.push_back(text[at]);
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<uint8_t>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

struct Said {
  uint8_t protocol;
  int type, code;
  uint32_t rest;
  std::string payload;
};

std::string Details(const Said& said, size_t cut = SIZE_MAX) {
  const Bytes bytes = Hex(said.payload);
  const GuardedBytes guarded(ByteSpan(bytes).first(std::min(cut, bytes.size())));
  return IcmpDetails({said.protocol, static_cast<uint8_t>(said.type),
                      static_cast<uint8_t>(said.code), said.rest, guarded.span()});
}
std::string Details4(int type, int code, uint32_t rest, const std::string& payload) {
  return Details({kIcmp, type, code, rest, payload});
}
std::string Details6(int type, uint32_t rest, const std::string& payload) {
  return Details({kIcmpv6, type, 0, rest, payload});
}

// IPv4 header of 20 bytes: `fragment` is flags and offset; from 10.0.0.1 to 10.0.0.2.
std::string Ip(const std::string& protocol, const std::string& fragment = "0000") {
  return "4500 0054 0001 " + fragment + " 07" + protocol + " 0000 0a000001 0a000002 ";
}
const std::string kUdpPorts = "0035 1388 0010 0000 ";
const std::string kEcho7 = "0800 0000 0001 0007 ";
const std::string kAddress6 = "fe80 00*12 0001 ";
const std::string kIp6 = "60000000 0010 11 40 " + kAddress6 + kAddress6;

TEST(IcmpError, TellsMtuGatewayAndPointer) {
  EXPECT_EQ(Details4(3, 4, 1400, Ip("11") + kUdpPorts), "MTU 1400, ttl 7");
  EXPECT_EQ(Details4(5, 1, 0x0a0000fe, Ip("11") + kUdpPorts), "gateway 10.0.0.254, ttl 7");
  EXPECT_EQ(Details4(12, 0, 20u << 24, Ip("11")), "pointer 20, ttl 7");
  EXPECT_EQ(Details6(2, 1280, kIp6), "MTU 1280, ttl 64");
  EXPECT_EQ(Details6(4, 40, kIp6), "pointer 40, ttl 64");
}
TEST(IcmpError, TellsWhichPingItQuotes) {
  EXPECT_EQ(Details4(11, 0, 0, Ip("01") + kEcho7), "seq 7, ttl 7");
  EXPECT_EQ(Details4(11, 0, 0, Ip("01")), "ttl 7");
}
TEST(IcmpError, TellsAFragment) {
  EXPECT_EQ(Details4(11, 1, 0, Ip("11", "20b9")), "fragment at byte 1480, ttl 7");
  const std::string fragment6 =
      "60000000 0010 2c 40 " + kAddress6 + kAddress6 + "11 00 05c8 00000001";
  EXPECT_EQ(Details6(3, 0, fragment6), "fragment at byte 1480, ttl 64");
}
TEST(IcmpError, OfNonsenseSaysSo) {
  EXPECT_EQ(Details4(3, 1, 0, ""), "quotes no datagram");
  EXPECT_EQ(Details6(1, 0, "99*60"), "quotes no datagram");
}

// 28 bytes quoted of 128, then version 2, checksum, and a stack of two labels.
TEST(IcmpExtensions, TellLabels) {
  const std::string quote = Ip("11") + kUdpPorts + "00*100 ";
  EXPECT_EQ(Details4(11, 0, 32u << 16, quote + "2000 0000 000c 0101 05dc1001 03e81140"),
            "ttl 7, MPLS label 24001 exp 0 ttl 1, MPLS label 16001 exp 0 ttl 64");
}
TEST(IcmpExtensions, WithoutALengthNeedTheirChecksum) {
  const std::string quote = Ip("11") + kUdpPorts + "00*100 ";
  // Sum of 2000 0008 0101 05dc 1001 is 36e6.
  EXPECT_EQ(Details4(11, 0, 0, quote + "2000 c919 0008 0101 05dc 1001"),
            "ttl 7, MPLS label 24001 exp 0 ttl 1");
  EXPECT_EQ(Details4(11, 0, 0, quote + "2000 c918 0008 0101 05dc 1001"), "ttl 7");
}
TEST(IcmpExtensions, TellInterfaces) {
  const std::string quote = Ip("11") + kUdpPorts + "00*100 ";
  const std::string object = "001c 02 0f 00000003 0001 0000 0a000009 08 65746830 000000 000005dc";
  EXPECT_EQ(Details4(11, 0, 32u << 16, quote + "2000 0000 " + object),
            "ttl 7, came in by interface 3 10.0.0.9 eth0 MTU 1500");
}
TEST(IcmpExtensions, EscapeWhatTheWireSays) {
  EXPECT_EQ(Details4(42, 0, 1, "2000 0000 0008 03 01 1b5b5c00"),
            "local interface, name \\x1b[\\x5c");
}
TEST(IcmpExtensions, ThatDoNotFitAreDamaged) {
  const std::string quote = Ip("11") + kUdpPorts + "00*100 ";
  EXPECT_EQ(Details4(11, 0, 32u << 16, quote + "2000 0000 0003 0101 00000000"),
            "ttl 7, damaged extension");
  EXPECT_EQ(Details4(11, 0, 32u << 16, quote + "2000 0000 00ff 0101 00000000"),
            "ttl 7, damaged extension");
}

TEST(IcmpQuery, TellsTimesAndMasks) {
  EXPECT_EQ(Details4(13, 0, 0, "00000000 00000000 00000000"), "originate 00:00:00.000");
  EXPECT_EQ(Details4(14, 0, 0, "0036ee80 05265bff 80000001"),
            "originate 01:00:00.000, receive 23:59:59.999, transmit 0x80000001");
  EXPECT_EQ(Details4(18, 0, 0, "ffffff00"), "mask 255.255.255.0");
}
TEST(IcmpQuery, TellsTheInterfacesState) {
  EXPECT_EQ(Details4(43, 0, 0x00010146, ""), "reachable, active, IPv4");
  EXPECT_EQ(Details6(161, 0x00010100, ""), "not active");
}

TEST(NeighborDiscovery, TellsTargetAndLinkLayer) {
  EXPECT_EQ(Details6(135, 0, kAddress6 + "01 01 020304050607"),
            "target fe80::1, link-layer 02:03:04:05:06:07");
  EXPECT_EQ(Details6(136, 0x60000000, kAddress6 + "02 01 020304050607"),
            "target fe80::1, link-layer 02:03:04:05:06:07, flags SO");
  EXPECT_EQ(Details6(137, 0, kAddress6 + "2001 0db8 00*11 02"),
            "by way of fe80::1, for 2001:db8::2");
  EXPECT_EQ(Details6(133, 0, "01 01 020304050607"), "link-layer 02:03:04:05:06:07");
}
TEST(NeighborDiscovery, TellsWhatARouterAdvertises) {
  EXPECT_EQ(Details6(134, 0x40c80708,
                     "00*8 03 04 40 c0 00015180 ffffffff 00000000 2001 0db8 00*12 "
                     "05 01 0000 000005dc 19 03 0000 0000003c 2001 0db8 00*11 35"),
            "lifetime 1800 s, hop limit 64, flags MO, high preference, "
            "prefix 2001:db8::/64 LA valid 86400 s preferred for ever, MTU 1500, "
            "DNS 2001:db8::35");
}
TEST(NeighborDiscovery, TellsRoutesAndSearchNames) {
  EXPECT_EQ(Details6(134, 0, "00*8 18 02 30 00 00000e10 2001 0db8 0001 0000"),
            "lifetime 0 s, route 2001:db8:1::/48 3600 s");
  EXPECT_EQ(Details6(134, 0, "00*8 1f 03 0000 0000003c 03 6c616e 02 1b41 00 00*8"),
            "lifetime 0 s, search lan.\\x1bA");
}
TEST(NeighborDiscovery, AnOptionWithoutLengthEndsIt) {
  EXPECT_EQ(Details6(135, 0, kAddress6 + "01 00 020304050607 01 01 020304050607"),
            "target fe80::1, damaged option");
  EXPECT_EQ(Details6(135, 0, kAddress6 + "01 02 020304050607"), "target fe80::1, damaged option");
}
TEST(ListenerDiscovery, TellsGroups) {
  const std::string group = "ff02 00*13 fb ";
  EXPECT_EQ(Details6(130, 0, "00*16"), "all groups");
  EXPECT_EQ(Details6(131, 0, group), "group ff02::fb");
  EXPECT_EQ(Details6(143, 2, "04 00 0000 " + group + "03 00 0001 " + group + kAddress6),
            "to exclude ff02::fb, to include ff02::fb with 1 source");
}

// Whatever a message claims, nothing is read that is not there, and the text is ASCII.
TEST(IcmpDetails, ReadsNothingThatIsNotThere) {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    Bytes bytes(random() % 200);
    for (uint8_t& byte : bytes)
      byte = static_cast<uint8_t>(random() % 3 == 0 ? random() : random() % 6);
    if (!bytes.empty() && round % 2 == 0) bytes[0] = round % 4 == 0 ? 0x45 : 0x60;
    const GuardedBytes guarded{ByteSpan(bytes)};
    const std::string text = IcmpDetails(
        {round % 3 == 0 ? kIcmp : kIcmpv6, static_cast<uint8_t>(random() % 162),
         static_cast<uint8_t>(random() % 5), static_cast<uint32_t>(random()), guarded.span()});
    for (const char letter : text) EXPECT_TRUE(letter >= 0x20 && letter < 0x7F);
  }
}
TEST(IcmpDetails, OfEveryShorterMessageAreNoMore) {
  const std::string quote = Ip("11") + kUdpPorts + "00*100 ";
  const std::vector<Said> samples = {
      {kIcmp, 11, 0, 32u << 16, quote + "2000 0000 000c 0101 05dc1001 03e81140"},
      {kIcmp, 9, 0, 0x02020708, "0a000001 00000000 0a000002 80000000"},
      {kIcmp, 14, 0, 0, "0036ee80 05265bff 80000001"},
      {kIcmpv6, 3, 0, 0, "60000000 0010 2c 40 " + kAddress6 + kAddress6 + "11 00 05c8 00000001"},
      {kIcmpv6, 134, 0, 0, "00*8 03 04 40 c0 00015180 ffffffff 00000000 2001 0db8 00*12"},
      {kIcmpv6, 137, 0, 0, kAddress6 + kAddress6 + "02 01 020304050607"},
      {kIcmpv6, 143, 0, 9, "04 00 0001 ff02 00*13 fb " + kAddress6}};
  for (const Said& said : samples) {
    const size_t whole = Details(said).size();
    for (size_t cut = 0; cut <= Hex(said.payload).size(); ++cut) {
      EXPECT_LE(Details(said, cut).size(), whole + 20) << cut;
    }
  }
}

}  // namespace
}  // namespace dfc
