#!/usr/bin/python3
"""ICMP from capture to listing: names, pings, and errors with the flows that they quote."""

import pathlib
import re
import sqlite3
import struct

from harness import FLOW_TABLES, USAGE, case, check, check_equal, check_same_rows, dump, run_cases
from packets import (ICMP, ICMPV6, MS, T0, UDP, ether, icmp_message, ip, ipv4, pcap, udp_header,
                     with_checksum)

A, B, ROUTER = "10.0.0.1", "10.0.0.2", "10.0.0.254"
A6, B6 = "fd00::1", "fd00::2"
SECOND = 1000 * MS
SQL = pathlib.Path(__file__).resolve().parents[2] / "sql"


def icmp(src, dst, kind, code=0, rest=b"\0\0\0\0", payload=b""):
    return ether(ipv4(src, dst, ICMP, icmp_message(kind, code, rest, payload)))


def icmp6(src, dst, kind, code=0, rest=b"\0\0\0\0", payload=b""):
    message = bytes([kind, code]) + b"\0\0" + rest + payload
    return ether(ip(src, dst, ICMPV6, with_checksum(src, dst, ICMPV6, message, 2)))


def ping(seq, ident=7, src=A, dst=B, payload=b"payload"):
    return icmp(src, dst, 8, rest=struct.pack("!HH", ident, seq), payload=payload)


def pong(seq, ident=7, src=B, dst=A, payload=b"payload"):
    return icmp(src, dst, 0, rest=struct.pack("!HH", ident, seq), payload=payload)


def datagram(sport=1000, dport=2000):
    return ipv4(A, B, UDP, udp_header(A, sport, B, dport, b"anyone?"))


def unreachable(quoted):
    return icmp(ROUTER, A, 3, 3, payload=quoted)


def query(store, sql):
    database = sqlite3.connect(store.removeprefix("sqlite:"))
    rows = database.execute(sql).fetchall()
    database.close()
    return rows


def replayed(bench, frames, *options, name="t"):
    store = bench.store(f"{name}.db")
    bench.replay(store, *options, bench.write(f"{name}.pcap", pcap(frames)))
    return store


@case("the view and the program have the same name for every type and code")
def names(bench):
    codes = [*range(20), *range(126, 140), 255]
    frames = [make(src, dst, kind, code) for make, src, dst in ((icmp, A, B), (icmp6, A6, B6))
              for kind in range(256) for code in codes]
    store = replayed(bench, frames)
    ours = {(m["proto"], m["type"], m["code"], m["type_name"], m["code_name"])
            for m in bench.icmp(store)}
    check_equal(len(ours), 2 * 256 * len(codes), "kinds of messages")
    view = set(query(store, "SELECT protocol, type, code, type_name, code_name FROM v_icmp"))
    check_equal(sorted(ours - view, key=repr)[:3], [], "names that the view has not")
    check(len([1 for message in ours if message[3].startswith("type ")]) > 0, "no unknown type")


@case("both kinds of store get the same names")
def same_names(_):
    inserts = [re.search(r"REPLACE INTO icmp_name.*?;\n", path.read_text(), re.S).group()
               for path in sorted(SQL.glob("*/0001_initial.sql"))]
    check_equal(len(inserts), 2, "stores")
    check(inserts[0] == inserts[1], "they differ")


@case("--pings tells loss, late, duplicate and stray replies, and changed payloads")
def pings(bench):
    frames = [ping(1), pong(1), ping(2), ping(3), pong(3), pong(3), ping(4), pong(4, payload=b"other!!"),
              pong(9)]
    times = [T0 + n * MS for n in range(len(frames))]
    frames = [*zip(frames, times), (ping(5), T0 + SECOND), (pong(5), T0 + 6 * SECOND)]
    store = replayed(bench, frames)
    only, = bench.icmp(store, "--pings")
    wanted = {"requests": 5, "replies": 6, "lost": 1, "loss_percent": 20.0, "late": 1,
              "duplicates": 1, "strays": 1, "differing": 1, "errors": 0, "ident": 7,
              "rtt_min_ms": 1.0, "rtt_max_ms": 5000.0, "client": A, "server": B}
    check_equal({key: only[key] for key in wanted}, wanted, "the exchange")
    messages = bench.icmp(store)
    check_equal([m["pairing"] for m in messages],
                ["request", "reply", "request", "request", "reply", "duplicate", "request", "reply",
                 "stray", "request", "late"], "pairing")
    check_equal([m["payload_equal"] for m in messages if m["request_n"] is not None],
                [True, True, True, False, True], "payloads")
    lost = query(store, "SELECT n FROM (SELECT t_start, flow_hash, n FROM icmp WHERE pairing = 1"
                 " EXCEPT SELECT t_start, flow_hash, request_n FROM icmp WHERE pairing IN (2, 3))")
    check_equal([messages[n]["seq"] for n, in lost], [2], "lost, by SQL alone")


