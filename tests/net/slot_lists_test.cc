// Chains, ages and free slots, against what they are said to be.
#include "slot_lists.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace dfc {
namespace {

std::vector<uint32_t> ChainOf(const HashChains& chains, uint64_t hash) {
  std::vector<uint32_t> slots;
  for (uint32_t at = chains.First(hash); at != kNoSlot; at = chains.Next(at)) slots.push_back(at);
  std::ranges::sort(slots);
  return slots;
}

TEST(HashChains, FindsWhatWasAddedAndNotRemoved) {
  HashChains chains(4);  // Eight chains: 3 and 11 share one.
  EXPECT_EQ(ChainOf(chains, 3), std::vector<uint32_t>());
  chains.Add(3, 0);
  chains.Add(11, 1);
  chains.Add(4, 2);
  chains.Add(3, 3);
  EXPECT_EQ(ChainOf(chains, 3), (std::vector<uint32_t>{0, 1, 3}));
  EXPECT_EQ(chains.LongestChain(), 3u);
  chains.Remove(11, 1);
  EXPECT_EQ(ChainOf(chains, 11), (std::vector<uint32_t>{0, 3}));
  chains.Remove(3, 3);
  chains.Remove(3, 0);
  EXPECT_EQ(ChainOf(chains, 3), std::vector<uint32_t>());
  EXPECT_EQ(ChainOf(chains, 4), std::vector<uint32_t>{2});
}

std::vector<uint32_t> InOrder(const AgeLists& ages, const AgeLists::List& list) {
  std::vector<uint32_t> slots;
  for (uint32_t at = list.oldest; at != kNoSlot; at = ages.After(at)) slots.push_back(at);
  EXPECT_EQ(list.newest, slots.empty() ? kNoSlot : slots.back());
  return slots;
}

TEST(AgeLists, KeepTheOrderWhicheverIsRemoved) {
  for (const uint32_t removed : {0u, 1u, 2u, 3u}) {
    AgeLists ages(4);
    AgeLists::List list;
    std::vector<uint32_t> wanted = {2, 0, 3, 1};
    for (const uint32_t slot : wanted) ages.Append(list, slot);
    EXPECT_EQ(InOrder(ages, list), wanted);
    ages.Remove(list, removed);
    std::erase(wanted, removed);
    EXPECT_EQ(InOrder(ages, list), wanted);
    ages.Append(list, removed);
    wanted.push_back(removed);
    EXPECT_EQ(InOrder(ages, list), wanted);
    for (const uint32_t slot : wanted) ages.Remove(list, slot);
    EXPECT_EQ(InOrder(ages, list), std::vector<uint32_t>());
  }
}

TEST(FreeSlots, WhatWasGivenBackIsTakenBeforeWhatWasNeverUsed) {
  FreeSlots slots(4);
  EXPECT_EQ(slots.Take(), 0u);
  EXPECT_EQ(slots.Take(), 1u);
  slots.Return(0);
  EXPECT_EQ(slots.count(), 3u);
  EXPECT_EQ(slots.Take(), 0u);
  EXPECT_EQ(slots.Take(), 2u);
  EXPECT_EQ(slots.Take(), 3u);
  EXPECT_EQ(slots.count(), 0u);
}

}  // namespace
}  // namespace dfc
