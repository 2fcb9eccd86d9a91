#include "housekeeping.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "dfc/store.h"

namespace dfc {
namespace {

constexpr int64_t kNow = 20'000 * kNsPerDay + 5;

class HousekeepingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    url_.path = testing::TempDir() + "housekeeping_test.db";
    RemoveStore();
  }
  void TearDown() override { RemoveStore(); }
  void RemoveStore() {
    for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(url_.path + part);
  }
  void WriteFlow(int64_t days_ago) {
    EventBlock block;
    FlowRow row{};
    row.id.t_start_ns = row.t_last_ns = kNow - days_ago * kNsPerDay;
    row.id.flow_hash = static_cast<uint64_t>(days_ago);
    row.protocol = kUdp;
    uint8_t* const at = block.Append(RowType::kFlow, sizeof row);
    ASSERT_NE(at, nullptr);
    std::memcpy(at, &row, sizeof row);
    block.epoch = 1;
    block.sequence = ++sequence_;
    const auto store = OpenStore(url_, "test");
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->Write(block).ok());
  }
  Housekeeping Keep(uint32_t days) {
    return Housekeeping(url_, "test", {.days = days}, stop_,
                        [this](const std::string& line) { lines_.push_back(line); });
  }

  StoreUrl url_;
  uint64_t sequence_ = 0;
  std::atomic<bool> stop_{false};
  std::vector<std::string> lines_;
};

TEST_F(HousekeepingTest, TellsOfEachDayThatWent) {
  WriteFlow(9);
  WriteFlow(5);
  WriteFlow(1);
  Housekeeping housekeeping = Keep(3);
  housekeeping.RunOnce(kNow);
  ASSERT_EQ(lines_.size(), 2u);
  EXPECT_TRUE(lines_[0].starts_with("event=day-dropped day=2024-09-25 bytes=")) << lines_[0];
  housekeeping.RunOnce(kNow);
  EXPECT_EQ(lines_.size(), 2u);
  housekeeping.RunOnce(kNow + 3 * kNsPerDay);
  EXPECT_EQ(lines_.size(), 3u);
}

TEST_F(HousekeepingTest, ComplainsOnceOfWhatFails) {
  Housekeeping housekeeping = Keep(3);
  housekeeping.RunOnce(kNow);
  housekeeping.RunOnce(kNow);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_TRUE(lines_[0].starts_with("event=housekeeping-failed reason=\"no store at "))
      << lines_[0];
}

TEST_F(HousekeepingTest, ComplainsOfAStoreThatIsBusyForMinutes) {
  url_.kind = StoreUrl::Kind::kMysql;
  url_.user = url_.database = "dfc";
  url_.socket = testing::TempDir() + "nobody_listens_here";
  Housekeeping housekeeping = Keep(3);
  for (int rounds = 0; rounds < 4; ++rounds) housekeeping.RunOnce(kNow);
  EXPECT_TRUE(lines_.empty());
  for (int rounds = 0; rounds < 4; ++rounds) housekeeping.RunOnce(kNow);
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_TRUE(lines_[0].starts_with("event=housekeeping-failed reason=\"mysql:")) << lines_[0];
}

TEST_F(HousekeepingTest, HasNothingToDoWhereNothingIsKept) {
  url_.kind = StoreUrl::Kind::kNull;
  Keep(3).RunOnce(kNow);
  EXPECT_TRUE(lines_.empty());
}

}  // namespace
}  // namespace dfc
