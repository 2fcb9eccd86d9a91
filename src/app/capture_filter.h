// Which packets `capture` is to take: words of the command line, or a file.
// Module: app
#pragma once

#include <string>

#include "options.h"

namespace dfc {

// The text of --filter-file without lines that begin with #, else that of the command line. It may
// not compile.
//   kInvalidArgument  both are given
absl::StatusOr<std::string> CaptureFilter(const CaptureOptions& options);

}  // namespace dfc
