#!/usr/bin/python3
"""Holds what dfc restores from real captures against what is known to be in them.

usage: compare_captures.py DFC CAPTURES TRUTH

TRUTH has ALL.tcp.tsv, ALL.udp.tsv and ALL.icmp.tsv, one conversation a row, for the captures below
the folder CAPTURES. Each capture goes into a fresh SQLite store.

TCP: a conversation is exact when dfc has a flow between the same ends whose two directions have
the length and SHA-256 of the truth, or of one of its stated alternatives (`alt`); where no SYN
tells who the client is, the sides may be swapped. One flow serves one conversation. Those without
payload, and those on which the peers that made the truth disagree, are not counted.

UDP and ICMP: dfc's flows between the same ends are joined first, as the truth knows no timeouts.

What differs must be in known_differences.tsv, with the reason.
"""

import collections
import csv
import hashlib
import ipaddress
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

KNOWN = pathlib.Path(__file__).resolve().parent / "known_differences.tsv"
TIMEOUT_S = 120
TCP, UDP = 6, 17
ECHO_REQUESTS, ECHO_REPLIES = {(1, 8), (58, 128)}, {(1, 0), (58, 129)}
CONTENT_KINDS = (0, 2)  # Data and datagrams, not gaps and conflicts.


def read_rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def by_capture(path):
    rows = collections.defaultdict(list)
    for row in read_rows(path):
        rows[row["capture"]].append(row)
    return rows


def packed(text):
    address = ipaddress.ip_address(text)
    return address.packed if address.version == 6 else b"\0" * 10 + b"\xff\xff" + address.packed


def shown(address, port):
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


Message = collections.namedtuple(
    "Message", "protocol src dst type code ident timed equal payload")


class Replayed:
    """One capture's rows, straight from the tables."""

    def __init__(self, dfc, capture):
        with tempfile.TemporaryDirectory(prefix="dfc-truth-") as folder:
            path = os.path.join(folder, "t.db")
            run = subprocess.run([dfc, "replay", "--quiet", "--store", "sqlite:" + path, capture],
                                 capture_output=True, text=True, timeout=TIMEOUT_S)
            self.status = run.returncode
            self.said = run.stderr.strip()
            self.flows = {}
            self.icmp = []
            self.off = ""  # What dfc itself finds to be off in the store.
            if os.path.exists(path):
                self.read(path)
                verify = subprocess.run([dfc, "verify", "--store", "sqlite:" + path],
                                        capture_output=True, text=True, timeout=TIMEOUT_S)
                self.off = "" if verify.returncode == 0 else verify.stdout + verify.stderr

    def read(self, path):
        database = sqlite3.connect(path)
        database.row_factory = sqlite3.Row
        messages = collections.defaultdict(list)
        for row in database.execute("SELECT * FROM flow ORDER BY t_start"):
            self.flows[row["t_start"], row["flow_hash"]] = (row, [[], []], [0, 0])
        for chunk in database.execute("SELECT * FROM chunk ORDER BY t_start, flow_hash, n"):
            _, parts, turns = self.flows[chunk["t_start"], chunk["flow_hash"]]
            for side, delta, _, length, kind, position in json.loads(chunk["turns"]):
                if kind in CONTENT_KINDS:
                    content = chunk["content"][position:position + length]
                    parts[side].append(content)
                    turns[side] += 1
                    messages[chunk["flow_hash"], side, chunk["t_start"] + delta].append(content)
        for row in database.execute("SELECT * FROM icmp ORDER BY t, n"):
            flow = self.flows[row["t_start"], row["flow_hash"]][0]
            ends = (flow["client"], flow["server"])
            payloads = messages[row["flow_hash"], row["side"], row["t"]]
            self.icmp.append(Message(flow["protocol"], ends[row["side"]], ends[1 - row["side"]],
                                     row["type"], row["code"], row["ident"],
                                     row["rtt"] is not None, row["payload_equal"] == 1,
                                     payloads.pop(0) if payloads else b""))
        database.close()

    def tcp(self):
        """(client, client port, server, server port) -> how often which pair of digests."""
        found = collections.defaultdict(collections.Counter)
        for row, parts, _ in self.flows.values():
            if row["protocol"] == TCP:
                ends = (row["client"], row["client_port"], row["server"], row["server_port"])
                found[ends][tuple(digest(b"".join(side)) for side in parts)] += 1
        return found

    def udp(self):
        """Per direction: datagrams and content, over all flows of the same ends."""
        count, content = collections.Counter(), collections.defaultdict(bytes)
        for row, parts, turns in self.flows.values():
            if row["protocol"] == UDP:
                client = (row["client"], row["client_port"])
                server = (row["server"], row["server_port"])
                for side, way in enumerate((client + server, server + client)):
                    count[way] += turns[side]
                    content[way] += b"".join(parts[side])
        return count, content


