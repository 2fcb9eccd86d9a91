// Points in time and durations: nanoseconds, signed 64 bit, since 1970-01-01 UTC.
// Module: base
#pragma once

#include <cstdint>
#include <string>

namespace dfc {

inline constexpr int64_t kNsPerMs = 1'000'000;
inline constexpr int64_t kNsPerSecond = 1'000'000'000;
inline constexpr int64_t kNsPerMinute = 60 * kNsPerSecond;

// RFC 3339 in UTC with nanoseconds: "2026-01-31T08:15:00.000000001Z".
std::string FormatTime(int64_t time_ns);

// `to` - `from`. Wraps around: what a store holds may be any two numbers.
inline int64_t ElapsedNs(int64_t from, int64_t to) {
  return static_cast<int64_t>(static_cast<uint64_t>(to) - static_cast<uint64_t>(from));
}

// The start of the minute that `time_ns` is in.
int64_t MinuteOf(int64_t time_ns);

// The machine's clocks. Only the outermost layers ask; everything below gets time as a parameter.
int64_t WallClockNs();
int64_t MonotonicClockNs();

}  // namespace dfc
