#include "query_values.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <string>

#include "dfc/query.h"
#include "dfc/time.h"

namespace dfc {

namespace {

constexpr int64_t kTimeMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kTimeMin = std::numeric_limits<int64_t>::min();

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes exactly `digits` digits off the front of `text`.
std::optional<unsigned> TakeDigits(std::string_view& text, size_t digits) {
  if (text.size() < digits) return std::nullopt;
  unsigned value = 0;
  for (size_t at = 0; at < digits; ++at) {
    if (!IsDigit(text[at])) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(text[at] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

// Billionths of "5", "05", "123456789"; nothing for none or more than nine digits.
std::optional<uint64_t> Fraction(std::string_view digits) {
  constexpr size_t kDigitsMax = 9;
  if (digits.empty() || digits.size() > kDigitsMax) return std::nullopt;
  std::string padded(digits);
  padded.resize(kDigitsMax, '0');
  return ParseNumber(padded);
}

struct TimeUnit {
  std::string_view name;
  uint64_t ns;
};
constexpr TimeUnit kTimeUnits[] = {{"ns", 1},
                                   {"us", 1'000},
                                   {"ms", 1'000'000},
                                   {"s", 1'000'000'000},
                                   {"m", 60'000'000'000},
                                   {"h", 3'600'000'000'000},
                                   {"d", 86'400'000'000'000}};

// Seconds from midnight and what one unit of the last part is: "T01", "T01:59", "T01:59:07.25".
struct Clock {
  int64_t ns = 0;
  int64_t unit_ns = 24 * 3600 * kNsPerSecond;
};

std::optional<Clock> TakeClock(std::string_view& text) {
  Clock clock;
  if (!Take(text, 'T') && !Take(text, 't') && !Take(text, ' ')) return clock;
  int64_t unit_ns = 3600 * kNsPerSecond;
  for (const unsigned limit : {24U, 60U, 60U}) {
    const auto part = TakeDigits(text, 2);
    if (!part || *part >= limit) return std::nullopt;
    clock.ns += static_cast<int64_t>(*part) * unit_ns;
    clock.unit_ns = unit_ns;
    if (unit_ns == kNsPerSecond || !Take(text, ':')) break;
    unit_ns /= 60;
  }
  if (clock.unit_ns == kNsPerSecond && Take(text, '.')) {
    size_t digits = 0;
    while (digits < text.size() && IsDigit(text[digits])) ++digits;
    const auto fraction = Fraction(text.substr(0, digits));
    if (!fraction) return std::nullopt;
    text.remove_prefix(digits);
    clock.ns += static_cast<int64_t>(*fraction);
    clock.unit_ns = 1;
  }
  return clock;
}

// "2026-11-23", with a time of day behind it or not. Years 1970 to 2199: what nanoseconds hold.
std::optional<TimeRange> ParseDate(std::string_view text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !Take(text, '-')) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !Take(text, '-')) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day || *year < 1970 || *year > 2199) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  const auto clock = TakeClock(text);
  if (!clock) return std::nullopt;
  if (!text.empty() && text != "Z" && text != "z") return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t from_ns = days * 24 * 3600 * kNsPerSecond + clock->ns;
  return TimeRange{from_ns, from_ns + clock->unit_ns};
}

// "-1h" before now.
std::optional<TimeRange> ParseAge(std::string_view text, int64_t now_ns) {
  const auto age_ns = ParseDuration(text);
  if (!age_ns || *age_ns > static_cast<uint64_t>(kTimeMax)) return std::nullopt;
  int64_t from_ns = 0;
  if (__builtin_sub_overflow(now_ns, static_cast<int64_t>(*age_ns), &from_ns)) return std::nullopt;
  return TimeRange{from_ns, from_ns == kTimeMax ? kTimeMax : from_ns + 1};
}

// ">=" and so on at the front of `text`; "" when there is none.
std::string_view TakeSign(std::string_view& text) {
  for (const std::string_view sign : {">=", "<=", ">", "<"}) {
    if (!text.starts_with(sign)) continue;
    text.remove_prefix(sign.size());
    return sign;
  }
  return "";
}

}  // namespace

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<uint64_t> ParseAmount(std::string_view text) {
  uint64_t unit = 1;
  if (!text.empty()) {
    const char last = text.back();
    if (last == 'K' || last == 'k') unit = 1'000;
    if (last == 'M' || last == 'm') unit = 1'000'000;
    if (last == 'G' || last == 'g') unit = 1'000'000'000;
  }
  if (unit != 1) text.remove_suffix(1);
  const auto number = ParseNumber(text);
  if (!number || *number > static_cast<uint64_t>(INT64_MAX) / unit) return std::nullopt;
  return *number * unit;
}

std::optional<uint64_t> ParseDuration(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && (IsDigit(text[digits]) || text[digits] == '.')) ++digits;
  const std::string_view number = text.substr(0, digits);
  const std::string_view unit = digits == text.size() ? "s" : text.substr(digits);
  const auto found = std::ranges::find(kTimeUnits, unit, &TimeUnit::name);
  if (found == std::end(kTimeUnits)) return std::nullopt;
  const size_t dot = number.find('.');
  const auto whole = ParseNumber(number.substr(0, dot));
  if (!whole || *whole > static_cast<uint64_t>(INT64_MAX) / found->ns - 1) return std::nullopt;
  uint64_t ns = *whole * found->ns;
  if (dot == std::string_view::npos) return ns;
  const auto billionths = Fraction(number.substr(dot + 1));
  if (!billionths) return std::nullopt;
  // In parts, so that nothing overflows: a day has more than 2^46 nanoseconds.
  constexpr uint64_t kBillion = 1'000'000'000;
  ns += found->ns / kBillion * *billionths + found->ns % kBillion * *billionths / kBillion;
  return ns;
}

std::optional<Range> ParseRange(std::string_view text, uint64_t max,
                                std::optional<uint64_t> (*parse)(std::string_view)) {
  const std::string_view sign = TakeSign(text);
  const size_t dots = sign.empty() ? text.find("..") : std::string_view::npos;
  const size_t mark = dots != std::string_view::npos ? dots : text.find(':');
  if (!sign.empty() && mark != std::string_view::npos) return std::nullopt;
  const size_t behind = mark + (dots != std::string_view::npos ? 2 : 1);
  const auto low = parse(text.substr(0, mark));
  const auto high = mark == std::string_view::npos ? low : parse(text.substr(behind));
  if (!low || !high || *low > *high || *high > max) return std::nullopt;
  if (sign == ">=") return Range{*low, max};
  if (sign == "<=") return Range{0, *low};
  // What nothing can be is a range that goes backwards, which no row is in.
  if (sign == ">") return *low == max ? Range{1, 0} : Range{*low + 1, max};
  if (sign == "<") return *low == 0 ? Range{1, 0} : Range{0, *low - 1};
  return Range{*low, *high};
}

std::optional<TimeRange> ParseMoment(std::string_view text, int64_t now_ns) {
  if (Take(text, '-')) return ParseAge(text, now_ns);
  if (text == "now") return TimeRange{now_ns, now_ns == kTimeMax ? kTimeMax : now_ns + 1};
  return ParseDate(text);
}

std::optional<int64_t> ParseTime(std::string_view text) {
  const auto date = ParseDate(text);
  return date ? std::optional<int64_t>(date->from_ns) : std::nullopt;
}

std::optional<TimeRange> ParseTimeRange(std::string_view text, int64_t now_ns) {
  const std::string_view sign = TakeSign(text);
  const size_t dots = text.find("..");
  if (dots != std::string_view::npos) {
    const std::string_view first = text.substr(0, dots);
    const std::string_view last = text.substr(dots + 2);
    if (!sign.empty() || (first.empty() && last.empty())) return std::nullopt;
    const auto from = first.empty() ? TimeRange{kTimeMin, kTimeMin} : ParseMoment(first, now_ns);
    const auto to = last.empty() ? TimeRange{kTimeMax, kTimeMax} : ParseMoment(last, now_ns);
    if (!from || !to || from->from_ns >= to->to_ns) return std::nullopt;
    return TimeRange{from->from_ns, to->to_ns};
  }
  const bool is_age = text.starts_with('-');
  const auto moment = ParseMoment(text, now_ns);
  if (!moment) return std::nullopt;
  if (sign == ">=" || (sign.empty() && is_age)) return TimeRange{moment->from_ns, kTimeMax};
  if (sign == ">") return TimeRange{moment->to_ns, kTimeMax};
  if (sign == "<=") return TimeRange{kTimeMin, moment->to_ns};
  if (sign == "<") return TimeRange{kTimeMin, moment->from_ns};
  return moment;
}

std::optional<AddressRange> ParseNetwork(std::string_view text) {
  constexpr uint64_t kAddressBits = 128;
  constexpr uint64_t kMappedBits = 96;
  const size_t slash = text.find('/');
  AddressRange range;
  if (!ParseAddress(std::string(text.substr(0, slash)), range.low)) return std::nullopt;
  range.high = range.low;
  if (slash == std::string_view::npos) return range;
  const auto given = ParseNumber(text.substr(slash + 1));
  const bool is_ipv4 = text.substr(0, slash).find(':') == std::string_view::npos;
  if (!given || *given > (is_ipv4 ? kAddressBits - kMappedBits : kAddressBits)) return std::nullopt;
  const uint64_t bits = *given + (is_ipv4 ? kMappedBits : 0);
  for (uint64_t at = 0; at < range.low.bytes.size(); ++at) {
    const uint64_t kept = std::min<uint64_t>(8, bits > at * 8 ? bits - at * 8 : 0);
    const auto host_mask = static_cast<uint8_t>(0xFFu >> kept);
    range.low.bytes[at] = static_cast<uint8_t>(range.low.bytes[at] & ~host_mask);
    range.high.bytes[at] = static_cast<uint8_t>(range.high.bytes[at] | host_mask);
  }
  return range;
}

}  // namespace dfc
