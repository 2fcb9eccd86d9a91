// The page's files, part of the program: web/dist as it was when it was built.
#pragma once

#include <span>
#include <string_view>

namespace dfc {

struct Asset {
  std::string_view path;  // "/index.html".
  std::string_view type;
  std::string_view tag;  // For If-None-Match, in quotes.
  std::string_view bytes;
  std::string_view gzip;  // The same, compressed.
};
std::span<const Asset> Assets();

// The description of the API.
std::string_view OpenApi();

}  // namespace dfc
