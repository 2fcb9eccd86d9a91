// What is told of a capture that sheds.
#include "shedding_log.h"

#include <gtest/gtest.h>

#include <memory>

#include "dfc/time.h"

namespace dfc {
namespace {

using Lines = std::vector<std::string>;

class SheddingLogTest : public testing::Test {
 protected:
  SheddingLogTest() { figures_->worker_count = 2; }
  void Look(int second, uint64_t level, uint64_t flows, uint64_t bytes) {
    WorkerFigures worker{};
    worker.shedding = level;
    worker.flows.left_out_flows[static_cast<size_t>(LeftOut::kOverload)] = flows;
    worker.flows.left_out_bytes[static_cast<size_t>(LeftOut::kOverload)] = bytes;
    figures_->workers[1].Set(worker);
    log_.Look(*figures_, second * kNsPerSecond);
  }

  Lines lines_;
  std::unique_ptr<RunFigures> figures_ = std::make_unique<RunFigures>();
  SheddingLog log_{[this](const std::string& line) { lines_.push_back(line); }};
};

TEST_F(SheddingLogTest, SaysNothingOfACalmRun) {
  Look(1, 0, 0, 0);
  EXPECT_TRUE(lines_.empty());
}

TEST_F(SheddingLogTest, TellsEachChangeOnceAndTheSumInTheEnd) {
  Look(1, 1, 5, 100);
  Look(2, 2, 6, 200);
  Look(3, 2, 9, 300);
  Look(5, 0, 9, 400);
  Look(6, 0, 9, 400);
  EXPECT_EQ(lines_, (Lines{"event=shedding level=1 worker=1 what=\"content of flows past 1 MiB\"",
                           "event=shedding level=2 worker=1 what=\"content of flows past 1 MiB, "
                           "and of new flows\"",
                           "event=shedding-over seconds=4.0 flows=4 bytes=300"}));
}

}  // namespace
}  // namespace dfc
