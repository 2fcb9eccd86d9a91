#include "segment_pool.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <set>
#include <vector>

namespace dfc {
namespace {

constexpr size_t kPage = 4'096;

TEST(SegmentPool, GivesThePieceThatFits) {
  SegmentPool pool(16 * kPage);
  EXPECT_EQ(pool.Take(1)->capacity, 240u);
  EXPECT_EQ(pool.Take(240)->capacity, 240u);
  EXPECT_EQ(pool.Take(241)->capacity, 496u);
  EXPECT_EQ(pool.Take(1'000)->capacity, 1'008u);
  EXPECT_EQ(pool.Take(2'000)->capacity, 2'032u);
  EXPECT_EQ(pool.Take(4'080)->capacity, 4'080u);
}

TEST(SegmentPool, GivesAPageAtMost) {
  SegmentPool pool(16 * kPage);
  EXPECT_EQ(pool.Take(1'000'000)->capacity, 4'080u);
}

TEST(SegmentPool, PiecesAreEmptyAndApart) {
  SegmentPool pool(4 * kPage);
  std::vector<Segment*> taken;
  while (Segment* segment = pool.Take(300)) {
    EXPECT_EQ(segment->used, 0u);
    EXPECT_EQ(segment->next, nullptr);
    std::memset(segment->data(), static_cast<int>(taken.size()), segment->capacity);
    segment->used = segment->capacity;
    taken.push_back(segment);
  }
  EXPECT_EQ(taken.size(), 4 * kPage / 512);
  for (size_t n = 0; n < taken.size(); ++n) {
    EXPECT_EQ(taken[n]->data()[0], n);
    EXPECT_EQ(taken[n]->data()[taken[n]->capacity - 1], n);
  }
}

TEST(SegmentPool, ASmallerPieceServesWhenTheWantedOnesAreGone) {
  SegmentPool pool(2 * kPage);
  Segment* const small = pool.Take(100);
  EXPECT_EQ(pool.Take(4'000)->capacity, 4'080u);
  EXPECT_EQ(pool.Take(4'000)->capacity, 240u);
  pool.Give(small);
  EXPECT_EQ(pool.Take(4'000), small);
}

TEST(SegmentPool, EndsAtItsBound) {
  SegmentPool pool(kPage + 100);  // Whole pages only.
  EXPECT_EQ(pool.bytes_max(), kPage);
  EXPECT_NE(pool.Take(4'000), nullptr);
  EXPECT_EQ(pool.Take(1), nullptr);
  EXPECT_EQ(SegmentPool(100).Take(1), nullptr);
}

TEST(SegmentPool, WhatIsGivenBackServesAgain) {
  SegmentPool pool(kPage);
  Segment* const first = pool.Take(4'000);
  first->used = 7;
  first->next = first;
  pool.Give(first);
  EXPECT_EQ(pool.bytes_taken(), 0u);
  EXPECT_EQ(pool.Take(4'000), first);
  EXPECT_EQ(first->used, 0u);
  EXPECT_EQ(first->next, nullptr);
}

TEST(SegmentPool, GivesBackAChain) {
  SegmentPool pool(4 * kPage);
  Segment* const first = pool.Take(100);
  first->next = pool.Take(1'000);
  first->next->next = pool.Take(4'000);
  EXPECT_EQ(pool.bytes_taken(), 256u + 1'024 + 4'096);
  pool.GiveChain(first);
  pool.GiveChain(nullptr);
  EXPECT_EQ(pool.bytes_taken(), 0u);
}

TEST(SegmentPool, NeverGivesOnePieceTwice) {
  std::mt19937_64 random(1);
  SegmentPool pool(32 * kPage);
  std::set<Segment*> taken;
  size_t bytes = 0;
  for (int n = 0; n < 20'000; ++n) {
    if (random() % 2 == 0 && !taken.empty()) {
      const auto it = std::next(taken.begin(), static_cast<ptrdiff_t>(random() % taken.size()));
      bytes -= (*it)->capacity + sizeof(Segment);
      pool.Give(*it);
      taken.erase(it);
    } else if (Segment* segment = pool.Take(1 + random() % 4'500)) {
      ASSERT_TRUE(taken.insert(segment).second);
      bytes += segment->capacity + sizeof(Segment);
    }
    ASSERT_EQ(pool.bytes_taken(), bytes);
    ASSERT_LE(bytes, pool.bytes_max());
  }
}

}  // namespace
}  // namespace dfc
