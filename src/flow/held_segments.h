// The early segments of one direction, and who wins where they overlap.
//
//   as sent       [--- A ---)                   Each keeps the offsets at which it was sent, which
//                       [---- B ----)           the rules compare, and of its bytes only those that
//   counts        [ A .. A )[ B .. B)           count: pieces are disjoint, in order of offset.
//
// Two rules. HostPolicy::kLinux does what Linux does (tcp_input.c, tcp_data_queue_ofo): nodes in a
// red-black tree by their first offset, where a segment joins a node that ends where it begins, is
// dropped inside of one, replaces one that begins with it and is shorter, and swallows those behind
// that it covers; upon delivery the node that begins earlier wins. Which node a search meets
// depends on the tree's shape, so the tree is the kernel's. Every other policy is a table: the new
// segment against the owner of each byte, by how they lie to each other (Novak and Sturges 2007;
// Shankar and Paxson 2003).
//
// Bytes that lose are discarded at once, through the handler. Trivially copyable state, zero is
// empty; memory is the pool's. One worker owns it.
#pragma once

#include "dfc/host_policy.h"
#include "held_part.h"
#include "red_black_tree.h"

namespace dfc {

struct HeldNode : TreeNode {
  int64_t start;    // As sent.
  int64_t end;      // As sent, behind FIN if it has one.
  int64_t covered;  // The largest end of this node and all before it.
  HeldPart* last;
  HeldPart first;
  bool fin;
  int64_t fin_at;

  // Offsets of what counts: from here, to there. Equal where nothing does, but for FIN.
  int64_t at() const;
  int64_t bytes_end() const;
};

class HeldSegments {
 public:
  bool empty() const { return tree_.root() == nullptr; }
  // The first node; null when there is none.
  HeldNode* First() const { return static_cast<HeldNode*>(tree_.First()); }
  const HeldNode* Last() const { return last_; }
  size_t bytes_taken() const { return bytes_taken_; }

  // Takes the segment, whose first byte has offset `at`. Returns the offset up to which it did:
  // less than the segment's end only when memory ran out.
  int64_t Add(int64_t at, const TcpSegment& segment, HostPolicy policy, HeldBudget& budget,
              StreamHandler& handler);

  // The bytes of a segment at `at` are delivered now, whatever is held: that is discarded.
  void Overrule(int64_t at, ByteSpan bytes, HeldBudget& budget, StreamHandler& handler);

  // Adds to every offset.
  void Shift(int64_t by);

  // Takes the first node out of the order; Free() it afterwards.
  HeldNode* Pop();
  void Free(HeldNode* node, HeldBudget& budget);

  // A copy of bytes outside of the order, and its end.
  HeldPart* Copy(int64_t at, const TcpSegment& segment, HeldBudget& budget);
  void Free(HeldPart* part, HeldBudget& budget);

 private:
  enum class Act { kInsert, kReplace, kAppend, kDrop };
  struct Place {
    Act act;
    HeldNode* node;  // To replace, append to or lie within; the parent to insert below.
    int side;
  };

  // overlap_linux.cc
  int64_t AddAsLinux(int64_t at, const TcpSegment& segment, HeldBudget& budget,
                     StreamHandler& handler);
  int64_t AppendBehindFin(HeldNode* node, int64_t at, const TcpSegment& segment,
                          HeldBudget& budget);
  Place FindPlace(int64_t at, int64_t end) const;
  void Put(const Place& place, HeldNode* node);
  void DiscardBeneathNodes(int64_t at, int64_t to, const TcpSegment& segment, const HeldNode* owner,
                           StreamHandler& handler) const;
  void TakeFromLater(HeldNode* node, int64_t at, const TcpSegment& segment, bool swallow,
                     HeldBudget& budget, StreamHandler& handler);

  // overlap_table.cc
  int64_t AddByTable(int64_t at, const TcpSegment& segment, HostPolicy policy, HeldBudget& budget,
                     StreamHandler& handler);
  HeldNode* FirstBehind(int64_t at) const;
  bool TakeFrom(HeldNode* node, int64_t from, int64_t to, const TcpSegment& segment, int64_t at,
                HeldBudget& budget, StreamHandler& handler);
  bool InsertPiece(int64_t from, int64_t to, int64_t at, const TcpSegment& segment,
                   HostPolicy policy, HeldBudget& budget);

  HeldNode* NewNode(int64_t at, ByteSpan bytes, Arrival arrival, HeldBudget& budget);
  bool AddFin(int64_t at, const TcpSegment& segment, HeldBudget& budget);
  void InsertInOrder(HeldNode* behind, HeldNode* node);
  void Remove(HeldNode* node);

  Segment* TakeChain(size_t header_bytes, ByteSpan bytes, HeldBudget& budget);
  bool Extend(Segment* chain, ByteSpan bytes, HeldBudget& budget);
  Segment* TakeSegment(size_t bytes, HeldBudget& budget);
  void GiveChain(Segment* chain, HeldBudget& budget);

  RedBlackTree tree_;
  HeldNode* last_;
  size_t bytes_taken_;  // With headers; the pool's slack aside.
};

inline HeldNode* Next(const HeldNode* node) {
  return static_cast<HeldNode*>(RedBlackTree::Next(node));
}
inline HeldNode* Previous(const HeldNode* node) {
  return static_cast<HeldNode*>(RedBlackTree::Previous(node));
}

}  // namespace dfc
