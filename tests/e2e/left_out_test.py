#!/usr/bin/python3
"""Content that is left out by the operator's choice: --content-limit, --content-limit-side,
--no-content. It is counted, dfc verify balances, and rows do not depend on the number of workers."""

import hashlib
import sqlite3

from harness import (LASTING_TABLES, SAMPLE, USAGE, case, check, check_equal, check_same_rows,
                     dump, one_line, run_cases)

LIMIT, SIDE_LIMIT = 10_000, 100


def by_id(flows):
    return {flow["id"]: flow for flow in flows}


def stored(flow):
    return int(flow["client_bytes"]) + int(flow["server_bytes"])


def ledger(store, outcome):
    with sqlite3.connect(store.removeprefix("sqlite:")) as database:
        total, = database.execute("SELECT COALESCE(SUM(bytes), 0) FROM ledger WHERE outcome = ?",
                                  (outcome,)).fetchone()
    database.close()
    return total


def check_prefixes(bench, whole, cut, sides):
    """What is stored of a side is the front of all of it, as its SHA-256 says."""
    for id_, flow in by_id(bench.flows(cut, "proto:tcp")).items():
        for side in sides:
            size = int(flow[side + "_bytes"])
            wanted = bench.content(whole, id_, side)[:size]
            check_equal(flow[side + "_sha256"], hashlib.sha256(wanted).hexdigest(),
                        f"the first {size} bytes of the {side} of {id_}")


@case("--content-limit stores the front of each flow, and counts the rest")
def limit(bench):
    whole, cut = bench.store("whole.db"), bench.store("cut.db")
    bench.replay(whole, SAMPLE)
    said = bench.replay(cut, SAMPLE, "--content-limit", LIMIT).err
    full, flows = by_id(bench.flows(whole)), by_id(bench.flows(cut))
    check_equal(sorted(flows), sorted(full), "flows")
    for id_, flow in flows.items():
        want = min(stored(full[id_]), LIMIT)
        is_cut = stored(full[id_]) > LIMIT
        check(stored(flow) <= LIMIT, f"{stored(flow)} bytes of {id_}")
        check(flow["proto"] != "tcp" or stored(flow) == want, f"{stored(flow)} of {want}: {flow}")
        check_equal("content-limit" in flow["flags"], is_cut, f"flag of {id_}")
        check_equal(flow["client_packets"], full[id_]["client_packets"], f"packets of {id_}")
    check_prefixes(bench, whole, cut, ("client", "server"))
    shortened = bench.flows(cut, "has:content-limit")
    check(shortened, "no flow of the sample is that long")
    check("content limit reached" in bench.run("show", shortened[0]["id"], "--store",
                                               cut).out.decode(), "dfc show does not tell")
    check(ledger(cut, "tcp_content_limit") > 0, "nothing in the ledger")
    check("past the limit of their content" in said, said)


@case("--content-limit-side cuts each side by itself")
def side_limit(bench):
    whole, cut = bench.store("whole.db"), bench.store("cut.db")
    bench.replay(whole, SAMPLE)
    bench.replay(cut, SAMPLE, "--content-limit-side", SIDE_LIMIT)
    full = by_id(bench.flows(whole, "proto:tcp"))
    for id_, flow in by_id(bench.flows(cut, "proto:tcp")).items():
        for side in ("client_bytes", "server_bytes"):
            check_equal(int(flow[side]), min(int(full[id_][side]), SIDE_LIMIT), f"{side} of {id_}")
    check_prefixes(bench, whole, cut, ("client", "server"))


@case("--no-content by port and by network: counts, and nothing else")
def no_content(bench):
    store = bench.store()
    bench.replay(store, SAMPLE, "--no-content", "80/tcp", "--no-content", "53")
    named = bench.flows(store, "proto:tcp port:80")
    check(named, "the sample has nothing on port 80")
    for flow in named:
        check_equal(stored(flow), 0, f"content of {flow['id']}")
        check(int(flow["client_packets"]) > 0, f"no packets: {flow}")
    check(bench.flows(store, "has:no-content"), "no flow has the flag")
    check(ledger(store, "tcp_no_content") > 0, "nothing in the ledger")
    everywhere = bench.store("none.db")
    bench.replay(everywhere, SAMPLE, "--no-content", "0.0.0.0/0", "--no-content", "::/0")
    check_equal(bench.flows(everywhere, "has:content"), [], "flows with content")
    check_equal(len(bench.icmp(everywhere)), len(bench.icmp(store)), "ICMP messages")


@case("rows are the same for 1, 2 and 4 workers")
def workers(bench):
    options = ("--content-limit", "5K", "--content-limit-side", "2K", "--no-content", "443")
    rows = []
    for number in (1, 2, 4):
        store = bench.store(f"{number}.db")
        bench.replay(store, SAMPLE, "--workers", number, *options)
        rows.append(dump(store, LASTING_TABLES))
    for other in rows[1:]:
        check_same_rows(other, rows[0])


@case("a limit or a rule that can't be read is refused with the remedy")
def refused(bench):
    for option, value, words in (("--content-limit", "much", "10M"),
                                 ("--content-limit-side", "-1", "10M"),
                                 ("--no-content", "http", "443"),
                                 ("--no-content", "443/icmp", "53/udp"),
                                 ("--no-content", "10.0.0.1/8", "10.0.0.0/8")):
        result = bench.run("replay", "--store", bench.store(), f"{option}={value}", SAMPLE,
                           status=USAGE)
        one_line(result, option, words)


run_cases()
