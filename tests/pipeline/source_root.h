// Where the project's files are.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace dfc {

// What the runner of the tests says; by hand they are run from there.
inline std::filesystem::path SourceRoot() {
  const char* const root = std::getenv("DFC_SOURCE_ROOT");
  return root == nullptr ? std::filesystem::current_path() : std::filesystem::path(root);
}

}  // namespace dfc
