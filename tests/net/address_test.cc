#include <gtest/gtest.h>

#include "dfc/packet.h"
#include "packet_builder.h"

namespace dfc {
namespace {

std::string Again(const std::string& text) { return FormatAddress(Address(text)); }

TEST(IpAddress, FormatsAsItIsWritten) {
  EXPECT_EQ(Again("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(Again("255.255.255.255"), "255.255.255.255");
  EXPECT_EQ(Again("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");  // RFC 5952.
  EXPECT_EQ(Again("::"), "::");
}

TEST(IpAddress, MapsIpv4IntoIpv6) {
  EXPECT_EQ(Address("::ffff:192.0.2.1"), Address("192.0.2.1"));
  EXPECT_TRUE(Address("192.0.2.1").IsIpv4());
  EXPECT_FALSE(Address("2001:db8::1").IsIpv4());
  EXPECT_FALSE(Address("::192.0.2.1").IsIpv4());
}

TEST(IpAddress, KnowsZeroOfBothFamilies) {
  EXPECT_TRUE(Address("0.0.0.0").IsZero());
  EXPECT_TRUE(Address("::").IsZero());
  EXPECT_FALSE(Address("0.0.0.1").IsZero());
  EXPECT_FALSE(Address("::1").IsZero());
}

TEST(IpAddress, RefusesWhatIsNone) {
  IpAddress address = Address("192.0.2.1");
  for (const char* text : {"", "192.0.2", "192.0.2.256", "2001:db8::1::2", "[::1]", "1.2.3.4 "}) {
    EXPECT_FALSE(ParseAddress(text, address)) << text;
  }
  EXPECT_EQ(address, Address("192.0.2.1"));
}

}  // namespace
}  // namespace dfc
