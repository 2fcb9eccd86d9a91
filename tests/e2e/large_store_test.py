#!/usr/bin/python3
"""What perf/serve asks of a million flows, asked of 20,000: the answers are those of the rows, few
rows are read for them, and a large flow costs the server no memory."""

import collections
import contextlib
import ipaddress
import os
import re

import large_store
from harness import Skip, case, check, check_equal, note, run_cases
from mariadb import MariaDb
from served import served

FLOWS = 20_000
LARGE_BYTES = 64_000_000
ASKS = 12
# For a page: its keys in one or two indexes, put together and looked up.
READ_MAX = 2_000
GROWTH_KIB_MAX = 16 << 10


class Common:
    def __init__(self, bench, make_store):
        self.make_store = make_store
        self.capture = large_store.make(make_store, FLOWS, bench.path("flows.pcap"))
        self.store = bench.store("flows.db")
        bench.replay(self.store, self.capture)
        self.flows = bench.lines("flows", "--store", self.store)


@contextlib.contextmanager
def replayed(bench):
    make_store = os.path.join(os.path.dirname(bench.dfc), "tests", "make_store")
    if not os.path.exists(make_store):
        raise Skip("make_store is not built")
    yield Common(bench, make_store)


def fits(flow, question):
    """Whether a flow meets a question of large_store, told from its row alone."""
    def address_in(keys, value):
        network = ipaddress.ip_network(value)
        return any(ipaddress.ip_address(flow[key]) in network for key in keys)
    for term in question.get("q", "").split():
        field, _, value = term.partition(":")
        sides = {"host": ["client", "server"], "port": ["client_port", "server_port"],
                 "sport": ["server_port"]}.get(field, [field])
        if field in ("host", "client", "server"):
            holds = address_in(sides, value)
        elif field in ("port", "sport"):
            holds = any(flow[key] == int(value) for key in sides)
        else:
            holds = flow[field] == value
        if not holds:
            return False
    start = int(flow["id"][:16], 16)
    return int(question.get("from", 0)) <= start < int(question.get("to", 1 << 63))


def drawn(asker):
    """Questions of each kind whose goal perf/serve asks for, and that select flows."""
    for draw in (large_store.by_address, large_store.by_network, large_store.by_port,
                 large_store.by_time, large_store.by_both, large_store.by_protocol):
        for _ in range(ASKS):
            yield draw(asker)


@case("pages of what is asked for are the flows that fit, newest first")
def lists(bench):
    with served(bench, bench.common.store) as server:
        asker = large_store.Asker(server.port)
        for question in drawn(asker):
            wanted = sorted((flow["id"] for flow in bench.common.flows if fits(flow, question)),
                            reverse=True)
            found, after = [], ""
            for _ in range(3):
                page = asker.get("/flows", limit=large_store.LIST_ROWS, after=after, **question)[1]
                found += [flow["id"] for flow in page["flows"]]
                after = page["next"]
                if after is None:
                    break
            check_equal(found, wanted[:3 * large_store.LIST_ROWS], question)


def bars_of(flows, histogram, question):
    """What each bucket must count, by protocol."""
    start = min(int(flow["id"][:16], 16) for flow in flows if fits(flow, question))
    start = int(question.get("from", start))
    sums = collections.defaultdict(lambda: [0] * len(histogram["times_ms"]))
    for flow in flows:
        if fits(flow, question):
            known = flow["proto"] in ("tcp", "udp", "icmp", "icmp6", "sctp")
            bucket = (int(flow["id"][:16], 16) - start) // histogram["bucket_ns"]
            sums[flow["proto"] if known else "other"][bucket] += 1
    return dict(sums)


@case("histograms are exact, also when flows are stored between two of them")
def histograms(bench):
    store = bench.store()
    bench.replay(store, bench.common.capture)
    flows = bench.common.flows
    with served(bench, store) as server:
        asker = large_store.Asker(server.port)
        for stage in range(2):
            questions = [{}, *({**large_store.by_time(asker)} for _ in range(ASKS)),
                         *(large_store.by_protocol(asker) for _ in range(3)),
                         *(large_store.by_address(asker) for _ in range(3))]
            for question in questions:
                if not any(fits(flow, question) for flow in flows):
                    continue
                for buckets in (120, 7):
                    got = asker.get("/flows/histogram", buckets=buckets, **question)[1]
                    check_equal({one["proto"]: one["flows"] for one in got["series"]},
                                bars_of(flows, got, question), f"{stage}: {question}")
            if stage == 0:
                more = large_store.make(bench.common.make_store, 2_000, bench.path("more"), seed=7)
                bench.replay(store, more)
                flows = bench.lines("flows", "--store", store)
                check(len(flows) > FLOWS, len(flows))


