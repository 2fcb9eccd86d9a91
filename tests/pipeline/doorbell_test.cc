#include "doorbell.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace dfc {
namespace {

TEST(Doorbell, ARingBeforeTheWaitIsHeard) {
  Doorbell bell;
  const uint32_t heard = bell.Heard();
  bell.Ring();
  bell.WaitPast(heard);
  EXPECT_NE(bell.Heard(), heard);
}

TEST(Doorbell, WakesASleeper) {
  Doorbell bell;
  std::atomic<bool> awake{false};
  const uint32_t heard = bell.Heard();
  std::thread sleeper([&] {
    bell.WaitPast(heard);
    awake.store(true);
  });
  bell.Ring();
  sleeper.join();
  EXPECT_TRUE(awake.load());
}

// One thread makes work and rings, another takes it and sleeps in between; no ring gets lost.
TEST(Doorbell, NoWorkIsForgotten) {
  constexpr uint32_t kWork = 20'000;
  Doorbell bell;
  std::atomic<uint32_t> made{0};
  std::thread taker([&] {
    for (uint32_t taken = 0; taken < kWork;) {
      const uint32_t heard = bell.Heard();
      const uint32_t there = made.load(std::memory_order_relaxed);
      if (there > taken) {
        taken = there;
      } else {
        bell.WaitPast(heard);
      }
    }
  });
  for (uint32_t n = 1; n <= kWork; ++n) {
    made.store(n, std::memory_order_relaxed);
    bell.Ring();
  }
  taker.join();
}

}  // namespace
}  // namespace dfc
