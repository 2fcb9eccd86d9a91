// Content that is left out: past a limit, by a rule, under overload. Everything else is counted.
#include <gtest/gtest.h>

#include "discarding_output.h"
#include "talk.h"

namespace dfc {
namespace {

constexpr char kHandshake[] = ">S <SA >A ";

RunOptions Limits(uint64_t flow, uint64_t side = UINT64_MAX) {
  RunOptions options;
  options.limits.content_flow_bytes_max = flow;
  options.limits.content_side_bytes_max = side;
  return options;
}
RunOptions Without(const char* rule) {
  RunOptions options;
  EXPECT_TRUE(options.limits.no_content.Add(rule).ok());
  return options;
}
FlowRun Say(std::string_view script, const RunOptions& options) {
  return Talk(std::string(kHandshake) + std::string(script)).Run(options);
}
const SideCounts& Client(const FlowRun& run) { return run.rows.flow().counts[0]; }
const SideCounts& Server(const FlowRun& run) { return run.rows.flow().counts[1]; }
constexpr unsigned kLeftOutFlags = kFlowContentLimit | kFlowNoContent | kFlowOverload;
unsigned Flags(const FlowRun& run) { return run.rows.flow().flags & kLeftOutFlags; }

TEST(ContentLimit, StoresTheFirstBytesOfBothSidesTogether) {
  const FlowRun run = Say(">:abc <:defg >:hij", Limits(5));
  EXPECT_EQ(run.rows.Transcript(), ">abc <de");
  EXPECT_EQ(Client(run).shed_bytes, 3u);
  EXPECT_EQ(Server(run).shed_bytes, 2u);
  EXPECT_EQ(Server(run).content_bytes, 2u);
  EXPECT_EQ(Flags(run), kFlowContentLimit);
}

TEST(ContentLimit, OfASideLeavesTheOtherAlone) {
  const FlowRun run = Say(">:abcdef <:123 >:ghi <:45", Limits(UINT64_MAX, 5));
  EXPECT_EQ(run.rows.Transcript(), ">abcde <12345");
  EXPECT_EQ(Client(run).shed_bytes, 4u);
  EXPECT_EQ(Server(run).shed_bytes, 0u);
}

TEST(ContentLimit, ThatIsJustReachedLeavesNothingOut) {
  const FlowRun run = Say(">:abc <:de", Limits(5));
  EXPECT_EQ(run.rows.Transcript(), ">abc <de");
  EXPECT_EQ(Flags(run), 0u);
  EXPECT_EQ(run.counters.left_out_flows[static_cast<size_t>(LeftOut::kLimit)], 0u);
}

TEST(ContentLimit, OfNothingStoresNothing) {
  const FlowRun run = Say(">:abc <:de", Limits(0));
  EXPECT_TRUE(run.rows.chunks().empty());
  EXPECT_EQ(Client(run).shed_bytes + Server(run).shed_bytes, 5u);
}

TEST(NoContent, IsToldOfAFlowThatHasNothingButAHole) {
  const FlowRun run = Say(">F=109 <A#110", Without("80/tcp"));
  EXPECT_EQ(Client(run).gap_bytes, 8u);
  EXPECT_EQ(Flags(run), kFlowNoContent);
}

TEST(ContentLimit, TheStreamIsFollowedBehindIt) {
  const FlowRun run = Say(">:abc >:def >:jkl=110 >:def=104 >:xyz=116 >F=119 <F#120", Limits(3));
  EXPECT_EQ(run.rows.Transcript(), ">abc");
  EXPECT_EQ(Client(run).shed_bytes, 9u);
  EXPECT_EQ(Client(run).duplicate_bytes, 3u);
  EXPECT_EQ(Client(run).gap_bytes, 6u);
  EXPECT_EQ(run.rows.flow().state, FlowState::kClosed);
}

TEST(ContentLimit, CountsInTheOrderOfTheStream) {
  const FlowRun run = Say(">:def=104 >:abc=101", Limits(4));
  EXPECT_EQ(run.rows.Transcript(), ">abcd");
}

TEST(ContentLimit, KeepsNoEvidenceBehindIt) {
  const FlowRun run = Say(">:abc >:jkl=107 >:jXl=107 >:def=104", Limits(2));
  EXPECT_EQ(run.rows.Transcript(), ">ab");
  EXPECT_EQ(Client(run).content_bytes + Client(run).shed_bytes + Client(run).duplicate_bytes +
                Client(run).conflict_bytes,
            12u);
}

TEST(ContentLimit, UrgentBytesCount) {
  const FlowRun run = Say(">:abcd^2", Limits(1));
  EXPECT_EQ(run.rows.Transcript(), ">a");
  EXPECT_EQ(Client(run).urgent_bytes, 0u);
  EXPECT_EQ(Client(run).shed_bytes, 3u);
}

Traffic& AddDatagrams(Traffic& traffic) {
  int64_t t_ns = Talk::kStartNs;
  for (const char* data : {"abc", "defg", "h"}) {
    traffic.Add(++t_ns, Udp("10.0.0.1:1000", "10.0.0.2:53").Data(data));
  }
  return traffic;
}

TEST(ContentLimit, ADatagramIsWholeOrNotThere) {
  Traffic traffic;
  const FlowRun run = RunFlows(AddDatagrams(traffic), Limits(5));
  EXPECT_EQ(run.rows.Transcript(), ">(abc)");
  EXPECT_EQ(Client(run).shed_bytes, 5u);
  EXPECT_EQ(Client(run).packets, 3u);
}

TEST(NoContent, CountsAndKeepsTheConnectionsState) {
  const FlowRun run = Say(">:abc <:de >F <F", Without("80"));
  EXPECT_TRUE(run.rows.chunks().empty());
  EXPECT_EQ(Flags(run), kFlowNoContent);
  EXPECT_EQ(Client(run).shed_bytes, 3u);
  EXPECT_EQ(Server(run).shed_bytes, 2u);
  EXPECT_EQ(run.rows.flow().state, FlowState::kClosed);
  EXPECT_EQ(run.counters.left_out_flows[static_cast<size_t>(LeftOut::kException)], 1u);
  EXPECT_EQ(run.counters.left_out_bytes[static_cast<size_t>(LeftOut::kException)], 5u);
}

TEST(NoContent, LeavesOthersAlone) {
  const FlowRun run = Say(">:abc", Without("443"));
  EXPECT_EQ(run.rows.Transcript(), ">abc");
  EXPECT_EQ(Flags(run), 0u);
}

TEST(NoContent, OfANetworkIsOfDatagramsAndMessagesToo) {
  Traffic traffic;
  AddDatagrams(traffic).Add(Talk::kStartNs + 100,
                            Icmp("10.0.0.1", "10.0.0.2").Echo(7, 1).Data("ping"));
  const FlowRun run = RunFlows(traffic, Without("10.0.0.2"));
  EXPECT_TRUE(run.rows.chunks().empty());
  ASSERT_EQ(run.rows.icmp().size(), 1u);
  EXPECT_EQ(run.rows.icmp().begin()->second.content_bytes, 0u);
  EXPECT_EQ(run.rows.icmp().begin()->second.payload_bytes, 4u);
}

// By random traffic: rows are the same however it is dealt out, and every byte has one fate.
class LeftOutRows : public testing::TestWithParam<uint64_t> {};

TEST_P(LeftOutRows, AreTheSameForAnyNumberOfWorkersAndAddUp) {
  Traffic traffic;
  traffic.AddAll(MixedFrames(GetParam(), 4'000));
  uint64_t payload_bytes = 0;
  for (const Packet& packet : traffic.packets()) {
    payload_bytes += packet.payload_bytes;
    if (packet.conflict != nullptr) payload_bytes += packet.conflict->bytes;
  }
  for (RunOptions options : {Limits(300), Limits(500, 200), Without("10.0.0.0/8")}) {
    const FlowRun one = RunFlows(traffic, options);
    uint64_t fates = 0;
    for (const auto& [key, row] : one.rows.flows()) {
      for (const SideCounts& side : row.counts) {
        fates += side.content_bytes + side.duplicate_bytes + side.conflict_bytes +
                 side.refused_bytes + side.urgent_bytes + side.shed_bytes;
        EXPECT_LE(side.content_bytes, options.limits.content_side_bytes_max);
      }
      EXPECT_LE(row.counts[0].content_bytes + row.counts[1].content_bytes,
                options.limits.content_flow_bytes_max);
    }
    EXPECT_EQ(fates, payload_bytes);
    EXPECT_GT(one.counters.shed_bytes, 0u);
    options.engines = 4;
    EXPECT_EQ(RunFlows(traffic, options).rows.Dump(), one.rows.Dump());
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, LeftOutRows, testing::Range<uint64_t>(0, 4));

class Shed : public testing::Test {
 protected:
  Shed() { out_.rows.LetRowsAdvance(); }
  void Take(std::string_view script) { engine_.Update(Talk(script).traffic().packets()); }

  static FlowLimits Live() {
    FlowLimits limits = SmallLimits();
    limits.live_source = 1;
    return limits;
  }
  RowCollector out_;
  FlowEngine engine_{Live(), "test", 1, out_};
};

TEST_F(Shed, ElephantsLoseTheirContentAndNotTheirCounts) {
  const std::string half(kElephantBytes / 32, 'x');
  std::string script = kHandshake;
  for (int n = 0; n < 32; ++n) script += ">:" + half + " <A ";
  Take(script);
  engine_.Shed(Shedding::kElephants);
  Take(">:more=1048677#501 <:late=501#1048681");
  engine_.Finish();
  const FlowRow& row = out_.rows.flow();
  EXPECT_EQ(row.counts[0].content_bytes, kElephantBytes);
  EXPECT_EQ(row.counts[0].shed_bytes, 4u);
  EXPECT_EQ(row.counts[1].shed_bytes, 4u);
  EXPECT_EQ(row.flags & kLeftOutFlags, kFlowOverload);
}

TEST_F(Shed, MiceKeepTheirsAtTheFirstLevel) {
  engine_.Shed(Shedding::kElephants);
  Take(std::string(kHandshake) + ">:abc");
  engine_.Finish();
  EXPECT_EQ(out_.rows.Transcript(), ">abc");
}

TEST_F(Shed, AtTheSecondLevelFlowsBeginWithoutAndStayWithout) {
  Take(kHandshake);
  engine_.Shed(Shedding::kNewFlows);
  Take(">:old=101");
  Traffic fresh;
  fresh.Add(Talk::kStartNs, Udp("10.0.0.9:1", "10.0.0.2:53").Data("new"));
  engine_.Update(fresh.packets());
  engine_.Shed(Shedding::kNothing);
  engine_.Update(fresh.packets());
  engine_.Finish();
  EXPECT_EQ(out_.rows.flows().size(), 2u);
  for (const auto& [key, row] : out_.rows.flows()) {
    const bool is_old = row.protocol == kTcp;
    EXPECT_EQ(row.counts[0].content_bytes, is_old ? 3u : 0u);
    EXPECT_EQ(row.counts[0].shed_bytes, is_old ? 0u : 6u);
  }
  EXPECT_EQ(engine_.counters().left_out_flows[static_cast<size_t>(LeftOut::kOverload)], 1u);
}

}  // namespace
}  // namespace dfc
