// What a live capture shows of its flows while they go on.
#include <gtest/gtest.h>

#include <limits>

#include "dfc/time.h"
#include "discarding_output.h"
#include "engine_run.h"

namespace dfc {
namespace {

constexpr int64_t kMinute = kNsPerMinute;
constexpr int64_t kT = 1'700'000'040 * kNsPerSecond;  // The start of a minute.
constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
constexpr uint64_t kSource = 77;

FlowLimits LiveLimits() {
  FlowLimits limits = SmallLimits();
  limits.live_source = kSource;
  limits.ledger_cells = 8;
  return limits;
}

PacketBuilder There(uint32_t seq, std::string_view flags, const std::string& data = "") {
  return Tcp("10.0.0.1:1", "10.0.0.2:2").Seq(seq).Ack(501).Flags(flags).Data(data);
}
PacketBuilder Back(uint32_t seq, std::string_view flags, const std::string& data = "") {
  return Tcp("10.0.0.2:2", "10.0.0.1:1").Seq(seq).Ack(101).Flags(flags).Data(data);
}
Traffic& Handshake(Traffic& traffic, int64_t t_ns = kT) {
  return traffic.Add(t_ns, There(100, "S")).Add(t_ns, Back(500, "SA")).Add(t_ns, There(101, "A"));
}

class LiveTest : public testing::Test {
 protected:
  LiveTest() { out_.rows.LetRowsAdvance(); }

  // In cell 1 + minute % 7, as the capture thread has it.
  void Take(const Traffic& traffic) {
    std::vector<Packet> packets = traffic.packets();
    for (Packet& packet : packets) {
      packet.ledger_cell = static_cast<uint32_t>(1 + packet.clock_ns / kMinute % 7);
    }
    engine_.Update(packets);
  }
  void Show() {
    engine_.ShowOpen();
    engine_.HandOn();
  }
  uint64_t Ledger(Outcome outcome, int64_t minute_ns = kT) const {
    uint64_t sum = 0;
    for (const LedgerRow& row : out_.rows.ledger()) {
      EXPECT_EQ(row.source, kSource);
      EXPECT_EQ(row.version, 0u);
      if (row.outcome != outcome || row.t_minute_ns != minute_ns) continue;
      sum += outcome < Outcome::kTcpPayload ? row.packets : row.bytes;
    }
    return sum;
  }

