#include "json.h"

namespace dfc {

std::string Base64(ByteSpan bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t have = bytes.size() - at < 3 ? bytes.size() - at : 3;
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) group = group << 8 | (i < have ? bytes[at + i] : 0u);
    for (size_t i = 0; i < 4; ++i) {
      text.push_back(i <= have ? kDigits[group >> (18 - 6 * i) & 63] : '=');
    }
  }
  return text;
}

}  // namespace dfc
