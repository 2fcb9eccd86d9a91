"""What a store holds of the flows' two sides, with offsets and gaps, read without dfc."""

import collections
import contextlib
import hashlib
import itertools
import json
import sqlite3

DATA, GAP = 0, 1
STATES = ("attempt", "one-way", "two-way", "established", "closing", "closed", "reset", "rejected")

# `data` is b"" for a gap.
Piece = collections.namedtuple("Piece", "offset length is_gap data")


class Side:
    """One direction of a flow: data and gaps in the order of the store."""

    def __init__(self):
        self.pieces = []

    def text(self):
        """Data as text, a gap of n bytes as <n>."""
        return "".join(f"<{piece.length}>" if piece.is_gap else piece.data.decode("latin-1")
                       for piece in self.pieces)

    def text_before_gap(self):
        before = itertools.takewhile(lambda piece: not piece.is_gap, self.pieces)
        return b"".join(piece.data for piece in before).decode("latin-1")


class Flow:
    """`ports` and `sides` in the order client, server."""

    def __init__(self, ports, state):
        self.ports, self.state, self.sides = ports, STATES[state], (Side(), Side())

    def side(self, port):
        """What came from `port`."""
        return self.sides[self.ports.index(port)]

    def has_content(self):
        return any(side.pieces for side in self.sides)


def read_flows(store):
    """The TCP flows of a SQLite store by (port, other port), either way round, oldest first."""
    by_id, by_ports = {}, collections.defaultdict(list)
    path = store.removeprefix("sqlite:")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        for start, name, *ports, state in database.execute(
                "SELECT t_start, flow_hash, client_port, server_port, state FROM flow "
                "WHERE protocol = 6 ORDER BY t_start"):
            flow = by_id[start, name] = Flow(ports, state)
            by_ports[tuple(ports)].append(flow)
            by_ports[tuple(ports[::-1])].append(flow)
        for start, name, turns, content in database.execute(
                "SELECT t_start, flow_hash, turns, content FROM chunk "
                "ORDER BY t_start, flow_hash, n"):
            if (start, name) in by_id:
                add_turns(by_id[start, name], json.loads(turns), content)
    return by_ports


def rows(store, tables):
    """As harness.dump(), but a long blob is its SHA-256: for stores of many megabytes."""
    path = store.removeprefix("sqlite:")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return {name: sorted((tuple(map(shortened, row)) for row in
                              database.execute(f"SELECT * FROM {name}")), key=repr)
                for name in tables}


def shortened(value):
    is_long = isinstance(value, bytes) and len(value) > 64
    return hashlib.sha256(value).hexdigest() if is_long else value


def add_turns(flow, turns, content):
    for side, _, offset, length, kind, at in turns:
        if kind == DATA:
            piece = Piece(offset, length, False, bytes(content[at:at + length]))
        elif kind == GAP:
            piece = Piece(offset, length, True, b"")
        else:
            continue
        flow.sides[side].pieces.append(piece)
