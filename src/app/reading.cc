#include "reading.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "options.h"

namespace dfc {
namespace {

constexpr size_t kFlowIdDigits = 32;

bool IsHexDigit(char letter) {
  return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
}

absl::StatusOr<StoredFlow> FindByPrefix(Reader& reader, const std::string& prefix) {
  std::optional<StoredFlow> found;
  uint64_t matches = 0;
  FlowQuery all;
  all.limit = kRowsUnlimited;
  const auto compare = [&](const StoredFlow& flow) {
    if (!FormatFlowId(flow.row.id).starts_with(prefix)) return;
    if (++matches == 1) found = flow;
  };
  DFC_RETURN_IF_ERROR(reader.Flows(all, compare));
  if (matches > 1) {
    return absl::InvalidArgumentError(
        fmt::format("the ids of {} flows begin with {}; give more digits", matches, prefix));
  }
  if (!found) return absl::NotFoundError(fmt::format("no flow's id begins with {}", prefix));
  return *std::move(found);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reader>> OpenStoreForReading(const std::string& url_text) {
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(url_text);
  if (!url.ok()) return url.status();
  const bool is_file = url->kind == StoreUrl::Kind::kSqlite;
  if (is_file && ::access(url->path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return absl::NotFoundError(
        fmt::format("no store at {}; make one with: dfc replay FILE", url->path));
  }
  return OpenReader(*url);
}

absl::StatusOr<StoredFlow> FindFlow(Reader& reader, const std::string& text) {
  std::string id = text;
  for (char& letter : id) {
    if (letter >= 'A' && letter <= 'F') letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (id.empty() || id.size() > kFlowIdDigits || !std::ranges::all_of(id, IsHexDigit)) {
    return absl::InvalidArgumentError(fmt::format(
        "'{}' is no flow id: {} hex digits, or the first of them", text, kFlowIdDigits));
  }
  const std::optional<FlowId> whole = ParseFlowId(id);
  if (id.size() < kFlowIdDigits || !whole) return FindByPrefix(reader, id);

  absl::StatusOr<StoredFlow> flow = reader.Flow(*whole);
  if (absl::IsNotFound(flow.status())) return absl::NotFoundError(fmt::format("no flow {}", id));
  return flow;
}

}  // namespace dfc
