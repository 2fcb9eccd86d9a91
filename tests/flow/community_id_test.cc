// The test vectors of https://github.com/corelight/community-id-spec (baseline, seed 0).
#include <gtest/gtest.h>

#include "dfc/event.h"
#include "packet_builder.h"

namespace dfc {
namespace {

FlowRow Row(uint8_t protocol, const char* client, const char* server) {
  FlowRow row{};
  row.protocol = protocol;
  row.client = Address(client);
  row.server = Address(server);
  return row;
}

std::string OfPorts(uint8_t protocol, const char* client, uint16_t client_port, const char* server,
                    uint16_t server_port) {
  FlowRow row = Row(protocol, client, server);
  row.client_port = client_port;
  row.server_port = server_port;
  return CommunityId(row);
}

// The identifier of a query stands in the ports and must not take part.
std::string OfIcmp(uint8_t protocol, const char* client, const char* server, uint8_t type,
                   uint8_t code) {
  FlowRow row = Row(protocol, client, server);
  row.client_port = row.server_port = 4711;
  row.icmp_type = type;
  row.icmp_code = code;
  return CommunityId(row);
}

TEST(CommunityId, OfTcp) {
  const char* const id = "1:LQU9qZlK+B5F3KDmev6m5PMibrg=";
  EXPECT_EQ(OfPorts(kTcp, "128.232.110.120", 34855, "66.35.250.204", 80), id);
  EXPECT_EQ(OfPorts(kTcp, "66.35.250.204", 80, "128.232.110.120", 34855), id);
}

TEST(CommunityId, OfTcpOverIpv6) {
  const char* const one = "2001:470:e5bf:dead:4957:2174:e82c:4887";
  const char* const other = "2607:f8b0:400c:c03::1a";
  EXPECT_EQ(OfPorts(kTcp, one, 63943, other, 25), "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=");
  EXPECT_EQ(OfPorts(kTcp, other, 25, one, 63943), "1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=");
}

TEST(CommunityId, OfUdp) {
  const char* const id = "1:d/FP5EW3wiY1vCndhwleRRKHowQ=";
  EXPECT_EQ(OfPorts(kUdp, "192.168.1.52", 54585, "8.8.8.8", 53), id);
  EXPECT_EQ(OfPorts(kUdp, "8.8.8.8", 53, "192.168.1.52", 54585), id);
}

// The client of a query is who asks, even where only the answer was captured.
TEST(CommunityId, OfIcmpQueries) {
  const char* const id = "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=";
  EXPECT_EQ(OfIcmp(kIcmp, "192.168.0.89", "192.168.0.1", 8, 0), id);
  EXPECT_EQ(OfIcmp(kIcmp, "192.168.0.89", "192.168.0.1", 0, 0), id);
}

TEST(CommunityId, OfOneWayIcmp) {
  EXPECT_EQ(OfIcmp(kIcmp, "10.0.0.1", "10.0.0.2", 11, 0), "1:YHxtAirCG//0OzkcVAukqKQN9xM=");
  EXPECT_EQ(OfIcmp(kIcmpv6, "3ffe:501:1800:2345::2", "3ffe:507:0:1:200:86ff:fe05:80da", 3, 0),
            "1:2ObVBgIn28oZvibYZhZMBgh7WdQ=");
  EXPECT_EQ(
      OfIcmp(kIcmpv6, "3ffe:501:410:0:2c0:dfff:fe47:33e", "3ffe:507:0:1:200:86ff:fe05:80da", 1, 4),
      "1:hLZd0XGWojozrvxqE0dWB1iM6R0=");
}

TEST(CommunityId, OfIcmpv6Queries) {
  const char* const one = "3ffe:507:0:1:200:86ff:fe05:80da";
  const char* const other = "3ffe:501:0:1001::2";
  EXPECT_EQ(OfIcmp(kIcmpv6, one, other, 128, 0), "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=");
  EXPECT_EQ(OfIcmp(kIcmpv6, one, other, 129, 0), "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg=");
}

TEST(CommunityId, OfNeighbourDiscovery) {
  const char* const one = "fe80::200:86ff:fe05:80da";
  const char* const other = "fe80::260:97ff:fe07:69ea";
  EXPECT_EQ(OfIcmp(kIcmpv6, one, other, 135, 0), "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
  EXPECT_EQ(OfIcmp(kIcmpv6, other, one, 136, 0), "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
  EXPECT_EQ(OfIcmp(kIcmpv6, other, one, 135, 0), "1:zavyT/cezQr1fmImYCwYnMXbgck=");
  EXPECT_EQ(OfIcmp(kIcmpv6, one, other, 136, 0), "1:zavyT/cezQr1fmImYCwYnMXbgck=");
  EXPECT_EQ(OfIcmp(kIcmpv6, one, "ff02::2", 133, 0), "1:hO+sN4H+MG5MY/8hIrXPqc4ZQz0=");
  EXPECT_EQ(OfIcmp(kIcmpv6, other, "ff02::1", 134, 0), "1:pkvHqCL88/tg1k4cPigmZXUtL00=");
}

TEST(CommunityId, OfOtherProtocols) {
  const char* const id = "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs=";
  EXPECT_EQ(OfPorts(132, "192.168.170.8", 7, "192.168.170.56", 7), id);
  EXPECT_EQ(OfPorts(132, "192.168.170.56", 7, "192.168.170.8", 7), id);
}

}  // namespace
}  // namespace dfc
