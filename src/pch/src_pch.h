// What most of the libraries include, parsed once a library where a sanitizer is in the compiler.
// Other builds go without it, and so find what a file forgot to include.
#include <absl/status/statusor.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>
