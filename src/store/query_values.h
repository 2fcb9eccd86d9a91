// Values of terms: numbers, sizes, durations, points in time, networks.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dfc/event.h"

namespace dfc {

// Decimal digits and nothing else.
std::optional<uint64_t> ParseNumber(std::string_view text);

// "1500", "4K", "10M", "2G": decimal thousands. Nothing past what the stores hold.
std::optional<uint64_t> ParseAmount(std::string_view text);

// Nanoseconds of "5" or "5s", "1.5s", "200ms", "3m", "2h", "7d", "10us", "10ns".
std::optional<uint64_t> ParseDuration(std::string_view text);

// [low, high], in the order of the unit that was parsed.
struct Range {
  uint64_t low;
  uint64_t high;
};

// Which numbers a value means: "N", "LOW:HIGH", "LOW..HIGH", ">N", ">=N", "<N", "<=N". Nothing when
// `parse` refuses one, a range goes backwards or is above `max`.
std::optional<Range> ParseRange(std::string_view text, uint64_t max,
                                std::optional<uint64_t> (*parse)(std::string_view));

// The stretch of time [from, to) that "2026-11-23", "2026-11-23T01:59", "2026-11-23T01:59:07.5Z" or
// "-1h" (before now) means: a day, a minute, a second, or for a fraction and "-1h" a nanosecond.
struct TimeRange {
  int64_t from_ns;
  int64_t to_ns;
};
std::optional<TimeRange> ParseMoment(std::string_view text, int64_t now_ns);

// Of a whole term: a moment, "A..B", "A..", "..B", ">A", ">=A", "<A", "<=A"; "-1h" alone means
// since then.
std::optional<TimeRange> ParseTimeRange(std::string_view text, int64_t now_ns);

// The first and last address of "ADDRESS" or "ADDRESS/BITS".
struct AddressRange {
  IpAddress low;
  IpAddress high;
};
std::optional<AddressRange> ParseNetwork(std::string_view text);

}  // namespace dfc
