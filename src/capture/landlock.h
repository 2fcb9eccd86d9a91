// What of the file system and of TCP's ports is left, by the kernel's Landlock (its documentation:
// userspace-api/landlock). Without a library: Debian has none.
#pragma once

#include "dfc/privileges.h"

namespace dfc {

// Returns the version of the kernel's interface, 0 where there is none: then nothing has changed.
// REQUIRES: ForgoNewPrivileges() has been called.
absl::StatusOr<int> EnterLandlock(const SandboxRules& rules);

}  // namespace dfc
