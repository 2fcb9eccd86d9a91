// What retention takes and what it leaves, on SQLite and on MariaDB. tests/e2e/retention_test.py
// drops days beside writers.
#include "dfc/retention.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dfc/reader.h"
#include "dfc/verify.h"
#include "mariadb_server.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

constexpr int64_t kToday = 20'000 * kNsPerDay;

// Days by their size, the oldest first; the last one ends with today.
size_t Due(const std::vector<uint64_t>& sizes, const KeepLimits& limits) {
  std::vector<StoredDay> days;
  int64_t end_ns = kToday + kNsPerDay - static_cast<int64_t>(sizes.size()) * kNsPerDay;
  for (const uint64_t bytes : sizes) days.push_back({end_ns += kNsPerDay, bytes});
  return CountDueDays(days, limits, kToday + 5, kToday + 3);
}

TEST(Retention, TakesWhatIsOlder) {
  EXPECT_EQ(Due({1, 1, 1, 1}, {}), 0u);
  EXPECT_EQ(Due({1, 1, 1, 1}, {.days = 3}), 0u);
  EXPECT_EQ(Due({1, 1, 1, 1}, {.days = 2}), 1u);
  EXPECT_EQ(Due({1, 1, 1, 1}, {.days = kKeepDaysMax}), 0u);
}

TEST(Retention, TakesTheOldestWhileThereIsTooMuch) {
  EXPECT_EQ(Due({5, 1, 2, 3}, {.bytes = 11}), 0u);
  EXPECT_EQ(Due({5, 1, 2, 3}, {.bytes = 6}), 1u);
  EXPECT_EQ(Due({5, 1, 2, 3}, {.bytes = 5}), 2u);
}

TEST(Retention, LeavesTheNewestDayHoweverLarge) {
  EXPECT_EQ(Due({5, 1, 2, 300}, {.bytes = 1}), 3u);
}

TEST(Retention, EitherLimitTakes) {
  EXPECT_EQ(Due({5, 1, 2, 3}, {.days = 2, .bytes = 3}), 3u);
  EXPECT_EQ(Due({5, 1, 2, 3}, {.days = 1, .bytes = 9}), 2u);
}

StoreUsage Usage(uint64_t bytes, uint64_t a_day) {
  StoreUsage usage;
  usage.bytes = bytes;
  usage.bytes_a_day = a_day;
  return usage;
}

TEST(Retention, ForecastsTheNearerLimit) {
  StoreUsage usage = Usage(100, 10);
  EXPECT_EQ(DaysLeft(usage), std::nullopt);
  usage.free_bytes = 70;
  EXPECT_EQ(DaysLeft(usage), 7.0);
  usage.limits.bytes = 150;
  EXPECT_EQ(DaysLeft(usage), 5.0);
  usage.limits.bytes = 50;
  EXPECT_EQ(DaysLeft(usage), 0.0);
  usage.bytes_a_day = 0;
  EXPECT_EQ(DaysLeft(usage), std::nullopt);
}

TEST(Grants, NameNothingThatCouldEndALiteral) {
  StoreUrl url;
  const std::vector<std::string> passwords = {"a", "b", "c"};
  EXPECT_EQ(GrantsSql(url, passwords).status().code(), absl::StatusCode::kInvalidArgument);
  url.kind = StoreUrl::Kind::kMysql;
  url.database = "x`; DROP";
  EXPECT_EQ(GrantsSql(url, passwords).status().code(), absl::StatusCode::kInvalidArgument);
  url.database = "flows";
  ASSERT_TRUE(GrantsSql(url, passwords).ok());
  EXPECT_NE(GrantsSql(url, passwords)->find("'dfc_viewer'@'%' IDENTIFIED BY 'c'"),
            std::string::npos);
}

class RetentionTest : public ::testing::TestWithParam<StoreUrl::Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == StoreUrl::Kind::kMysql) {
      MariadbServer& server = MariadbServer::Get();
      if (!server.Available()) GTEST_SKIP() << server.reason();
      url_ = server.FreshDatabase("retention_test");
    } else {
      url_.path = dir_ / "dfc.db";
    }
    ASSERT_EQ(*InitStore(url_), 1);
  }

  // A flow at noon, with content.
  static FlowId IdOf(int64_t days_ago) {
    return {kToday - days_ago * kNsPerDay + kNsPerDay / 2, static_cast<uint64_t>(days_ago)};
  }
  void Write(std::initializer_list<int64_t> days_ago) {
    BlockBuilder builder(++sequence_);
    for (const int64_t ago : days_ago) {
      FlowRow row = TestFlow(0);
      row.id = IdOf(ago);
      row.t_last_ns = row.id.t_start_ns;
      builder.Add(row).Add(row.id, 0, {"abc", "[0,0,0,3,0,0]"});
    }
    auto store = OpenStore(url_, "gw-1");
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->Write(builder.block()).ok());
  }
  KeepReport Keep(const KeepOptions& options) {
    auto keeper = OpenKeeper(url_, "test");
    EXPECT_TRUE(keeper.ok()) << keeper.status();
    const auto report = (*keeper)->RunOnce(options, kToday + kNsPerDay / 3);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : KeepReport();
  }
  KeepReport KeepDays(uint32_t days) { return Keep({.limits = {.days = days}, .may_copy = true}); }
  std::string Hashes(const char* table) {
    return QueryColumn(
        url_, fmt::format("SELECT CAST(flow_hash AS CHAR) FROM {} ORDER BY flow_hash", table));
  }

  TempDir dir_;
  StoreUrl url_;
  uint64_t sequence_ = 0;
};

