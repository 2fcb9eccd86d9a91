#include "slot_lists.h"

#include <algorithm>
#include <bit>

#include "dfc/check.h"

namespace dfc {

namespace {

// Twice as many chains as slots: most chains then have one slot or none.
size_t ChainsFor(size_t slots) { return std::bit_ceil(2 * slots); }

}  // namespace

HashChains::HashChains(size_t slots)
    : heads_(ChainsFor(slots)), next_(slots), mask_(ChainsFor(slots) - 1) {}

size_t HashChains::MemoryBytes(size_t slots) {
  return (ChainsFor(slots) + slots) * sizeof(uint32_t);
}

void HashChains::Add(uint64_t hash, uint32_t slot) {
  next_[slot] = heads_[hash & mask_];
  heads_[hash & mask_] = slot + 1;
}

void HashChains::Remove(uint64_t hash, uint32_t slot) {
  uint32_t* at = &heads_[hash & mask_];
  while (*at != slot + 1) {
    DFC_CHECK(*at != 0);
    at = &next_[*at - 1];
  }
  *at = next_[slot];
}

size_t HashChains::LongestChain() const {
  size_t longest = 0;
  for (uint64_t chain = 0; chain <= mask_; ++chain) {
    size_t length = 0;
    for (uint32_t slot = First(chain); slot != kNoSlot; slot = Next(slot)) ++length;
    longest = std::max(longest, length);
  }
  return longest;
}

void AgeLists::Append(List& list, uint32_t slot) {
  links_[slot] = {list.newest, kNoSlot};
  (list.newest == kNoSlot ? list.oldest : links_[list.newest].after) = slot;
  list.newest = slot;
}

void AgeLists::Remove(List& list, uint32_t slot) {
  const Links links = links_[slot];
  (links.before == kNoSlot ? list.oldest : links_[links.before].after) = links.after;
  (links.after == kNoSlot ? list.newest : links_[links.after].before) = links.before;
}

}  // namespace dfc
