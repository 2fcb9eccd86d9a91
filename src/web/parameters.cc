#include "parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "dfc/query.h"
#include "dfc/utf8.h"

namespace dfc {

namespace {

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t bytes = Utf8SequenceBytes(AsBytes(text.data(), text.size()));
    if (bytes == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

template <typename Number>
std::optional<Number> Parse(std::string_view text) {
  Number value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

}  // namespace

absl::Status CheckParameters(const Request& request) {
  for (const auto& [name, value] : request.parameters) {
    if (value.size() > kQueryBytesMax || name.size() > kQueryBytesMax) {
      return absl::InvalidArgumentError(
          fmt::format("a parameter has at most {} bytes", kQueryBytesMax));
    }
    if (!IsUtf8(name) || !IsUtf8(value)) {
      return absl::InvalidArgumentError("a parameter is not UTF-8");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> NumberParameter(const Request& request, std::string_view name,
                                         uint64_t least, uint64_t most, uint64_t otherwise) {
  const auto text = request.Parameter(name);
  if (!text) return otherwise;
  const auto value = Parse<uint64_t>(*text);
  if (!value || *value < least || *value > most) {
    return absl::InvalidArgumentError(
        fmt::format("{} must be a number from {} to {}", name, least, most));
  }
  return *value;
}

absl::StatusOr<std::string_view> WordParameter(const Request& request, std::string_view name,
                                               std::initializer_list<std::string_view> words) {
  const auto text = request.Parameter(name);
  if (!text) return *words.begin();
  const auto* const word = std::ranges::find(words, *text);
  if (word == words.end()) {
    return absl::InvalidArgumentError(
        fmt::format("{} must be one of {}", name, fmt::join(words, ", ")));
  }
  return *word;
}

absl::StatusOr<std::optional<int64_t>> TimeParameter(const Request& request,
                                                     std::string_view name) {
  const auto text = request.Parameter(name);
  if (!text || text->empty()) return std::optional<int64_t>();
  if (const auto ns = Parse<int64_t>(*text)) return ns;
  if (const auto ns = ParseTime(*text)) return ns;
  return absl::InvalidArgumentError(fmt::format(
      "{} must be a time such as 2026-11-23T08:00:00Z, or nanoseconds since 1970", name));
}

absl::StatusOr<std::optional<Side>> SideParameter(const Request& request) {
  if (!request.Parameter("side")) return std::optional<Side>();
  DFC_ASSIGN_OR_RETURN(const std::string_view side,
                       WordParameter(request, "side", {"client", "server"}));
  return std::optional<Side>(side == "client" ? Side::kClient : Side::kServer);
}

absl::StatusOr<FlowQuery> QueryParameters(const Request& request, int64_t now_ns) {
  FlowQuery query;
  query.filter = request.Parameter("q").value_or("");
  query.now_ns = now_ns;
  DFC_ASSIGN_OR_RETURN(query.from_ns, TimeParameter(request, "from"));
  DFC_ASSIGN_OR_RETURN(query.to_ns, TimeParameter(request, "to"));
  return query;
}

}  // namespace dfc
