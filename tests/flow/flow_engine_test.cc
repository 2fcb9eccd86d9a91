#include "dfc/flow_engine.h"

#include <gtest/gtest.h>

#include "dfc/time.h"
#include "engine_run.h"
#include "talk.h"

namespace dfc {
namespace {

constexpr int64_t kT = Talk::kStartNs;

PacketBuilder Question() { return Udp("10.0.0.1:1000", "10.0.0.2:53"); }
PacketBuilder Answer() { return Udp("10.0.0.2:53", "10.0.0.1:1000"); }

TEST(UdpFlow, KeepsDatagramBoundaries) {
  Traffic traffic;
  traffic.Add(kT, Question().Data("a")).Add(kT + 1, Question().Data("bc"));
  traffic.Add(kT + 2, Answer().Data("de"));
  const FlowRun run = RunFlows(traffic);
  EXPECT_EQ(run.rows.Transcript(), ">(a) >(bc) <(de)");
  EXPECT_EQ(run.rows.flow().state, FlowState::kTwoWay);
  EXPECT_EQ(run.rows.flow().counts[0].content_bytes, 3u);
  EXPECT_EQ(run.counters.flows[1], 1u);
}

TEST(UdpFlow, IsOneWayUntilTheOtherSpeaks) {
  EXPECT_EQ(RunFlows(Traffic().Add(kT, Question())).rows.flow().state, FlowState::kOneWay);
}

TEST(UdpFlow, TellsWhatTheSnaplenCut) {
  Traffic traffic;
  traffic.AddCut(kT, Question().Data("hello"), Question().Bytes().size() + 2);
  traffic.Add(kT, Question().Data("x"));
  const FlowRun run = RunFlows(traffic);
  EXPECT_EQ(run.rows.Transcript(), ">(he) >[3] >(x)");
  EXPECT_EQ(run.rows.flow().flags, kFlowGap | kFlowTruncated);
}

TEST(UdpFlow, TellsFragments) {
  Traffic traffic;
  const PacketBuilder packet = Question().Data(std::string(30, 'x'));
  traffic.Add(kT, packet.Fragment(0, 16)).Add(kT, packet.Fragment(16, 40));
  EXPECT_EQ(RunFlows(traffic).rows.flow().flags, kFlowFragmented);
}

TEST(FlowEngine, KeepsVlanOfTheFirstPacket) {
  Traffic traffic;
  traffic.Add(kT, Question().Vlan(7)).Add(kT, Question());
  EXPECT_EQ(RunFlows(traffic).rows.flow().vlan, 7);
}

TEST(FlowEngine, IdentityIsTimeTupleAndSensor) {
  Traffic traffic;
  traffic.Add(kT, Question());
  const FlowId id = RunFlows(traffic).rows.flow().id;
  EXPECT_EQ(id, RunFlows(traffic, {.secret = 99}).rows.flow().id);
  RowCollector collector;
  FlowEngine engine(SmallLimits(), "other", 1, collector);
  engine.Update(traffic.packets());
  engine.Finish();
  EXPECT_EQ(collector.rows.flow().id.t_start_ns, id.t_start_ns);
  EXPECT_NE(collector.rows.flow().id.flow_hash, id.flow_hash);
}

TEST(FlowEngine, WithoutPacketsWritesNothing) {
  RowCollector collector;
  FlowEngine engine(SmallLimits(), "test", 1, collector);
  engine.Advance(kT);
  engine.Finish();
  EXPECT_EQ(collector.rows.Dump(), "");
}

// Timeouts.

size_t FlowsOf(const Traffic& traffic) { return RunFlows(traffic).rows.flows().size(); }

TEST(FlowTimeout, UdpEndsAfterThreeMinutesOfSilence) {
  Traffic traffic;
  traffic.Add(kT, Question()).Add(kT + 180 * kNsPerSecond, Answer());
  EXPECT_EQ(FlowsOf(traffic), 1u);
  traffic.Add(kT + 360 * kNsPerSecond + 1, Answer());
  EXPECT_EQ(FlowsOf(traffic), 2u);
}

TEST(FlowTimeout, IcmpEndsAfterAMinute) {
  const PacketBuilder ping = Icmp("10.0.0.1", "10.0.0.2").Echo(1, 1);
  Traffic traffic;
  traffic.Add(kT, ping).Add(kT + 60 * kNsPerSecond, ping);
  EXPECT_EQ(FlowsOf(traffic), 1u);
  traffic.Add(kT + 120 * kNsPerSecond + 1, ping);
  EXPECT_EQ(FlowsOf(traffic), 2u);
}

TEST(FlowTimeout, AnUnansweredSynEndsAfterFiveMinutes) {
  EXPECT_EQ(FlowsOf(Talk(">S @300000 >S=100").traffic()), 1u);
  EXPECT_EQ(FlowsOf(Talk(">S @300001 >S=100").traffic()), 2u);
}

TEST(FlowTimeout, AnEstablishedConnectionEndsAfterAnHour) {
  EXPECT_EQ(FlowsOf(Talk(">S <SA >A @3600002 >:GET").traffic()), 1u);
  EXPECT_EQ(FlowsOf(Talk(">S <SA >A @3600003 >:GET").traffic()), 2u);
}

TEST(FlowTimeout, AClosedConnectionWaitsFiveMinutesForStragglers) {
  EXPECT_EQ(FlowsOf(Talk(">S <SA >A >F <F @300004 >A").traffic()), 1u);
  EXPECT_EQ(FlowsOf(Talk(">S <SA >A >F <F @300005 >A").traffic()), 2u);
}

TEST(FlowTimeout, WritesOutWhileOthersGoOn) {
  RowCollector collector;
  FlowEngine engine(SmallLimits(), "test", 1, collector);
  Traffic traffic;
  traffic.Add(kT, Question());
  engine.Update(traffic.packets());
  EXPECT_EQ(engine.counters().flows_now, 1u);
  engine.Advance(kT + 180 * kNsPerSecond);
  EXPECT_EQ(engine.counters().flows_now, 1u);
  engine.Advance(kT + 182 * kNsPerSecond);
  EXPECT_EQ(engine.counters().flows_now, 0u);
  engine.Finish();
  EXPECT_EQ(collector.rows.flows().size(), 1u);
}

TEST(FlowTimeout, TimeThatGoesBackEndsNothing) {
  Traffic traffic;
  traffic.Add(kT, Question()).Add(kT - 3'600 * kNsPerSecond, Answer()).Add(kT + 1, Question());
  EXPECT_EQ(FlowsOf(traffic), 1u);
}

// The wheel only says when a flow is written out, never what it is.
TEST(FlowTimeout, SameRowsHoweverTheBatchesFall) {
  Traffic traffic;
  traffic.Add(kT, Question());
  traffic.Add(kT + 1'000 * kNsPerSecond, Udp("10.0.0.3:1", "10.0.0.2:53"));
  traffic.Add(kT - 5, Answer());  // Captured last, but stamped with a time before the first.
  const std::string rows = RunFlows(traffic).rows.Dump();
  EXPECT_EQ(RunFlows(traffic, {.batch_packets = 1}).rows.Dump(), rows);
}

// ICMP.

TEST(IcmpFlow, TellsTheRoundTrip) {
  Traffic traffic;
  traffic.Add(kT, Icmp("10.0.0.1", "10.0.0.2").Echo(7, 1).Data("ping"));
  traffic.Add(kT + 1'500, Icmp("10.0.0.2", "10.0.0.1").Type(0).Echo(7, 1).Data("ping"));
  const FlowRun run = RunFlows(traffic);
  ASSERT_EQ(run.rows.icmp().size(), 2u);
  const IcmpRow request = run.rows.icmp().begin()->second;
  const IcmpRow reply = run.rows.icmp().rbegin()->second;
  EXPECT_EQ(request.rtt_ns, -1);
  EXPECT_EQ(reply.rtt_ns, 1'500);
  EXPECT_EQ(reply.side, Side::kServer);
  EXPECT_EQ(reply.payload_bytes, 4u);
  EXPECT_EQ(run.rows.Transcript(), ">(ping) <(ping)");
}

TEST(IcmpFlow, PingsOfDifferentIdentifiersAreDifferentFlows) {
  Traffic traffic;
  traffic.Add(kT, Icmp("10.0.0.1", "10.0.0.2").Echo(7, 1));
  traffic.Add(kT, Icmp("10.0.0.1", "10.0.0.2").Echo(8, 1));
  EXPECT_EQ(FlowsOf(traffic), 2u);
}

TEST(IcmpFlow, AReplyAloneComesFromTheServer) {
  Traffic traffic;
  traffic.Add(kT, Icmp("fd00::2", "fd00::1").Type(129).Echo(7, 1));
  EXPECT_EQ(FormatAddress(RunFlows(traffic).rows.flow().client), "fd00::1");
}

PacketBuilder Unreachable(const PacketBuilder& quoted) {
  return Icmp("10.0.0.9", "10.0.0.1").Type(3, 3).Data(quoted.Datagram());
}

TEST(IcmpError, NamesTheFlowThatItQuotes) {
  Traffic traffic;
  traffic.Add(kT, Question().Data("a")).Add(kT + 5, Unreachable(Question().Data("a")));
  const FlowRun run = RunFlows(traffic);
  ASSERT_EQ(run.rows.icmp().size(), 1u);
  const IcmpRow row = run.rows.icmp().begin()->second;
  EXPECT_TRUE(row.has_quote && row.quote_found);
  EXPECT_EQ(row.about, run.rows.flow(0).id);
  EXPECT_EQ(row.quoted.destination_port, 53);
}

TEST(IcmpError, OfAnUnknownFlowNamesItsHash) {
  Traffic known;
  known.Add(kT, Question());
  Traffic traffic;
  traffic.Add(kT + 5, Unreachable(Question()));
  const IcmpRow row = RunFlows(traffic).rows.icmp().begin()->second;
  EXPECT_TRUE(row.has_quote);
  EXPECT_FALSE(row.quote_found);
  EXPECT_EQ(row.about.t_start_ns, 0);
  EXPECT_EQ(row.about.flow_hash, RunFlows(known).rows.flow().id.flow_hash);
}

TEST(IcmpError, OfAFlowThatTimedOutFindsNone) {
  Traffic traffic;
  traffic.Add(kT, Question()).Add(kT + 200 * kNsPerSecond, Unreachable(Question()));
  EXPECT_FALSE(RunFlows(traffic).rows.icmp().begin()->second.quote_found);
}

TEST(IcmpError, GoesToTheWorkerOfTheFlowThatItQuotes) {
  for (uint16_t port = 1; port < 100; ++port) {
    Traffic traffic;
    const PacketBuilder quoted = Udp("10.0.0.1:" + std::to_string(port), "10.0.0.2:53");
    traffic.Add(kT, quoted).Add(kT, Unreachable(quoted));
    EXPECT_EQ(ShardHash(traffic.packets()[0], 7), ShardHash(traffic.packets()[1], 7));
  }
}

// Limits.

std::string ClientOf(const FlowRow& row) { return FormatAddress(row.client); }

PacketBuilder From(int n) { return Udp("10.0.1." + std::to_string(n) + ":1", "10.0.0.2:53"); }

TEST(FlowLimit, TheFlowIdleLongestMakesRoom) {
  RunOptions options;
  options.limits.flows_max = 2;
  Traffic traffic;
  traffic.Add(kT, From(1)).Add(kT + 50 * kNsPerSecond, From(2));
  traffic.Add(kT + 100 * kNsPerSecond, From(1)).Add(kT + 101 * kNsPerSecond, From(3));
  const FlowRun run = RunFlows(traffic, options);
  EXPECT_EQ(run.counters.flows_evicted, 1u);
  for (const auto& [key, row] : run.rows.flows()) {
    EXPECT_EQ((row.flags & kFlowEvicted) != 0, ClientOf(row) == "10.0.1.2") << ClientOf(row);
  }
}

TEST(FlowLimit, EvictedFlowsKeepTheirContent) {
  RunOptions options;
  options.limits.flows_max = 1;
  Traffic traffic;
  for (int n = 1; n < 6; ++n) traffic.Add(kT + n * kNsPerSecond, From(n).Data("abc"));
  const FlowRun run = RunFlows(traffic, options);
  EXPECT_EQ(run.rows.flows().size(), 5u);
  for (const auto& [key, row] : run.rows.flows()) EXPECT_EQ(run.rows.Transcript(row), ">(abc)");
  EXPECT_EQ(run.counters.flows_evicted, 4u);
}

TEST(FlowLimit, HeldBytesGiveUpTheOldestGap) {
  RunOptions options;
  options.limits.held_bytes_max = 600;
  const Talk talk(">S <SA >A >:b=102 >:d=104 >:f=106");
  EXPECT_EQ(talk.Run(options).rows.Transcript(), ">[1] >b >[1] >d >[1] >f");
  EXPECT_EQ(talk.Run(options).counters.gaps, 3u);
}

TEST(FlowLimit, AHoleWaitsNoLongerThanItsTime) {
  EXPECT_EQ(Talk(">S <SA >A >:b=102 @70000 >:c=103 >:a=101").Transcript(), ">[1] >b >c");
}

}  // namespace
}  // namespace dfc
