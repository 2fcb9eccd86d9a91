// What the fuzz targets share whose input is text: lines of words. Any bytes are some script: a
// word that can't be read counts as 0, so that a mutation is another script and not a refusal.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace dfc {

// Abort is how a fuzz target says that a promise was broken.
inline void Expect(bool promise) {
  if (!promise) std::abort();
}

// Decimal digits, perhaps behind a sign, as far as they go; what is larger wraps around `limit`.
inline int64_t NumberOf(std::string_view word, int64_t limit) {
  const bool negative = word.starts_with('-');
  if (negative || word.starts_with('+')) word.remove_prefix(1);
  int64_t value = 0;
  for (const char digit : word) {
    if (digit < '0' || digit > '9') break;
    value = (value * 10 + (digit - '0')) % limit;
  }
  return negative ? -value : value;
}

// The next line of `text`, without a comment ("# ..."), goes to `line`. False at the end.
inline bool TakeLine(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  line = line.substr(0, line.find('#'));
  return true;
}

// A line's words, one after the other.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  // "" when there is none.
  std::string_view Next() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    const std::string_view word = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(word.size());
    return word;
  }
  int64_t Number(int64_t limit) { return NumberOf(Next(), limit); }
  // Not negative, below `limit`.
  template <typename T>
  T Count(int64_t limit) {
    const int64_t number = Number(limit);
    return static_cast<T>(number < 0 ? -number : number);
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// Pairs of hex digits; what is none is passed over.
inline std::vector<uint8_t> HexBytes(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::vector<uint8_t> bytes;
  size_t digits = 0;
  for (const char letter : text) {
    const size_t value = kDigits.find(letter);
    if (value == std::string_view::npos) continue;
    if (digits++ % 2 == 0)
      bytes.push_back(static_cast<uint8_t>(value << 4));
    else
      bytes.back() = static_cast<uint8_t>(bytes.back() | value);
  }
  return bytes;
}

}  // namespace dfc
