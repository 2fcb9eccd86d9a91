// Errors of the world (device, file, database, flag) travel as absl::Status, and each level adds
// what it was doing: "open spool /var/lib/dfc/7.seg: No space left on device".
// Module: base
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace dfc {

// `status` with "doing: " in front of its message; an OK status stays as it is.
absl::Status Annotate(const absl::Status& status, std::string_view doing);

// A status for the C library's `error_number`: "doing: No such file or directory".
absl::Status ErrnoStatus(int error_number, std::string_view doing);

// The message alone, for showing to a person.
std::string MessageOf(const absl::Status& status);

}  // namespace dfc

#define DFC_RETURN_IF_ERROR(expression)                             \
  do {                                                              \
    if (absl::Status dfc_status = (expression); !dfc_status.ok()) { \
      return dfc_status;                                            \
    }                                                               \
  } while (false)

#define DFC_CONCAT_INNER(a, b) a##b
#define DFC_CONCAT(a, b) DFC_CONCAT_INNER(a, b)
#define DFC_ASSIGN_OR_RETURN(target, expression) \
  DFC_ASSIGN_OR_RETURN_INNER(DFC_CONCAT(dfc_or_, __LINE__), target, expression)
#define DFC_ASSIGN_OR_RETURN_INNER(holder, target, expression) \
  auto holder = (expression);                                  \
  if (!holder.ok()) return holder.status();                    \
  target = *std::move(holder)
