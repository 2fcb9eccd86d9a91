// Connections that someone, or the capture, plays tricks with.
#include <gtest/gtest.h>

#include "talk.h"

namespace dfc {
namespace {

constexpr char kHandshake[] = ">S <SA >A ";

// A reset with a short time to live reaches the sensor and not the receiver, which goes on.
TEST(TcpAbuse, AfterAResetThatTheReceiverNeverGotItsAcknowledgmentsTellWhatCounts) {
  const FlowRun run =
      Talk(std::string(kHandshake) + ">:GET >R=104 >:MORE=104 <A#108 <:OK >:END=108 <A#111").Run();
  EXPECT_EQ(run.rows.Transcript(), ">GET | >MORE <OK >END");
  ASSERT_EQ(run.rows.flows().size(), 1u);
  EXPECT_EQ(run.rows.flow().counts[0].content_bytes, 10u);
  EXPECT_EQ(run.rows.flow().counts[1].content_bytes, 2u);
  EXPECT_NE(run.rows.flow().flags & kFlowAfterReset, 0);
}

TEST(TcpAbuse, DataAfterAResetThatNobodyAcknowledgesIsNoContent) {
  const FlowRun run = Talk(std::string(kHandshake) + ">:GET <R=501 >:MORE <R=501").Run();
  EXPECT_EQ(run.rows.Transcript(), ">GET");
  EXPECT_EQ(run.rows.flow().counts[0].refused_bytes, 4u);
  EXPECT_NE(run.rows.flow().flags & kFlowAfterReset, 0);
}

TEST(TcpAbuse, AResetAloneIsNoDataAfterAReset) {
  const Talk talk(std::string(kHandshake) + ">:GET <RA:why=501 <R=501");
  EXPECT_EQ(talk.State(), "reset");
  EXPECT_EQ(talk.Flags() & kFlowAfterReset, 0u);
}

// Routes may differ: the sensor sees one direction and no acknowledgment of it.
TEST(TcpAbuse, OneDirectionAloneIsPutTogether) {
  EXPECT_EQ(Talk(">S >A#501 >:abc=101 >:ghi=107 >:def=104 >F=110").Transcript(), ">abcdefghi");
  EXPECT_EQ(Talk("<SA <:abc=501 <:ghi=507 <:def=504 <F=510").Transcript(), "<abcdefghi");
  const FlowRun run = Talk(">:abc=101 >:ghi=107").Run();  // Nor the beginning.
  EXPECT_EQ(run.rows.Transcript(), ">abc >[3] >ghi");
  EXPECT_EQ(run.rows.flow().flags, kFlowMidstream | kFlowGap);
}

TEST(TcpAbuse, WhereNobodyToldTheWindowsScaleBytesFarAheadAreKept) {
  const FlowRun run = Talk(">:abc=101 <A >:xyz=5000101 >:lost=40000101").Run();
  EXPECT_EQ(run.rows.Transcript(), ">abc >[4999997] >xyz");
  EXPECT_EQ(run.rows.flow().counts[0].refused_bytes, 4u);
}

// The receiver has them, the capture has not: they are missing, and nothing is joined over them.
TEST(TcpAbuse, BytesThatWereAcknowledgedAndNotCapturedAreAGap) {
  const FlowRun run =
      Talk(std::string(kHandshake) + ">:abc >:ghi=107 <A#110 >:jkl=110 <A#113 >F=113 <F#114").Run();
  EXPECT_EQ(run.rows.Transcript(), ">abc | >[3] >ghijkl");
  EXPECT_EQ(run.rows.flow().counts[0].gap_bytes, 3u);
}

// The capture lost more than a stream may be ahead of itself.
TEST(TcpAbuse, WhatFollowsALongGapIsContent) {
  const std::string both = ">:def=40000101 <A#40000104 >:ghi=40000104 <A#40000107";
  const FlowRun known = Talk(std::string(kHandshake) + ">:abc <A#104 " + both).Run();
  EXPECT_EQ(known.rows.Transcript(), ">abc >[39999997] >defghi");
  EXPECT_EQ(known.rows.flow().counts[0].refused_bytes, 0u);

  // Without SYN an acknowledgment has to speak for it: of the first segment there is none.
  const FlowRun midstream = Talk(">:abc=101 <A#104 " + both).Run();
  EXPECT_EQ(midstream.rows.Transcript(), ">abc >[40000000] >ghi");
  EXPECT_EQ(midstream.rows.flow().counts[0].refused_bytes, 3u);

  EXPECT_EQ(Talk(">S >:abc=101 >:def=40000101 >:ghi=40000104").Transcript(),
            ">abc >[39999997] >defghi");
}

TEST(TcpAbuse, OneFlowMayCarryASuperPacket) {
  const std::string large(65'226, 'x');
  EXPECT_EQ(Talk(std::string(kHandshake) + "<:" + large).Run().rows.flow().counts[1].content_bytes,
            large.size());
}

}  // namespace
}  // namespace dfc
