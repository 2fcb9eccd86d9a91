#include "turn_printer.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace dfc {
namespace {

using View = ShowOptions::View;

Turn Data(Side side, uint64_t offset, std::string_view text) {
  return {side, TurnKind::kData, 1'500'000, offset, text.size(), AsBytes(text.data(), text.size())};
}
Turn Gap(uint64_t offset, uint64_t length) {
  return {Side::kServer, TurnKind::kGap, 2'000'000, offset, length, {}};
}

std::string Print(const std::vector<Turn>& turns, View view = View::kText, bool utf8 = true) {
  Terminal terminal;
  terminal.utf8 = utf8;
  TurnPrinter printer(view, terminal, 0);
  std::string out;
  for (const Turn& turn : turns) out += printer.Print(turn);
  return out + printer.Finish();
}

TEST(TurnPrinter, EndsEachTurnWithALineFeed) {
  EXPECT_EQ(Print({Data(Side::kClient, 0, "hi"), Data(Side::kServer, 0, "ho\r\n")}),
            "▶ client  +0.001500 s  offset 0  2 bytes\nhi\n"
            "◀ server  +0.001500 s  offset 0  4 bytes\nho\n");
}
TEST(TurnPrinter, SaysWhatIsMissing) {
  EXPECT_EQ(Print({Gap(5, 1460)}), "░ server  +0.002000 s  offset 5  1,460 bytes missing\n");
}
TEST(TurnPrinter, TakesAnyTime) {
  TurnPrinter printer(View::kText, Terminal{}, 0);
  const Turn turn{Side::kClient, TurnKind::kGap, INT64_MIN, 0, 1, {}};
  EXPECT_EQ(printer.Print(turn), "# client  -9223372036.854775 s  offset 0  1 byte missing\n");
}
TEST(TurnPrinter, DoesWithoutUtf8) {
  EXPECT_EQ(Print({Data(Side::kServer, 0, "x"), Gap(1, 1)}, View::kText, false),
            "< server  +0.001500 s  offset 0  1 byte\nx\n"
            "# server  +0.002000 s  offset 1  1 byte missing\n");
}
TEST(TurnPrinter, JoinsACutCharacter) {
  EXPECT_EQ(Print({Data(Side::kClient, 0, "a\xE4\xB8"), Data(Side::kClient, 3, "\x96z\n")}),
            "▶ client  +0.001500 s  offset 0  3 bytes\na\n"
            "▶ client  +0.001500 s  offset 3  3 bytes\n世z\n");
}
TEST(TurnPrinter, EscapesACutCharacterThatNothingContinues) {
  EXPECT_EQ(Print({Data(Side::kClient, 0, "a\xE4\xB8"), Data(Side::kServer, 3, "\x96\n")}),
            "▶ client  +0.001500 s  offset 0  3 bytes\na\\xE4\\xB8\n"
            "◀ server  +0.001500 s  offset 3  2 bytes\n\\x96\n");
  EXPECT_EQ(Print({Data(Side::kClient, 0, "\xE4")}),
            "▶ client  +0.001500 s  offset 0  1 byte\n\\xE4\n");
}
TEST(TurnPrinter, DumpsAtTheStreamsOffset) {
  EXPECT_EQ(Print({Data(Side::kClient, 16, "a")}, View::kHex),
            "▶ client  +0.001500 s  offset 16  1 byte\n"
            "00000010  61                                                |a|\n");
}

}  // namespace
}  // namespace dfc
