// Reading frames never calls the allocator. A binary of its own, for it replaces operator new.
#include <gtest/gtest.h>

#include "capture_bytes.h"
#include "capture_file.h"
#include "compress.h"
#include "counted_new.h"
#include "memory_source.h"

namespace dfc {
namespace {

// How often reading all frames but the first calls the allocator.
size_t AllocationsOf(const std::string& capture, const std::string& filter) {
  auto source = OpenCapture("x", std::make_unique<MemorySource>(capture), filter);
  Frame frame;
  EXPECT_TRUE(source.ok() && (*source)->Next(frame));
  const size_t before = allocations;
  size_t frames = 1;
  while ((*source)->Next(frame)) ++frames;
  EXPECT_EQ(frames, 5'000u);
  return allocations - before;
}

std::string LongPcap() {
  std::string capture = Pcap();
  for (uint32_t n = 0; n < 5'000; ++n) capture += Record(n, 0, std::string(500, 'x'));
  return capture;
}

TEST(NoAllocation, WhilePcapIsRead) {
  if (!kCountsAllocations) GTEST_SKIP() << "the sanitizer counts for itself";
  EXPECT_EQ(AllocationsOf(LongPcap(), ""), 0u);
  EXPECT_EQ(AllocationsOf(LongPcap(), "greater 100"), 0u);
}

TEST(NoAllocation, WhileCompressedPcapIsRead) {
  if (!kCountsAllocations) GTEST_SKIP() << "the sanitizer counts for itself";
  EXPECT_EQ(AllocationsOf(Gzip(LongPcap()), ""), 0u);
  EXPECT_EQ(AllocationsOf(Zstd(LongPcap()), ""), 0u);
  EXPECT_EQ(AllocationsOf(Lz4(LongPcap()), ""), 0u);
}

TEST(NoAllocation, WhilePcapngIsRead) {
  if (!kCountsAllocations) GTEST_SKIP() << "the sanitizer counts for itself";
  std::string capture = Section() + Interface();
  for (uint32_t n = 0; n < 5'000; ++n) capture += PacketBlock(0, n, std::string(500, 'x'));
  EXPECT_EQ(AllocationsOf(capture, ""), 0u);
  EXPECT_EQ(AllocationsOf(capture, "greater 100"), 0u);
}

}  // namespace
}  // namespace dfc
