#include "buffered_reader.h"

#include <gtest/gtest.h>

#include "memory_source.h"

namespace dfc {
namespace {

// Bytes 0, 1, ... 250, 0, ...: a period that no buffer size shares.
std::string Pattern(size_t bytes) {
  std::string text(bytes, '\0');
  for (size_t at = 0; at < bytes; ++at) text[at] = static_cast<char>(at % 251);
  return text;
}

BufferedReader ReaderOf(size_t bytes, size_t piece_bytes = SIZE_MAX) {
  return BufferedReader(std::make_unique<MemorySource>(Pattern(bytes), piece_bytes));
}

TEST(BufferedReader, JoinsPieces) {
  BufferedReader reader = ReaderOf(10, 3);
  ASSERT_TRUE(reader.Need(10));
  EXPECT_EQ(reader.data()[9], 9);
  EXPECT_FALSE(reader.Need(11));
  EXPECT_EQ(reader.size(), 10u);
}

TEST(BufferedReader, ViewsAreContiguousOverTheWholeStream) {
  constexpr size_t kStreamBytes = 5'000'000;
  constexpr size_t kStep = 4'001;
  BufferedReader reader = ReaderOf(kStreamBytes, 65'537);
  size_t at = 0;
  for (; reader.Need(kStep); at += kStep) {
    ASSERT_EQ(reader.offset(), at);
    ASSERT_EQ(reader.data()[0], at % 251);
    ASSERT_EQ(reader.data()[kStep - 1], (at + kStep - 1) % 251);
    reader.Advance(kStep);
  }
  EXPECT_EQ(at + reader.size(), kStreamBytes);
}

TEST(BufferedReader, HoldsAWholeBuffer) {
  BufferedReader reader = ReaderOf(2 * BufferedReader::kBytes);
  reader.Need(7);
  reader.Advance(7);
  ASSERT_TRUE(reader.Need(BufferedReader::kBytes));
  EXPECT_EQ(reader.data()[0], 7);
}

TEST(BufferedReader, SkipsFurtherThanItHolds) {
  BufferedReader reader = ReaderOf(3'000'001);
  ASSERT_TRUE(reader.Skip(3'000'000));
  EXPECT_EQ(reader.offset(), 3'000'000u);
  ASSERT_TRUE(reader.Need(1));
  EXPECT_EQ(reader.data()[0], 3'000'000 % 251);
}

TEST(BufferedReader, SkipEndsAtTheEnd) {
  BufferedReader reader = ReaderOf(10);
  EXPECT_FALSE(reader.Skip(UINT64_MAX));
  EXPECT_EQ(reader.offset(), 10u);
}

TEST(BufferedReader, KeepsWhatCameBeforeAnError) {
  BufferedReader reader(
      std::make_unique<MemorySource>("abc", SIZE_MAX, absl::DataLossError("gone")));
  EXPECT_FALSE(reader.Need(4));
  EXPECT_EQ(reader.size(), 3u);
  EXPECT_EQ(MessageOf(reader.status()), "gone");
}

TEST(BufferedReader, StopForgetsTheRest) {
  BufferedReader reader = ReaderOf(10);
  reader.Need(5);
  reader.Stop();
  EXPECT_FALSE(reader.Need(1));
}

}  // namespace
}  // namespace dfc
