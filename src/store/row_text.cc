#include "row_text.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

namespace dfc {

namespace {

struct HexPair {
  char digits[2];
};

constexpr std::array<HexPair, 256> MakeHexPairs() {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::array<HexPair, 256> pairs{};
  for (size_t byte = 0; byte < pairs.size(); ++byte) {
    pairs[byte] = {{kDigits[byte >> 4], kDigits[byte & 0x0F]}};
  }
  return pairs;
}

constexpr std::array<HexPair, 256> kHexPairs = MakeHexPairs();

}  // namespace

void AppendHex(ByteSpan bytes, std::string& text) {
  const size_t at = text.size();
  text.resize(at + 2 * bytes.size());
  char* to = text.data() + at;
  for (const uint8_t byte : bytes) {
    std::memcpy(to, kHexPairs[byte].digits, sizeof(HexPair));
    to += sizeof(HexPair);
  }
}

void RowText::Signed(int64_t value) {
  Separate();
  const fmt::format_int digits(value);
  text_.append(digits.data(), digits.size());
}

void RowText::Unsigned(uint64_t value) {
  Separate();
  const fmt::format_int digits(value);
  text_.append(digits.data(), digits.size());
}

void RowText::Bytes(ByteSpan bytes) {
  Separate();
  text_.append("X'");
  AppendHex(bytes, text_);
  text_.push_back('\'');
}

void RowText::Null() {
  Separate();
  text_.append("NULL");
}

}  // namespace dfc
