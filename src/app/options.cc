#include "options.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>

namespace dfc {
namespace {

constexpr size_t kDefaultWorkersMax = 8;

}  // namespace

size_t DefaultWorkers(size_t processors) {
  if (processors <= 2) return 1;
  return std::min(processors - 2, kDefaultWorkersMax);
}

size_t UsableProcessors() {
  cpu_set_t usable;
  CPU_ZERO(&usable);
  if (::sched_getaffinity(0, sizeof usable, &usable) != 0) return 1;
  return static_cast<size_t>(CPU_COUNT(&usable));
}

absl::Status CheckSensorName(const std::string& name) {
  if (name.empty() || name.size() > kSensorNameBytesMax) {
    return absl::InvalidArgumentError(
        fmt::format("a sensor's name has 1 to {} bytes", kSensorNameBytesMax));
  }
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7F) {
      return absl::InvalidArgumentError("a sensor's name has no control characters");
    }
  }
  return absl::OkStatus();
}

}  // namespace dfc
