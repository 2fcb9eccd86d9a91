// A red-black tree of nodes that live in somebody else's memory.
//
// The caller finds the place of a node and compares; the tree keeps itself balanced. Its shape
// after any series of insertions and removals is that of the textbook's algorithm (Cormen et al.,
// "Introduction to Algorithms", chapter 13), which is also that of Linux's lib/rbtree.c: what the
// kernel makes of overlapping segments depends on it. See held_segments.h.
#pragma once

namespace dfc {

struct TreeNode {
  TreeNode* parent;
  TreeNode* child[2];  // Before and behind it.
  bool red;
};

// All zero is an empty tree. Trivially copyable as long as nobody keeps both copies.
class RedBlackTree {
 public:
  TreeNode* root() const { return root_; }
  TreeNode* First() const;
  static TreeNode* Next(const TreeNode* node) { return Step(node, 1); }
  static TreeNode* Previous(const TreeNode* node) { return Step(node, 0); }

  // `parent` has no child on that side, or is null and the tree is empty.
  void Insert(TreeNode* parent, int side, TreeNode* node);
  // Right before `place`, or at the end when that is null.
  void InsertBefore(TreeNode* place, TreeNode* node);
  // `fresh` takes the place of `node`.
  void Replace(TreeNode* node, TreeNode* fresh);
  void Remove(TreeNode* node);

 private:
  static TreeNode* Step(const TreeNode* node, int side);
  void Rotate(TreeNode* node, int side);
  void PutInPlaceOf(TreeNode* node, TreeNode* other);
  void RestoreBlackHeight(TreeNode* node, TreeNode* parent);

  TreeNode* root_;
};

}  // namespace dfc