def accepted(row, side):
    """The digests that count as right for one side of a TCP conversation."""
    right = {(int(row[side + "_len"]), row[side + "_sha256"])}
    for entry in filter(None, (row["alt"] or "").split(";")):
        which, *value = entry.split(":")
        if which.startswith(side + ".") and len(value) == 2:
            right.add((int(value[0]), value[1]))
    return {(length, sha if length else digest(b"")[1]) for length, sha in right}


def compare_tcp(rows, replayed):
    """Yields (row, whether it is exact, what dfc has instead)."""
    pool = replayed.tcp()
    for row in rows:
        ends = (packed(row["client_ip"]), int(row["client_port"]),
                packed(row["server_ip"]), int(row["server_port"]))
        turned = ends[2:] + ends[:2]
        client, server = accepted(row, "c2s"), accepted(row, "s2c")
        tries = [(ends, (c, s)) for c in client for s in server]
        if row["role"] != "syn":
            tries += [(turned, (s, c)) for c in client for s in server]
        hit = next(((key, pair) for key, pair in tries if pool[key][pair] > 0), None)
        if hit:
            pool[hit[0]][hit[1]] -= 1
        if row["confidence"] not in ("none", "nodata"):
            have = [f"{pair[0][0]}+{pair[1][0]} bytes" for key in (ends, turned)
                    for pair, times in pool[key].items() for _ in range(times)]
            yield row, hit is not None, ", ".join(have) or "no flow"


def compare_udp(rows, replayed):
    """Adds the truth's levels of tunnels up: one row a pair of ends and direction."""
    count, content = replayed.udp()
    for row in rows:
        client = (packed(row["client_ip"]), int(row["client_port"]))
        server = (packed(row["server_ip"]), int(row["server_port"]))
        exact = all(
            count[way] == int(row[side + "_dgrams"])
            and digest(content[way])[0] == int(row[side + "_capbytes"] or 0)
            and (not int(row[side + "_capbytes"] or 0)
                 or digest(content[way])[1] == row[side + "_sha256"])
            for side, way in (("c2s", client + server), ("s2c", server + client)))
        yield row, exact, f"{count[client + server]}+{count[server + client]} datagrams"


def compare_icmp(rows, replayed):
    for row in rows:
        compare = compare_echo if row["kind"] == "echo" else compare_other_icmp
        have, want = compare(row, replayed.icmp)
        yield row, have == want, f"{have} instead of {want}"


def compare_echo(row, messages):
    """Requests, replies, those with a round-trip time, those that brought back what was sent, and
    the content of both ways."""
    src, dst, ident = packed(row["src"]), packed(row["dst"]), int(row["ident_or_type"])
    asked = [m for m in messages if (m.src, m.dst, m.ident) == (src, dst, ident)
             and (m.protocol, m.type) in ECHO_REQUESTS]
    told = [m for m in messages if (m.src, m.dst, m.ident) == (dst, src, ident)
            and (m.protocol, m.type) in ECHO_REPLIES]
    have = (len(asked), len(told), sum(m.timed for m in told), sum(m.equal for m in told),
            *digest(b"".join(m.payload for m in asked)), *digest(b"".join(m.payload for m in told)))
    counts = ("requests_or_count", "replies", "matched", "payload_equal")
    want = (*(int(row[name]) for name in counts),
            int(row["req_bytes"]), row["req_sha256"], int(row["rep_bytes"]), row["rep_sha256"])
    return have, want


