#include "dfc/log_value.h"

#include <fmt/format.h>

#include <algorithm>

namespace dfc {

namespace {

bool IsPlain(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return byte > 0x20 && byte != 0x7F && letter != '"' && letter != '\\' && letter != '=';
}

}  // namespace

std::string LogValue(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, IsPlain)) return std::string(text);
  std::string out = "\"";
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (letter == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02X}", byte);
    } else {
      if (letter == '"' || letter == '\\') out += '\\';
      out += letter;
    }
  }
  return out += '"';
}

}  // namespace dfc
