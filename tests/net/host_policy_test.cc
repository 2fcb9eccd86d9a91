// Which policy a receiving host has, and what is refused when policies are read.
#include "dfc/host_policy.h"

#include <gtest/gtest.h>

#include <set>

#include "packet_builder.h"

namespace dfc {
namespace {

HostPolicies Policies(std::initializer_list<const char*> texts) {
  HostPolicies policies;
  for (const char* text : texts) EXPECT_EQ(MessageOf(policies.Add(text)), "") << text;
  return policies;
}

// The policy's name, for a host under `texts`.
std::string Of(std::initializer_list<const char*> texts, std::string_view host) {
  return HostPolicyName(Policies(texts).Of(Address(host)));
}

// Why the last of `texts` is refused; those before it are taken.
std::string Refused(std::initializer_list<const char*> texts) {
  HostPolicies policies;
  absl::Status status;
  for (const char* text : texts) {
    EXPECT_EQ(MessageOf(status), "");
    status = policies.Add(text);
  }
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_EQ(MessageOf(status).find('\n'), std::string::npos);
  return MessageOf(status);
}

TEST(HostPolicy, NamesAreReadBack) {
  std::set<std::string> names;
  for (size_t n = 0; n < kHostPolicyCount; ++n) {
    const auto policy = static_cast<HostPolicy>(n);
    EXPECT_EQ(ParseHostPolicy(HostPolicyName(policy)), policy);
    names.insert(HostPolicyName(policy));
  }
  EXPECT_EQ(names.size(), kHostPolicyCount);
  EXPECT_EQ(ParseHostPolicy("Linux"), std::nullopt);
  EXPECT_EQ(ParseHostPolicy(""), std::nullopt);
}

TEST(HostPolicies, LinuxUnlessToldOtherwise) {
  EXPECT_EQ(Of({}, "10.0.0.1"), "linux");
  EXPECT_EQ(Of({}, "2001:db8::1"), "linux");
  EXPECT_EQ(Of({"bsd"}, "10.0.0.1"), "bsd");
  EXPECT_EQ(Of({"windows=10.0.0.0/8"}, "11.0.0.1"), "linux");
  EXPECT_EQ(Of({"windows=10.0.0.0/8", "last"}, "11.0.0.1"), "last");
}

TEST(HostPolicies, TheLongestPrefixWinsInAnyOrder) {
  EXPECT_EQ(Of({"bsd=10.0.0.0/8", "first=10.1.0.0/16", "last=10.1.2.3"}, "10.1.2.3"), "last");
  EXPECT_EQ(Of({"last=10.1.2.3/32", "first=10.1.0.0/16", "bsd=10.0.0.0/8"}, "10.1.2.4"), "first");
  EXPECT_EQ(Of({"first=10.1.0.0/16", "bsd=10.0.0.0/8"}, "10.2.0.1"), "bsd");
  EXPECT_EQ(Of({"first=2001:db8::/32", "solaris=2001:db8::/33"}, "2001:db8::1"), "solaris");
  EXPECT_EQ(Of({"first=2001:db8::/32", "solaris=2001:db8::/33"}, "2001:db8:8000::1"), "first");
}

TEST(HostPolicies, PrefixesEndBetweenBytesAndWords) {
  EXPECT_EQ(Of({"bsd=10.0.0.128/25"}, "10.0.0.127"), "linux");
  EXPECT_EQ(Of({"bsd=10.0.0.128/25"}, "10.0.0.128"), "bsd");
  EXPECT_EQ(Of({"bsd=fd00:0:0:1::/64"}, "fd00:0:0:1:ffff::1"), "bsd");
  EXPECT_EQ(Of({"bsd=fd00:0:0:1::/64"}, "fd00:0:0:2::1"), "linux");
  EXPECT_EQ(Of({"bsd=fd00:0:0:1:8000::/65"}, "fd00:0:0:1:7fff::1"), "linux");
  EXPECT_EQ(Of({"bsd=fd00::1"}, "fd00::1"), "bsd");
  EXPECT_EQ(Of({"bsd=fd00::1"}, "fd00::2"), "linux");
}

TEST(HostPolicies, AllOfOneIpVersionIsNotTheOther) {
  EXPECT_EQ(Of({"bsd=::/0"}, "10.0.0.1"), "linux");
  EXPECT_EQ(Of({"bsd=::/0"}, "fd00::1"), "bsd");
  EXPECT_EQ(Of({"bsd=0.0.0.0/0"}, "10.0.0.1"), "bsd");
  EXPECT_EQ(Of({"bsd=0.0.0.0/0"}, "fd00::1"), "linux");
}

TEST(HostPolicies, BadFormsAreRefusedWithTheRemedy) {
  EXPECT_EQ(Refused({"beos"}),
            "'beos' is no host policy; take one of linux first last bsd linux-ns old_linux "
            "solaris windows vista");
  EXPECT_EQ(Refused({"bsd=10.0.0/8"}),
            "'10.0.0/8' is no subnet; write it as 192.0.2.0/24 or 2001:db8::/32");
  EXPECT_EQ(Refused({"bsd=10.0.0.0/33"}),
            "'10.0.0.0/33' has no prefix from /0 to /32; write it as 192.0.2.0/24");
  EXPECT_EQ(Refused({"bsd=10.0.0.1/8"}),
            "'10.0.0.1/8' has bits behind its prefix; the subnet is 10.0.0.0/8");
  EXPECT_EQ(Refused({"bsd=2001:db8::1/32"}),
            "'2001:db8::1/32' has bits behind its prefix; the subnet is 2001:db8::/32");
  for (const char* text :
       {"", "=", "=10.0.0.0/8", "bsd=", "bsd=/8", "bsd=10.0.0.0/", "bsd=::/129", "bsd=10.0.0.0/-1",
        "bsd=10.0.0.0/8x", "bsd=10.0.0.0/+8", "bsd=::ffff:10.0.0.0/104", "BSD"}) {
    EXPECT_NE(Refused({text}), "") << text;
  }
}

TEST(HostPolicies, ContradictionsAreRefused) {
  EXPECT_EQ(Refused({"bsd=10.0.0.0/8", "last=10.0.0.0/8"}),
            "two policies for 10.0.0.0/8, bsd and last; keep one");
  EXPECT_EQ(Refused({"bsd", "last"}),
            "two policies for all hosts, bsd and last; name a subnet for one: last=...");
  EXPECT_EQ(Of({"bsd=10.0.0.0/8", "bsd=10.0.0.0/8"}, "10.0.0.1"), "bsd");
}

TEST(HostPolicies, SubnetsAreBounded) {
  HostPolicies policies;
  for (size_t n = 0; n < HostPolicies::kSubnetsMax; ++n) {
    ASSERT_TRUE(policies.Add("bsd=10.0.0." + std::to_string(n)).ok());
  }
  EXPECT_FALSE(policies.Add("bsd=10.0.1.0").ok());
}

}  // namespace
}  // namespace dfc
