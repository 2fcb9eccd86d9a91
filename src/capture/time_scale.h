// From the ticks of a pcapng interface to nanoseconds (draft-ietf-opsawg-pcapng 4.2, options
// if_tsresol and if_tsoffset).
//
// Whatever the file says, times lie in [0, 2^62] ns, 1970 to 2116: what is outside becomes the
// nearer end, so that no sum of a time and a timeout can overflow.
#pragma once

#include <cstdint>

namespace dfc {

class TimeScale {
 public:
  // A tick is 10^-resolution seconds, or 2^-(resolution & 127) when the top bit is set.
  explicit TimeScale(uint8_t resolution = 6, int64_t offset_seconds = 0);

  int64_t ToNs(uint64_t ticks) const {
    __extension__ using Wide = unsigned __int128;
    // At most 64 + 30 bits before the shift.
    const Wide since_offset = Wide{ticks / divisor_} * multiplier_ >> shift_;
    return Clamped(static_cast<SignedWide>(since_offset) + offset_ns_);
  }

 private:
  __extension__ using SignedWide = __int128;

  static constexpr int64_t kLastNs = int64_t{1} << 62;

  static int64_t Clamped(SignedWide ns) {
    if (ns < 0) return 0;
    return ns > kLastNs ? kLastNs : static_cast<int64_t>(ns);
  }

  uint64_t divisor_ = 1;
  uint32_t multiplier_ = 1;
  uint8_t shift_ = 0;
  SignedWide offset_ns_;
};

}  // namespace dfc
