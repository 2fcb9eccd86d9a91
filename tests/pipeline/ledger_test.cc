#include "ledger.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "dfc/time.h"

namespace dfc {
namespace {

constexpr int64_t kMinute = kNsPerMinute;

void Count(Ledger& ledger, int64_t time_ns, Verdict verdict, uint64_t bytes) {
  ledger.Judged(ledger.Captured(time_ns, bytes), verdict, bytes);
}

// "source minute outcome packets/bytes" for each row.
std::string Rows(const Ledger& ledger, const FlowTally& tally = {}) {
  std::string text;
  ledger.ForEachRow([&](uint32_t) { return tally; },
                    [&](const LedgerRow& row) {
                      EXPECT_EQ(row.t_minute_ns % kMinute, 0);
                      text += fmt::format("{} {} {} {}/{}\n", row.source, row.t_minute_ns / kMinute,
                                          OutcomeName(row.outcome), row.packets, row.bytes);
                    });
  return text;
}

uint64_t VersionOf(const Ledger& ledger, uint64_t source) {
  uint64_t version = 0;
  ledger.ForEachRow([](uint32_t) { return FlowTally{}; },
                    [&](const LedgerRow& row) {
                      if (row.source == source) version = row.version;
                    });
  return version;
}

TEST(Ledger, CountsByMinuteAndOutcome) {
  Ledger ledger(1);
  ledger.BeginSource(7);
  Count(ledger, 5 * kMinute, Verdict::kOk, 100);
  Count(ledger, 6 * kMinute - 1, Verdict::kOk, 50);
  Count(ledger, 5 * kMinute + 1, Verdict::kArp, 42);
  Count(ledger, 6 * kMinute, Verdict::kOk, 1);
  EXPECT_EQ(Rows(ledger),
            "7 5 delivered 2/150\n7 5 arp 1/42\n7 5 captured 3/192\n"
            "7 6 delivered 1/1\n7 6 captured 1/1\n");
}

TEST(Ledger, WithoutFramesHasNoRows) {
  Ledger ledger(1);
  EXPECT_EQ(Rows(ledger), "");
  ledger.BeginSource(7);
  EXPECT_EQ(Rows(ledger), "");
}

TEST(Ledger, TakesTimesInAnyOrder) {
  Ledger ledger(1);
  ledger.BeginSource(1);
  for (const int64_t minute : {9, 1, 9, 0, 1}) ledger.Captured(minute * kMinute, 1);
  EXPECT_EQ(Rows(ledger), "1 9 captured 2/2\n1 1 captured 2/2\n1 0 captured 1/1\n");
}

TEST(Ledger, CountsTimesBefore1970InTheirMinute) {
  Ledger ledger(1);
  ledger.BeginSource(1);
  ledger.Captured(-1, 1);
  ledger.Captured(-kMinute, 1);
  EXPECT_EQ(Rows(ledger), "1 -1 captured 2/2\n");
}

TEST(Ledger, KeepsInputsApart) {
  Ledger ledger(2);
  ledger.BeginSource(1);
  ledger.Captured(kMinute, 10);
  ledger.BeginSource(2);
  ledger.Captured(kMinute, 20);
  EXPECT_EQ(Rows(ledger), "1 1 captured 1/10\n2 1 captured 1/20\n");
}

TEST(Ledger, AddsUpAnInputThatComesAgain) {
  Ledger ledger(3);
  for (const uint64_t source : {1u, 2u, 1u}) {
    ledger.BeginSource(source);
    ledger.Captured(kMinute, 10);
  }
  EXPECT_EQ(Rows(ledger), "1 1 captured 2/20\n2 1 captured 1/10\n");
}

TEST(Ledger, PutsWhatTheFilterRefusedUnderMinuteZero) {
  Ledger ledger(1);
  ledger.BeginSource(1);
  ledger.Filtered(3, 300);
  ledger.Captured(kMinute, 10);
  EXPECT_EQ(Rows(ledger), "1 0 filtered 3/300\n1 0 captured 3/300\n1 1 captured 1/10\n");
}

TEST(Ledger, WritesWhatTheWorkersCountedBesideIt) {
  Ledger ledger(1);
  ledger.BeginSource(1);
  Count(ledger, kMinute, Verdict::kOk, 54);
  FlowTally tally{};
  tally.packets[0] = 1;
  tally.bytes[0] = 40;
  tally.bytes[static_cast<size_t>(Outcome::kTcpShed) - FlowTally::kFirst] = 6;
  EXPECT_EQ(Rows(ledger, tally),
            "1 1 delivered 1/54\n1 1 flow_tcp 1/40\n1 1 tcp_shed 0/6\n1 1 captured 1/54\n");
}

TEST(Ledger, ALongerOrBetterReadInputHasTheLargerVersion) {
  const auto version = [](int arp, int ok) {
    Ledger ledger(1);
    ledger.BeginSource(1);
    for (int n = 0; n < arp; ++n) Count(ledger, 0, Verdict::kArp, 1);
    for (int n = 0; n < ok; ++n) Count(ledger, 0, Verdict::kOk, 1);
    return VersionOf(ledger, 1);
  };
  EXPECT_LT(version(3, 3), version(4, 3));
  EXPECT_LT(version(3, 3), version(2, 4));
}

TEST(Ledger, LosesNothingPastItsBound) {
  Ledger ledger(2);
  constexpr uint64_t kMinutes = 40'000;
  for (const uint64_t source : {1u, 2u}) {
    ledger.BeginSource(source);
    for (uint64_t n = 1; n <= kMinutes; ++n) {
      Count(ledger, static_cast<int64_t>(n) * kMinute, Verdict::kOk, 10);
    }
  }
  uint64_t packets = 0;
  uint64_t homeless[3] = {};
  ledger.ForEachRow([](uint32_t) { return FlowTally{}; },
                    [&](const LedgerRow& row) {
                      if (row.outcome != Outcome::kCaptured) return;
                      packets += row.packets;
                      if (row.t_minute_ns == 0) homeless[row.source] = row.packets;
                    });
  EXPECT_EQ(packets, 2 * kMinutes);
  EXPECT_EQ(homeless[1], kMinutes - Ledger::kMinutesMax);
  EXPECT_EQ(homeless[2], kMinutes);
}

}  // namespace
}  // namespace dfc
