// TCP connections from handshake to farewell, as the engine sees them.
#include "tcp_connection.h"

#include <gtest/gtest.h>

#include "talk.h"

namespace dfc {
namespace {

constexpr char kHandshake[] = ">S <SA >A ";

std::string StateAfter(const std::string& script) { return Talk(script).State(); }

TEST(TcpState, FollowsTheConnectionsLife) {
  EXPECT_EQ(StateAfter(">S"), "attempt");
  EXPECT_EQ(StateAfter(">S >S=100 >S=100"), "attempt");
  EXPECT_EQ(StateAfter(">S <SA"), "established");
  EXPECT_EQ(StateAfter(">S <SA >A >:GET"), "established");
  EXPECT_EQ(StateAfter(">S <SA >A >F"), "closing");
  EXPECT_EQ(StateAfter(">S <SA >A <F"), "closing");
  EXPECT_EQ(StateAfter(">S <SA >A >F <F >A"), "closed");
  EXPECT_EQ(StateAfter(">S <SA >A <R=501"), "reset");
  EXPECT_EQ(StateAfter(">S <RA=0"), "rejected");
  EXPECT_EQ(StateAfter(">:GET <:OK"), "established");
}

TEST(TcpConnection, TellsWhatWasSaid) {
  EXPECT_EQ(Talk(">S <SA >A >:GET <:OK >F <F >A").Transcript(), ">GET <OK");
}

TEST(TcpConnection, TheSenderOfSynIsTheClient) {
  const FlowRun run = Talk("<S >SA <A <:hello").Run();
  EXPECT_EQ(FormatAddress(run.rows.flow().client), "10.0.0.2");
  EXPECT_EQ(run.rows.Transcript(), ">hello");
}

TEST(TcpConnection, TheSenderOfSynAckIsTheServer) {
  const FlowRun run = Talk("<SA >A >:hello").Run();
  EXPECT_EQ(FormatAddress(run.rows.flow().server), "10.0.0.2");
  EXPECT_EQ(run.rows.Transcript(), ">hello");
}

TEST(TcpConnection, WithoutSynTheFirstSpeakerIsTheClient) {
  EXPECT_EQ(Talk("<:OK >:GET").Transcript(), ">OK <GET");
  EXPECT_EQ(Talk("<:OK >:GET").Flags() & kFlowMidstream, unsigned{kFlowMidstream});
  EXPECT_EQ(Talk(">S <SA >A").Flags(), 0u);
}

TEST(TcpConnection, CountsPacketsAndBytes) {
  const FlowRun run = Talk(">S <SA >A >:GET <:OK").Run();
  const FlowRow& row = run.rows.flow();
  EXPECT_EQ(row.counts[0].packets, 3u);
  EXPECT_EQ(row.counts[0].ip_bytes, 40u + 40 + 43);
  EXPECT_EQ(row.counts[0].content_bytes, 3u);
  EXPECT_EQ(row.counts[1].packets, 2u);
  EXPECT_EQ(row.counts[1].content_bytes, 2u);
  EXPECT_EQ(row.id.t_start_ns, Talk::kStartNs);
  EXPECT_EQ(row.t_last_ns, Talk::kStartNs + 4'000'000);
}

TEST(TcpConnection, KeepsBytesThatComeBeforeALateSyn) {
  EXPECT_EQ(Talk(">:GET=101 >S=100 <SA >A").Transcript(), ">GET");
  EXPECT_EQ(Talk(">:GET=101 >S=100 <SA >A").Run().rows.flows().size(), 1u);
}

TEST(TcpConnection, AnchorsByThePeersAck) {
  EXPECT_EQ(Talk(">S <SA >A#501 <:bc=502 <:a=501").Transcript(), "<abc");
}

TEST(TcpConnection, OfTwoSynAcksTheAcknowledgedOneCounts) {
  EXPECT_EQ(Talk(">S <SA=500 <SA=900 >A#901 <:OK=901").Transcript(), "<OK");
  EXPECT_EQ(Talk(">S <SA=500 <SA=900 >A#501 <:OK=501").Transcript(), "<OK");
}

TEST(TcpConnection, BothMayOpenAtOnce) {
  const FlowRun run = Talk(">S <S >SA=100 <SA=500 >:GET=101 <:OK=501").Run();
  EXPECT_EQ(run.rows.Transcript(), ">GET <OK");
  EXPECT_EQ(run.rows.flow().state, FlowState::kEstablished);
}

TEST(TcpConnection, MayOpenInASplitHandshake) {
  EXPECT_EQ(Talk(">S <A <S >SA=100 <A >:GET=101 <:OK").Transcript(), ">GET <OK");
}

TEST(TcpConnection, SynDataIsPartOfTheStream) {
  EXPECT_EQ(Talk(">S:GET <SA <:OK >A").Transcript(), ">GET <OK");
}

TEST(TcpConnection, AReusedPortIsANewConnection) {
  Talk talk(">S <SA >A >:one >F <F >A");
  const FlowRun run = talk.Add(">S=7000 <SA=9000 >A >:two").Run();
  ASSERT_EQ(run.rows.flows().size(), 2u);
  EXPECT_EQ(run.rows.Transcript(run.rows.flow(0)), ">one");
  EXPECT_EQ(run.rows.Transcript(run.rows.flow(1)), ">two");
  EXPECT_EQ(run.rows.flow(1).flags, kFlowReused);
}

TEST(TcpConnection, ASynOfAnotherNumberIsANewConnection) {
  const FlowRun run = Talk(">S <SA >A >:one").Add(">S=7000 <SA=9000 >A >:two").Run();
  EXPECT_EQ(run.rows.flows().size(), 2u);
}

// It is then a flow of its own anyway, whether the old one has been written out yet or not.
TEST(TcpConnection, APortReusedAfterTheTimeoutIsNotMarked) {
  const FlowRun run = Talk(">S <SA >A >F <F >A @400000 >S=7000").Run();
  ASSERT_EQ(run.rows.flows().size(), 2u);
  EXPECT_EQ(run.rows.flow(1).flags, 0u);
}

TEST(TcpConnection, ARepeatedSynIsNot) {
  EXPECT_EQ(Talk(">S >S=100 <SA <SA=500 >A >:GET").Transcript(), ">GET");
}

TEST(TcpConnection, AnotherConnectionInTheSameNanosecondHasItsOwnIdentity) {
  const FlowRun run = Talk(">S @0 >S=7000 @0 >S=9000").Run();
  ASSERT_EQ(run.rows.flows().size(), 3u);
  EXPECT_EQ(run.rows.flow(1).id.t_start_ns, Talk::kStartNs + 1);
  EXPECT_EQ(run.rows.flow(2).id.t_start_ns, Talk::kStartNs + 2);
}

TEST(TcpReset, CountsWhereTheNextByteIsDue) {
  EXPECT_EQ(StateAfter(std::string(kHandshake) + ">:GET >R=104"), "reset");
  EXPECT_EQ(StateAfter(std::string(kHandshake) + ">:GET >R=101"), "established");
  EXPECT_EQ(StateAfter(std::string(kHandshake) + ">:GET >R=105"), "established");
  EXPECT_EQ(StateAfter(std::string(kHandshake) + ">F >R=102"), "reset");
}

TEST(TcpReset, OutOfPlaceDoesNotStopTheStream) {
  EXPECT_EQ(Talk(std::string(kHandshake) + ">:GET >R=4000 >:MORE").Transcript(), ">GETMORE");
}

TEST(TcpReset, IsNoRejectionOnceTheServerAnswered) {
  EXPECT_EQ(StateAfter(">S <SA <R=501"), "reset");
}

TEST(TcpReset, CarriesNoContent) {
  EXPECT_EQ(Talk(std::string(kHandshake) + ">:GET <R:why=501").Transcript(), ">GET");
}

TEST(TcpFin, WaitsForWhatWasLost) {
  EXPECT_EQ(Talk(std::string(kHandshake) + ">:GET >:y=105 >F=106 >:x=104").Transcript(), ">GETxy");
}

TEST(TcpFin, TellsWhatNeverCame) {
  const FlowRun run = Talk(std::string(kHandshake) + ">:GET >F=110").Run();
  EXPECT_EQ(run.rows.Transcript(), ">GET >[6]");
  EXPECT_EQ(run.rows.flow().counts[0].gap_bytes, 6u);
  EXPECT_EQ(run.rows.flow().flags, kFlowGap);
}

TEST(TcpFin, DataBehindItIsRefusedAndCounted) {
  const FlowRun run = Talk(std::string(kHandshake) + ">:GET >F >:more=104").Run();
  EXPECT_EQ(run.rows.Transcript(), ">GET");
  EXPECT_EQ(run.rows.flow().counts[0].refused_bytes, 4u);
}

TEST(TcpFin, MayCarryData) {
  EXPECT_EQ(Talk(std::string(kHandshake) + ">F:GET").Transcript(), ">GET");
}

TEST(TcpConnection, TellsGapsDuplicatesAndDisorder) {
  const FlowRun run = Talk(std::string(kHandshake) + ">:abc >:abc=101 >:hi=108 >:de=104").Run();
  EXPECT_EQ(run.rows.Transcript(), ">abcde >[2] >hi");
  EXPECT_EQ(run.rows.flow().counts[0].duplicate_bytes, 3u);
  EXPECT_EQ(run.rows.flow().counts[0].gap_bytes, 2u);
  EXPECT_EQ(run.rows.flow().flags, kFlowGap | kFlowOutOfOrder);
}

TEST(TcpConnection, TellsCopiesThatDiffer) {
  const FlowRun run = Talk(std::string(kHandshake) + ">:b=102 >:axc=101").Run();
  EXPECT_EQ(run.rows.Transcript(), ">!b@1! >axc");
  EXPECT_EQ(run.rows.flow().flags & kFlowConflict, unsigned{kFlowConflict});
}

TEST(TcpConnection, TellsWhatTheSnaplenCut) {
  Traffic traffic;
  const PacketBuilder packet = Tcp("10.0.0.1:1", "10.0.0.2:2").Seq(1).Data("hello");
  traffic.Add(1, Tcp("10.0.0.1:1", "10.0.0.2:2").Flags("S").Seq(0));
  traffic.AddCut(2, packet, packet.Bytes().size() - 3);
  traffic.Add(3, Tcp("10.0.0.1:1", "10.0.0.2:2").Seq(6).Data("!"));
  const FlowRun run = RunFlows(traffic);
  EXPECT_EQ(run.rows.Transcript(), ">he >[3] >!");
  EXPECT_EQ(run.rows.flow().flags, kFlowGap | kFlowTruncated);
}

TEST(TcpWindow, ResetSaysNothingAboutWhatCameBeforeIt) {
  EXPECT_EQ(Talk(">S <SA >A <:abc=90000 >R").Transcript(), "<[89499] <abc");
  EXPECT_EQ(Talk(">S <SA >A <:abc=90000 >A >R").Transcript(), "");
}

}  // namespace
}  // namespace dfc
