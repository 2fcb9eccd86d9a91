#include "time_scale.h"

#include "dfc/time.h"

namespace dfc {

TimeScale::TimeScale(uint8_t resolution, int64_t offset_seconds)
    : offset_ns_(SignedWide{offset_seconds} * kNsPerSecond) {
  constexpr uint8_t kPowerOfTwo = 0x80;
  constexpr int kNanoseconds = 9;
  const int exponent = resolution & 0x7F;
  if ((resolution & kPowerOfTwo) != 0) {
    multiplier_ = static_cast<uint32_t>(kNsPerSecond);
    shift_ = static_cast<uint8_t>(exponent);
    return;
  }
  for (int at = exponent; at < kNanoseconds; ++at) multiplier_ *= 10;
  // From 10^-29 s on, no tick count of 64 bits makes a nanosecond.
  for (int at = kNanoseconds; at < exponent; ++at) {
    if (__builtin_mul_overflow(divisor_, uint64_t{10}, &divisor_)) {
      multiplier_ = 0;
      divisor_ = 1;
      return;
    }
  }
}

}  // namespace dfc
