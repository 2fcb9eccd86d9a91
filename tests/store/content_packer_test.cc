#include "content_packer.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "dfc/event.h"

namespace dfc {
namespace {

std::string Noise(size_t bytes) {
  std::mt19937_64 random(7);
  std::string noise;
  while (noise.size() < bytes) noise.push_back(static_cast<char>(random() & 0xFF));
  return noise;
}

std::string Lines(size_t bytes) {
  std::string lines;
  for (size_t n = 0; lines.size() < bytes; ++n) lines += "line " + std::to_string(n) + " of many\n";
  return lines.substr(0, bytes);
}

ByteSpan Span(const std::string& text) { return AsBytes(text.data(), text.size()); }

// What is stored of a chunk, as it comes back; "" where it does not.
std::string ThereAndBack(const std::string& content) {
  ContentPacker packer;
  ContentUnpacker unpacker;
  const ByteSpan stored = packer.Pack(Span(content));
  EXPECT_LT(stored.size(), content.size());
  const auto back = unpacker.Unpack(stored.subspan(4), content.size());
  return back ? std::string(AsChars(back->data()), back->size()) : "";
}

bool IsPacked(const std::string& content) {
  ContentPacker packer;
  return packer.Pack(Span(content)).data() != Span(content).data();
}

TEST(ContentPacker, WhatShrinksComesBack) {
  for (const size_t bytes : {256u, 1'000u, 16'384u, 65'000u, 65'535u}) {
    EXPECT_EQ(ThereAndBack(Lines(bytes)), Lines(bytes)) << bytes;
  }
}

TEST(ContentPacker, BeginsWithTheLengthAsTheServerWantsIt) {
  ContentPacker packer;
  const std::string content = Lines(0x1234);
  const ByteSpan stored = packer.Pack(Span(content));
  EXPECT_EQ(std::string(AsChars(stored.data()), 4), std::string("\x34\x12\0\0", 4));
}

TEST(ContentPacker, LeavesAloneWhatDoesNotShrink) {
  EXPECT_FALSE(IsPacked(Noise(300)));
  EXPECT_FALSE(IsPacked(Noise(65'000)));
}

TEST(ContentPacker, LeavesAloneWhatIsShort) {
  EXPECT_FALSE(IsPacked(Lines(255)));
  EXPECT_TRUE(IsPacked(Lines(256)));
}

TEST(ContentPacker, AsksTheBeginningOfLongContent) {
  EXPECT_FALSE(IsPacked(Noise(4'096) + Lines(60'000)));
  EXPECT_TRUE(IsPacked(Lines(30'000) + Noise(30'000)));
  EXPECT_FALSE(IsPacked(Lines(4'096) + Noise(60'000)));
}

TEST(ContentPacker, KeepsAllOfABlock) {
  ContentPacker packer;
  ContentUnpacker unpacker;
  std::vector<std::string> contents;
  std::vector<ByteSpan> stored;
  for (size_t n = 0; n < 16; ++n) contents.push_back(std::to_string(n) + Lines(64'000));
  for (const std::string& content : contents) stored.push_back(packer.Pack(Span(content)));
  for (size_t n = 0; n < contents.size(); ++n) {
    const auto back = unpacker.Unpack(stored[n].subspan(4), contents[n].size());
    ASSERT_TRUE(back.has_value());
    EXPECT_EQ(std::string(AsChars(back->data()), back->size()), contents[n]);
  }
}

TEST(ContentPacker, LeavesAloneWhatHasNoRoom) {
  ContentPacker packer;
  const std::string half = Lines(EventBlock::kBytes / 2) + Noise(EventBlock::kBytes / 2);
  EXPECT_NE(packer.Pack(Span(half)).data(), Span(half).data());
  EXPECT_EQ(packer.Pack(Span(half)).data(), Span(half).data());
  packer.Clear();
  EXPECT_NE(packer.Pack(Span(half)).data(), Span(half).data());
}

TEST(ContentUnpacker, GivesNothingForWhatIsDamaged) {
  ContentPacker packer;
  ContentUnpacker unpacker;
  const std::string content = Lines(5'000);
  const ByteSpan packed = packer.Pack(Span(content)).subspan(4);
  ASSERT_TRUE(unpacker.Unpack(packed, content.size()).has_value());
  EXPECT_FALSE(unpacker.Unpack(packed, content.size() - 1).has_value());
  EXPECT_FALSE(unpacker.Unpack(packed, content.size() + 1).has_value());
  EXPECT_FALSE(unpacker.Unpack(packed, SIZE_MAX).has_value());
  for (size_t bytes = 0; bytes < packed.size(); ++bytes) {
    EXPECT_FALSE(unpacker.Unpack(packed.first(bytes), content.size()).has_value()) << bytes;
  }
  std::vector<uint8_t> bent(packed.begin(), packed.end());
  bent[bent.size() / 2] ^= 1;
  EXPECT_FALSE(unpacker.Unpack(bent, content.size()).has_value());
}

}  // namespace
}  // namespace dfc