def logged(path):
    """The statements of MariaDB's slow log: (text, rows examined, names of keys, types)."""
    found, examined, keys, types = [], 0, [], []
    for line in path.read_text(errors="replace").split("\n"):
        if match := re.search(r"Rows_examined: (\d+)", line):
            examined, keys, types = int(match[1]), [], []
        elif line.startswith("# explain:"):
            columns = line.split("\t")
            if columns[3] in ("f", "i", "flow") and len(columns) > 6:
                types.append(columns[4])
                keys.append(columns[6])
        elif line.startswith("SELECT "):
            found.append((line, examined, keys, types))
    return found


@case("MariaDB reads few rows for a page, along the index that was chosen")
def mariadb(bench):
    with MariaDb(bench.dir / "mariadb") as database:
        store = database.store(bench, "flows")
        bench.replay(store, bench.common.capture)
        log = bench.dir / "slow.log"
        database.sql(f"SET GLOBAL slow_query_log_file='{log}'; SET GLOBAL slow_query_log=1;"
                     "SET GLOBAL log_slow_verbosity='query_plan,explain';"
                     "SET GLOBAL long_query_time=0")
        with served(bench, store) as server, served(bench, bench.common.store) as other:
            asker, same = large_store.Asker(server.port), large_store.Asker(other.port)
            questions = [*drawn(asker), {}, {"sort": "start"}, {"after": asker.any_place()}]
            for question in questions:
                # What the server keeps of flows in short is read once, a day at a time.
                asker.get("/flows", limit=large_store.LIST_ROWS, **question)
                log.write_bytes(b"")
                ours = asker.get("/flows", limit=large_store.LIST_ROWS, **question)[1]
                read = logged(log)
                theirs = same.get("/flows", limit=large_store.LIST_ROWS, **question)[1]
                check_equal(ours, theirs, question)
                check(read, "nothing is logged")
                check_plans(question, read)
            for sort in ("-bytes", "-packets", "-duration", "-end", "end"):
                question = {"sort": sort, "limit": large_store.LIST_ROWS}
                asker.get("/flows", **question)
                log.write_bytes(b"")
                ours = asker.get("/flows", **question)[1]
                check_equal(ours, same.get("/flows", **question)[1], question)
                examined = sum(rows for _, rows, _, _ in logged(log))
                note(f"{sort}: {examined} rows of {FLOWS} for a page of {large_store.LIST_ROWS}")
                check(0 < examined < FLOWS / 2, f"{question}: {examined} rows")
            for question in ({}, large_store.by_time(asker), large_store.by_address(asker)):
                ours = asker.get("/flows/histogram", **question)[1]
                check_equal(ours, same.get("/flows/histogram", **question)[1], question)


def check_plans(question, read):
    for text, examined, keys, types in read:
        for key, kind in zip(keys, types, strict=True):
            check(key != "NULL" and kind != "ALL", f"{question}: {kind} {key}\n{text}")
    # Several terms, a network, a rare protocol or a port that nobody serves may have to be looked
    # for.
    query = question.get("q", "")
    if not any(word in query for word in (" ", "/", "port:", "proto:")):
        for text, examined, _, _ in read:
            check("COUNT(" in text or examined <= READ_MAX, f"{question}: {examined} rows\n{text}")


@case("a large flow is shown, and downloaded, without memory for it")
def large(bench):
    capture = large_store.make_flow(bench.common.make_store, LARGE_BYTES, bench.path("large.pcap"))
    store = bench.store()
    bench.replay(store, capture)
    flow = bench.flows(store)[0]
    check_equal(flow["server_bytes"], LARGE_BYTES, "stored")
    with served(bench, store) as server:
        asker = large_store.Asker(server.port)
        asker.get(f"/flows/{flow['id']}/turns")
        before = large_store.resident_kib(server.process)
        chunks = asker.get(f"/flows/{flow['id']}")[1]["chunks"]
        for _ in range(100):
            after = f"{asker.random.randrange(chunks)}.0.0"
            check(asker.get(f"/flows/{flow['id']}/turns", after=after)[1]["turns"], after)
        content = server.get(f"/flows/{flow['id']}/content", side="server").body
        check_equal(len(content), LARGE_BYTES, "downloaded")
        grown = large_store.resident_kib(server.process) - before
        note(f"grew by {grown} KiB")
        check(grown < GROWTH_KIB_MAX, f"resident memory grew by {grown} KiB")


run_cases(replayed)
