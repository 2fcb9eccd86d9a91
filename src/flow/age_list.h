// Slots by age: the one that was added or renewed longest ago first. The links lie in the slots.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dfc {

inline constexpr uint32_t kNoSlot = UINT32_MAX;

// In a slot; all zero is in no list.
struct AgeLink {
  uint32_t older, newer;
  bool listed;
};

// `LinkOf` is called with a slot's number and gives a reference to its AgeLink. One worker owns it.
template <typename LinkOf>
class AgeList {
 public:
  explicit AgeList(LinkOf link_of) : link_of_(link_of) {}

  // Nothing if it is listed already.
  void Add(uint32_t at) {
    AgeLink& link = link_of_(at);
    if (link.listed) return;
    link = {newest_, kNoSlot, true};
    (newest_ == kNoSlot ? oldest_ : link_of_(newest_).newer) = at;
    newest_ = at;
    ++size_;
  }

  // Nothing if it is not listed.
  void Remove(uint32_t at) {
    AgeLink& link = link_of_(at);
    if (!link.listed) return;
    link.listed = false;
    (link.older == kNoSlot ? oldest_ : link_of_(link.older).newer) = link.newer;
    (link.newer == kNoSlot ? newest_ : link_of_(link.newer).older) = link.older;
    --size_;
  }

  void Renew(uint32_t at) {
    if (at == newest_) return;
    Remove(at);
    Add(at);
  }

  // kNoSlot when there is none.
  uint32_t oldest() const { return oldest_; }
  uint32_t NewerThan(uint32_t at) const { return link_of_(at).newer; }
  size_t size() const { return size_; }

 private:
  LinkOf link_of_;
  uint32_t oldest_ = kNoSlot;
  uint32_t newest_ = kNoSlot;
  size_t size_ = 0;
};

}  // namespace dfc
