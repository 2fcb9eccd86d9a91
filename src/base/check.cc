#include "dfc/check.h"

#include <cstdio>
#include <cstdlib>

namespace dfc {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "dfc: internal error: check failed: %s (%s:%d)\n", condition, file, line);
  std::abort();
}

}  // namespace dfc