def compare_other_icmp(row, messages):
    wanted = (1 if row["ipver"] == "4" else 58, packed(row["src"]), packed(row["dst"]),
              int(row["ident_or_type"]), int(row["code"]))
    have = sum((m.protocol, m.src, m.dst, m.type, m.code) == wanted for m in messages)
    return have, int(row["requests_or_count"])


class Tally:
    """Right ones and all, and by capture the wrong ones as (row, what dfc has instead)."""

    def __init__(self):
        self.exact = self.total = 0
        self.wrong = collections.defaultdict(list)

    def add(self, capture, results):
        for row, exact, instead in results:
            self.total += 1
            self.exact += exact
            if not exact:
                self.wrong[capture].append((row, instead))

    def percent(self):
        return 100.0 * self.exact / max(self.total, 1)


def key_of(name, capture, row):
    """What names a conversation in known_differences.tsv."""
    if name != "icmp":
        return (name, capture, shown(row["client_ip"], row["client_port"]),
                shown(row["server_ip"], row["server_port"]))
    what = "echo {}" if row["kind"] == "echo" else "type {} code {}"
    return (name, capture, row["src"],
            f"{row['dst']} " + what.format(row["ident_or_type"], row["code"]))


def known_differences():
    known = collections.defaultdict(list)
    for row in read_rows(KNOWN):
        known[row["protocol"], row["capture"], row["from"], row["to"]].append(row["reason"])
    return known


def compare_all(dfc, captures, truth):
    """Returns the tallies of TCP, UDP and ICMP, the captures that ended in a crash, and those whose
    store is not in order."""
    wanted = {name: by_capture(os.path.join(truth, f"ALL.{name}.tsv"))
              for name in ("tcp", "udp", "icmp")}
    tallies = {name: Tally() for name in wanted}
    crashed, off = [], []
    for capture in sorted(set().union(*wanted.values())):
        replayed = Replayed(dfc, os.path.join(captures, capture))
        if replayed.status not in (0, 1):
            crashed.append(f"{capture}: exit status {replayed.status}: {replayed.said[-300:]}")
        if replayed.off:
            off.append(f"{capture}: {replayed.off:.500}")
        for name, compare in (("tcp", compare_tcp), ("udp", compare_udp), ("icmp", compare_icmp)):
            tallies[name].add(capture, compare(wanted[name][capture], replayed))
    return tallies, crashed, off


def judge(tallies):
    """What differs without being known, and what is known but does not differ (any more)."""
    known = known_differences()
    unknown = []
    for name, tally in tallies.items():
        for capture, wrong in tally.wrong.items():
            for row, instead in wrong:
                key = key_of(name, capture, row)
                if known.get(key):
                    known[key].pop()
                else:
                    unknown.append((*key, wanted(name, row) + ", dfc has " + instead))
    mended = [key for key, reasons in known.items() for _ in reasons]
    return unknown, mended


def wanted(name, row):
    if name == "tcp":
        return (f"stream {row['tshark_stream']}, frames {row['first_frame']} to "
                f"{row['last_frame']}: {row['c2s_len']}+{row['s2c_len']} bytes")
    if name == "udp":
        return f"{row['encap']}: {row['c2s_dgrams']}+{row['s2c_dgrams']} datagrams"
    return f"{row['requests_or_count']}+{row['replies'] or 0} messages"


def main():
    if len(sys.argv) != 4:
        print("usage: compare_captures.py DFC CAPTURES TRUTH", file=sys.stderr)
        return 2
    tallies, crashed, off = compare_all(*sys.argv[1:])
    unknown, mended = judge(tallies)
    for line in crashed:
        print("crash:", line)
    for line in off:
        print("not in order:", line)
    for difference in unknown:
        print("unknown difference:", *difference)
    for key in mended:
        print("listed, but exact:", *key)
    for name, tally in tallies.items():
        print(f"{name}: {tally.exact} of {tally.total} exact, {tally.percent():.2f} %")
    return 1 if unknown or crashed or off else 0


if __name__ == "__main__":
    sys.exit(main())
