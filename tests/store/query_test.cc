#include "query.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dfc {
namespace {

std::string Where(std::string_view filter, QueryScope scope = QueryScope::kFlows) {
  const auto parsed = ParseFilter(filter, scope);
  if (!parsed.ok()) return MessageOf(parsed.status());
  const auto marks =
      static_cast<size_t>(std::count(parsed->where.begin(), parsed->where.end(), '?'));
  EXPECT_EQ(marks, parsed->values.size()) << filter;
  return parsed->where;
}

std::string Hex(const SqlValue& value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : std::get<std::vector<uint8_t>>(value)) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

// "low-high" of an address term.
std::string Edges(std::string_view filter) {
  const auto parsed = ParseFilter(filter, QueryScope::kFlows);
  if (!parsed.ok()) return MessageOf(parsed.status());
  return Hex(parsed->values.at(0)) + "-" + Hex(parsed->values.back());
}

TEST(Filter, EmptyWantsEverything) {
  EXPECT_EQ(Where(""), "");
  EXPECT_EQ(Where(" \t "), "");
}

TEST(Filter, TermsMustAllHold) {
  EXPECT_EQ(Where("proto:tcp  cport:80"), " WHERE (f.protocol = ?) AND (f.client_port = ?)");
}

TEST(Filter, MinusAndBangNegate) {
  EXPECT_EQ(Where("-port:53 !has:gap"),
            " WHERE NOT (f.client_port = ? OR f.server_port = ?)"
            " AND NOT ((f.flags & ?) <> 0)");
}

TEST(Filter, OneValueIsAnEquality) {
  EXPECT_EQ(Where("client:10.1.2.3"), " WHERE (f.client = ?)");
  EXPECT_EQ(Where("client:10.0.0.0/8"), " WHERE (f.client BETWEEN ? AND ?)");
  EXPECT_EQ(Where("vlan:5:6"), " WHERE (f.vlan BETWEEN ? AND ?)");
}

TEST(Filter, AddressMayBeANetwork) {
  EXPECT_EQ(Edges("client:10.1.2.3"),
            "00000000000000000000ffff0a010203-00000000000000000000ffff0a010203");
  EXPECT_EQ(Edges("client:10.1.2.3/8"),
            "00000000000000000000ffff0a000000-00000000000000000000ffff0affffff");
  EXPECT_EQ(Edges("host:10.1.2.3/0"),
            "00000000000000000000ffff00000000-00000000000000000000ffffffffffff");
  EXPECT_EQ(Edges("server:192.0.2.77/26"),
            "00000000000000000000ffffc0000240-00000000000000000000ffffc000027f");
  EXPECT_EQ(Edges("server:fd00::/8"),
            "fd000000000000000000000000000000-fdffffffffffffffffffffffffffffff");
  EXPECT_EQ(Edges("server:::/0"),
            "00000000000000000000000000000000-ffffffffffffffffffffffffffffffff");
}

TEST(Filter, SizesHaveSuffixesAndSigns) {
  for (const char* good : {"bytes:>1M", "bytes:>=4k", "bytes:<10", "bytes:<=2G", "bytes:1500",
                           "bytes:1K:2K", "packets:>3"}) {
    EXPECT_TRUE(Where(good).starts_with(" WHERE (")) << good << Where(good);
  }
  const auto parsed = ParseFilter("bytes:>2K", QueryScope::kFlows);
  EXPECT_EQ(std::get<uint64_t>(parsed->values.at(0)), 2001u);
}

TEST(Filter, EveryFieldHasAnExample) {
  for (const char* good : {"proto:udp",
                           "proto:icmp6",
                           "proto:132",
                           "proto:sctp",
                           "proto:gre",
                           "proto:icmpv6",
                           "vlan:0:5",
                           "tunnel:vxlan",
                           "tunnel:any",
                           "tunnel:none",
                           "tunnel_id:100:200",
                           "port:1000:2000",
                           "sport:0:65535",
                           "state:one-way",
                           "has:conflict",
                           "has:midstream",
                           "has:fragment",
                           "sensor:gw-1",
                           "sensor:\"two words\"",
                           "id:17979cfe3d85cd15fffffffffffffffe",
                           "community:1:LQU9qZlK+B5F3KDmev6m5PMibrg="}) {
    EXPECT_TRUE(Where(good).starts_with(" WHERE (")) << Where(good);
  }
}

TEST(Filter, ValuesNeverBecomeSql) {
  EXPECT_EQ(Where("sensor:x'OR'1'='1"), " WHERE (s.name = ?)");
  EXPECT_EQ(Where("sensor:\"x' OR 1=1 --\""), " WHERE (s.name = ?)");
}

TEST(Filter, PointsAtTheMistake) {
  EXPECT_TRUE(
      Where("port:1 prot:tcp").starts_with("column 8: unknown field 'prot'; fields are proto"))
      << Where("port:1 prot:tcp");
  EXPECT_EQ(Where("  tcp"), "column 3: 'tcp' is no term; a term is field:value");
  EXPECT_EQ(Where("-proto:tpc"),
            "column 2: 'tpc' is no protocol (tcp, udp, icmp, icmp6, sctp, gre ..., 0-255)");
  EXPECT_EQ(Where("proto: port:1"), "column 7: a value must follow 'proto:'");
  EXPECT_EQ(Where("sensor:\"x"), "column 8: the quote is not closed");
}

TEST(Filter, RefusesBadValues) {
  for (const char* bad : {"proto:256",
                          "proto:-1",
                          "host:10.0.0",
                          "host:10.0.0.1/33",
                          "host:fd00::/129",
                          "host:1.2.3.4/",
                          "host:1.2.3.4/x",
                          "port:65536",
                          "port:9:8",
                          "port:x",
                          "port::",
                          "state:open",
                          "vlan:4096",
                          "tunnel:vxlam",
                          "tunnel_id:x",
                          "has:x",
                          "bytes:M",
                          "bytes:>",
                          "bytes:99999999999999999999",
                          "bytes:99999999999999999G",
                          "bytes:2:1",
                          "bytes:>1:2",
                          "id:12",
                          "id:17979cfe3d85cd15ffffffffffffffzz",
                          "community:2:x",
                          "-",
                          ":",
                          "a:b",
                          "type:8"}) {
    EXPECT_TRUE(Where(bad).starts_with("column ")) << bad << ": " << Where(bad);
  }
}

TEST(Filter, AndIsUnderstoodAndSaid) {
  for (const char* filter : {"proto:tcp vlan:1", "proto:tcp and vlan:1", "proto:tcp AND vlan:1",
                             "proto:tcp && vlan:1"}) {
    EXPECT_EQ(Where(filter), " WHERE (f.protocol = ?) AND (f.vlan = ?)") << filter;
  }
}

TEST(Filter, OrBindsLessThanAnd) {
  EXPECT_EQ(Where("vlan:1 proto:tcp or proto:udp"),
            " WHERE (((f.vlan = ?) AND (f.protocol = ?)) OR ((f.protocol = ?)))");
  EXPECT_EQ(Where("vlan:1 (proto:tcp || proto:udp)"),
            " WHERE (f.vlan = ?) AND ((((f.protocol = ?)) OR ((f.protocol = ?))))");
}

TEST(Filter, NotNegatesWhatFollowsOnly) {
  EXPECT_EQ(Where("not proto:tcp vlan:1"), " WHERE NOT (f.protocol = ?) AND (f.vlan = ?)");
  EXPECT_EQ(Where("-(proto:tcp)"), " WHERE NOT ((f.protocol = ?))");
  EXPECT_EQ(Where("not -!proto:tcp"), " WHERE NOT (f.protocol = ?)");
  EXPECT_EQ(Where("--proto:tcp"), " WHERE (f.protocol = ?)");
}

TEST(Filter, CommasAreAlternatives) {
  EXPECT_EQ(Where("proto:tcp,udp"), " WHERE ((f.protocol = ?) OR (f.protocol = ?))");
  EXPECT_EQ(Where("-sensor:\"a,b\",c"), " WHERE NOT ((s.name = ?) OR (s.name = ?))");
  EXPECT_EQ(Where("proto:tcp, vlan:1"), "column 11: a value must follow 'proto,'");
}

TEST(Filter, BracketsMustClose) {
  EXPECT_EQ(Where("(proto:tcp"), "column 1: the bracket is not closed");
  EXPECT_EQ(Where("proto:tcp)"), "column 10: there is no bracket that this one closes");
  EXPECT_EQ(Where("()"), "column 2: '' is no term; a term is field:value");
  EXPECT_EQ(Where("proto:tcp or"), "column 13: '' is no term; a term is field:value");
  EXPECT_EQ(Where("proto:tcp and or vlan:1"), "column 15: a term must follow 'and'");
}

TEST(Filter, DepthAndNumberAreBounded) {
  EXPECT_EQ(Where(std::string(32, '(') + "vlan:1" + std::string(32, ')')).substr(0, 7), " WHERE ");
  EXPECT_EQ(Where(std::string(33, '(') + "vlan:1"), "column 33: brackets go at most 32 deep");
  std::string many = "vlan:1";
  for (int n = 0; n < 256; ++n) many += ",1";
  EXPECT_EQ(Where(many), "column 1: a query has at most 256 values");
  EXPECT_EQ(Where(std::string(4000, '-') + "vlan:1"), " WHERE (f.vlan = ?)");
}

TEST(Filter, IcmpTypeOfAnyMessageSelectsAFlow) {
  EXPECT_TRUE(Where("icmp.type:3").starts_with(" WHERE (EXISTS (SELECT 1 FROM icmp AS m"));
  EXPECT_EQ(Where("icmp.type:3", QueryScope::kIcmp), " WHERE (i.type = ?)");
}

TEST(Filter, TimesCountFromNow) {
  const auto parsed = ParseFilter("time:-1h", QueryScope::kFlows, 3'600'000'000'005);
  EXPECT_EQ(parsed->where, " WHERE (f.t_start >= ? AND f.t_start < ?)");
  EXPECT_EQ(std::get<int64_t>(parsed->values.at(0)), 5);
}

TEST(Filter, LongTextIsRefused) {
  EXPECT_TRUE(Where(std::string(5000, ' ')).starts_with("column 4097")) << "limit";
}

TEST(Filter, TypeAndCodeAreForIcmpOnly) {
  EXPECT_EQ(Where("type:8 code:0:3", QueryScope::kIcmp),
            " WHERE (i.type = ?) AND (i.code BETWEEN ? AND ?)");
}

TEST(Filter, PairingAndAboutAreForIcmpOnly) {
  EXPECT_EQ(Where("pairing:late", QueryScope::kIcmp), " WHERE (i.pairing = ?)");
  EXPECT_TRUE(Where("about:17979cfe3d85cd15ffffffffffffffff", QueryScope::kIcmp)
                  .starts_with(" WHERE (i.about_flow_hash = ? AND"));
  for (const char* bad : {"pairing:none", "about:12", "has:icmp"}) {
    EXPECT_TRUE(Where(bad, QueryScope::kIcmp).starts_with("column 1: ")) << bad;
  }
  EXPECT_TRUE(Where("pairing:late").starts_with("column 1: unknown field"));
}

TEST(Sort, EndsInTheKey) {
  EXPECT_EQ(*ParseSort("bytes", QueryScope::kFlows, "hash{0}"),
            " ORDER BY f.client_bytes + f.server_bytes, f.t_start, hash");
  EXPECT_EQ(*ParseSort("-start", QueryScope::kFlows, "a{0}, b{0}"),
            " ORDER BY f.t_start DESC, a DESC, b DESC");
  EXPECT_EQ(*ParseSort("-rtt", QueryScope::kIcmp, "hash{0}"),
            " ORDER BY COALESCE(i.rtt, -1) DESC, i.t_start DESC, hash DESC, i.n DESC");
}

TEST(Sort, NamesTheColumnsThereAre) {
  const auto sort = ParseSort("size", QueryScope::kFlows, "");
  EXPECT_EQ(sort.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(MessageOf(sort.status()).starts_with("can't sort by 'size'; columns are start, "));
}

}  // namespace
}  // namespace dfc
