#include "text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <limits>

namespace dfc {
namespace {

constexpr size_t kHexDumpLineBytes = 16;

// The code point of a well-formed sequence of two to four bytes.
uint32_t CodePoint(ByteSpan sequence) {
  uint32_t value = sequence[0] & (0x7Fu >> sequence.size());
  for (size_t i = 1; i < sequence.size(); ++i) value = value << 6 | (sequence[i] & 0x3Fu);
  return value;
}

// Characters that act on the text around them instead of showing themselves.
bool IsControl(uint32_t point) {
  if (point < 0x20 || (point >= 0x7F && point <= 0x9F)) return true;
  const bool marks = point == 0x061C || point == 0x200E || point == 0x200F;
  const bool separators = point == 0x2028 || point == 0x2029;
  const bool embeddings = point >= 0x202A && point <= 0x202E;
  const bool isolates = point >= 0x2066 && point <= 0x2069;
  return marks || separators || embeddings || isolates;
}

void AppendHexEscape(ByteSpan bytes, std::string& out) {
  for (const uint8_t byte : bytes) fmt::format_to(std::back_inserter(out), "\\x{:02X}", byte);
}

// Appends the character at the front of `bytes`, as it is or escaped; returns its bytes.
size_t AppendCharacter(ByteSpan bytes, bool keep_utf8, std::string& out) {
  const size_t length = Utf8SequenceBytes(bytes);
  const ByteSpan sequence = bytes.first(std::max<size_t>(length, 1));
  bool keep = length == 1 && !IsControl(sequence[0]);
  if (length > 1) keep = keep_utf8 && !IsControl(CodePoint(sequence));
  if (keep) {
    out.append(AsChars(sequence.data()), sequence.size());
  } else {
    AppendHexEscape(sequence, out);
  }
  return sequence.size();
}

}  // namespace

void AppendEscaped(ByteSpan bytes, bool keep_utf8, std::string& out) {
  for (size_t at = 0; at < bytes.size();) {
    const uint8_t byte = bytes[at];
    const bool line_ends = byte == '\r' && bytes.size() - at > 1 && bytes[at + 1] == '\n';
    if (line_ends) {
      ++at;
    } else if (byte == '\n' || byte == '\t') {
      out.push_back(static_cast<char>(byte));
      ++at;
    } else {
      at += AppendCharacter(bytes.subspan(at), keep_utf8, out);
    }
  }
}

std::string EscapeLine(std::string_view text) {
  std::string out;
  const ByteSpan bytes = AsBytes(text.data(), text.size());
  for (size_t at = 0; at < bytes.size();) {
    const std::string_view named = "\n\r\t\\";
    const std::string_view letters = "nrt\\";
    const size_t which = named.find(text[at]);
    if (which == std::string_view::npos) {
      at += AppendCharacter(bytes.subspan(at), true, out);
    } else {
      out.push_back('\\');
      out.push_back(letters[which]);
      ++at;
    }
  }
  return out;
}

void AppendHexDump(ByteSpan bytes, uint64_t offset, std::string& out) {
  for (size_t at = 0; at < bytes.size(); at += kHexDumpLineBytes) {
    const ByteSpan line = bytes.subspan(at, std::min(kHexDumpLineBytes, bytes.size() - at));
    fmt::format_to(std::back_inserter(out), "{:08x} ", offset + at);
    for (size_t i = 0; i < kHexDumpLineBytes; ++i) {
      if (i % 8 == 0) out.push_back(' ');
      if (i < line.size()) {
        fmt::format_to(std::back_inserter(out), "{:02x} ", line[i]);
      } else {
        out.append("   ");
      }
    }
    out.append(" |");
    for (const uint8_t byte : line) {
      out.push_back(byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.');
    }
    out.append("|\n");
  }
}

std::string HumanBytes(uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::array<const char*, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  // 999.5 rounds to four digits, which is the next unit's business.
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}", value, decimals, kUnits[unit]);
}

std::string Grouped(uint64_t number) {
  std::string digits = fmt::format("{}", number);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string Count(uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", Grouped(count), count == 1 ? one : many);
}

std::string FormatEndpoint(const IpAddress& address, uint16_t port) {
  const std::string text = FormatAddress(address);
  return address.IsIpv4() ? fmt::format("{}:{}", text, port) : fmt::format("[{}]:{}", text, port);
}

std::optional<uint64_t> ParseSize(std::string_view text) {
  uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc()) return std::nullopt;

  std::string_view unit(rest, static_cast<size_t>(end - rest));
  unsigned shift = 0;
  if (!unit.empty()) {
    const size_t which = std::string_view("kKmMgGtT").find(unit.front());
    if (which != std::string_view::npos) {
      shift = static_cast<unsigned>(which / 2 + 1) * 10;
      unit.remove_prefix(1);
    }
  }
  if (!unit.empty() && unit != "B" && !(shift != 0 && unit == "iB")) return std::nullopt;
  if (number > std::numeric_limits<uint64_t>::max() >> shift) return std::nullopt;
  return number << shift;
}

}  // namespace dfc
