// What Linux does with an early segment: net/ipv4/tcp_input.c, tcp_data_queue_ofo(), as of 6.18.
#include <algorithm>

#include "held_segments.h"

namespace dfc {

namespace {

// How far back to look for the owner of a byte, past nodes of which nothing counts any more.
constexpr int kOwnerStepsMax = 64;

// A byte that stands where FIN does.
void DiscardRest(const HeldNode& node, StreamHandler& handler) {
  for (const HeldPart* part = &node.first; part != nullptr; part = part->next) {
    ForEachPiece(*part, part->at, part->end(), [&](int64_t at, ByteSpan piece) {
      handler.OnDiscard(part->arrival, Discard::kOutOfWindow, static_cast<uint64_t>(at), piece);
    });
  }
}

}  // namespace

// The kernel's search, step by step. `end` is behind FIN.
HeldSegments::Place HeldSegments::FindPlace(int64_t at, int64_t end) const {
  if (last_ == nullptr) return {Act::kInsert, nullptr, 0};
  if (at == last_->end) return {Act::kAppend, last_, 0};
  if (at > last_->end) return {Act::kInsert, last_, 1};
  HeldNode* parent = nullptr;
  int side = 0;
  for (TreeNode* step = tree_.root(); step != nullptr; step = step->child[side]) {
    parent = static_cast<HeldNode*>(step);
    side = at < parent->start ? 0 : 1;
    if (side == 0) continue;
    if (at < parent->end) {
      if (end <= parent->end) return {Act::kDrop, parent, 0};
      if (at == parent->start) return {Act::kReplace, parent, 0};
    } else if (at == parent->end) {
      return {Act::kAppend, parent, 0};
    }
  }
  return {Act::kInsert, parent, side};
}

// Discards [at, to) of the segment, which begins at `at`: it lies beneath `owner` and nodes before.
void HeldSegments::DiscardBeneathNodes(int64_t at, int64_t to, const TcpSegment& segment,
                                       const HeldNode* owner, StreamHandler& handler) const {
  for (int n = 0; n < kOwnerStepsMax && owner->at() > at; ++n) {
    const HeldNode* const before = Previous(owner);
    if (before == nullptr) break;
    owner = before;
  }
  int64_t from = at;
  const auto rest = [&](int64_t until) {
    return segment.payload.subspan(static_cast<size_t>(from - at),
                                   static_cast<size_t>(until - from));
  };
  const auto skip_to = [&](int64_t until) {  // No copy is at hand to compare with.
    if (until <= from) return;
    handler.OnDiscard(segment.arrival, Discard::kDuplicate, static_cast<uint64_t>(from),
                      rest(until));
    from = until;
  };
  for (; owner != nullptr && from < to && owner->start < to; owner = Next(owner)) {
    for (const HeldPart* part = &owner->first; part != nullptr && from < to; part = part->next) {
      if (part->end() <= from || part->at >= to || part->bytes == 0) continue;
      skip_to(part->at);
      const int64_t until = std::min(part->end(), to);
      DiscardBeneath(*part, segment.arrival, from, rest(until), handler);
      from = until;
    }
  }
  skip_to(to);
}

// `node` has come to stand, with the segment at `at` in it: what later nodes have of its range
// loses. With `swallow` those that it covers go, else they stay, with nothing in them that counts.
void HeldSegments::TakeFromLater(HeldNode* node, int64_t at, const TcpSegment& segment,
                                 bool swallow, HeldBudget& budget, StreamHandler& handler) {
  const int64_t data_end = at + static_cast<int64_t>(segment.payload.size());
  for (HeldNode* later = Next(node); later != nullptr && later->start < node->end;) {
    HeldNode* const next = Next(later);
    for (HeldPart* part = &later->first; part != nullptr; part = part->next) {
      LoseFront(*part, data_end, at, segment.payload, handler);
    }
    later->covered = std::max(later->covered, node->covered);
    swallow = swallow && later->end <= node->end;
    if (swallow) {
      DiscardRest(*later, handler);
      Remove(later);
      Free(later, budget);
    }
    later = next;
  }
}

void HeldSegments::Put(const Place& place, HeldNode* node) {
  if (place.act == Act::kReplace) {
    tree_.Replace(place.node, node);
    if (last_ == place.node) last_ = node;
  } else {
    tree_.Insert(place.node, place.side, node);
    if (RedBlackTree::Next(node) == nullptr) last_ = node;
  }
}

// Linux joins the data as if FIN took no sequence number: an application then reads what stands
// behind FIN, and where FIN stood.
int64_t HeldSegments::AppendBehindFin(HeldNode* node, int64_t at, const TcpSegment& segment,
                                      HeldBudget& budget) {
  const auto size = static_cast<int64_t>(segment.payload.size());
  HeldPart* const part = Copy(node->fin_at, segment, budget);
  if (part == nullptr) return at;
  node->last->next = part;
  node->last = part;
  node->fin_at += size;
  node->end += size + (segment.fin ? 1 : 0);
  node->covered = std::max(node->covered, node->fin_at);
  return at + size;
}

int64_t HeldSegments::AddAsLinux(int64_t at, const TcpSegment& segment, HeldBudget& budget,
                                 StreamHandler& handler) {
  const int64_t data_end = at + static_cast<int64_t>(segment.payload.size());
  const bool fin_follows = segment.fin && segment.missing == 0;
  const int64_t end = data_end + (fin_follows ? 1 : 0);
  const Place place = FindPlace(at, end);
  if (place.act == Act::kDrop) {
    DiscardBeneathNodes(at, data_end, segment, place.node, handler);
    return data_end;
  }
  // The node before it in the order covers its front.
  const bool stands_behind = place.act == Act::kAppend || place.side == 1;
  const HeldNode* before = place.node;
  if (before != nullptr && !stands_behind) before = Previous(before);
  const int64_t from = before == nullptr ? at : std::clamp(before->covered, at, data_end);
  const ByteSpan bytes = segment.payload.subspan(static_cast<size_t>(from - at));

  HeldNode* node = place.node;
  if (place.act == Act::kAppend && node->fin) return AppendBehindFin(node, at, segment, budget);
  if (place.act == Act::kAppend) {
    HeldPart* const part =
        Copy(from, {.seq = 0, .payload = bytes, .arrival = segment.arrival}, budget);
    if (part == nullptr) return at;
    if (from > at) DiscardBeneathNodes(at, from, segment, before, handler);
    node->last->next = part;
    node->last = part;
  } else {
    node = NewNode(from, bytes, segment.arrival, budget);
    if (node == nullptr) return at;
    node->start = at;
    if (from > at) DiscardBeneathNodes(at, from, segment, before, handler);
    if (place.act == Act::kReplace) {
      for (HeldPart* part = &place.node->first; part != nullptr; part = part->next) {
        LoseFront(*part, data_end, at, segment.payload, handler);
      }
    }
    Put(place, node);
    if (place.act == Act::kReplace) Free(place.node, budget);
  }
  node->last->missing = segment.missing;
  node->end = end;
  node->covered = before == nullptr ? data_end : std::max(before->covered, data_end);
  if (segment.fin) {
    node->fin = true;
    node->fin_at = data_end + segment.missing;
  }
  TakeFromLater(node, at, segment, place.act != Act::kAppend, budget, handler);
  return data_end;
}

}  // namespace dfc
