#include "memory_plan.h"

#include <gtest/gtest.h>

#include "dfc/event.h"
#include "packet_block.h"

namespace dfc {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

size_t PlannedBytes(const MemoryPlan& plan, size_t workers) {
  return workers *
         (plan.packet_blocks * PacketBlock::MemoryBytes() + plan.event_blocks * EventBlock::kBytes +
          plan.limits.content_bytes_max + plan.limits.ledger_cells * sizeof(FlowTally));
}

TEST(PlanMemory, StaysWithinWhatIsAllowed) {
  for (const size_t workers : {1u, 2u, 4u, 8u, 16u}) {
    const size_t bytes = 256 * kMiB * workers;
    const auto plan = PlanMemory(bytes, workers);
    ASSERT_TRUE(plan.ok()) << workers;
    EXPECT_LT(PlannedBytes(*plan, workers), bytes);
    EXPECT_GT(PlannedBytes(*plan, workers), bytes / 4);
    EXPECT_GT(plan->limits.flows_max, 10'000u);
  }
}

TEST(PlanMemory, TheDefaultIsEnoughForFourWorkers) { EXPECT_TRUE(PlanMemory(384 * kMiB, 4).ok()); }

TEST(PlanMemory, SaysHowMuchIsEnough) {
  for (const size_t workers : {1u, 3u, 64u}) {
    const auto plan = PlanMemory(kMiB, workers);
    ASSERT_TRUE(absl::IsInvalidArgument(plan.status()));
    const std::string message = MessageOf(plan.status());
    const size_t least = std::stoul(message.substr(message.find("; ") + 2));
    EXPECT_TRUE(PlanMemory(least * kMiB, workers).ok()) << message;
    EXPECT_FALSE(PlanMemory((least - 2) * kMiB, workers).ok()) << message;
  }
}

TEST(PlanMemory, TakesALedgerCellMoreForEachFile) {
  const auto one = PlanMemory(256 * kMiB, 1, 1);
  const auto many = PlanMemory(256 * kMiB, 1, 10'000);
  ASSERT_TRUE(one.ok() && many.ok());
  EXPECT_EQ(many->limits.ledger_cells - one->limits.ledger_cells, 9'999u);
  EXPECT_LT(many->limits.content_bytes_max, one->limits.content_bytes_max);
}

TEST(PlanMemory, HeldSegmentsLeaveRoomForContent) {
  const auto plan = PlanMemory(100 * kMiB, 1);
  ASSERT_TRUE(plan.ok());
  EXPECT_LE(plan->limits.held_bytes_max, plan->limits.content_bytes_max / 4);
}

TEST(PlanMemory, ALiveCaptureHasMoreBlocksForASlowStore) {
  for (const size_t workers : {1u, 2u, 8u}) {
    const auto replay = PlanMemory(512 * kMiB, workers, 1, false);
    const auto live = PlanMemory(512 * kMiB, workers, 1, true);
    ASSERT_TRUE(replay.ok() && live.ok()) << workers;
    EXPECT_GE(live->event_blocks * workers, 64u);
    const size_t more_blocks = (live->event_blocks - replay->event_blocks) * EventBlock::kBytes;
    EXPECT_LE(live->limits.content_bytes_max + more_blocks,
              replay->limits.content_bytes_max + replay->limits.flows_max * 832);
    EXPECT_LT(live->limits.flows_max, replay->limits.flows_max);
  }
}

}  // namespace
}  // namespace dfc
