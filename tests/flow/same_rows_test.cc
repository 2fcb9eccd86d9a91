// The same packets give the same rows, whatever the number of workers, the batches and the memory.
#include <gtest/gtest.h>

#include <map>

#include "engine_run.h"

namespace dfc {
namespace {

class SameRows : public testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override { traffic_.AddAll(MixedFrames(GetParam(), 4'000)); }

  std::string Dump(const RunOptions& options) { return RunFlows(traffic_, options).rows.Dump(); }

  Traffic traffic_;
};

TEST_P(SameRows, ForAnyNumberOfWorkers) {
  const std::string rows = Dump({});
  for (const size_t engines : {2u, 4u}) EXPECT_EQ(Dump({.engines = engines}), rows) << engines;
}

TEST_P(SameRows, ForAnyBatch) {
  const std::string rows = Dump({});
  for (const size_t batch : {1u, 7u, 256u, 300u}) {
    EXPECT_EQ(Dump({.batch_packets = batch}), rows) << batch;
  }
}

TEST_P(SameRows, ForAnySecret) { EXPECT_EQ(Dump({.secret = 1}), Dump({.secret = 99})); }

// Streams hold so little here that there is always room for it, and only content has to give way.
// What has left can't be compared any more, so copies that differ would be told by plenty alone.
TEST_P(SameRows, ForLittleMemory) {
  Traffic traffic;
  traffic.AddAll(MixedFrames(GetParam(), 4'000, true));
  RunOptions plenty;
  plenty.limits.held_bytes_max = 256;
  const std::string rows = RunFlows(traffic, plenty).rows.Dump();
  for (const size_t kibibytes : {256u, 320u}) {
    RunOptions little = plenty;
    little.limits.content_bytes_max = size_t{kibibytes} << 10;
    const FlowRun run = RunFlows(traffic, little);
    EXPECT_EQ(run.rows.Dump(), rows) << kibibytes;
    EXPECT_EQ(run.counters.gaps_given_up_early, 0u);
    EXPECT_GT(run.counters.content_flushed_early, 0u);
  }
}

TEST_P(SameRows, EveryPayloadByteIsAccountedFor) {
  uint64_t payload_bytes = 0, packets_sent = 0;
  for (const Packet& packet : traffic_.packets()) {
    payload_bytes += packet.payload_bytes;
    if (packet.conflict != nullptr) payload_bytes += packet.conflict->bytes;
    packets_sent += !packet.continues;
  }
  const FlowRun run = RunFlows(traffic_);
  EXPECT_EQ(run.counters.content_bytes + run.counters.duplicate_bytes +
                run.counters.conflict_bytes + run.counters.refused_bytes + run.counters.shed_bytes,
            payload_bytes);
  uint64_t packets = 0;
  for (const auto& [key, row] : run.rows.flows()) {
    packets += row.counts[0].packets + row.counts[1].packets;
  }
  EXPECT_EQ(packets, packets_sent);
}

TEST_P(SameRows, ChunksHoldWhatTheFlowsCount) {
  const FlowRun run = RunFlows(traffic_);
  std::map<EventRows::Key, uint64_t> stored;
  for (const auto& [key, chunk] : run.rows.chunks()) {
    stored[key.first] += ContentBytes(chunk.turns);
  }
  for (const auto& [key, row] : run.rows.flows()) {
    EXPECT_EQ(stored[key], row.counts[0].content_bytes + row.counts[1].content_bytes);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SameRows, testing::Range(uint64_t{1}, uint64_t{6}));

// A lone flow that is far larger than the memory, of each kind.
TEST(LittleMemory, LeavesOneLongFlowWhole) {
  Traffic traffic;
  for (int n = 0; n < 60; ++n) {
    traffic.Add(n, Udp("10.0.0.1:1", "10.0.0.2:2").Data(std::string(9'000, 'u')));
    traffic.Add(n, Tcp("10.0.0.1:1", "10.0.0.2:2")
                       .Seq(1 + static_cast<uint32_t>(n) * 9'000)
                       .Data(std::string(9'000, 't')));
  }
  RunOptions little;
  little.limits.content_bytes_max = 64 << 10;
  little.limits.held_bytes_max = 16 << 10;
  const FlowRun run = RunFlows(traffic, little);
  EXPECT_EQ(run.rows.Dump(), RunFlows(traffic).rows.Dump());
  EXPECT_GT(run.counters.content_flushed_early, 0u);
}

}  // namespace
}  // namespace dfc
