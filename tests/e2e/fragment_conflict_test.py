#!/usr/bin/python3
"""Bytes that differ between fragments: both versions can be read, and every worker tells the same."""

import contextlib
import sqlite3

from fragment_scripts import packet, parse, udp_bytes
from harness import FLOW_TABLES, case, check, check_equal, check_same_rows, dump, run_cases
from packets import ether, pcap

SENDERS = {4: "10.0.0.9", 6: "fd00::9"}
RECEIVERS = {4: "10.0.0.2", 6: "fd00::2"}
# 24 bytes of which 8 are a UDP header, another version of the middle, and the end.
CONTAINED = "A0-24+ B16-24+ C24-32"
CROSSING = "A0-24+ B16-32+ C24-40"


def frames_of(script, version=4, port=1000, ident=7):
    steps = parse(script)
    return [ether(packet(version, SENDERS[version], RECEIVERS[version], port, 2000, ident,
                         udp_bytes(steps), step)) for step in steps]


def replayed(bench, frames, *options):
    """What the summary said."""
    (bench.dir / "t.db").unlink(missing_ok=True)
    return bench.replay(bench.store(), *options, bench.write("t.pcap", pcap(frames))).err


def turns(bench):
    """(kind, offset, bytes) of each, as the view tells them."""
    with contextlib.closing(sqlite3.connect(bench.path("t.db"))) as database:
        return [(kind, offset, bytes(data).decode()) for kind, offset, data in database.execute(
            "SELECT kind, stream_offset, bytes FROM v_turn ORDER BY t_start, n, turn")]


@case("the copy that lost stands beside the datagram, for dfc show and SQL, IPv4 and IPv6")
def contained(bench):
    for version in (4, 6):
        said = replayed(bench, frames_of(CONTAINED, version))
        check("1 fragment with other bytes for a place that was taken" in said, said)
        check("8 bytes sent again differently" in said or "8 B sent again differently" in said, said)
        flow, = bench.flows(bench.store())
        check_equal((flow["client_bytes"], flow["flags"]), (24, "conflict,fragment"),
                    "bytes and flags")
        check_equal(turns(bench), [("datagram", 0, "A" * 16 + "C" * 8), ("conflict", 8, "B" * 8)],
                    "turns")
        shown = bench.run("show", "--store", bench.store(), flow["id"]).out.decode()
        check("offset 8  8 bytes that another copy had instead\n" + "B" * 8 in shown, shown)
        check_equal(bench.content(bench.store(), flow["id"], "client"), b"A" * 16 + b"C" * 8,
                    "content")


@case("by each policy the copy that loses is the one that is kept aside")
def by_policy(bench):
    for policy, content, lost in (("first", "A" * 16 + "B" * 8 + "C" * 8,
                                   "B" * 8 + "C" * 8),
                                  ("last", "A" * 8 + "B" * 8 + "C" * 16, "A" * 8 + "B" * 8)):
        replayed(bench, frames_of(CROSSING), "--host-policy", policy)
        check_equal(turns(bench), [("datagram", 0, content), ("conflict", 8, lost)], policy)


@case("where Linux drops the datagram there is no flow; a clean one afterwards has no conflict")
def dropped(bench):
    said = replayed(bench, [*frames_of(CROSSING), *frames_of("A0-24+ C24-40")])
    check("fragment overlaps another" in said, said)
    check_equal(turns(bench), [("datagram", 0, "A" * 16 + "C" * 16)], "turns")
    flow, = bench.flows(bench.store())
    check("conflict" not in flow["flags"], f"flags: {flow['flags']}")


@case("the same rows for 1, 2 and 4 workers")
def workers(bench):
    frames = [frame for n in range(60)
              for frame in frames_of((CONTAINED, CROSSING)[n % 2], 4 + n % 3 // 2 * 2, 1000 + n, n)]
    replayed(bench, frames, "--host-policy", "first", "--workers", "1")
    wanted = dump(bench.store())
    check(sum(kind == "conflict" for kind, *_ in turns(bench)) >= 60, "too few conflicts")
    for count in ("2", "4"):
        replayed(bench, frames, "--host-policy", "first", "--workers", count)
        check_same_rows(dump(bench.store()), {name: wanted[name] for name in FLOW_TABLES},
                        f"{count} workers")


run_cases()
