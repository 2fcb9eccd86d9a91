#!/usr/bin/python3
"""Compressed content is the same content: to every command, to SQL, and mixed with plain."""

import contextlib
import hashlib
import pathlib
import sqlite3
import subprocess
import zlib

from harness import (CALL_TIMEOUT_S, SAMPLE, Skip, case, check, check_equal, is_sanitized, need,
                     note, run_cases)
from large_store import Asker, make_flow, resident_kib
from mariadb import MariaDb
from served import served

# Of the large flow, and what reading it may add to the server's memory.
LARGE_BYTES = 64_000_000
GROWTH_KIB_MAX = 16 << 10


def sqlar_uncompress(packed, octets):
    """As the sqlite3 shell has it."""
    return packed if len(packed) == octets else zlib.decompress(packed)


def views(path):
    """What SQL shows, to a program that can do what the sqlite3 shell can."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.create_function("sqlar_uncompress", 2, sqlar_uncompress)
        return [database.execute(f"SELECT * FROM {view} ORDER BY 1, 2, 3, 4").fetchall()
                for view in ("v_turn", "v_icmp")]


def said(bench, store):
    """All that dfc says about a store."""
    flows = bench.flows(store)
    shown = [bench.content(store, flow["id"], side) for flow in flows
             for side in ("client", "server")]
    return flows, bench.icmp(store), shown, bench.run("verify", "--store", store).out


def stored(bench, name):
    with contextlib.closing(sqlite3.connect(bench.path(name))) as database:
        return database.execute("SELECT SUM(LENGTH(content)), SUM(content_bytes), COUNT(*), "
                                "SUM(LENGTH(content) < content_bytes) FROM chunk").fetchone()


@case("SQLite: commands and views show compressed content as they show plain content")
def sqlite(bench):
    bench.replay(bench.store("plain.db"), SAMPLE)
    bench.replay(bench.store("packed.db"), "--compress", SAMPLE)
    octets, whole, chunks, packed = stored(bench, "packed.db")
    note(f"{whole} bytes in {octets}, {packed} of {chunks} chunks compressed")
    check(0 < packed < chunks and octets < whole, "nothing is compressed, or everything")
    check_equal(stored(bench, "plain.db")[:2], (whole, whole), "without --compress")
    check_equal(said(bench, bench.store("packed.db")), said(bench, bench.store("plain.db")), "dfc")
    check_equal(views(bench.path("packed.db")), views(bench.path("plain.db")), "views")


@case("SQLite: a store is the same whichever of its runs compressed")
def mixed(bench):
    plain = said(bench, bench.common)
    for name, runs in (("first.db", ((), ("--compress",))), ("last.db", (("--compress",), ()))):
        for words in runs:
            bench.replay(bench.store(name), *words, SAMPLE)
        check_equal(said(bench, bench.store(name)), plain, name)


@case("SQLite: without --compress a program without sqlar_uncompress() reads the views")
def bare(bench):
    path = bench.common.removeprefix("sqlite:")
    with contextlib.closing(sqlite3.connect(path)) as database:
        check(database.execute("SELECT SUM(LENGTH(bytes)) FROM v_turn").fetchone()[0] > 1e6, "few")


@case("SQLite: the sqlite3 shell reads the views of a compressed store")
def shell(bench):
    need("sqlite3")
    bench.replay(bench.store(), "--compress", SAMPLE)
    sql = "SELECT group_concat(hex(bytes)) FROM (SELECT bytes FROM v_turn ORDER BY id, n, turn)"
    run = subprocess.run(["sqlite3", bench.path("t.db"), sql], capture_output=True, text=True,
                         timeout=CALL_TIMEOUT_S)
    if "no such function" in run.stderr:
        raise Skip("this sqlite3 was built without zlib")
    check_equal(run.returncode, 0, run.stderr)
    with contextlib.closing(sqlite3.connect(bench.common.removeprefix("sqlite:"))) as database:
        check_equal(run.stdout.strip(), database.execute(sql).fetchone()[0], "bytes of all turns")


@case("MariaDB: commands and views show compressed content as they show plain content")
def mariadb(bench):
    need("mariadbd", "mariadb-install-db", "mariadb")
    with MariaDb(bench.dir / "mariadb") as server:
        answers = []
        for name, runs in (("plain", ((),)), ("packed", (("--compress",),)),
                           ("mixed", ((), ("--compress",)))):
            store = server.store(bench, name)
            for words in runs:
                bench.run("replay", "--store", store, *words, SAMPLE)
            turns = server.sql("SELECT id, n, turn, HEX(bytes) FROM v_turn ORDER BY 1, 2, 3", name)
            pings = server.sql("SELECT id, n, HEX(payload) FROM v_icmp ORDER BY 1, 2", name)
            answers.append((said(bench, store), turns, pings))
        packed = int(server.sql("SELECT COUNT(*) FROM chunk WHERE LENGTH(content) < content_bytes",
                                "packed")[0][0])
        check(packed > 0, "nothing is compressed")
        check_equal(answers[1], answers[0], "compressed")
        check_equal(answers[2], answers[0], "mixed")
        check_equal(answers[0][0], said(bench, bench.common), "in SQLite")


@case("windows anywhere in a large compressed flow are right, and the server does not grow")
def windows(bench):
    make_store = pathlib.Path(bench.dfc).parent / "tests" / "make_store"
    if not make_store.exists():
        raise Skip(f"no {make_store}")
    capture = make_flow(make_store, LARGE_BYTES, bench.path("large.pcap"))
    for name, words in (("packed.db", ["--compress"]), ("plain.db", [])):
        bench.run("replay", "--quiet", *words, "--store", bench.store(name), capture)
    octets, whole, _, _ = stored(bench, "packed.db")
    check(octets * 2 < whole, f"{whole} bytes are stored in {octets}")
    flow = bench.flows(bench.store("packed.db"))[0]
    check_equal(flow, bench.flows(bench.store("plain.db"))[0], "the flow")
    with (served(bench, bench.store("packed.db")) as server,
          served(bench, bench.store("plain.db")) as other):
        asker, same = Asker(server.port), Asker(other.port)
        path = f"/flows/{flow['id']}"
        chunks = asker.get(path)[1]["chunks"]
        asker.get(path + "/turns")
        before = resident_kib(server.process)
        for chunk in range(0, chunks, 10):
            window = {"after": f"{chunk}.0.0", "limit": 256 << 10}
            check_equal(asker.get(path + "/turns", **window)[1],
                        same.get(path + "/turns", **window)[1], f"from chunk {chunk}")
        content = server.get(path + "/content", side="server").body
        grown = resident_kib(server.process) - before
    check_equal(len(content), LARGE_BYTES, "downloaded")
    check_equal(hashlib.sha256(content).hexdigest(), flow["server_sha256"], "its SHA-256")
    note(f"{whole} bytes in {octets}, {chunks} chunks, grew by {grown} KiB")
    if not is_sanitized(bench.dfc):
        check(grown < GROWTH_KIB_MAX, f"resident memory grew by {grown} KiB")


@contextlib.contextmanager
def shared(bench):
    bench.replay(bench.store(), SAMPLE)
    yield bench.store()


run_cases(shared)
