// What a flood leaves behind, and what it leaves alone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dfc/time.h"
#include "engine_run.h"
#include "talk.h"

namespace dfc {
namespace {

constexpr int64_t kT = Talk::kStartNs;
constexpr const char* kVictim = "198.51.100.1:80";

RunOptions Small(size_t flows_max) {
  RunOptions options;
  options.limits.flows_max = flows_max;
  return options;
}

std::string Client(int n) { return fmt::format("11.0.{}.{}:1000", n / 256, n % 256); }
PacketBuilder Syn(const std::string& from, const std::string& to) {
  return Tcp(from, to).Flags("S").Seq(1);
}

// `count` attempts by as many clients, a millisecond apart.
void AddSynFlood(Traffic& traffic, int count, int first = 0) {
  for (int n = first; n < first + count; ++n) {
    traffic.Add(kT + n * kNsPerMs, Syn(Client(n), kVictim));
  }
}

// "11.0.0.1>198.51.100.1:80 3", with the packets of both sides, for each flow with `flag`.
std::vector<std::string> RowsWith(const FlowRun& run, uint16_t flag) {
  std::vector<std::string> rows;
  for (const auto& [key, row] : run.rows.flows()) {
    if ((row.flags & flag) == 0) continue;
    rows.push_back(fmt::format("{}>{}:{} {}", FormatAddress(row.client), FormatAddress(row.server),
                               row.server_port, row.counts[0].packets + row.counts[1].packets));
  }
  return rows;
}

uint64_t PacketsOf(const FlowRun& run) {
  uint64_t packets = 0;
  for (const auto& [key, row] : run.rows.flows()) {
    packets += row.counts[0].packets + row.counts[1].packets;
  }
  return packets;
}

TEST(SynFlood, FewAttemptsHaveRowsOfTheirOwn) {
  Traffic traffic;
  AddSynFlood(traffic, 30);
  const FlowRun run = RunFlows(traffic, Small(64));
  EXPECT_EQ(run.rows.flows().size(), 30u);
  EXPECT_EQ(run.counters.attempts_summed, 0u);
}

TEST(SynFlood, LeavesTheSumOfItsVictim) {
  Traffic traffic;
  AddSynFlood(traffic, 1'000);
  const FlowRun run = RunFlows(traffic, Small(64));
  EXPECT_EQ(RowsWith(run, kFlowAttempts),  // The first attempts came before it was a flood.
            (std::vector<std::string>{"::>:::0 15", "0.0.0.0>198.51.100.1:80 985"}));
  EXPECT_EQ(run.rows.flows().size(), 2u);
  EXPECT_EQ(run.counters.attempts_summed, 1'000u);
}

TEST(SynFlood, LeavesConnectionsWhole) {
  Traffic all;
  AddSynFlood(all, 500);
  all.Add(kT + 600 * kNsPerMs, Tcp("10.0.0.1:1", "10.0.0.2:2").Flags("S").Seq(9));
  all.Add(kT + 601 * kNsPerMs, Tcp("10.0.0.2:2", "10.0.0.1:1").Flags("SA").Seq(99).Ack(10));
  all.Add(kT + 602 * kNsPerMs, Tcp("10.0.0.1:1", "10.0.0.2:2").Flags("A").Seq(10).Ack(100));
  AddSynFlood(all, 500, 700);
  all.Add(kT + 1'300 * kNsPerMs,
          Tcp("10.0.0.1:1", "10.0.0.2:2").Flags("A").Seq(10).Ack(100).Data("hello"));
  const FlowRun run = RunFlows(all, Small(64));
  size_t whole = 0;
  for (const auto& [key, row] : run.rows.flows()) {
    if (row.flags == 0 && run.rows.Transcript(row) == ">hello") ++whole;
  }
  EXPECT_EQ(whole, 1u);
  EXPECT_EQ(PacketsOf(run), 1'004u);
}

TEST(SynFlood, IsOneAlsoWhenItIsAnswered) {
  Traffic traffic;
  for (int n = 0; n < 500; ++n) {
    traffic.Add(kT + n * kNsPerMs, Syn(Client(n), kVictim));
    traffic.Add(kT + n * kNsPerMs, Tcp(kVictim, Client(n)).Flags("SA").Seq(5).Ack(2));
  }
  EXPECT_EQ(RunFlows(traffic, Small(64)).rows.flows().size(), 2u);
}

TEST(SynFlood, PayloadOfAttemptsIsShed) {
  Traffic traffic;
  for (int n = 0; n < 500; ++n) traffic.Add(kT + n * kNsPerMs, Syn(Client(n), kVictim).Data("xyz"));
  const FlowRun run = RunFlows(traffic, Small(64));
  uint64_t shed = 0;
  for (const auto& [key, row] : run.rows.flows()) shed += row.counts[0].shed_bytes;
  EXPECT_EQ(shed, 1'500u);
  EXPECT_EQ(run.rows.chunks().size(), 0u);
}

TEST(Scan, LeavesTheSumOfItsClient) {
  Traffic traffic;
  for (int port = 1; port <= 1'000; ++port) {
    const std::string target = fmt::format("198.51.100.1:{}", port);
    traffic.Add(kT + port * kNsPerMs, Syn("11.0.0.1:4000", target));
    traffic.Add(kT + port * kNsPerMs, Tcp(target, "11.0.0.1:4000").Flags("RA").Ack(2));
  }
  EXPECT_EQ(RowsWith(RunFlows(traffic, Small(64)), kFlowAttempts),
            (std::vector<std::string>{"::>:::0 30", "11.0.0.1>0.0.0.0:0 1970"}));
}

TEST(Attempts, HaveRowsAgainOnceTheFloodIsOver) {
  Traffic traffic;
  AddSynFlood(traffic, 1'000);
  for (int minute = 1; minute < 30; ++minute) {
    traffic.Add(kT + minute * kNsPerMinute, Udp("10.0.0.1:1", "10.0.0.2:2").Data("tick"));
  }
  traffic.Add(kT + 30 * kNsPerMinute, Syn(Client(1), kVictim));
  RunOptions options = Small(64);
  options.batch_packets = 1;
  const FlowRun run = RunFlows(traffic, options);
  EXPECT_EQ(run.counters.attempts_summed, 1'000u);
  EXPECT_EQ(RowsWith(run, kFlowAttempts),
            (std::vector<std::string>{"::>:::0 15", "0.0.0.0>198.51.100.1:80 985"}));
  EXPECT_EQ(PacketsOf(run), 1'030u);
}

TEST(OneWayFlood, TheFlowThatIsAnsweredStays) {
  Traffic traffic;
  traffic.Add(kT, Udp("10.0.0.1:1", "10.0.0.2:53").Data("question"));
  traffic.Add(kT, Udp("10.0.0.2:53", "10.0.0.1:1").Data("answer"));
  for (int n = 0; n < 200; ++n) traffic.Add(kT + (n + 1) * kNsPerMs, Udp(Client(n), "10.0.0.2:53"));
  traffic.Add(kT + kNsPerSecond, Udp("10.0.0.1:1", "10.0.0.2:53").Data("more"));
  const FlowRun run = RunFlows(traffic, Small(16));
  EXPECT_EQ(run.rows.Transcript(run.rows.flow(0)), ">(question) <(answer) >(more)");
  EXPECT_EQ(RowsWith(run, kFlowEvicted).size(), 201u - 16u);
}

// A connection of client `n` that waits for its first byte with `bytes` behind it.
void AddHole(Traffic& traffic, int n, int64_t t_ns, size_t bytes) {
  const std::string server = "198.51.100.1:80";
  traffic.Add(t_ns, Syn(Client(n), server));
  traffic.Add(t_ns, Tcp(server, Client(n)).Flags("SA").Seq(5).Ack(2));
  for (size_t at = 0; at < bytes; at += 1'000) {
    traffic.Add(t_ns, Tcp(Client(n), server)
                          .Flags("A")
                          .Seq(static_cast<uint32_t>(3 + at))
                          .Ack(6)
                          .Data(std::string(1'000, 'h')));
  }
}

TEST(HoleFlood, TheOldestAndLargestGivesWay) {
  RunOptions options;
  options.limits.content_bytes_max = 512 << 10;  // Half of it for what waits.
  Traffic traffic;
  AddHole(traffic, 1, kT, 2'000);
  AddHole(traffic, 2, kT + kNsPerMs, 50'000);
  AddHole(traffic, 3, kT + 2 * kNsPerMs, 50'000);
  AddHole(traffic, 4, kT + 3 * kNsPerMs, 50'000);
  traffic.Add(kT + 4 * kNsPerMs, Tcp(Client(1), kVictim).Flags("A").Seq(2).Ack(6).Data("1"));
  const FlowRun run = RunFlows(traffic, options);
  EXPECT_EQ(run.counters.gaps_given_up_early, 1u);
  EXPECT_EQ(run.rows.flow(0).counts[0].gap_bytes, 0u);
  EXPECT_EQ(run.rows.flow(0).counts[0].content_bytes, 2'001u);
  EXPECT_EQ(run.rows.flow(1).counts[0].gap_bytes, 1u);
}

}  // namespace
}  // namespace dfc
