#include "time_scale.h"

#include <gtest/gtest.h>

namespace dfc {
namespace {

constexpr int64_t kLastNs = int64_t{1} << 62;

TEST(TimeScale, DefaultsToMicroseconds) { EXPECT_EQ(TimeScale().ToNs(3), 3'000); }

TEST(TimeScale, RoundsDownBelowANanosecond) {
  EXPECT_EQ(TimeScale(10).ToNs(19), 1);
  EXPECT_EQ(TimeScale(0x80 | 30).ToNs(3), 2);
}

TEST(TimeScale, TakesEveryPowerOfTen) {
  EXPECT_EQ(TimeScale(28).ToNs(UINT64_MAX), 1);
  EXPECT_EQ(TimeScale(29).ToNs(UINT64_MAX), 0);
  EXPECT_EQ(TimeScale(127).ToNs(UINT64_MAX), 0);
}

TEST(TimeScale, TakesEveryPowerOfTwo) {
  EXPECT_EQ(TimeScale(0x80).ToNs(2), 2'000'000'000);
  EXPECT_EQ(TimeScale(0x80 | 64).ToNs(UINT64_MAX), 999'999'999);
  EXPECT_EQ(TimeScale(0x80 | 127).ToNs(UINT64_MAX), 0);
}

TEST(TimeScale, AddsOffset) { EXPECT_EQ(TimeScale(9, 2).ToNs(1), 2'000'000'001); }

TEST(TimeScale, StaysInRange) {
  EXPECT_EQ(TimeScale(0).ToNs(UINT64_MAX), kLastNs);
  EXPECT_EQ(TimeScale(0, INT64_MAX).ToNs(UINT64_MAX), kLastNs);
  EXPECT_EQ(TimeScale(9, INT64_MIN).ToNs(0), 0);
  EXPECT_EQ(TimeScale(9, -1).ToNs(999'999'999), 0);
}

TEST(TimeScale, OffsetAndTicksMayCancel) {
  EXPECT_EQ(TimeScale(0, INT64_MIN).ToNs(uint64_t{1} << 63), 0);
  EXPECT_EQ(TimeScale(0, INT64_MIN).ToNs((uint64_t{1} << 63) + 4), 4'000'000'000);
}

}  // namespace
}  // namespace dfc
