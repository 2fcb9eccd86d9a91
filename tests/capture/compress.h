// Compressed data for tests, made by the libraries that dfc reads it with.
#pragma once

#include <string>

namespace dfc {

std::string Gzip(const std::string& plain);
std::string Zstd(const std::string& plain);
std::string Lz4(const std::string& plain);

}  // namespace dfc
