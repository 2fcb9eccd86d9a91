#include "capture_filter.h"

#include <fmt/format.h>

#include <string_view>

#include "dfc/file.h"

namespace dfc {
namespace {

constexpr size_t kFileBytesMax = size_t{64} << 10;

std::string WithoutComments(std::string_view text) {
  std::string filter;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    filter.append(filter.empty() ? "" : " ").append(line);
  }
  return filter;
}

}  // namespace

absl::StatusOr<std::string> CaptureFilter(const CaptureOptions& options) {
  if (options.filter_file.empty()) return options.live.filter;
  if (!options.live.filter.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("there is a filter in --filter-file {} and on the command line; give one",
                    options.filter_file));
  }
  DFC_ASSIGN_OR_RETURN(const Fd fd, OpenForReading(options.filter_file));
  std::string text(kFileBytesMax + 1, '\0');
  DFC_ASSIGN_OR_RETURN(
      const size_t bytes,
      ReadFully(fd, static_cast<uint8_t*>(static_cast<void*>(text.data())), text.size()));
  if (bytes > kFileBytesMax) {
    return absl::FailedPreconditionError(
        fmt::format("{}: a filter has at most {} bytes", options.filter_file, kFileBytesMax));
  }
  return WithoutComments(text.substr(0, bytes));
}

}  // namespace dfc
