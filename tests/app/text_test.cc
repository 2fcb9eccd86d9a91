#include "text.h"

#include <gtest/gtest.h>

namespace dfc {
namespace {

ByteSpan Bytes(std::string_view text) { return AsBytes(text.data(), text.size()); }

std::string Escape(std::string_view text, bool keep_utf8 = true) {
  std::string out;
  AppendEscaped(Bytes(text), keep_utf8, out);
  return out;
}

std::string HexDump(std::string_view text, uint64_t offset = 0) {
  std::string out;
  AppendHexDump(Bytes(text), offset, out);
  return out;
}

IpAddress Address(const std::string& text) {
  IpAddress address;
  EXPECT_TRUE(ParseAddress(text, address));
  return address;
}

TEST(Escape, KeepsTextLinesAndTabs) { EXPECT_EQ(Escape("a\tb\nc~\\x"), "a\tb\nc~\\x"); }
TEST(Escape, LeavesOutReturnBeforeLineFeed) { EXPECT_EQ(Escape("a\r\n\r\n"), "a\n\n"); }
TEST(Escape, ShowsReturnElsewhere) { EXPECT_EQ(Escape("good\rbad\r"), "good\\x0Dbad\\x0D"); }
TEST(Escape, DisarmsAnsi) { EXPECT_EQ(Escape("\x1b[31mred\x07"), "\\x1B[31mred\\x07"); }
TEST(Escape, DisarmsDelete) { EXPECT_EQ(Escape("a\x7f"), "a\\x7F"); }
TEST(Escape, DisarmsC1) {
  EXPECT_EQ(Escape("\xC2\x9B"
                   "2J"),
            "\\xC2\\x9B2J");
}
TEST(Escape, DisarmsBareC1) {
  EXPECT_EQ(Escape("\x9B"
                   "2J"),
            "\\x9B2J");
}
TEST(Escape, ShowsZero) { EXPECT_EQ(Escape(std::string_view("a\0b", 3)), "a\\x00b"); }
TEST(Escape, KeepsUtf8) { EXPECT_EQ(Escape("Grüße, 世界 😀"), "Grüße, 世界 😀"); }
TEST(Escape, EscapesUtf8WhereNotWanted) { EXPECT_EQ(Escape("ü", false), "\\xC3\\xBC"); }

TEST(Escape, DisarmsEveryBidirectionalControl) {
  for (const char* control :
       {"\u061C", "\u200E", "\u200F", "\u202A", "\u202E", "\u2066", "\u2069"}) {
    EXPECT_EQ(Escape(control).substr(0, 2), "\\x") << Escape(control);
  }
}

TEST(Escape, RefusesMalformedUtf8) {
  EXPECT_EQ(Escape("\xC0\xAF"), "\\xC0\\xAF");                    // Overlong '/'.
  EXPECT_EQ(Escape("\xE0\x9F\xBF"), "\\xE0\\x9F\\xBF");           // Overlong in three bytes.
  EXPECT_EQ(Escape("\xED\xA0\x80"), "\\xED\\xA0\\x80");           // Surrogate.
  EXPECT_EQ(Escape("\xF4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");  // Past U+10FFFF.
  EXPECT_EQ(Escape("\xE4\xB8"), "\\xE4\\xB8");                    // Cut.
  EXPECT_EQ(Escape("\xE4xy"), "\\xE4xy");                         // Not continued.
}

TEST(Escape, LetsNoControlThrough) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const char bytes[] = {static_cast<char>(first), static_cast<char>(second)};
      const std::string text = Escape({bytes, 2});
      for (size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        EXPECT_TRUE(byte >= 0x20 || byte == '\n' || byte == '\t') << first << " " << second;
        EXPECT_NE(byte, 0x7F);
      }
      EXPECT_TRUE(text.empty() || Utf8CutBytes(Bytes(text)) == 0) << first << " " << second;
    }
  }
}

