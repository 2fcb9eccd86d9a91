#include "query_values.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dfc/time.h"

namespace dfc {
namespace {

std::string Numbers(std::string_view text, uint64_t max = 100) {
  const auto range = ParseRange(text, max, ParseNumber);
  return range ? fmt::format("{}-{}", range->low, range->high) : "none";
}

// "from .. to" of a term at 2026-11-23T10:00:00Z.
std::string Times(std::string_view text) {
  constexpr int64_t kNow = 1'795'428'000 * kNsPerSecond;
  const auto range = ParseTimeRange(text, kNow);
  if (!range) return "none";
  const auto show = [](int64_t ns) {
    if (ns == INT64_MIN || ns == INT64_MAX) return std::string("-");
    const std::string whole = FormatTime(ns);
    return whole.substr(8, whole.ends_with(":00.000000000Z") ? 8 : 21);
  };
  return show(range->from_ns) + " .. " + show(range->to_ns);
}

TEST(ParseRange, TakesNumbersRangesAndSigns) {
  EXPECT_EQ(Numbers("5"), "5-5");
  EXPECT_EQ(Numbers("5:7"), "5-7");
  EXPECT_EQ(Numbers("5..7"), "5-7");
  EXPECT_EQ(Numbers(">5"), "6-100");
  EXPECT_EQ(Numbers(">=5"), "5-100");
  EXPECT_EQ(Numbers("<5"), "0-4");
  EXPECT_EQ(Numbers("<=5"), "0-5");
}

TEST(ParseRange, WhatNothingCanBeIsEmpty) {
  EXPECT_EQ(Numbers(">100"), "1-0");
  EXPECT_EQ(Numbers("<0"), "1-0");
}

TEST(ParseRange, RefusesTheRest) {
  for (const char* bad : {"", "x", ":", "5:", ":5", "7:5", "101", ">101", ">", "<=", ">5:7", "5-7",
                          "..", "5..", "5...7", "+5", " 5", "18446744073709551616"}) {
    EXPECT_EQ(Numbers(bad), "none") << bad;
  }
}

TEST(ParseDuration, HasUnitsAndFractions) {
  EXPECT_EQ(ParseDuration("5"), 5'000'000'000u);
  EXPECT_EQ(ParseDuration("1.5s"), 1'500'000'000u);
  EXPECT_EQ(ParseDuration("200ms"), 200'000'000u);
  EXPECT_EQ(ParseDuration("0.25ms"), 250'000u);
  EXPECT_EQ(ParseDuration("10us"), 10'000u);
  EXPECT_EQ(ParseDuration("7ns"), 7u);
  EXPECT_EQ(ParseDuration("1.5h"), 5'400'000'000'000u);
  EXPECT_EQ(ParseDuration("2d"), 172'800'000'000'000u);
}

TEST(ParseDuration, RefusesWhatIsNoneOrTooLong) {
  for (const char* bad : {"", "s", ".5s", "5.", "1.2.3s", "5 s", "5w", "106752d",
                          "99999999999999999999s", "1.1234567890s", "-1s"}) {
    EXPECT_EQ(ParseDuration(bad), std::nullopt) << bad;
  }
}

TEST(ParseTimeRange, AMomentIsAsLongAsItsLastPart) {
  EXPECT_EQ(Times("2026-11-23"), "23T00:00 .. 24T00:00");
  EXPECT_EQ(Times("2026-11-23T08"), "23T08:00 .. 23T09:00");
  EXPECT_EQ(Times("2026-11-23T08:15"), "23T08:15 .. 23T08:16");
  EXPECT_EQ(Times("2026-11-23T08:15:30"), "23T08:15:30.000000000 .. 23T08:15:31.000000000");
  EXPECT_EQ(Times("2026-11-23T08:15:30.5Z"), "23T08:15:30.500000000 .. 23T08:15:30.500000001");
}

TEST(ParseTimeRange, AgesAreSinceThen) {
  EXPECT_EQ(Times("-1h"), "23T09:00 .. -");
  EXPECT_EQ(Times("-2h..-1h").substr(0, 12), "23T08:00 .. ");
  EXPECT_EQ(Times("<-1h"), "- .. 23T09:00");
}

TEST(ParseTimeRange, EndsMayBeOpen) {
  EXPECT_EQ(Times("2026-11-20..2026-11-21"), "20T00:00 .. 22T00:00");
  EXPECT_EQ(Times("2026-11-20.."), "20T00:00 .. -");
  EXPECT_EQ(Times("..2026-11-20"), "- .. 21T00:00");
  EXPECT_EQ(Times(">2026-11-20"), "21T00:00 .. -");
  EXPECT_EQ(Times(">=2026-11-20"), "20T00:00 .. -");
  EXPECT_EQ(Times("<2026-11-20"), "- .. 20T00:00");
  EXPECT_EQ(Times("<=2026-11-20"), "- .. 21T00:00");
}

TEST(ParseTimeRange, RefusesTheRest) {
  for (const char* bad :
       {"", "x", "..", "-", "-x", "1h", "2026", "2026-13-01", "2026-02-30", "2026-11-23T",
        "2026-11-23T24", "2026-11-23T08:60", "2026-11-23x", "2026-11-23T08:15:30.Z", "1969-12-31",
        "2200-01-01", "2026-11-21..2026-11-20", ">2026-11-20..2026-11-21", "-9999999d"}) {
    EXPECT_EQ(Times(bad), "none") << bad;
  }
}

}  // namespace
}  // namespace dfc
