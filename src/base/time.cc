#include "dfc/time.h"

#include <fmt/format.h>

#include <ctime>

namespace dfc {

std::string FormatTime(int64_t time_ns) {
  // Floor division, so that times before 1970 have a positive fraction too.
  int64_t seconds = time_ns / kNsPerSecond;
  int64_t fraction = time_ns % kNsPerSecond;
  if (fraction < 0) {
    fraction += kNsPerSecond;
    --seconds;
  }
  std::tm utc{};
  const std::time_t when = seconds;
  gmtime_r(&when, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}Z", utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, fraction);
}

int64_t MinuteOf(int64_t time_ns) {
  int64_t minute = time_ns / kNsPerMinute;
  if (time_ns < minute * kNsPerMinute) --minute;
  return minute * kNsPerMinute;
}

namespace {

int64_t ReadClock(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * kNsPerSecond + now.tv_nsec;
}

}  // namespace

int64_t WallClockNs() { return ReadClock(CLOCK_REALTIME); }
int64_t MonotonicClockNs() { return ReadClock(CLOCK_MONOTONIC); }

}  // namespace dfc
