// What the unit tests include, parsed once a program instead of once a file.
#include <absl/status/statusor.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>
