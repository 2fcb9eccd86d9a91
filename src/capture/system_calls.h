// The system calls that are left, by libseccomp.
#pragma once

#include "dfc/privileges.h"

namespace dfc {

absl::Status EnterSeccomp(const SandboxRules& rules);

}  // namespace dfc
