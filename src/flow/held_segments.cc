#include "held_segments.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace dfc {

namespace {

// What a copy counts for, the same wherever the pool finds room for it.
uint32_t CostOf(size_t bytes) { return static_cast<uint32_t>(std::max<size_t>(bytes, 256)); }

}  // namespace

int64_t HeldNode::at() const {
  for (const HeldPart* part = &first; part != nullptr; part = part->next) {
    if (part->bytes > 0 || part->missing > 0) return part->at;
  }
  return fin ? std::max(fin_at, start) : end;
}

int64_t HeldSegments::Add(int64_t at, const TcpSegment& segment, HostPolicy policy,
                          HeldBudget& budget, StreamHandler& handler) {
  if (policy == HostPolicy::kLinux) return AddAsLinux(at, segment, budget, handler);
  return AddByTable(at, segment, policy, budget, handler);
}

void HeldSegments::Overrule(int64_t at, ByteSpan bytes, HeldBudget& budget,
                            StreamHandler& handler) {
  const int64_t end = at + static_cast<int64_t>(bytes.size());
  for (HeldNode* node = First(); node != nullptr && node->start < end;) {
    HeldNode* const next = Next(node);
    for (HeldPart* part = &node->first; part != nullptr; part = part->next) {
      LoseFront(*part, end, at, bytes, handler);
    }
    if (node->end <= end) {
      Remove(node);
      Free(node, budget);
    }
    node = next;
  }
}

// Memory ----------------------------------------------------------------------------------------

// Held segments are kept below half of the pool. Other streams make room, and content does, before
// one is refused.
Segment* HeldSegments::TakeSegment(size_t bytes, HeldBudget& budget) {
  while (budget.pool_bytes_taken + bytes >= budget.pool.bytes_max() / 2) {
    if (budget.pressure == nullptr || !budget.pressure->RelieveHeld()) return nullptr;
  }
  Segment* segment = budget.pool.Take(bytes);
  while (segment == nullptr && budget.pressure != nullptr && budget.pressure->RelieveContent()) {
    segment = budget.pool.Take(bytes);
  }
  if (segment == nullptr) return nullptr;
  budget.pool_bytes_taken += segment->cost();
  return segment;
}

void HeldSegments::GiveChain(Segment* chain, HeldBudget& budget) {
  const size_t before = budget.pool.bytes_taken();
  budget.pool.GiveChain(chain);
  const size_t cost = before - budget.pool.bytes_taken();
  budget.pool_bytes_taken -= cost;
}

// Appends to the chain; false when memory ran out.
bool HeldSegments::Extend(Segment* chain, ByteSpan bytes, HeldBudget& budget) {
  while (chain->next != nullptr) chain = chain->next;
  while (!bytes.empty()) {
    if (chain->room() == 0) {
      chain->next = TakeSegment(bytes.size(), budget);
      if (chain->next == nullptr) return false;
      chain = chain->next;
    }
    const size_t here = std::min<size_t>(chain->room(), bytes.size());
    std::memcpy(chain->data() + chain->used, bytes.data(), here);
    chain->used += static_cast<uint32_t>(here);
    bytes = bytes.subspan(here);
  }
  return true;
}

// `bytes` behind room for a header; null when memory ran out.
Segment* HeldSegments::TakeChain(size_t header_bytes, ByteSpan bytes, HeldBudget& budget) {
  Segment* const chain = TakeSegment(header_bytes + bytes.size(), budget);
  if (chain == nullptr) return nullptr;
  chain->used = static_cast<uint32_t>(header_bytes);
  if (Extend(chain, bytes, budget)) return chain;
  GiveChain(chain, budget);
  return nullptr;
}

HeldNode* HeldSegments::NewNode(int64_t at, ByteSpan bytes, Arrival arrival, HeldBudget& budget) {
  Segment* const chain = TakeChain(sizeof(HeldNode), bytes, budget);
  if (chain == nullptr) return nullptr;
  auto* const node = new (chain->data()) HeldNode{};
  const auto size = static_cast<uint32_t>(bytes.size());
  node->first = {nullptr,
                 chain,
                 at,
                 arrival,
                 static_cast<uint32_t>(sizeof(HeldNode)),
                 size,
                 0,
                 CostOf(sizeof(HeldNode) + size),
                 false,
                 Doubt::kNone,
                 0,
                 0};
  bytes_taken_ += node->first.cost;
  node->last = &node->first;
  node->start = at;
  node->end = node->covered = at + size;
  return node;
}

HeldPart* HeldSegments::Copy(int64_t at, const TcpSegment& segment, HeldBudget& budget) {
  Segment* const chain = TakeChain(sizeof(HeldPart), segment.payload, budget);
  if (chain == nullptr) return nullptr;
  const auto size = static_cast<uint32_t>(segment.payload.size());
  const uint32_t cost = CostOf(sizeof(HeldPart) + size);
  bytes_taken_ += cost;
  return new (chain->data()) HeldPart{
      nullptr,     chain,           at,   segment.arrival, static_cast<uint32_t>(sizeof(HeldPart)),
      size,        segment.missing, cost, segment.fin,     segment.doubt,
      segment.ack, segment.order};
}

void HeldSegments::Free(HeldPart* part, HeldBudget& budget) {
  bytes_taken_ -= part->cost;
  GiveChain(part->chain, budget);
}

void HeldSegments::Free(HeldNode* node, HeldBudget& budget) {
  for (HeldPart* part = node->first.next; part != nullptr;) {
    HeldPart* const next = part->next;
    Free(part, budget);
    part = next;
  }
  bytes_taken_ -= node->first.cost;
  GiveChain(node->first.chain, budget);
}

// Order -----------------------------------------------------------------------------------------

void HeldSegments::InsertInOrder(HeldNode* behind, HeldNode* node) {
  tree_.InsertBefore(behind, node);
  if (behind == nullptr) last_ = node;
}

void HeldSegments::Remove(HeldNode* node) {
  if (node == last_) last_ = Previous(node);
  tree_.Remove(node);
}

void HeldSegments::Shift(int64_t by) {
  for (HeldNode* node = First(); node != nullptr; node = Next(node)) {
    node->start += by;
    node->end += by;
    node->covered += by;
    node->fin_at += by;
    for (HeldPart* part = &node->first; part != nullptr; part = part->next) part->at += by;
  }
}

HeldNode* HeldSegments::Pop() {
  HeldNode* const node = First();
  Remove(node);
  return node;
}

}  // namespace dfc