TEST(EscapeLine, MakesOneLine) {
  EXPECT_EQ(EscapeLine("a\tb\r\nc\\d\x1b"), "a\\tb\\r\\nc\\\\d\\x1B");
}

TEST(Utf8Cut, CountsTheBeginningOfACharacter) {
  EXPECT_EQ(Utf8CutBytes(Bytes("a\xF0\x9F\x98")), 3u);
  EXPECT_EQ(Utf8CutBytes(Bytes("a\xE4\xB8")), 2u);
  EXPECT_EQ(Utf8CutBytes(Bytes("a\xC3")), 1u);
}
TEST(Utf8Cut, IsZeroForWholeAndBrokenOnes) {
  for (const char* text :
       {"", "a", "ü", "世", "\xE4\x41", "\xC0", "\xED\xA0", "\x80\x80\x80\x80"}) {
    EXPECT_EQ(Utf8CutBytes(Bytes(text)), 0u) << text;
  }
}

TEST(ReplaceInvalidUtf8, ReplacesEachByte) {
  EXPECT_EQ(ReplaceInvalidUtf8("ü\xFF\xE4z"), "ü\uFFFD\uFFFDz");
}

TEST(HexDump, ShowsWholeLine) {
  EXPECT_EQ(HexDump("GET / HTTP/1.1\r\n", 16),
            "00000010  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  |GET / HTTP/1.1..|\n");
}
TEST(HexDump, PadsLastLine) {
  EXPECT_EQ(HexDump("\x80z"), "00000000  80 7a                                             |.z|\n");
}
TEST(HexDump, GoesPast32Bits) {
  EXPECT_EQ(HexDump("a", 0x123456789A).substr(0, 14), "123456789a  61");
}
TEST(HexDump, OfNothingIsNothing) { EXPECT_EQ(HexDump(""), ""); }

TEST(HumanBytes, HasThreeDigits) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(999), "999 B");
  EXPECT_EQ(HumanBytes(1'000), "1.00 kB");
  EXPECT_EQ(HumanBytes(12'345), "12.3 kB");
  EXPECT_EQ(HumanBytes(384'000'000), "384 MB");
}
TEST(HumanBytes, CarriesIntoTheNextUnit) {
  EXPECT_EQ(HumanBytes(9'995), "10.0 kB");
  EXPECT_EQ(HumanBytes(99'950), "100 kB");
  EXPECT_EQ(HumanBytes(999'499), "999 kB");
  EXPECT_EQ(HumanBytes(999'500), "1.00 MB");
  EXPECT_EQ(HumanBytes(UINT64_MAX), "18.4 EB");
}

TEST(Grouped, PutsACommaEveryThreeDigits) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'460), "1,460");
  EXPECT_EQ(Grouped(1'234'567), "1,234,567");
}

TEST(Endpoint, BracketsIpv6Only) {
  EXPECT_EQ(FormatEndpoint(Address("10.0.0.1"), 80), "10.0.0.1:80");
  EXPECT_EQ(FormatEndpoint(Address("2001:db8::1"), 443), "[2001:db8::1]:443");
}

TEST(ParseSize, TakesUnits) {
  EXPECT_EQ(ParseSize("65536"), 65'536u);
  EXPECT_EQ(ParseSize("512K"), 512u << 10);
  EXPECT_EQ(ParseSize("384M"), 384u << 20);
  EXPECT_EQ(ParseSize("2g"), uint64_t{2} << 30);
  EXPECT_EQ(ParseSize("1GiB"), uint64_t{1} << 30);
  EXPECT_EQ(ParseSize("1MB"), uint64_t{1} << 20);
}
TEST(ParseSize, RefusesTheRest) {
  for (const char* text : {"", "M", "-1", "+1", " 1", "1 M", "1.5G", "3X", "1MM", "1iB", "1Mi",
                           "0x10", "18446744073709551616", "18014398509481984K"}) {
    EXPECT_EQ(ParseSize(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace dfc