  RowCollector out_;
  FlowEngine engine_{LiveLimits(), "test", 1, out_};
};

TEST_F(LiveTest, ShowsAnOpenFlowWithItsContent) {
  Traffic traffic;
  Handshake(traffic).Add(kT, There(101, "A", "abc"));
  Take(traffic);
  Show();
  EXPECT_EQ(out_.rows.flow().state, FlowState::kEstablished);
  EXPECT_EQ(out_.rows.flow().counts[0].content_bytes, 3u);
  EXPECT_EQ(out_.rows.Transcript(), ">abc");
}

TEST_F(LiveTest, AFlowGoesOnBehindWhatWasShown) {
  Traffic first, second;
  Handshake(first).Add(kT, There(101, "A", "abc"));
  Take(first);
  Show();
  second.Add(kT + 1, There(104, "A", "def")).Add(kT + 2, Back(501, "A", "x"));
  Take(second);
  Show();
  EXPECT_EQ(out_.rows.Transcript(), ">abc | >def <x");
  engine_.Finish();
  EXPECT_EQ(out_.rows.Transcript(), ">abc | >def <x");
  EXPECT_EQ(out_.rows.flow().counts[0].content_bytes, 6u);
}

TEST_F(LiveTest, AnAttemptHasNoRowBeforeItEnds) {
  Traffic traffic;
  traffic.Add(kT, There(100, "S"));
  Take(traffic);
  Show();
  EXPECT_TRUE(out_.rows.flows().empty());
  engine_.Advance(kT + 302 * kNsPerSecond);
  Show();
  EXPECT_EQ(out_.rows.flow().state, FlowState::kAttempt);
}

TEST_F(LiveTest, TheClockAloneEndsAFlow) {
  Traffic traffic;
  traffic.Add(kT, Udp("10.0.0.1:5", "10.0.0.2:53").Data("q"));
  Take(traffic);
  engine_.Advance(kT + 179 * kNsPerSecond);
  EXPECT_EQ(engine_.counters().flows_now, 1u);
  engine_.Advance(kT + 182 * kNsPerSecond);
  EXPECT_EQ(engine_.counters().flows_now, 0u);
  engine_.HandOn();
  EXPECT_EQ(out_.rows.Transcript(), ">(q)");
}

TEST(LiveFlows, AFlowWithoutPacketsIsNotWrittenAgain) {
  DiscardingOutput out;
  FlowEngine engine(LiveLimits(), "test", 1, out);
  Traffic traffic;
  traffic.Add(kT, Udp("10.0.0.1:5", "10.0.0.2:53").Data("q"));
  engine.Update(traffic.packets());
  engine.ShowOpen();
  engine.HandOn();
  const size_t rows = out.rows;
  EXPECT_GT(rows, 0u);
  engine.ShowOpen();
  engine.HandOn();
  EXPECT_EQ(out.rows, rows);
}

TEST_F(LiveTest, TheLedgerAddsUpAsItGoesOn) {
  Traffic first, second;
  Handshake(first).Add(kT, There(101, "A", "abc"));
  Take(first);
  Show();
  EXPECT_EQ(Ledger(Outcome::kFlowTcp), 4u);
  EXPECT_EQ(Ledger(Outcome::kTcpStored), 3u);
  second.Add(kT + 1, There(104, "A", "de")).Add(kT + kMinute, There(106, "A", "f"));
  Take(second);
  Show();
  EXPECT_EQ(Ledger(Outcome::kTcpPayload), 5u);
  EXPECT_EQ(Ledger(Outcome::kTcpStored), 5u);
  EXPECT_EQ(Ledger(Outcome::kTcpStored, kT + kMinute), 1u);
}

TEST_F(LiveTest, AByteThatWaitsKeepsItsMinuteOpen) {
  Traffic first, second;
  Handshake(first, kT + 50 * kNsPerSecond);
  first.Add(kT + 50 * kNsPerSecond, There(104, "A", "def"));
  Take(first);
  Show();
  EXPECT_EQ(Ledger(Outcome::kTcpPayload), 3u);
  EXPECT_EQ(Ledger(Outcome::kTcpStored), 0u);
  EXPECT_EQ(engine_.oldest_open_ns(), kT);
  second.Add(kT + 70 * kNsPerSecond, There(101, "A", "abc"));
  Take(second);
  Show();
  EXPECT_EQ(Ledger(Outcome::kTcpStored), 3u);
  EXPECT_EQ(Ledger(Outcome::kTcpStored, kT + kMinute), 3u);
  EXPECT_EQ(engine_.oldest_open_ns(), kNone);
}

TEST_F(LiveTest, ACellServesAnotherMinuteOnceItsOwnIsDecided) {
  Traffic first, second;
  first.Add(kT, Udp("10.0.0.1:5", "10.0.0.2:53").Data("q"));
  second.Add(kT + 7 * kMinute, Udp("10.0.0.1:5", "10.0.0.2:53").Data("rr"));
  Take(first);
  Show();
  Take(second);
  Show();
  EXPECT_EQ(Ledger(Outcome::kDatagramStored), 1u);
  EXPECT_EQ(Ledger(Outcome::kDatagramStored, kT + 7 * kMinute), 2u);
}

// However often flows are shown, what they come to in the end is what a replay writes.
TEST_F(LiveTest, EndsWithTheFlowsOfAReplay) {
  Traffic traffic;
  traffic.AddAll(MixedFrames(3, 3'000, true));
  const FlowRun replay = RunFlows(traffic);
  std::vector<Packet> packets = traffic.packets();
  for (Packet& packet : packets) packet.ledger_cell = 0;
  for (size_t n = 0; n < packets.size(); ++n) {
    engine_.Update(std::span(packets).subspan(n, 1));
    if (n % 100 == 0) Show();
  }
  engine_.Finish();
  ASSERT_EQ(out_.rows.flows().size(), replay.rows.flows().size());
  for (const auto& [key, row] : replay.rows.flows()) {
    const FlowRow& shown = out_.rows.flows().at(key);
    EXPECT_EQ(shown.state, row.state);
    EXPECT_EQ(shown.flags, row.flags);
    for (const size_t side : {0, 1}) {
      EXPECT_EQ(shown.counts[side].packets, row.counts[side].packets);
      EXPECT_EQ(shown.counts[side].content_bytes, row.counts[side].content_bytes);
      EXPECT_EQ(shown.counts[side].gap_bytes, row.counts[side].gap_bytes);
      EXPECT_EQ(shown.counts[side].duplicate_bytes, row.counts[side].duplicate_bytes);
    }
  }
  EXPECT_EQ(Ledger(Outcome::kTcpStored, 0), [&] {
    uint64_t stored = 0;
    for (const auto& [key, row] : replay.rows.flows()) {
      if (row.protocol != kTcp) continue;
      stored += row.counts[0].content_bytes + row.counts[1].content_bytes;
    }
    return stored;
  }());
}

}  // namespace
}  // namespace dfc
