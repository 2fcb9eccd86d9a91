#include "live_ledger.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "dfc/time.h"

namespace dfc {
namespace {

constexpr int64_t kMinute = kNsPerMinute;
constexpr int64_t kNoneOpen = std::numeric_limits<int64_t>::max();

// "minute outcome packets/bytes;" for each row of all minutes that are there.
std::string Taken(LiveLedger& ledger) {
  std::string text;
  const auto write = [&](const LedgerRow& row) {
    EXPECT_EQ(row.source, 7u);
    EXPECT_EQ(row.version, 0u);
    text += fmt::format("{} {} {}/{};", row.t_minute_ns / kMinute, OutcomeName(row.outcome),
                        row.packets, row.bytes);
  };
  while (ledger.TakeMinute(write)) continue;
  return text;
}

TEST(LiveLedger, GivesOutWhatWasCountedSince) {
  LiveLedger ledger(7, 5);
  ledger.Advance(5 * kMinute + 1, kNoneOpen);
  ledger.Count(Verdict::kOk, 1, 100);
  ledger.Count(Verdict::kArp, 1, 42);
  EXPECT_EQ(Taken(ledger), "5 delivered 1/100;5 arp 1/42;5 captured 2/142;");
  EXPECT_EQ(Taken(ledger), "");
  ledger.Count(Verdict::kDroppedByKernel, 3, 0);
  EXPECT_EQ(Taken(ledger), "5 dropped_by_kernel 3/0;5 captured 3/0;");
}

TEST(LiveLedger, KeepsMinutesUntilTheyAreTaken) {
  LiveLedger ledger(7, 5);
  for (const int64_t minute : {5, 6, 8}) {
    ledger.Advance(minute * kMinute, kNoneOpen);
    ledger.Count(Verdict::kOk, 1, 1);
  }
  EXPECT_EQ(Taken(ledger),
            "5 delivered 1/1;5 captured 1/1;6 delivered 1/1;6 captured 1/1;"
            "8 delivered 1/1;8 captured 1/1;");
}

TEST(LiveLedger, TheClockDoesNotGoBack) {
  LiveLedger ledger(7, 5);
  ledger.Advance(6 * kMinute, kNoneOpen);
  const uint32_t cell = ledger.cell();
  ledger.Advance(5 * kMinute, kNoneOpen);
  EXPECT_EQ(ledger.cell(), cell);
}

TEST(LiveLedger, ACellComesRoundAgain) {
  LiveLedger ledger(7, 5);
  ledger.Advance(6 * kMinute, kNoneOpen);
  const uint32_t cell = ledger.cell();
  EXPECT_NE(cell, 0u);
  ledger.Advance(7 * kMinute, kNoneOpen);
  EXPECT_NE(ledger.cell(), cell);
  ledger.Advance(10 * kMinute, kNoneOpen);
  EXPECT_EQ(ledger.cell(), cell);
}

TEST(LiveLedger, AMinuteWhoseCellIsInUseCountsUnderMinuteZero) {
  LiveLedger ledger(7, 5);
  ledger.Advance(10 * kMinute, 6 * kMinute);
  EXPECT_EQ(ledger.cell(), 0u);
  ledger.Count(Verdict::kOk, 2, 2);
  ledger.Advance(11 * kMinute, 8 * kMinute);
  EXPECT_NE(ledger.cell(), 0u);
  EXPECT_EQ(Taken(ledger), "0 delivered 2/2;0 captured 2/2;");
}

TEST(LiveLedger, MinutesThatNobodyTakesAreBounded) {
  LiveLedger ledger(7, 100'000);
  const auto minutes = static_cast<int64_t>(LiveLedger::kWaitingMax) + 10;
  for (int64_t minute = 1; minute <= minutes; ++minute) {
    ledger.Advance(minute * kMinute, kNoneOpen);
    ledger.Count(Verdict::kOk, 1, 1);
  }
  EXPECT_EQ(ledger.cell(), 0u);
  EXPECT_TRUE(Taken(ledger).starts_with("0 delivered 10/10;0 captured 10/10;1 delivered 1/1;"));
  ledger.Advance((minutes + 1) * kMinute, kNoneOpen);
  EXPECT_NE(ledger.cell(), 0u);
}

}  // namespace
}  // namespace dfc
