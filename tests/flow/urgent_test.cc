// What each way to treat urgent bytes makes of one and the same traffic.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "talk.h"

namespace dfc {
namespace {

FlowRun RunWith(Urgent urgent, const std::string& script) {
  RunOptions options;
  options.limits.urgent = urgent;
  return Talk(">S <SA >A " + script).Run(options);
}
std::string OutOfBand(const std::string& script) {
  return RunWith(Urgent::kOutOfBand, script).rows.Transcript();
}
std::string Inline(const std::string& script) {
  return RunWith(Urgent::kInline, script).rows.Transcript();
}
std::string Dropped(const std::string& script) {
  return RunWith(Urgent::kDrop, script).rows.Transcript();
}

TEST(UrgentByte, IsKeptApartInTheStreamOrDropped) {
  EXPECT_EQ(OutOfBand(">:abcd^2"), ">a >^b >cd");
  EXPECT_EQ(Inline(">:abcd^2"), ">abcd");
  EXPECT_EQ(Dropped(">:abcd^2"), ">a >cd");
}

TEST(UrgentByte, MayComeEarly) {
  const std::string script = ">:efgh=105^2 >:abcd=101 >:ij=109";
  EXPECT_EQ(OutOfBand(script), ">abcde >^f >ghij");
  EXPECT_EQ(Inline(script), ">abcdefghij");
  EXPECT_EQ(Dropped(script), ">abcde >ghij");
}

TEST(UrgentByte, MayComeInALaterSegmentThanItsPointer) {
  const std::string script = ">:ab^4 >:c >:de";
  EXPECT_EQ(OutOfBand(script), ">abc >^d >e");
  EXPECT_EQ(Inline(script), ">abcde");
  EXPECT_EQ(Dropped(script), ">abc >e");
}

TEST(UrgentByte, MayBeTheFirstOrTheLastOfItsSegment) {
  EXPECT_EQ(OutOfBand(">:ab^1 >:cd^2"), ">^a >bc >^d");
  EXPECT_EQ(Inline(">:ab^1 >:cd^2"), ">abcd");
  EXPECT_EQ(Dropped(">:ab^1 >:cd^2"), ">bc");
}

TEST(UrgentByte, CountsOnceWhenItIsSentAgain) {
  const std::string script = ">:abcd^2 >:abcd=101^2 >:ef=105";
  EXPECT_EQ(OutOfBand(script), ">a >^b >cdef");
  EXPECT_EQ(Inline(script), ">abcdef");
  EXPECT_EQ(Dropped(script), ">a >cdef");
  for (const Urgent urgent : {Urgent::kOutOfBand, Urgent::kDrop}) {
    const FlowRun run = RunWith(urgent, script);
    EXPECT_EQ(run.rows.flow().counts[0].urgent_bytes, 1u);
    EXPECT_EQ(run.rows.flow().counts[0].duplicate_bytes, 4u);
  }
}

// Held copies that differ: the pointer names a place, not a copy.
TEST(UrgentByte, OfTwoCopiesIsTheOneThatCounts) {
  const std::string script = ">:efgh=105^2 >:eXgh=105^2 >:abcd=101";
  EXPECT_EQ(OutOfBand(script), ">!X@5! >abcde >^f >gh");
  EXPECT_EQ(Inline(script), ">!X@5! >abcdefgh");
  EXPECT_EQ(Dropped(script), ">!X@5! >abcde >gh");
}

TEST(UrgentByte, MayStandBeforeFinButIsNoFin) {
  EXPECT_EQ(OutOfBand(">F:abcd^4"), ">abc >^d");
  EXPECT_EQ(Inline(">F:abcd^4"), ">abcd");
  EXPECT_EQ(Dropped(">F:abcd^4"), ">abc");
  for (const Urgent urgent : {Urgent::kOutOfBand, Urgent::kInline, Urgent::kDrop}) {
    const FlowRun run = RunWith(urgent, ">F:abcd^5 <F >A");
    EXPECT_EQ(run.rows.Transcript(), ">abcd");
    EXPECT_EQ(run.rows.flow().counts[0].urgent_bytes, 0u);
    EXPECT_EQ(run.rows.flow().state, FlowState::kClosed);
  }
}

TEST(UrgentByte, IsCountedAndFlaggedWhereItLeavesTheStream) {
  for (const Urgent urgent : {Urgent::kOutOfBand, Urgent::kInline, Urgent::kDrop}) {
    const bool leaves = urgent != Urgent::kInline;
    const FlowRow row = RunWith(urgent, ">:abcd^2").rows.flow();
    EXPECT_EQ(row.counts[0].urgent_bytes, leaves ? 1u : 0u);
    EXPECT_EQ(row.counts[0].content_bytes, leaves ? 3u : 4u);
    EXPECT_EQ((row.flags & kFlowUrgent) != 0, leaves);
  }
}

TEST(UrgentByte, HasItsOwnFateInTheLedger) {
  const std::pair<Urgent, std::string> fates[] = {{Urgent::kOutOfBand, "4 = 3 + 1 + 0"},
                                                  {Urgent::kInline, "4 = 4 + 0 + 0"},
                                                  {Urgent::kDrop, "4 = 3 + 0 + 1"}};
  for (const auto& [urgent, text] : fates) {
    FlowLimits limits = SmallLimits();
    limits.urgent = urgent;
    RowCollector collector;
    FlowEngine engine(limits, "test", 1, collector);
    const Talk talk(">S <SA >A >:efgh=105^2");  // Held to the end.
    engine.Update(talk.traffic().packets());
    engine.Finish();
    const FlowTally& tally = engine.tally(0);
    EXPECT_EQ(fmt::format("{} = {} + {} + {}", tally.BytesOf(Outcome::kTcpPayload),
                          tally.BytesOf(Outcome::kTcpStored), tally.BytesOf(Outcome::kTcpUrgent),
                          tally.BytesOf(Outcome::kTcpUrgentDropped)),
              text);
  }
}

}  // namespace
}  // namespace dfc
