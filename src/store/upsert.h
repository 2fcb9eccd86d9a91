// SQL text that both kinds of store share: "a, b, c" of column names.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>

namespace dfc {

// Each name through `form`, where {0} is the name: "{0} = excluded.{0}". Joined by ", ".
inline std::string JoinColumns(std::span<const char* const> names, std::string_view form = "{0}") {
  std::string text;
  for (const char* name : names) {
    if (!text.empty()) text += ", ";
    text += fmt::format(fmt::runtime(form), name);
  }
  return text;
}

}  // namespace dfc
