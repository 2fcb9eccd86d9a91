// Which flows are recorded without content, and what is refused when rules are read.
#include "dfc/content_exceptions.h"

#include <gtest/gtest.h>

#include "packet_builder.h"

namespace dfc {
namespace {

FiveTuple Flow(uint8_t protocol, std::string_view from, uint16_t from_port, std::string_view to,
               uint16_t to_port) {
  return {Address(from), Address(to), from_port, to_port, protocol};
}
const FiveTuple kWeb = Flow(kTcp, "10.0.0.1", 40'000, "192.0.2.7", 443);
const FiveTuple kDns6 = Flow(kUdp, "2001:db8::1", 5'353, "2001:db9::1", 53);
const FiveTuple kPing = Flow(kIcmp, "10.0.0.1", 443, "192.0.2.7", 443);

bool Has(std::initializer_list<const char*> rules, const FiveTuple& tuple) {
  ContentExceptions exceptions;
  for (const char* rule : rules) EXPECT_EQ(MessageOf(exceptions.Add(rule)), "") << rule;
  return exceptions.Has(tuple);
}

std::string Refused(const std::string& rule) {
  const absl::Status status = ContentExceptions().Add(rule);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << rule;
  return MessageOf(status);
}

TEST(ContentExceptions, NoRulesHaveNothing) {
  EXPECT_TRUE(ContentExceptions().empty());
  EXPECT_FALSE(Has({}, kWeb));
}

TEST(ContentExceptions, APortIsThatOfEitherEnd) {
  EXPECT_TRUE(Has({"443"}, kWeb));
  EXPECT_TRUE(Has({"40000"}, kWeb));
  EXPECT_FALSE(Has({"44"}, kWeb));
}

TEST(ContentExceptions, AProtocolTellsPortsApart) {
  EXPECT_TRUE(Has({"443/tcp"}, kWeb));
  EXPECT_FALSE(Has({"443/udp"}, kWeb));
  EXPECT_TRUE(Has({"53/udp"}, kDns6));
}

TEST(ContentExceptions, AnIdentifierOfAPingIsNoPort) { EXPECT_FALSE(Has({"443"}, kPing)); }

TEST(ContentExceptions, ANetworkIsThatOfEitherEnd) {
  EXPECT_TRUE(Has({"10.0.0.0/8"}, kWeb));
  EXPECT_TRUE(Has({"192.0.2.7"}, kPing));
  EXPECT_FALSE(Has({"10.1.0.0/16"}, kWeb));
  EXPECT_TRUE(Has({"2001:db8::/32"}, kDns6));
  EXPECT_FALSE(Has({"::/0"}, kWeb));
}

TEST(ContentExceptions, OneRuleOfSeveralIsEnough) {
  EXPECT_TRUE(Has({"22", "10.9.0.0/16", "443"}, kWeb));
}

TEST(ContentExceptions, WhatIsNeitherIsRefusedWithARemedy) {
  for (const char* rule :
       {"", "0", "65536", "http", "443/icmp", "443/", "/tcp", "10/8", "-1", "4 3"}) {
    EXPECT_NE(Refused(rule).find("write it as 443"), std::string::npos) << rule;
  }
  EXPECT_NE(Refused("10.0.0.0/33").find("prefix"), std::string::npos);
  EXPECT_NE(Refused("10.0.0.1/8").find("10.0.0.0/8"), std::string::npos);
}

TEST(ContentExceptions, ThereIsABoundOfRules) {
  ContentExceptions exceptions;
  for (size_t n = 1; n <= ContentExceptions::kRulesMax; ++n) {
    EXPECT_TRUE(exceptions.Add(std::to_string(n)).ok());
  }
  EXPECT_NE(MessageOf(exceptions.Add("10.0.0.0/8")).find("256"), std::string::npos);
}

}  // namespace
}  // namespace dfc
