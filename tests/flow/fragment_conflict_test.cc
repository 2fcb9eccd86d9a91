// Copies that lost between fragments: what of them is beside the content, and what is counted.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine_run.h"
#include "talk.h"

namespace dfc {
namespace {

constexpr int64_t kT = Talk::kStartNs;
const std::string kText = "abcdefghijklmnopqrstuvwxyz";

// A packet in two fragments, and between them one of bytes [at, at + bytes) of another one, which
// repeats a part of the first.
void AddDisputed(Traffic& traffic, const PacketBuilder& packet, const PacketBuilder& other,
                 size_t at, size_t bytes, size_t split) {
  traffic.Add(kT, packet.Fragment(0, split));
  traffic.AddAll({{kT, other.Fragment(at, bytes)}});  // Refused as a duplicate.
  traffic.Add(kT, packet.Fragment(split, 70'000));
}

PacketBuilder Question(const std::string& text = kText) {
  return Udp("10.0.0.1:1000", "10.0.0.2:53").Data(text);
}

TEST(FragmentConflict, OfADatagramStandsBehindIt) {
  Traffic traffic;
  traffic.Add(kT, Question("first"));
  AddDisputed(traffic, Question(), Question(std::string(26, '#')), 16, 8, 24);
  const FlowRun run = RunFlows(traffic);
  EXPECT_EQ(run.rows.Transcript(), ">(first) >(" + kText + ") >!########@13!");
  const FlowRow& row = run.rows.flow();
  EXPECT_EQ(row.flags, kFlowFragmented | kFlowConflict);
  EXPECT_EQ(row.counts[0].conflict_bytes, 8u);
  EXPECT_EQ(row.counts[0].content_bytes, 5u + kText.size());
  EXPECT_EQ(run.counters.conflict_bytes, 8u);
}

TEST(FragmentConflict, OfAHeaderIsFlaggedAndCounted) {
  Traffic traffic;
  AddDisputed(traffic, Question(), Udp("10.0.0.1:1000", "10.0.0.2:54").Data(kText), 0, 8, 24);
  const FlowRun run = RunFlows(traffic);
  EXPECT_EQ(run.rows.Transcript(), ">(" + kText + ")");
  EXPECT_EQ(run.rows.flow().flags, kFlowFragmented | kFlowConflict);
  EXPECT_EQ(run.rows.flow().server_port, 53);
  EXPECT_GT(run.rows.flow().counts[0].conflict_bytes, 0u);
}

TEST(FragmentConflict, OfAnUnknownProtocolIsFlaggedAndCounted) {
  const PacketBuilder packet = PacketBuilder("10.0.0.1", "10.0.0.2", 99).Data(kText);
  Traffic traffic;
  AddDisputed(traffic, packet, PacketBuilder("10.0.0.1", "10.0.0.2", 99).Data(std::string(26, '#')),
              0, 8, 16);
  const FlowRow row = RunFlows(traffic).rows.flow();
  EXPECT_EQ(row.flags, kFlowFragmented | kFlowConflict);
  EXPECT_EQ(row.counts[0].conflict_bytes, 8u);
}

PacketBuilder Segment(uint32_t seq, const std::string& text) {
  return Tcp("10.0.0.1:1000", "10.0.0.2:80").Seq(seq).Data(text);
}

TEST(FragmentConflict, OfASegmentHasItsPlaceInTheStream) {
  Traffic traffic;
  traffic.Add(kT, Segment(99, "").Flags("S")).Add(kT, Segment(100, "first"));
  AddDisputed(traffic, Segment(105, kText), Segment(105, std::string(26, '#')), 24, 8, 32);
  const FlowRun run = RunFlows(traffic);
  EXPECT_EQ(run.rows.Transcript(), ">first" + kText + " >!########@9!");
  EXPECT_EQ(run.rows.flow().counts[0].conflict_bytes, 8u);
  EXPECT_NE(run.rows.flow().flags & kFlowConflict, 0);
}

TEST(FragmentConflict, OfAnEarlySegmentIsToldAtOnce) {
  Traffic traffic;
  traffic.Add(kT, Segment(99, "").Flags("S"));
  AddDisputed(traffic, Segment(105, kText), Segment(105, std::string(26, '#')), 24, 8, 32);
  traffic.Add(kT, Segment(100, "first"));
  EXPECT_EQ(RunFlows(traffic).rows.Transcript(), ">!########@9! >first" + kText);
}

TEST(FragmentConflict, BeforeAStreamHasItsStartIsCountedAlone) {
  Traffic traffic;
  AddDisputed(traffic, Segment(105, kText), Segment(105, std::string(26, '#')), 24, 8, 32);
  const FlowRun run = RunFlows(traffic);
  EXPECT_EQ(run.rows.Transcript(), ">" + kText);
  EXPECT_EQ(run.rows.flow().counts[0].conflict_bytes, 8u);
}

TEST(FragmentConflict, OfTheTextOfAResetIsCountedAlone) {
  Traffic traffic;
  traffic.Add(kT, Segment(99, "").Flags("S"));
  AddDisputed(traffic, Segment(100, kText).Flags("R"),
              Segment(100, std::string(26, '#')).Flags("R"), 24, 8, 32);
  const FlowRun run = RunFlows(traffic);
  EXPECT_EQ(run.rows.Transcript(), "");
  EXPECT_EQ(run.rows.flow().counts[0].conflict_bytes, 8u);
  EXPECT_EQ(run.rows.flow().counts[0].refused_bytes, kText.size());
}

TEST(FragmentConflict, IsKeptUpTo4KiBADirection) {
  Traffic traffic;
  const std::string text(3'000, '.');
  for (int n = 0; n < 3; ++n) {
    AddDisputed(traffic, Question(text), Question(std::string(3'000, '#')), 8, 2'000, 2'400);
  }
  const FlowRun run = RunFlows(traffic);
  const std::string words = run.rows.Transcript();
  EXPECT_EQ(std::count(words.begin(), words.end(), '#'), 4'096);
  EXPECT_NE(words.find("#@6000!"), std::string::npos);  // The last one kept, in part.
  EXPECT_EQ(run.rows.flow().counts[0].conflict_bytes, 6'000u);
}

TEST(FragmentConflict, IsTheSameHoweverTheBatchesFall) {
  Traffic traffic;
  for (int n = 0; n < 50; ++n) {
    const std::string from = fmt::format("10.0.1.{}:9", n % 7);
    AddDisputed(traffic, Udp(from, "10.0.0.2:53").Data(kText),
                Udp(from, "10.0.0.2:53").Data(std::string(26, '#')), 8, 8, 24);
  }
  const std::string rows = RunFlows(traffic).rows.Dump();
  EXPECT_NE(rows.find('#'), std::string::npos);
  EXPECT_EQ(RunFlows(traffic, {.batch_packets = 1}).rows.Dump(), rows);
  EXPECT_EQ(RunFlows(traffic, {.engines = 4}).rows.Dump(), rows);
}

TEST(FragmentConflict, IsOnOfferInTheLedgerAndHasItsFate) {
  Traffic traffic;
  AddDisputed(traffic, Question(), Question(std::string(26, '#')), 16, 8, 24);
  traffic.Add(kT, Segment(99, "").Flags("S"));
  AddDisputed(traffic, Segment(100, kText), Segment(100, std::string(26, '#')), 24, 8, 32);
  RowCollector collector;
  FlowEngine engine(SmallLimits(), "test", 1, collector);
  engine.Update(traffic.packets());
  engine.Finish();
  const FlowTally& tally = engine.tally(0);
  EXPECT_EQ(tally.BytesOf(Outcome::kDatagramPayload), 26u + 8);
  EXPECT_EQ(tally.BytesOf(Outcome::kDatagramStored), 26u);
  EXPECT_EQ(tally.BytesOf(Outcome::kDatagramConflict), 8u);
  EXPECT_EQ(tally.BytesOf(Outcome::kTcpPayload), 26u + 8);
  EXPECT_EQ(tally.BytesOf(Outcome::kTcpStored), 26u);
  EXPECT_EQ(tally.BytesOf(Outcome::kTcpConflict), 8u);
}

}  // namespace
}  // namespace dfc
