#include "ledger.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <set>
#include <string>

#include "dfc/time.h"

namespace dfc {
namespace {

constexpr int64_t kMinute = kNsPerMinute;

// "minute name packets/bytes" for each row, in order of minute.
std::string Drained(Ledger& ledger) {
  std::set<std::string> lines;
  ledger.Drain(7, [&](const LedgerRow& row) {
    EXPECT_EQ(row.source, 7u);
    EXPECT_EQ(row.t_minute_ns % kMinute, 0);
    lines.insert(fmt::format("{} {} {}/{}", row.t_minute_ns / kMinute, VerdictName(row.outcome),
                             row.packets, row.bytes));
  });
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(Ledger, CountsByMinuteAndOutcome) {
  Ledger ledger;
  ledger.Count(5 * kMinute, Verdict::kOk, 100);
  ledger.Count(6 * kMinute - 1, Verdict::kOk, 50);
  ledger.Count(5 * kMinute + 1, Verdict::kArp, 42);
  ledger.Count(6 * kMinute, Verdict::kOk, 1);
  EXPECT_EQ(Drained(ledger), "5 arp 1/42\n5 delivered 2/150\n6 delivered 1/1\n");
}

TEST(Ledger, ForgetsWhatWasDrained) {
  Ledger ledger;
  EXPECT_EQ(Drained(ledger), "");
  ledger.Count(kMinute, Verdict::kOk, 100);
  Drained(ledger);
  EXPECT_EQ(Drained(ledger), "");
  ledger.Count(kMinute, Verdict::kOk, 3);
  EXPECT_EQ(Drained(ledger), "1 delivered 1/3\n");
}

TEST(Ledger, TakesTimesInAnyOrder) {
  Ledger ledger;
  for (const int64_t minute : {9, 1, 9, 0, 1}) ledger.Count(minute * kMinute, Verdict::kOk, 1);
  EXPECT_EQ(Drained(ledger), "0 delivered 1/1\n1 delivered 2/2\n9 delivered 2/2\n");
}

TEST(Ledger, CountsTimesBefore1970InTheirMinute) {
  Ledger ledger;
  ledger.Count(-1, Verdict::kOk, 1);
  ledger.Count(-kMinute, Verdict::kOk, 1);
  EXPECT_EQ(Drained(ledger), "-1 delivered 2/2\n");
}

TEST(Ledger, LosesNothingPastItsBound) {
  Ledger ledger;
  constexpr uint64_t kMinutes = 50'000;
  for (uint64_t n = 1; n <= kMinutes; ++n) {
    ledger.Count(static_cast<int64_t>(n) * kMinute, Verdict::kOk, 10);
  }
  uint64_t packets = 0;
  uint64_t homeless = 0;
  ledger.Drain(7, [&](const LedgerRow& row) {
    packets += row.packets;
    if (row.t_minute_ns == 0) homeless = row.packets;
  });
  EXPECT_EQ(packets, kMinutes);
  EXPECT_EQ(homeless, kMinutes - 32'768);
}

}  // namespace
}  // namespace dfc
