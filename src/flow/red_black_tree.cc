#include "red_black_tree.h"

namespace dfc {

namespace {

bool IsRed(const TreeNode* node) { return node != nullptr && node->red; }
int SideOf(const TreeNode* node, const TreeNode* parent) { return parent->child[1] == node; }

TreeNode* Outermost(TreeNode* node, int side) {
  while (node != nullptr && node->child[side] != nullptr) node = node->child[side];
  return node;
}

}  // namespace

TreeNode* RedBlackTree::First() const { return Outermost(root_, 0); }

TreeNode* RedBlackTree::Step(const TreeNode* node, int side) {
  if (node->child[side] != nullptr) return Outermost(node->child[side], 1 - side);
  TreeNode* parent = node->parent;
  while (parent != nullptr && parent->child[side] == node) {
    node = parent;
    parent = node->parent;
  }
  return parent;
}

// `other`, which may be null, becomes the child of `node`'s parent. Colours stay.
void RedBlackTree::PutInPlaceOf(TreeNode* node, TreeNode* other) {
  if (node->parent == nullptr) {
    root_ = other;
  } else {
    node->parent->child[SideOf(node, node->parent)] = other;
  }
  if (other != nullptr) other->parent = node->parent;
}

// `node` goes down to that side; its child on the other side comes up.
void RedBlackTree::Rotate(TreeNode* node, int side) {
  TreeNode* const risen = node->child[1 - side];
  node->child[1 - side] = risen->child[side];
  if (risen->child[side] != nullptr) risen->child[side]->parent = node;
  PutInPlaceOf(node, risen);
  risen->child[side] = node;
  node->parent = risen;
}

void RedBlackTree::Insert(TreeNode* parent, int side, TreeNode* node) {
  *node = {parent, {nullptr, nullptr}, true};
  (parent == nullptr ? root_ : parent->child[side]) = node;
  while (IsRed(node->parent)) {
    parent = node->parent;
    TreeNode* const grandparent = parent->parent;  // A red node is never the root.
    side = SideOf(parent, grandparent);
    TreeNode* const uncle = grandparent->child[1 - side];
    if (IsRed(uncle)) {
      parent->red = uncle->red = false;
      grandparent->red = true;
      node = grandparent;
      continue;
    }
    if (parent->child[1 - side] == node) {
      Rotate(parent, side);
      parent = node;
    }
    parent->red = false;
    grandparent->red = true;
    Rotate(grandparent, 1 - side);
    break;
  }
  root_->red = false;
}

void RedBlackTree::InsertBefore(TreeNode* place, TreeNode* node) {
  if (place == nullptr) {
    Insert(Outermost(root_, 1), 1, node);
  } else if (place->child[0] == nullptr) {
    Insert(place, 0, node);
  } else {
    Insert(Previous(place), 1, node);
  }
}

void RedBlackTree::Replace(TreeNode* node, TreeNode* fresh) {
  PutInPlaceOf(node, fresh);
  *fresh = *node;
  for (TreeNode* child : fresh->child) {
    if (child != nullptr) child->parent = fresh;
  }
}

void RedBlackTree::Remove(TreeNode* node) {
  TreeNode* risen = nullptr;  // What stands where a node is missing now, below `parent`.
  TreeNode* parent = node->parent;
  bool lost_red = node->red;
  if (node->child[0] == nullptr || node->child[1] == nullptr) {
    risen = node->child[node->child[0] == nullptr];
    PutInPlaceOf(node, risen);
  } else {
    TreeNode* const next = Outermost(node->child[1], 0);
    risen = next->child[1];
    lost_red = next->red;
    parent = next->parent == node ? next : next->parent;
    PutInPlaceOf(next, risen);
    Replace(node, next);
  }
  if (!lost_red) RestoreBlackHeight(risen, parent);
}

// Paths through `node`, the child of `parent` that may be null, have one black node too few.
void RedBlackTree::RestoreBlackHeight(TreeNode* node, TreeNode* parent) {
  while (node != root_ && !IsRed(node)) {
    const int side = SideOf(node, parent);
    TreeNode* sibling = parent->child[1 - side];
    if (sibling->red) {
      sibling->red = false;
      parent->red = true;
      Rotate(parent, side);
      sibling = parent->child[1 - side];
    }
    if (!IsRed(sibling->child[0]) && !IsRed(sibling->child[1])) {
      sibling->red = true;
      node = parent;
      parent = node->parent;
      continue;
    }
    if (!IsRed(sibling->child[1 - side])) {
      sibling->child[side]->red = false;
      sibling->red = true;
      Rotate(sibling, 1 - side);
      sibling = parent->child[1 - side];
    }
    sibling->red = parent->red;
    parent->red = false;
    sibling->child[1 - side]->red = false;
    Rotate(parent, side);
    node = root_;
  }
  if (node != nullptr) node->red = false;
}

}  // namespace dfc
