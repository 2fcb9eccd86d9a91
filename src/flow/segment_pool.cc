#include "segment_pool.h"

#include <new>

namespace dfc {

SegmentPool::SegmentPool(size_t bytes_max) : memory_(bytes_max / kPageBytes * kPageBytes) {}

size_t SegmentPool::ClassFor(size_t bytes) {
  for (size_t n = 0; n + 1 < kClasses; ++n) {
    if (bytes <= ClassBytes(n) - sizeof(Segment)) return n;
  }
  return kClasses - 1;
}

// Cuts a fresh page into pieces of class `n`; false when there is none.
bool SegmentPool::Carve(size_t n) {
  if ((pages_used_ + 1) * kPageBytes > memory_.bytes()) return false;
  uint8_t* page = memory_.data() + pages_used_ * kPageBytes;
  ++pages_used_;
  const size_t bytes = ClassBytes(n);
  for (size_t at = kPageBytes; at >= bytes; at -= bytes) {
    const auto capacity = static_cast<uint32_t>(bytes - sizeof(Segment));
    free_[n] = new (page + at - bytes) Segment{free_[n], 0, capacity};
  }
  return true;
}

Segment* SegmentPool::Take(size_t bytes) {
  size_t n = ClassFor(bytes);
  const size_t wanted = n;
  while (n > 0 && free_[n] == nullptr && !Carve(n)) --n;
  if (free_[n] == nullptr && !Carve(n)) {  // Nothing small is left: a larger piece serves too.
    for (n = wanted + 1; n < kClasses && free_[n] == nullptr;) ++n;
    if (n == kClasses) return nullptr;
  }
  Segment* segment = free_[n];
  free_[n] = segment->next;
  segment->next = nullptr;
  segment->used = 0;
  bytes_taken_ += ClassBytes(n);
  return segment;
}

void SegmentPool::Give(Segment* segment) {
  const size_t n = ClassFor(segment->capacity);
  bytes_taken_ -= ClassBytes(n);
  segment->next = free_[n];
  free_[n] = segment;
}

void SegmentPool::GiveChain(Segment* first) {
  while (first != nullptr) {
    Segment* const next = first->next;
    Give(first);
    first = next;
  }
}

}  // namespace dfc
