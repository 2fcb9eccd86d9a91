#include "turn_index.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

namespace dfc {
namespace {

// "side/dt/offset/length/kind/position" of each turn, then "end" or "damaged". The text lies in
// memory of exactly its size, so that a sanitizer sees a read past it.
std::string Read(std::string_view text, size_t content_bytes = 100) {
  const auto exact = std::make_unique<char[]>(text.size());
  std::memcpy(exact.get(), text.data(), text.size());
  TurnIndex index({exact.get(), text.size()}, content_bytes);
  std::string out;
  IndexedTurn turn{};
  TurnIndex::Result result{};
  while ((result = index.Next(turn)) == TurnIndex::Result::kTurn) {
    out += fmt::format("{}/{}/{}/{}/{}/{} ", static_cast<int>(turn.side), turn.dt_ns, turn.offset,
                       turn.length, static_cast<int>(turn.kind), turn.position);
  }
  return out + (result == TurnIndex::Result::kEnd ? "end" : "damaged");
}

TEST(TurnIndex, ReadsTurns) {
  EXPECT_EQ(Read("[[0,0,0,5,0,0],[1,70,0,10,1,5],[1,-80,10,95,2,5]]"),
            "0/0/0/5/0/0 1/70/0/10/1/5 1/-80/10/95/2/5 end");
}
TEST(TurnIndex, MayBeEmpty) { EXPECT_EQ(Read("[]"), "end"); }
TEST(TurnIndex, GapNeedsNoContent) { EXPECT_EQ(Read("[[0,0,0,999,1,0]]", 0), "0/0/0/999/1/0 end"); }

TEST(TurnIndex, RefusesWhatIsNotWrittenByDfc) {
  for (const char* text : {"",
                           "[",
                           "]",
                           "{}",
                           "[]]",
                           "[] ",
                           " []",
                           "[[]]",
                           "[,]",
                           "[[0,0,0,1,0]]",
                           "[[0,0,0,1,0,0,0]]",
                           "[[0,0,0,1,0,0],]",
                           "[[0,0,0,1,0,0]",
                           "[[0,0,0,1,0,0]][",
                           "[[0, 0,0,1,0,0]]",
                           "[[0,0,0,1.5,0,0]]",
                           "[[0,0,0,1e3,0,0]]",
                           "[[\"0\",0,0,1,0,0]]",
                           "[[+0,0,0,1,0,0]]",
                           "[[0,0,0,99999999999999999999,0,0]]",
                           "[[-,0,0,1,0,0]]",
                           "[[0,-0,0,1,0,0]]",
                           "[[0,-01,0,1,0,0]]",
                           "[[0,0,00,1,0,0]]",
                           "[[0,0,0,01,0,0]]",
                           "null"}) {
    EXPECT_TRUE(Read(text).ends_with("damaged")) << text;
  }
}

TEST(TurnIndex, RefusesValuesOutOfRange) {
  for (const char* text :
       {"[[2,0,0,1,0,0]]", "[[-1,0,0,1,0,0]]", "[[0,0,-1,1,0,0]]", "[[0,0,0,-1,0,0]]",
        "[[0,0,0,1,5,0]]", "[[0,0,0,1,-1,0]]", "[[0,0,0,1,0,-1]]"}) {
    EXPECT_EQ(Read(text), "damaged") << text;
  }
}

TEST(TurnIndex, RefusesTurnsPastTheContent) {
  EXPECT_EQ(Read("[[0,0,0,100,0,0]]"), "0/0/0/100/0/0 end");
  for (const char* text : {"[[0,0,0,101,0,0]]", "[[0,0,0,1,0,100]]", "[[0,0,0,0,0,101]]",
                           "[[0,0,0,9223372036854775807,0,9223372036854775807]]",
                           "[[0,0,0,9223372036854775807,0,1]]"}) {
    EXPECT_EQ(Read(text), "damaged") << text;
  }
}

TEST(TurnIndex, RefusesEveryCutText) {
  const std::string whole = "[[0,0,0,5,0,0],[1,70,0,10,1,5]]";
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
    EXPECT_TRUE(Read(whole.substr(0, bytes)).ends_with("damaged")) << bytes;
  }
}

}  // namespace
}  // namespace dfc
