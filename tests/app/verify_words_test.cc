#include "verify_words.h"

#include <gtest/gtest.h>

#include "dfc/time.h"

namespace dfc {
namespace {

TEST(FindingLine, NamesSensorMinuteAndInput) {
  Finding finding;
  finding.sensor = "gw";
  finding.t_minute_ns = kNsPerMinute;
  finding.source = 0xAB;
  finding.what = "delivered packets in flows";
  finding.have = 10;
  finding.want = 12;
  EXPECT_EQ(FindingLine(finding),
            "sensor gw, 1970-01-01T00:01:00.000000000Z, input 00000000000000ab: "
            "delivered packets in flows: 10, must be 12 (2 too few)");
}

TEST(FindingLine, NamesTheFlow) {
  Finding finding;
  finding.flow = FlowId{1, 2};
  finding.what = "chunks without their flow";
  finding.have = 3;
  EXPECT_EQ(FindingLine(finding),
            "flow 00000000000000010000000000000002: "
            "chunks without their flow: 3, must be 0 (3 too many)");
}

TEST(FindingLine, TellsABound) {
  Finding finding;
  finding.what = "packets";
  finding.have = 3;
  finding.want = 2;
  finding.at_most = true;
  EXPECT_EQ(FindingLine(finding), "store: packets: 3, must be at most 2 (1 too many)");
}

TEST(FindingLine, MayHaveNoFigures) {
  Finding finding;
  finding.sensor = "a\nb";
  finding.what = "outcome 'x' is unknown";
  EXPECT_EQ(FindingLine(finding), "sensor a\\nb: outcome 'x' is unknown");
}

TEST(VerifiedText, TellsWhatWasLookedAt) {
  EXPECT_EQ(VerifiedText({1, 2, 3, 4, 5, 6, 0, 0}),
            "all in order: 1 sensor, 2 minutes, 3 flows, 4 chunks with 5 B, 6 ICMP messages\n");
  EXPECT_EQ(VerifiedText({1, 1, 1, 1, 1, 1, 2, 7}),
            "2 findings: 1 sensor, 1 minute, 1 flow, 1 chunk with 1 B, 1 ICMP message\n"
            "7 blocks of a run that goes on, has failed or was killed: let it end, or repeat it\n");
}

TEST(VerifiedText, TellsWhatRetentionHasTaken) {
  Verified verified{1, 2, 3, 4, 5, 6, 0, 0};
  verified.kept_from_ns = 86'400'000'000'000;
  EXPECT_TRUE(VerifiedText(verified).ends_with(
      "ICMP messages\nbefore 1970-01-02T00:00:00.000000000Z all but pinned flows was dropped; only "
      "those are looked at\n"));
}

}  // namespace
}  // namespace dfc
