// When a worker is overloaded, and when it is over it.
#include "overload.h"

#include <gtest/gtest.h>

namespace dfc {
namespace {

constexpr Overload::Queue kEmpty{0, 8};
constexpr Overload::Queue kHalf{4, 8};
constexpr Overload::Queue kFull{6, 8};

class OverloadTest : public testing::Test {
 protected:
  // The level after looking every 10 ms for so long.
  int After(int ms, Overload::Queue packets, Overload::Queue events = kEmpty) {
    for (int64_t end_ns = now_ns_ + ms * kNsPerMs; now_ns_ < end_ns;) {
      now_ns_ += 10 * kNsPerMs;
      overload_.Look(packets, events, now_ns_);
    }
    return static_cast<int>(overload_.level());
  }

  Overload overload_;
  int64_t now_ns_ = 1'700'000'000 * kNsPerSecond;
};

TEST_F(OverloadTest, ABurstIsNone) {
  EXPECT_EQ(After(490, kFull), 0);
  EXPECT_EQ(After(10, kHalf), 0);
  EXPECT_EQ(After(490, kFull), 0);
}

TEST_F(OverloadTest, RisesALevelAtATimeAndNoFurtherThanThereAre) {
  EXPECT_EQ(After(520, kFull), 1);
  EXPECT_EQ(After(500, kFull), 2);
  EXPECT_EQ(After(1'000, kFull), 2);
}

TEST_F(OverloadTest, IsToldByEitherQueue) {
  EXPECT_EQ(After(520, kEmpty, kFull), 1);
  EXPECT_EQ(After(3'000, kEmpty, kHalf), 1);
}

TEST_F(OverloadTest, StaysBetweenTheMarks) {
  After(520, kFull);
  EXPECT_EQ(After(10'000, kHalf), 1);
}

TEST_F(OverloadTest, IsOverALevelAtATimeOnceTheQueuesAreEmpty) {
  After(1'100, kFull);
  EXPECT_EQ(After(700, kEmpty), 2);
  EXPECT_EQ(After(100, kEmpty), 1);
  EXPECT_EQ(After(800, kEmpty), 0);
  EXPECT_EQ(After(5'000, kEmpty), 0);
}

TEST_F(OverloadTest, APauseOfTheWorkerCountsAsOneStep) {
  overload_.Look(kFull, kEmpty, now_ns_);
  overload_.Look(kFull, kEmpty, now_ns_ + 10 * kNsPerSecond);
  EXPECT_EQ(overload_.level(), Shedding::kElephants);
}

}  // namespace
}  // namespace dfc
