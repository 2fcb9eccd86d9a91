#!/usr/bin/python3
"""Retention: ten days of flows in either store, of which some go, and what stays is whole."""

import contextlib
import os
import sqlite3
import time

from harness import FAILED, USAGE, case, check, check_equal, note, one_line, run_cases, wait_until
from live_link import ADDRESSES, Capture, Link
from mariadb import MariaDb
from ten_days import (DAYS, QUERIES_A_DAY, MariadbWriter, SqliteWriter, capture, midnight)

FLOWS_A_DAY = 20
STALL_MS_MAX = 100
TABLES = ("flow", "chunk", "icmp", "ledger", "flow_part")


class Common:
    """Each store with the ten days, made once; cases take copies."""

    def __init__(self, bench):
        self.bench = bench
        self.file = bench.write("ten.pcap", capture(FLOWS_A_DAY))
        bench.replay(bench.store("ten.db"), self.file)
        self.server = None

    def sqlite(self, bench):
        with open(self.bench.path("ten.db"), "rb") as whole:
            bench.write("t.db", whole.read())
        return bench.store()

    def mariadb(self, bench, name):
        if self.server is None:
            self.server = MariaDb(self.bench.dir / "mariadb")
            self.server.__enter__()
        url = self.server.store(bench, name)
        bench.replay(url, self.file)
        return url

    def stores(self, bench, name):
        """Both, one after the other."""
        yield self.sqlite(bench)
        yield self.mariadb(bench, name)


@contextlib.contextmanager
def shared(bench):
    common = Common(bench)
    try:
        yield common
    finally:
        if common.server:
            common.server.__exit__()


