#include <fmt/format.h>

#include <charconv>

#include "dfc/reader.h"

namespace dfc {

namespace {

constexpr size_t kHalfDigits = 16;

std::optional<uint64_t> ParseHalf(std::string_view digits) {
  uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

std::string FormatFlowId(const FlowId& id) {
  return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(id.t_start_ns), id.flow_hash);
}

std::optional<FlowId> ParseFlowId(const std::string& text) {
  if (text.size() != 2 * kHalfDigits) return std::nullopt;
  const std::string_view digits = text;
  const auto t_start = ParseHalf(digits.substr(0, kHalfDigits));
  const auto flow_hash = ParseHalf(digits.substr(kHalfDigits));
  if (!t_start || !flow_hash) return std::nullopt;
  return FlowId{static_cast<int64_t>(*t_start), *flow_hash};
}

}  // namespace dfc
