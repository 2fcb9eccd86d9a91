// Flows that are neither TCP, UDP nor ICMP, and what tells where a flow came from.
#include <gtest/gtest.h>

#include "engine_run.h"

namespace dfc {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

// SCTP from port 1000 to 80 with one DATA chunk for each text; its checksum is left to the card.
PacketBuilder Sctp(const char* from, const char* to, std::vector<std::string> texts) {
  std::string bytes("\x03\xe8\0\x50\0\0\0\1\0\0\0\0", 12);
  if (from > std::string("10.0.0.1")) std::swap(bytes[0], bytes[2]), std::swap(bytes[1], bytes[3]);
  for (const std::string& text : texts) {
    bytes += std::string("\0\3\0", 3) + static_cast<char>(16 + text.size());
    bytes += std::string(12, '\0') + text;
    bytes.resize((bytes.size() + 3) / 4 * 4);
  }
  return PacketBuilder(from, to, kSctp).Data(bytes);
}

TEST(SctpFlow, HasADatagramForEachChunkAndCountsPackets) {
  Traffic traffic(Checksums::kAuto);
  traffic.Add(1, Sctp("10.0.0.1", "10.0.0.2", {}));
  traffic.Add(2, Sctp("10.0.0.1", "10.0.0.2", {"one", "two"}));
  traffic.Add(3, Sctp("10.0.0.2", "10.0.0.1", {"answer"}));
  const FlowRun run = RunFlows(traffic);
  const FlowRow& flow = run.rows.flow();
  EXPECT_EQ(run.rows.Transcript(flow), ">(one) >(two) <(answer)");
  EXPECT_EQ(flow.protocol, kSctp);
  EXPECT_EQ(flow.client_port, 1000);
  EXPECT_EQ(flow.server_port, 80);
  EXPECT_EQ(flow.counts[0].packets, 2u);
  EXPECT_EQ(flow.counts[0].ip_bytes, 32u + 72u);
  EXPECT_EQ(flow.counts[0].content_bytes, 6u);
  EXPECT_EQ(flow.state, FlowState::kTwoWay);
  EXPECT_EQ(run.counters.flows[FlowCounters::KindOf(kSctp)], 1u);
}

TEST(SctpFlow, IsTheSameHoweverPacketsAreDealt) {
  Traffic traffic(Checksums::kAuto);
  for (int64_t t = 1; t < 50; ++t) traffic.Add(t, Sctp("10.0.0.1", "10.0.0.2", {"a", "b", "c"}));
  const std::string all = RunFlows(traffic).rows.Dump();
  EXPECT_EQ(RunFlows(traffic, {.batch_packets = 1, .engines = 3}).rows.Dump(), all);
}

TEST(OtherFlow, IsCountedWithoutContent) {
  Traffic traffic(Checksums::kAuto);
  traffic.Add(1, PacketBuilder("10.0.0.1", "10.0.0.2", 50).Data("secret"));
  traffic.Add(2, PacketBuilder("10.0.0.2", "10.0.0.1", 50).Data("secret"));
  const FlowRun run = RunFlows(traffic);
  const FlowRow& flow = run.rows.flow();
  EXPECT_EQ(ProtocolName(flow.protocol), "esp");
  EXPECT_EQ(flow.client_port, 0);
  EXPECT_EQ(flow.counts[0].packets, 1u);
  EXPECT_EQ(flow.counts[1].ip_bytes, 26u);
  EXPECT_EQ(flow.counts[0].content_bytes, 0u);
  EXPECT_EQ(run.rows.Transcript(flow), "");
  EXPECT_EQ(flow.state, FlowState::kTwoWay);
}

TEST(OtherFlow, EndsAfterTheTimeOfUdp) {
  Traffic traffic(Checksums::kAuto);
  traffic.Add(0, PacketBuilder("10.0.0.1", "224.0.0.1", kIgmp));
  traffic.Add(180 * kSecond, PacketBuilder("10.0.0.1", "224.0.0.1", kIgmp));
  EXPECT_EQ(RunFlows(traffic).rows.flow().counts[0].packets, 2u);
  traffic.Add(361 * kSecond, PacketBuilder("10.0.0.1", "224.0.0.1", kIgmp));
  EXPECT_EQ(RunFlows(traffic).counters.flows[FlowCounters::KindOf(kIgmp)], 2u);
}

TEST(TunnelledFlow, RemembersTheTunnelOfItsFirstPacket) {
  const auto gre = [](std::string key, const PacketBuilder& inner) {
    const FrameBytes packet = inner.Datagram();
    std::string bytes = std::string("\x20\0\x08\0\0\0\0", 7) + key;
    bytes.append(packet.begin(), packet.end());
    return PacketBuilder("192.0.2.1", "192.0.2.2", kGre).Data(bytes);
  };
  Traffic traffic(Checksums::kAuto);
  traffic.Add(1, gre("\7", Udp("10.0.0.1:1", "10.0.0.2:2").Data("there")));
  traffic.Add(2, gre("\x8", Udp("10.0.0.2:2", "10.0.0.1:1").Data("back")));
  const FlowRun run = RunFlows(traffic);
  EXPECT_EQ(run.rows.Transcript(run.rows.flow()), ">(there) <(back)");
  EXPECT_EQ(run.rows.flow().tunnel, (Tunnel{TunnelKind::kGre, 7}));
}

}  // namespace
}  // namespace dfc