def days_of(flows):
    """How many of them began on which day, in days ago."""
    counts = {}
    for flow in flows:
        day = flow["start"][:10]
        counts[day] = counts.get(day, 0) + 1
    return [counts.get(time.strftime("%Y-%m-%d", time.gmtime(midnight(ago) // 10**9)), 0)
            for ago in range(DAYS, 0, -1)]


def verified(bench, store):
    bench.run("verify", "--store", store)


def prune(bench, store, *args, **how):
    result = bench.run("prune", "--store", store, *args, **how)
    for line in result.out.decode().splitlines():
        note(line)
    return result


WHOLE_DAY = FLOWS_A_DAY + QUERIES_A_DAY


@case("a dry run names the days that would go, and changes nothing")
def dry_run(bench):
    for store in bench.common.stores(bench, "dry"):
        before = bench.flows(store)
        said = prune(bench, store, "--keep", 8, "--dry-run").out.decode()
        gone = [line.split()[2] for line in said.splitlines() if line.startswith("would drop")]
        check_equal(gone, [time.strftime("%Y-%m-%d", time.gmtime(midnight(ago) // 10**9))
                           for ago in (10, 9)], "days")
        check("a day" in said, f"no forecast: {said}")
        check_equal(bench.flows(store), before, "flows")


@case("SQLite: one of ten days goes; a writer goes on, the file shrinks, what stays adds up")
def sqlite_day(bench):
    store = bench.common.sqlite(bench)
    path = bench.path("t.db")
    before = bench.flows(store)
    size = os.stat(path).st_size
    with SqliteWriter(path) as writer:
        prune(bench, store, "--keep", 9)
    note(f"{len(writer.seconds)} commits, the longest {writer.longest_ms():.1f} ms")
    check(writer.longest_ms() < STALL_MS_MAX, f"a commit took {writer.longest_ms():.1f} ms")
    after = bench.flows(store)
    check_equal(days_of(after), [0] + [WHOLE_DAY] * 9, "flows by day")
    check_equal([flow for flow in before if flow in after], after, "flows that stay")
    verified(bench, store)
    with contextlib.closing(sqlite3.connect(path)) as database:
        check_equal(database.execute("PRAGMA freelist_count").fetchone(), (0,), "free pages")
        check_equal(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)], "file")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for table, column in (("chunk", "t_start"), ("ledger", "t_minute"), ("flow_part", "t_part")):
            oldest, = database.execute(f"SELECT MIN({column}) FROM {table}").fetchone()
            check(oldest >= midnight(9), f"{table} has rows of the day that went")
    note(f"{size:,} bytes, then {os.stat(path).st_size:,}")
    check(os.stat(path).st_size < size * 0.94, "the file has not shrunk")


@case("MariaDB: one of ten days goes in less than a second, without holding a writer up")
def mariadb_day(bench):
    store = bench.common.mariadb(bench, "day")
    server = bench.common.server
    before = bench.flows(store)
    prune(bench, store)  # Splits what a replay has put into one partition.
    names = [row[0] for row in partitions(server, "day", "flow")]
    check_equal(len(names), DAYS + 8 + 1, f"partitions {names}")
    check_equal(bench.flows(store), before, "flows after the split")
    verified(bench, store)
    with MariadbWriter(server, "day") as writer:
        started = time.monotonic()
        prune(bench, store, "--keep", 9)
        seconds = time.monotonic() - started
    note(f"dropped in {seconds:.2f} s; {len(writer.seconds)} commits, "
         f"the longest {writer.longest_ms():.1f} ms")
    check(seconds < 1, f"took {seconds:.2f} s")
    check(writer.longest_ms() < STALL_MS_MAX, f"a commit took {writer.longest_ms():.1f} ms")
    server.sql(f"DELETE FROM chunk WHERE t_start >= {midnight(-1)};"
               f"DELETE FROM ledger WHERE sensor_id = 99; DELETE FROM flow_part"
               f" WHERE sensor_id = 99", "day")
    after = bench.flows(store)
    check_equal(days_of(after), [0] + [WHOLE_DAY] * 9, "flows by day")
    check_equal([flow for flow in before if flow in after], after, "flows that stay")
    verified(bench, store)
    for table, column in (("chunk", "t_start"), ("ledger", "t_minute"), ("flow_part", "t_part")):
        oldest = int(server.sql(f"SELECT MIN({column}) FROM {table}", "day")[0][0])
        check(oldest >= midnight(9), f"{table} has rows of the day that went")


def partitions(server, database, table):
    return server.sql(f"SELECT PARTITION_NAME FROM information_schema.PARTITIONS"
                      f" WHERE TABLE_SCHEMA = '{database}' AND TABLE_NAME = '{table}'"
                      f" ORDER BY PARTITION_ORDINAL_POSITION", "")


@case("partitions are made a week ahead once, and rows find theirs")
def ahead(bench):
    store = bench.common.mariadb(bench, "ahead")
    server = bench.common.server
    for _ in range(2):
        prune(bench, store)
        for table in TABLES:
            names = [row[0] for row in partitions(server, "ahead", table)]
            last = time.strftime("p%Y%m%d", time.gmtime(midnight(-7) // 10**9))
            check_equal(names[-2:], [last, "pmax"], table)
            check_equal(server.sql(f"SELECT COUNT(*) FROM {table} PARTITION (pmax)", "ahead"),
                        [["0"]], f"rows of {table} in pmax")
    yesterday = time.strftime("p%Y%m%d", time.gmtime(midnight(1) // 10**9))
    check_equal(server.sql(f"SELECT COUNT(*) FROM flow PARTITION ({yesterday})", "ahead"),
                [[str(WHOLE_DAY)]], "flows of yesterday")


@case("a capture of old days into a store with partitions, and their end")
def old_capture(bench):
    bench.common.mariadb(bench, "unused")
    store = bench.common.server.store(bench, "old")
    prune(bench, store)
    bench.replay(store, bench.common.file)
    check_equal(days_of(bench.flows(store)), [WHOLE_DAY] * DAYS, "flows by day")
    prune(bench, store, "--keep", 4)
    check_equal(days_of(bench.flows(store)), [0] * 6 + [WHOLE_DAY] * 4, "flows by day")
    verified(bench, store)


@case("a pinned flow stays with its content until it is unpinned")
def pinned(bench):
    for store in bench.common.stores(bench, "pinned"):
        oldest = [flow for flow in bench.flows(store) if flow["proto"] == "tcp"][0]
        content = bench.content(store, oldest["id"], "server")
        bench.run("pin", "--store", store, oldest["id"][:24])
        bench.run("pin", "--store", store, oldest["id"])
        for _ in range(2):
            prune(bench, store, "--keep", 8)
            flows = bench.flows(store)
            check_equal(days_of(flows), [1, 0] + [WHOLE_DAY] * 8, "flows by day")
            check_equal(flows[0], oldest, "the pinned flow")
            check(bench.content(store, oldest["id"], "server") == content, "its content")
            check_equal(bench.flows(store, "has:pin"), [oldest], "has:pin")
            verified(bench, store)
        bench.run("unpin", "--store", store, oldest["id"])
        prune(bench, store, "--keep", 8)
        check_equal(days_of(bench.flows(store)), [0, 0] + [WHOLE_DAY] * 8, "after unpin")
        verified(bench, store)


@case("--keep-bytes drops the oldest days, and never the newest")
def keep_bytes(bench):
    for store in bench.common.stores(bench, "bytes"):
        if store.startswith("mysql"):
            prune(bench, store)
        said = prune(bench, store, "--dry-run").out.decode()
        limit = 12_000_000
        prune(bench, store, "--keep-bytes", limit)
        counts = days_of(bench.flows(store))
        kept = counts.index(WHOLE_DAY)
        check(0 < kept < DAYS and set(counts[kept:]) == {WHOLE_DAY} and not any(counts[:kept]),
              f"flows by day {counts}: {said}")
        verified(bench, store)
        check("still above" in prune(bench, store, "--keep-bytes", 1000).out.decode(), "silent")
        check_equal(days_of(bench.flows(store)), [0] * 9 + [WHOLE_DAY], "the newest day")


@case("a prune that was killed between taking out and putting back is completed by the next")
def killed(bench):
    store = bench.common.mariadb(bench, "killed")
    server = bench.common.server
    prune(bench, store)
    oldest = [flow for flow in bench.flows(store) if flow["proto"] == "tcp"][0]
    bench.run("pin", "--store", store, oldest["id"])
    first = partitions(server, "killed", "chunk")[0][0]
    server.sql(f"UPDATE retention SET t_before = {midnight(9)}", "killed")
    for table in ("chunk", "flow"):
        server.sql(f"CREATE TABLE {table}_out LIKE {table};"
                   f"ALTER TABLE {table}_out REMOVE PARTITIONING;"
                   f"ALTER TABLE {table} EXCHANGE PARTITION {first} WITH TABLE {table}_out",
                   "killed")
    check_equal(days_of(bench.flows(store))[0], 0, "flows that are out")
    prune(bench, store, "--keep", 9)
    check_equal(bench.flows(store)[0], oldest, "the pinned flow")
    check_equal(server.sql("SHOW TABLES LIKE '%out'", "killed"), [], "tables left behind")
    verified(bench, store)


@case("one prunes at a time: a lease that runs out is taken, one that is held is not")
def lease(bench):
    store = bench.common.mariadb(bench, "lease")
    server = bench.common.server
    hold = ("REPLACE INTO lease (name, holder, t_until_ms) VALUES"
            " ('keep', 'sensor-7', UNIX_TIMESTAMP() * 1000 {})")
    server.sql(hold.format("+ 50000"), "lease")
    result = bench.run("prune", "--store", store, "--keep", 1, status=FAILED)
    note(one_line(result, "sensor-7"))
    check_equal(days_of(bench.flows(store)), [WHOLE_DAY] * DAYS, "flows")
    server.sql(hold.format("- 1"), "lease")
    prune(bench, store, "--keep", 1)
    check_equal(days_of(bench.flows(store)), [0] * 9 + [WHOLE_DAY], "flows")
    check_equal(server.sql("SELECT t_until_ms FROM lease", "lease"), [["0"]], "lease given back")


@case("a capture makes partitions before its first packet, and drops days while it goes on")
def capturing(bench):
    bench.common.mariadb(bench, "live")
    server = bench.common.server
    store = server.url("live")
    prune(bench, store)
    fresh = server.store(bench, "fresh")
    with Link(bench) as link:
        first = Capture(link, fresh)
        second = Capture(link, store, "--keep", 9)
        wait_until(lambda: second.says("event=day-dropped"), "a day is dropped")
        note(second.says("event=day-dropped").strip())
        link.run("a", "ping", "-c", "3", "-i", "0.2", ADDRESSES["b"][0])
        for capture in (first, second):
            check("failed" not in capture.stop().err, "housekeeping failed")
    check_equal(days_of(bench.flows(store, "-proto:icmp")), [0] + [WHOLE_DAY] * 9, "flows by day")
    last = time.strftime("p%Y%m%d", time.gmtime(midnight(-7) // 10**9))
    check_equal([row[0] for row in partitions(server, "fresh", "icmp")][-2:], [last, "pmax"],
                "partitions")
    today = time.strftime("p%Y%m%d", time.gmtime(midnight(0) // 10**9))
    check_equal(server.sql(f"SELECT COUNT(*) FROM icmp PARTITION ({today}) WHERE type IN (0, 8)",
                           "fresh"), [["6"]], "messages of today")


@case("what can't be pruned or pinned is refused in one line")
def refused(bench):
    store = bench.common.sqlite(bench)
    one_line(bench.run("prune", "--store", bench.store("absent.db"), status=FAILED), "absent.db")
    check(not os.path.exists(bench.path("absent.db")), "a store was made")
    one_line(bench.run("pin", "--store", store, "0" * 32, status=FAILED), "no flow")
    one_line(bench.run("prune", "--store", store, "--keep", 0, status=USAGE), "--keep")
    one_line(bench.run("prune", "--store", store, "--keep-bytes", "much", status=USAGE), "much")
    check("was not pinned" in bench.run(
        "unpin", "--store", store, bench.flows(store)[0]["id"]).out.decode(), "unpin")


run_cases(shared)
