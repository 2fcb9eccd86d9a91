#include "packet_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace dfc {
namespace {

FragmentConflict ConflictOf(uint32_t at, const std::string& text) {
  FragmentConflict conflict{};
  conflict.bytes = text.size();
  conflict.run_count = 1;
  conflict.kept_bytes = static_cast<uint32_t>(text.size());
  conflict.runs[0] = {at, conflict.kept_bytes};
  std::ranges::copy(text, conflict.kept.begin());
  return conflict;
}

Packet PacketOf(const std::string& payload, const FragmentConflict* conflict) {
  Packet packet{};
  packet.payload = AsBytes(payload.data(), payload.size()).data();
  packet.payload_bytes = static_cast<uint32_t>(payload.size());
  packet.conflict = conflict;
  return packet;
}

TEST(PacketBlock, OwnsPayloadsAndConflicts) {
  PacketBlock block;
  for (size_t n = 0; n < 20; ++n) {  // Of every remainder, so that a conflict needs its padding.
    const FragmentConflict conflict = ConflictOf(7, std::string(n, '#'));
    ASSERT_TRUE(block.Add(PacketOf(std::string(n, 'x'), n % 3 == 0 ? nullptr : &conflict)));
  }
  for (size_t n = 0; n < 20; ++n) {
    const Packet& packet = block.packets()[n];
    EXPECT_EQ(std::string(AsChars(packet.payload), packet.payload_bytes), std::string(n, 'x'));
    ASSERT_EQ(packet.conflict == nullptr, n % 3 == 0);
    if (packet.conflict == nullptr) continue;
    packet.conflict->ForEachRun([&](uint32_t at, ByteSpan bytes) {
      EXPECT_EQ(at, 7u);
      EXPECT_EQ(std::string(AsChars(bytes.data()), bytes.size()), std::string(n, '#'));
    });
  }
}

TEST(PacketBlock, IsFullWhenAConflictFindsNoRoom) {
  PacketBlock block;
  const std::string large(60'000, 'x');
  const FragmentConflict conflict = ConflictOf(0, std::string(FragmentConflict::kBytesMax, '#'));
  const size_t each = large.size() + conflict.MemoryBytes();
  size_t added = 0;
  while (block.Add(PacketOf(large, &conflict))) ++added;
  EXPECT_EQ(added, PacketBlock::kBytes / each);
  EXPECT_TRUE(
      block.Add(PacketOf(std::string(PacketBlock::kBytes - added * each - 100, 'x'), nullptr)));
}

}  // namespace
}  // namespace dfc