@case("a flood of pings gives the same rows for any number of workers")
def flood(bench):
    frames = []
    for target in range(1, 9):
        dst = f"10.0.1.{target}"
        frames += [(ping(seq, dst=dst), T0 + seq * MS // 100) for seq in range(3000)]
        frames += [(pong(seq, src=dst), T0 + 2 * SECOND + seq * MS // 100)
                   for seq in range(3000) if seq % (target + 1)]
    frames.sort(key=lambda frame: frame[1])
    rows = {}
    for workers in (1, 2, 4):
        store = replayed(bench, frames, "--workers", workers, name=f"w{workers}")
        rows[workers] = dump(store, FLOW_TABLES)
    check_same_rows(rows[2], rows[1], "2 workers")
    check_same_rows(rows[4], rows[1], "4 workers")
    sums = [(row["requests"], row["replies"], row["lost"])
            for row in bench.icmp(store, "--pings", "--sort", "server")]
    check_equal(sums, [(3000, 3000 - lost, lost) for lost in
                       (len(range(0, 3000, target + 1)) for target in range(1, 9))], "sums")


@case("an error is joined to a flow that is seen only later, even by another run")
def later_flow(bench):
    store = replayed(bench, [unreachable(datagram())])
    before, = bench.icmp(store)
    check_equal((before["quoted"], before["quoted_flow"]),
                (f"udp {A}:1000 > {B}:2000", None), "before")
    shown = bench.run("icmp", "--store", store).out.decode()
    check("no such flow in this store" in shown, shown)

    bench.replay(store, bench.write("later.pcap", pcap([(ether(datagram()), T0 + SECOND)])))
    flow = next(f["id"] for f in bench.flows(store) if f["proto"] == "udp")
    after, = bench.icmp(store)
    check_equal(after["quoted_flow"], flow, "after")
    check_equal(query(store, "SELECT about FROM v_icmp"), [(flow,)], "in the view")
    check_equal([f["id"] for f in bench.flows(store, "has:icmp-error")], [flow], "has:icmp-error")
    check_equal(len(bench.icmp(store, f"about:{flow}")), 1, "about:")
    shown = bench.run("show", "--store", store, flow).out.decode()
    check(f"{ROUTER} to {A}: Destination Unreachable: port unreachable" in shown, shown)


@case("an error is joined to a flow that had timed out")
def ended_flow(bench):
    store = replayed(bench, [(ether(datagram()), T0), (unreachable(datagram()), T0 + 200 * SECOND)])
    flow = next(f["id"] for f in bench.flows(store) if f["proto"] == "udp")
    check_equal([m["quoted_flow"] for m in bench.icmp(store)], [flow], "quoted flow")


@case("a traceroute reads hop by hop, with the time to each")
def traceroute(bench):
    frames, at = [], T0
    for hop in range(1, 4):
        probe = ping(hop, payload=b"probe")
        frames.append((probe, at))
        frames.append((icmp(f"10.9.0.{hop}", A, 11, payload=probe[14:]), at + hop * MS))
        at += SECOND
    store = replayed(bench, frames)
    hops = [m for m in bench.icmp(store) if m["type"] == 11]
    check_equal([(m["source"], m["rtt_ms"], m["pairing"]) for m in hops],
                [(f"10.9.0.{hop}", float(hop), "error") for hop in range(1, 4)], "hops")
    check_equal([m["details"].split(",")[0] for m in hops], ["seq 1", "seq 2", "seq 3"], "details")
    exchange, = bench.icmp(store, "--pings")
    check_equal((exchange["lost"], exchange["errors"]), (3, 3), "of the exchange")


@case("an error that quotes a later fragment names its ends")
def quoted_fragment(bench):
    fragment = ipv4(A, B, UDP, b"x" * 32, ident=5, offset=1480)
    store = replayed(bench, [icmp(ROUTER, A, 11, 1, payload=fragment)])
    message, = bench.icmp(store)
    check_equal((message["quoted"], message["quoted_flow"]), (f"udp {A} > {B}", None), "quote")
    check("fragment at byte 1480" in message["details"], message["details"])


@case("what a router writes into an extension can't move a cursor")
def hostile_names(bench):
    name = b"\x1b]0;owned\x07\n\xe2\x80\xae"
    item = struct.pack("!HBB", 4 + 20, 3, 1) + name.ljust(20, b"\0")
    store = replayed(bench, [icmp(A, B, 42, rest=b"\0\7\1\1", payload=b"\x20\0\0\0" + item)])
    for form in ("table", "tsv", "json"):
        shown = bench.run("icmp", "--store", store, "--format", form).out
        check(all(byte == 10 or 32 <= byte < 127 or byte == 9 for byte in shown), repr(shown))
        check(b"owned" in shown, repr(shown))


@case("neighbors, routers and groups are told in words")
def neighbors(bench):
    link = bytes.fromhex("0101020304050607")
    target = bytes.fromhex("fe80" + "00" * 12 + "0009")
    group = bytes.fromhex("04000000" + "ff02" + "00" * 13 + "fb")
    store = replayed(bench, [
        icmp6("fe80::1", "ff02::1:ff00:9", 135, payload=target + link),
        icmp6("fe80::1", "ff02::16", 143, rest=b"\0\0\0\1", payload=group)])
    check_equal([m["details"] for m in bench.icmp(store)],
                ["target fe80::9, link-layer 02:03:04:05:06:07", "to exclude ff02::fb"], "details")


@case("a column that --pings has not is refused by name")
def unknown_column(bench):
    store = replayed(bench, [ping(1)])
    failed = bench.run("icmp", "--store", store, "--pings", "--sort", "type", status=USAGE)
    check("lost" in failed.err, failed.err)


run_cases()
