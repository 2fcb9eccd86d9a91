"""Linux's queue of early TCP segments (tcp_data_queue_ofo in net/ipv4/tcp_input.c), spelled out.

Nodes lie in a red-black tree by their first byte, and may overlap. A new segment goes down it:

  - right behind the node that is last: joined to it
  - at a node that has all of it: dropped
  - at a node with the same start that is shorter: takes its place
  - at a node that ends where the segment starts: joined to it, and what follows stays as it is
  - else becomes a node; nodes behind it that it covers wholly are dropped

When the hole before it is filled, a node gives what lies behind the bytes given already: of two
nodes that overlap, the one that starts earlier wins. Which nodes are met on the way down, and so
which is joined, depends on the shape of the tree; hence the tree is that of lib/rbtree.c, which is
that of Cormen, Leiserson, Rivest and Stein.
"""


class Node:
    def __init__(self, start, data):
        self.start, self.data = start, data
        self.parent, self.child, self.is_red = None, [None, None], True  # Children: left, right.

    @property
    def end(self):
        return self.start + len(self.data)

    def side(self):
        """Which child of its parent it is."""
        return int(self.parent.child[1] is self)


def is_red(node):
    return node is not None and node.is_red


class Tree:
    def __init__(self):
        self.root = None

    def put_in_place(self, old, new):
        """`new`, which may be None, becomes the child that `old` is of its parent."""
        if old.parent is None:
            self.root = new
        else:
            old.parent.child[old.side()] = new
        if new is not None:
            new.parent = old.parent

    def rotate(self, node, side):
        """`node` goes down to `side`, and its child from the other side takes its place."""
        riser = node.child[1 - side]
        node.child[1 - side] = riser.child[side]
        if riser.child[side] is not None:
            riser.child[side].parent = node
        self.put_in_place(node, riser)
        riser.child[side], node.parent = node, riser

    def insert(self, node, parent, side):
        node.parent = parent
        if parent is None:
            self.root = node
        else:
            parent.child[side] = node
        while is_red(node.parent):
            parent, grand = node.parent, node.parent.parent
            side = parent.side()
            uncle = grand.child[1 - side]
            if is_red(uncle):
                uncle.is_red = parent.is_red = False
                grand.is_red, node = True, grand
                continue
            if node.side() != side:
                self.rotate(parent, side)
                node, parent = parent, node
            parent.is_red, grand.is_red = False, True
            self.rotate(grand, 1 - side)
        self.root.is_red = False

    def replace(self, old, new):
        self.put_in_place(old, new)
        new.is_red, new.child = old.is_red, old.child
        for child in new.child:
            if child is not None:
                child.parent = new

    def erase(self, node):
        heir, parent, was_red = None, node.parent, node.is_red
        if None in node.child:
            heir = node.child[0] or node.child[1]
            self.put_in_place(node, heir)
        else:
            following = self.first(node.child[1])
            heir, parent, was_red = following.child[1], following.parent, following.is_red
            self.put_in_place(following, heir)
            parent = following if parent is node else parent
            self.replace(node, following)
        if not was_red:
            self.balance_after_erase(heir, parent)

    def balance_after_erase(self, node, parent):
        """The paths through `node`, a child of `parent` that may be None, lack a black node."""
        while parent is not None and not is_red(node):
            side = int(parent.child[0] is not node)
            other = parent.child[1 - side]
            if other.is_red:
                other.is_red, parent.is_red = False, True
                self.rotate(parent, side)
                other = parent.child[1 - side]
            if not is_red(other.child[0]) and not is_red(other.child[1]):
                other.is_red = True
                node, parent = parent, parent.parent
                continue
            if not is_red(other.child[1 - side]):
                other.child[side].is_red, other.is_red = False, True
                self.rotate(other, 1 - side)
                other = parent.child[1 - side]
            other.is_red, parent.is_red = parent.is_red, False
            other.child[1 - side].is_red = False
            self.rotate(parent, side)
            return
        if node is not None:
            node.is_red = False

    @staticmethod
    def first(node):
        while node is not None and node.child[0] is not None:
            node = node.child[0]
        return node

    def following(self, node):
        if node.child[1] is not None:
            return self.first(node.child[1])
        while node.parent is not None and node.side() == 1:
            node = node.parent
        return node.parent


class Queue:
    """One direction of a connection. `read` is what an application gets that waits for nothing."""

    def __init__(self):
        self.tree, self.last, self.read = Tree(), None, b""

    def insert(self, start, data):
        due = len(self.read)
        if start + len(data) <= due:
            return
        if start > due:
            self.hold(start, data)
            return
        self.read += data[due - start:]
        while (node := self.tree.first(self.tree.root)) and node.start <= len(self.read):
            self.tree.erase(node)
            self.read += node.data[len(self.read) - node.start:]

    def hold(self, start, data):
        node, parent, side = Node(start, data), None, 0
        if self.tree.root is not None:
            if self.last.end == start:
                self.last.data += data
                return
            if start > self.last.end:
                parent, side = self.last, 1
            else:
                parent, side, is_done = self.descend(node)
                if is_done:
                    return
        if side is not None:
            self.tree.insert(node, parent, side)
        self.drop_covered(node)

    def descend(self, node):
        """Where `node` belongs: (parent, side, False); side None if it took another's place. Or it
        is done with: (None, None, True)."""
        met, parent, side = self.tree.root, None, 0
        while met is not None:
            parent, side = met, int(node.start >= met.start)
            if side == 1 and node.start < met.end:
                if node.end <= met.end:
                    return None, None, True
                if node.start == met.start:
                    self.tree.replace(met, node)
                    return None, None, False
            elif side == 1 and node.start == met.end:
                met.data += node.data
                return None, None, True
            met = met.child[side]
        return parent, side, False

    def drop_covered(self, node):
        while (behind := self.tree.following(node)) and behind.end <= node.end:
            self.tree.erase(behind)
        if behind is None:
            self.last = node


def read_by_application(segments, filler):
    """What is read of (offset, bytes) and then, as long as something is missing, of fillers."""
    queue, end = Queue(), 0
    for start, data in segments:
        queue.insert(start, data)
        end = max(end, start + len(data))
    while len(queue.read) < end:
        queue.insert(len(queue.read), filler)
    return queue.read
