#include "dfc/status.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

namespace dfc {

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

absl::Status Annotate(const absl::Status& status, std::string_view doing) {
  if (status.ok()) return status;
  return absl::Status(status.code(), fmt::format("{}: {}", doing, MessageOf(status)));
}

absl::Status ErrnoStatus(int error_number, std::string_view doing) {
  absl::StatusCode code = absl::StatusCode::kUnknown;
  if (error_number == ENOENT) code = absl::StatusCode::kNotFound;
  if (error_number == EACCES || error_number == EPERM) code = absl::StatusCode::kPermissionDenied;
  if (error_number == ENOSPC || error_number == EDQUOT) code = absl::StatusCode::kResourceExhausted;
  return absl::Status(code, fmt::format("{}: {}", doing, std::strerror(error_number)));
}

}  // namespace dfc
