// The small pieces of text: ICMP names, verdicts, flags, progress, the default of --workers.
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "dfc/packet.h"
#include "flow_words.h"
#include "icmp_names.h"
#include "options.h"
#include "progress.h"
#include "summary.h"
#include "verdict_sentence.h"

namespace dfc {
namespace {

TEST(IcmpNames, DependOnTheProtocol) {
  EXPECT_EQ(IcmpTypeName(kIcmp, 3), "Destination Unreachable");
  EXPECT_EQ(IcmpTypeName(kIcmpv6, 3), "Time Exceeded");
  EXPECT_EQ(IcmpTypeName(kIcmpv6, 135), "Neighbor Solicitation");
  EXPECT_EQ(IcmpTypeName(kIcmp, 99), "type 99");
  EXPECT_EQ(IcmpCodeName(kIcmp, 3, 3), "port unreachable");
  EXPECT_EQ(IcmpCodeName(kIcmpv6, 1, 4), "port unreachable");
  EXPECT_EQ(IcmpCodeName(kIcmp, 8, 0), "");
}
TEST(IcmpNames, KnowWhatHasAnIdentifier) {
  EXPECT_TRUE(IcmpHasIdentifier(kIcmp, 8));
  EXPECT_TRUE(IcmpHasIdentifier(kIcmpv6, 129));
  EXPECT_FALSE(IcmpHasIdentifier(kIcmpv6, 8));
  EXPECT_FALSE(IcmpHasIdentifier(kIcmp, 3));
}

TEST(VerdictSentence, IsThereForEachAndDiffers) {
  std::set<std::string> sentences;
  for (size_t i = 0; i < kVerdictCount; ++i) {
    EXPECT_TRUE(sentences.insert(VerdictSentence(static_cast<Verdict>(i))).second) << i;
  }
  EXPECT_EQ(sentences.count(VerdictSentence(static_cast<Verdict>(kVerdictCount))), 0u);
}

TEST(FlagWords, JoinWithCommas) {
  EXPECT_EQ(FlagWords(0), "");
  EXPECT_EQ(FlagWords(kFlowGap | kFlowOutOfOrder), "gap,reorder");
  EXPECT_EQ(ShortFlagWords(kFlowGap | kFlowOutOfOrder), "gap,ooo");
}
TEST(ShortTime, HasNoYear) { EXPECT_EQ(ShortTime(0), "01-01 00:00:00"); }

TEST(ProgressLine, ShowsAPartOfTheWhole) {
  EXPECT_EQ(ProgressLine({1000, 50'000'000, 100'000'000, 1'000'000'000}, 200),
            " 50 % [##########----------] 50.0 MB of 100 MB  1,000 packets  50.0 MB/s  0:01 left");
}
TEST(ProgressLine, DoesWithoutAWhole) {
  EXPECT_EQ(ProgressLine({1, 50'000'000, 0, 1'000'000'000}, 200), "50.0 MB  1 packet  50.0 MB/s");
}
TEST(ProgressLine, StandsOddFigures) {
  EXPECT_EQ(ProgressLine({0, 0, 0, 0}, 200), "0 B  0 packets  0 B/s");
  EXPECT_EQ(ProgressLine({0, 20, 10, 1'000'000'000}, 10), "100 % [###");
}

TEST(Summary, LeavesOutWhatDidNotOccur) {
  PipelineReport report;
  report.packets[static_cast<size_t>(Verdict::kBadTcpChecksum)] = 20;
  const std::string text = Summarize(report, "null:");
  EXPECT_NE(text.find("20  TCP checksum is wrong\n"), std::string::npos);
  EXPECT_EQ(text.find("ARP"), std::string::npos);
  EXPECT_EQ(text.find("limit"), std::string::npos);
}

TEST(Summary, TellsWhatBecameOfFragments) {
  PipelineReport report;
  EXPECT_EQ(Summarize(report, "null:").find("fragments"), std::string::npos);
  report.fragments.timed_out = 2;
  report.fragments.unfinished = 1;
  report.fragments.conflicts = 1;
  report.fragments.over_share = 5;
  const std::string text = Summarize(report, "null:");
  for (const char* line : {"fragments  3 datagrams given up: the rest never came\n",
                           "fragments  1 fragment with other bytes for a place that was taken\n",
                           "limit      5 datagrams given up: its source had its share"}) {
    EXPECT_NE(text.find(line), std::string::npos) << text;
  }
}

TEST(DefaultWorkers, LeavesTwoProcessorsFree) {
  EXPECT_EQ(DefaultWorkers(0), 1u);
  EXPECT_EQ(DefaultWorkers(2), 1u);
  EXPECT_EQ(DefaultWorkers(4), 2u);
  EXPECT_EQ(DefaultWorkers(64), 8u);
}

TEST(SensorName, IsShortAndPrintable) {
  EXPECT_TRUE(CheckSensorName("gate-1").ok());
  EXPECT_FALSE(CheckSensorName("").ok());
  EXPECT_FALSE(CheckSensorName("a\nb").ok());
  EXPECT_FALSE(CheckSensorName(std::string(65, 'a')).ok());
}

}  // namespace
}  // namespace dfc
