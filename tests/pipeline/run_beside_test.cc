#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "dfc/pipeline.h"
#include "dfc/time.h"

namespace dfc {
namespace {

TEST(RunBeside, RoundsGoOnUntilTheWorkIsOver) {
  std::atomic<int> rounds{0};
  const auto work = [&] {
    while (rounds.load() < 3) std::this_thread::yield();
  };
  RunBeside(
      work, [&] { ++rounds; }, kNsPerMs);
  const int then = rounds.load();
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(rounds.load(), then);
}

TEST(RunBeside, NobodyWaitsForTheEndOfAPause) {
  const int64_t began_ns = MonotonicClockNs();
  RunBeside([] {}, [] {}, 60 * kNsPerSecond);
  EXPECT_LT(MonotonicClockNs() - began_ns, 30 * kNsPerSecond);
}

}  // namespace
}  // namespace dfc
