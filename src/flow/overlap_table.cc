// Who wins where two early segments overlap, by table: the new one, or the owner of the byte.
//
// Sources: J. Novak, S. Sturges: Target-Based TCP Stream Reassembly, 2007; the tables that Snort 3
// and Suricata took from it.
#include <algorithm>

#include "held_segments.h"

namespace dfc {

namespace {

struct Range {
  int64_t begin, end;
};

// How the new segment lies to the old one, as both were sent.
enum Relation {
  kBeforeEndsInside,
  kBeforeSameEnd,
  kCovers,
  kSameStartShorter,
  kSame,
  kSameStartLonger,
  kInside,
  kInsideSameEnd,
  kInsideEndsBehind
};

Relation RelationOf(Range fresh, Range old) {
  const int end = fresh.end < old.end ? 0 : fresh.end == old.end ? 1 : 2;
  const int begin = fresh.begin < old.begin ? 0 : fresh.begin == old.begin ? 1 : 2;
  return static_cast<Relation>(begin * 3 + end);
}

constexpr uint16_t Bits(std::initializer_list<Relation> relations) {
  uint16_t bits = 0;
  for (const Relation relation : relations) bits = static_cast<uint16_t>(bits | 1 << relation);
  return bits;
}

constexpr uint16_t kNewBeforeOld = Bits({kBeforeEndsInside, kBeforeSameEnd, kCovers});

// The relations in which the new segment wins.
uint16_t NewWinsIn(HostPolicy policy) {
  switch (policy) {
    case HostPolicy::kLast:
      return 0x1FF;
    case HostPolicy::kBsd:
    case HostPolicy::kWindows:
      return kNewBeforeOld;
    case HostPolicy::kLinuxNs:
      return kNewBeforeOld | Bits({kSameStartLonger});
    case HostPolicy::kOldLinux:
      return kNewBeforeOld | Bits({kSame, kSameStartLonger});
    case HostPolicy::kSolaris:
      return Bits({kBeforeSameEnd, kCovers, kSame, kSameStartLonger, kInsideEndsBehind});
    default:  // First and Vista.
      return 0;
  }
}

}  // namespace

// The first node of which something counts behind `at`.
HeldNode* HeldSegments::FirstBehind(int64_t at) const {
  HeldNode* found = nullptr;
  for (TreeNode* step = tree_.root(); step != nullptr;) {
    auto* const node = static_cast<HeldNode*>(step);
    const bool behind = node->last->end() > at || (node->fin && node->fin_at >= at);
    if (behind) found = node;
    step = step->child[behind ? 0 : 1];
  }
  return found;
}

// Takes [from, to) away from `node`, which has one part, for the segment at `at`. False, with
// nothing changed, when there is no memory to keep what it has behind a hole.
bool HeldSegments::TakeFrom(HeldNode* node, int64_t from, int64_t to, const TcpSegment& segment,
                            int64_t at, HeldBudget& budget, StreamHandler& handler) {
  HeldPart& part = node->first;
  if (from > part.at && to < part.end()) {
    HeldNode* const rest = NewNode(to, {}, part.arrival, budget);
    if (rest == nullptr) return false;
    bool complete = true;
    ForEachPiece(part, to, part.end(), [&](int64_t, ByteSpan piece) {
      complete = complete && Extend(rest->first.chain, piece, budget);
    });
    if (!complete) {
      Free(rest, budget);
      return false;
    }
    rest->first.bytes = static_cast<uint32_t>(part.end() - to);
    rest->first.cost += rest->first.bytes;
    bytes_taken_ += rest->first.bytes;
    rest->first.missing = part.missing;
    rest->start = node->start;
    rest->end = rest->covered = node->end;
    InsertInOrder(Next(node), rest);
  }
  DiscardPart(part, from, to, at, segment.payload, handler);
  if (from > part.at) {
    TrimBack(part, from);
  } else {
    TrimFront(part, to);
    if (part.bytes == 0 && part.missing == 0) {
      Remove(node);
      Free(node, budget);
    }
  }
  return true;
}

// Holds [from, to) of the segment that begins at `at`. False when memory ran out.
bool HeldSegments::InsertPiece(int64_t from, int64_t to, int64_t at, const TcpSegment& segment,
                               HostPolicy policy, HeldBudget& budget) {
  const ByteSpan bytes =
      segment.payload.subspan(static_cast<size_t>(from - at), static_cast<size_t>(to - from));
  HeldNode* const node = NewNode(from, bytes, segment.arrival, budget);
  if (node == nullptr) return false;
  const int64_t end = at + static_cast<int64_t>(segment.payload.size());
  if (to == end) node->first.missing = segment.missing;
  InsertInOrder(FirstBehind(from), node);
  if (policy != HostPolicy::kFirst) {
    node->start = at;
    node->end = node->covered = end;
  } else if (const HeldNode* before = Previous(node); before != nullptr) {
    node->covered = std::max(node->covered, before->covered);  // The other rule's order is kept.
  }
  return true;
}

bool HeldSegments::AddFin(int64_t at, const TcpSegment& segment, HeldBudget& budget) {
  HeldNode* const behind = FirstBehind(at);
  if (behind != nullptr && behind->fin && behind->fin_at == at) return true;
  HeldNode* const node = NewNode(at, {}, segment.arrival, budget);
  if (node == nullptr) return false;
  node->fin = true;
  node->fin_at = at;
  node->end = at + 1;
  InsertInOrder(behind, node);
  return true;
}

int64_t HeldSegments::AddByTable(int64_t at, const TcpSegment& segment, HostPolicy policy,
                                 HeldBudget& budget, StreamHandler& handler) {
  const int64_t end = at + static_cast<int64_t>(segment.payload.size());
  const uint16_t new_wins = NewWinsIn(policy);
  for (int64_t from = at; from < end;) {
    HeldNode* const owner = FirstBehind(from);
    int64_t to = owner == nullptr ? end : std::clamp(owner->at(), from, end);
    if (to == from) {
      to = std::min(end, owner->last->end());
      if (to <= from) {  // FIN: it has no bytes of its own.
        HeldNode* const next = Next(owner);
        to = next == nullptr ? end : std::clamp(next->at(), from + 1, end);
      } else if ((new_wins >> RelationOf({at, end}, {owner->start, owner->end}) & 1) == 0 ||
                 !TakeFrom(owner, from, to, segment, at, budget, handler)) {
        DiscardBeneathNodes(from, to,
                            {.seq = 0,
                             .payload = segment.payload.subspan(static_cast<size_t>(from - at)),
                             .arrival = segment.arrival},
                            owner, handler);
        from = to;
        continue;
      }
    }
    if (!InsertPiece(from, to, at, segment, policy, budget)) return from;
    from = to;
  }
  if (segment.fin) AddFin(end + segment.missing, segment, budget);
  return end;
}

}  // namespace dfc