TEST_P(RetentionTest, DropsWholeDaysWithTheirContent) {
  Write({9, 8, 3, 1, 0});
  EXPECT_EQ(KeepDays(3).dropped.size(), 2u);
  EXPECT_EQ(Hashes("flow"), "0,1,3");
  EXPECT_EQ(Hashes("chunk"), "0,1,3");
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(COUNT(*) AS CHAR) FROM flow_part"), "3");
}

TEST_P(RetentionTest, DoesNothingTwice) {
  Write({9, 1});
  EXPECT_EQ(KeepDays(3).dropped.size(), 1u);
  EXPECT_EQ(KeepDays(3).dropped.size(), 0u);
  EXPECT_EQ(Keep({}).dropped.size(), 0u);
}

TEST_P(RetentionTest, LeavesPinnedFlows) {
  Write({9, 8, 7, 1});
  ASSERT_TRUE(PinFlow(url_, IdOf(8), 1).ok());
  ASSERT_TRUE(PinFlow(url_, IdOf(8), 2).ok());
  EXPECT_EQ(KeepDays(3).dropped.size(), 2u);  // Of the pinned one's day nothing goes.
  EXPECT_EQ(Hashes("flow") + " " + Hashes("chunk"), "1,8 1,8");
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(COUNT(*) AS CHAR) FROM flow_part"), "2");
  EXPECT_EQ(KeepDays(3).dropped.size(), 0u);
  EXPECT_EQ(*UnpinFlow(url_, IdOf(8)), true);
  EXPECT_EQ(*UnpinFlow(url_, IdOf(8)), false);
  EXPECT_EQ(KeepDays(3).dropped.size(), 1u);
  EXPECT_EQ(Hashes("flow") + " " + Hashes("chunk"), "1 1");
}

TEST_P(RetentionTest, EndsWhereNothingIsLeftToTake) {
  const KeepOptions little = {.limits = {.bytes = 1}, .may_copy = true};
  EXPECT_EQ(Keep(little).dropped.size(), 0u);
  EXPECT_TRUE(Keep(little).over_limit);
  Write({9, 8});
  ASSERT_TRUE(PinFlow(url_, IdOf(9), 1).ok());
  ASSERT_TRUE(PinFlow(url_, IdOf(8), 1).ok());
  EXPECT_EQ(Keep(little).dropped.size(), 0u);
  EXPECT_EQ(Hashes("flow"), "8,9");
}

TEST_P(RetentionTest, RowsThatComeBackGoAgain) {
  Write({9, 5, 1});
  KeepDays(3);
  Write({9, 5});
  EXPECT_EQ(Hashes("flow"), "1,5,9");
  KeepDays(3);
  EXPECT_EQ(Hashes("flow") + " " + Hashes("chunk"), "1 1");
}

TEST_P(RetentionTest, TellsItsLimitsAndHowFar) {
  Write({9, 1});
  Keep({.limits = {.days = 3, .bytes = 1'000'000'000}, .may_copy = true});
  auto reader = OpenReader(url_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const auto usage = (*reader)->Usage();
  ASSERT_TRUE(usage.ok()) << usage.status();
  EXPECT_EQ(usage->limits.days, 3u);
  EXPECT_EQ(usage->limits.bytes, 1'000'000'000u);
  EXPECT_EQ(usage->kept_from_ns, kToday - 8 * kNsPerDay);
  EXPECT_GT(usage->bytes, 0u);
  EXPECT_GT(usage->bytes_a_day, 0u);
}

TEST_P(RetentionTest, StopsBetweenSteps) {
  Write({9, 1});
  const std::atomic<bool> stop{true};
  EXPECT_EQ(Keep({.limits = {.days = 3}, .may_copy = true, .stop = &stop}).dropped.size(), 0u);
  EXPECT_EQ(Hashes("flow"), "1,9");
}

INSTANTIATE_TEST_SUITE_P(Stores, RetentionTest,
                         ::testing::Values(StoreUrl::Kind::kSqlite, StoreUrl::Kind::kMysql),
                         [](const auto& kind) {
                           return kind.param == StoreUrl::Kind::kSqlite ? "Sqlite" : "Mariadb";
                         });

}  // namespace
}  // namespace dfc
