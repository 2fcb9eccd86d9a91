#!/usr/bin/python3
"""The same packets give the same rows: whatever the run, the file's form, the store, or a kill."""

import contextlib
import gzip
import random
import re
import signal
import sqlite3
import subprocess
import time

from harness import (CALL_TIMEOUT_S, DONE, FAILED, FLOW_TABLES, LASTING_TABLES, SAMPLE, USAGE, Skip,
                     case, check, check_equal, check_same_rows, dump, environment, need, note,
                     run_cases, wait_until)
from packets import pcap, read_pcap
from sample import COPIES, has_flows, replayed

VIEWS = ("v_flow", "v_turn", "v_icmp")
KILLS = 4


def same_flows(bench, *files, stdin=b"", name="t.db"):
    """Replays into a new store and demands the sample's flows, content and ICMP messages."""
    bench.replay(bench.store(name), *files, stdin=stdin)
    wanted = {table: bench.common.rows[table] for table in FLOW_TABLES}
    check_same_rows(dump(bench.store(name), FLOW_TABLES), wanted, " ".join(map(str, files)))


# SQLite ------------------------------------------------------------------------------------------

@case("a second replay changes no row of any table")
def twice(bench):
    bench.replay(bench.store(), SAMPLE)
    once = dump(bench.store())
    bench.replay(bench.store(), SAMPLE)
    check_same_rows(dump(bench.store()), once)
    check(len(once["flow"]) > 20 and once["chunk"] and once["icmp"] and once["ledger"], "no rows")


@case("1, 2, 3 and 4 workers give the same rows in every table")
def workers(bench):
    for count in (1, 2, 3, 4):
        store = bench.store(f"{count}.db")
        bench.replay(store, "--workers", count, SAMPLE)
        check_same_rows(dump(store), bench.common.rows, f"{count} workers")


@case("the least memory gives the same rows in every table")
def least_memory(bench):
    for count in (1, 4):
        store = bench.store(f"{count}.db")
        least = least_memory_of(bench, count)
        note(f"{least} with {count} workers")
        bench.replay(store, "--workers", count, "--memory-max", least, SAMPLE)
        check_same_rows(dump(store), bench.common.rows, f"{least}, {count} workers")


def least_memory_of(bench, workers):
    """What dfc itself names: of any run first, then of one with so many workers."""
    options = ("replay", "--store", "null:", "--workers", workers, SAMPLE, "--memory-max")
    refusal = bench.run(*options, "1", status=USAGE).err
    least = re.search(r"from (\d+\w) to", refusal)
    check(least, f"does not say the least: {refusal}")
    tried = bench.run(*options, least[1], status=None)
    named = re.search(r"(\d+\w) is the least", tried.err)
    return named[1] if named else least[1]


@case("a file split in two, given in order, equals the whole")
def split(bench):
    frames = read_pcap(SAMPLE.read_bytes())
    for at in (len(frames) // 3, len(frames) // 2, len(frames) - 5):
        for name, part in (("a.pcap", frames[:at]), ("b.pcap", frames[at:])):
            bench.write(name, pcap([(frame, when) for frame, when, _ in part]))
        same_flows(bench, "a.pcap", "b.pcap", name=f"{at}.db")


@case("gzip, zstd, lz4 and standard input give the same rows")
def compressed(bench):
    data = SAMPLE.read_bytes()
    bench.write("t.gz", gzip.compress(data))
    same_flows(bench, "t.gz", name="gz.db")
    same_flows(bench, "-", stdin=data, name="stdin.db")
    same_flows(bench, "-", stdin=gzip.compress(data), name="stdin-gz.db")
    for program in ("zstd", "lz4"):
        try:
            need(program)
        except Skip as reason:
            note(reason)
            continue
        subprocess.run([program, "-q", "-c", str(SAMPLE)], check=True, timeout=CALL_TIMEOUT_S,
                       stdout=open(bench.path("t." + program), "wb"))
        same_flows(bench, "t." + program, name=program + ".db")


@case("pcapng gives the same rows")
def pcapng(bench):
    need("editcap")
    subprocess.run(["editcap", "-F", "pcapng", str(SAMPLE), bench.path("t.pcapng")], check=True,
                   timeout=CALL_TIMEOUT_S, capture_output=True)
    same_flows(bench, "t.pcapng")


@case("two sensors keep their flows apart in one store")
def sensors(bench):
    bench.replay(bench.store(), "--sensor", "one", SAMPLE)
    bench.replay(bench.store(), "--sensor", "two", SAMPLE)
    rows = dump(bench.store())
    check_equal(len(rows["sensor"]), 2, "sensors")
    for table in FLOW_TABLES:
        check_equal(len(rows[table]), 2 * len(bench.common.rows[table]), table)


@case("two replays at once into one SQLite store leave what one leaves")
def at_once(bench):
    commands = [[bench.dfc, "replay", "--quiet", "--store", bench.store(), str(SAMPLE)]] * 2
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, env=environment())
            for command in commands]
    said = [run.communicate(timeout=CALL_TIMEOUT_S)[1].decode() for run in runs]
    check_equal([run.returncode for run in runs], [DONE, DONE], "exit status: " + "".join(said))
    check_same_rows(dump(bench.store()), bench.common.rows)


@case("a replay of a part of a file, and then of the whole, leaves what the whole leaves")
def part_first(bench):
    frames = [(frame, at) for frame, at, _ in read_pcap(SAMPLE.read_bytes())]
    wrong = []
    for at in range(200, len(frames), 325):
        store = bench.store(f"{at}.db")
        bench.replay(store, bench.write("part.pcap", pcap(frames[:at])))
        bench.replay(store, SAMPLE)
        for table, rows in dump(store, FLOW_TABLES).items():
            differ = set(bench.common.rows[table]) - set(rows)
            if differ:
                wrong.append(f"{at} of {len(frames)} frames first: {len(differ)} rows of {table} "
                             f"differ, the first {str(sorted(differ)[0][:5]):.100}")
    check(not wrong, "\n".join(wrong))


# Killed runs -------------------------------------------------------------------------------------

def kill_at_random(bench, store, seconds, rng):
    """Starts a replay of the long file and kills it somewhere within `seconds`."""
    command = [bench.dfc, "replay", "--quiet", "--store", store, bench.common.long()]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment(), cwd=bench.dir)
    with contextlib.suppress(subprocess.TimeoutExpired):
        run.wait(rng.uniform(0.05, 0.6) * seconds)
    run.kill()
    run.communicate()
    return run.returncode != DONE


def timed_replay(bench, store):
    file = bench.common.long()
    started = time.monotonic()
    bench.replay(store, file)
    return time.monotonic() - started


def new_random():
    seed = random.randrange(2**32)
    note(f"random seed {seed}")
    return random.Random(seed)


@case(f"SQLite: a replay after {KILLS} that were killed leaves what an undisturbed one leaves")
def killed_sqlite(bench):
    rng = new_random()
    seconds = timed_replay(bench, bench.store("whole.db"))
    wanted = dump(bench.store("whole.db"), LASTING_TABLES)
    check_equal(len(wanted["flow"]), COPIES * len(bench.common.rows["flow"]), "flows")
    cut_short = kept = 0
    check_equal(dump(bench.store("whole.db"), ["batch"]), {"batch": []}, "markers")
    for _ in range(KILLS):
        cut_short += kill_at_random(bench, bench.store(), seconds, rng)
        try:
            kept = max(kept, len(dump(bench.store(), ["flow"])["flow"]))
        except sqlite3.OperationalError:
            pass  # Killed before there were tables.
    note(f"{cut_short} cut short after up to {kept} of {len(wanted['flow'])} flows; "
         f"a whole run takes {seconds:.1f} s")
    bench.replay(bench.store(), bench.common.long())
    rows = dump(bench.store())
    note(f"{len(rows.pop('batch'))} markers of killed runs are left")
    check_same_rows(rows, wanted)


@case("SQLite: an interrupted replay says so in one line, and the next one completes")
def interrupted(bench):
    rng = new_random()
    seconds = timed_replay(bench, bench.store("whole.db"))
    command = [bench.dfc, "replay", "--quiet", "--store", bench.store(), bench.common.long()]
    stops = 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
        run = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment(), cwd=bench.dir)
        if stops == 0:
            wait_until(lambda: has_flows(bench.store()), "the first flows", pause=0.001)
        else:
            time.sleep(rng.uniform(0.1, 0.6) * seconds)
        run.send_signal(number)
        said = run.communicate(timeout=CALL_TIMEOUT_S)[1].decode()
        check(run.returncode in (DONE, FAILED, -number), f"exit status {run.returncode}: {said}")
        if run.returncode == FAILED:
            stops += 1
            check("interrupted" in said and said.count("\n") == 1, said)
    check(stops > 0, "no run was stopped in good order")
    note(f"{stops} stopped in good order; a whole run takes {seconds:.1f} s")
    bench.replay(bench.store(), bench.common.long())
    check_same_rows(dump(bench.store(), FLOW_TABLES), dump(bench.store("whole.db"), FLOW_TABLES))


@case("MariaDB: a replay after some that were killed leaves what an undisturbed one leaves")
def killed_mariadb(bench):
    server = bench.common.mariadb()
    rng = new_random()
    whole, disturbed = (server.store(bench, name) for name in ("whole", "disturbed"))
    seconds = timed_replay(bench, whole)
    wanted = server.checksums("whole", LASTING_TABLES)
    cut_short = sum(kill_at_random(bench, disturbed, seconds, rng) for _ in range(KILLS))
    note(f"{cut_short} cut short; a whole run takes {seconds:.1f} s")
    bench.replay(disturbed, bench.common.long())
    check_equal(server.checksums("disturbed", LASTING_TABLES), wanted, "rows and checksums")


# SQLite and MariaDB ------------------------------------------------------------------------------

def mariadb_store(bench, name):
    return bench.common.mariadb().store(bench, name)


def view_in_sqlite(path, view):
    with contextlib.closing(sqlite3.connect(path)) as database:
        names = [row[1] for row in database.execute(f"PRAGMA table_info({view})")]
        columns = ", ".join(f"CASE WHEN {name} IS NULL THEN '-' ELSE hex(CAST({name} AS BLOB)) END"
                            for name in names)
        return names, sorted(list(row) for row in database.execute(f"SELECT {columns} FROM {view}"))


def view_in_mariadb(server, database, view):
    names = [row[0] for row in server.sql(f"SHOW COLUMNS FROM {view}", database)]
    columns = ", ".join(f"IF({name} IS NULL, '-', HEX(CAST({name} AS BINARY)))" for name in names)
    return names, sorted(server.sql(f"SELECT {columns} FROM {view}", database))


@case("MariaDB: init twice, replay twice: the same rows as after one")
def mariadb_twice(bench):
    server = bench.common.mariadb()
    url = mariadb_store(bench, "twice")
    bench.run("init", "--store", url)
    bench.replay(url, SAMPLE)
    once = server.checksums("twice", LASTING_TABLES)
    bench.replay(url, SAMPLE)
    bench.run("init", "--store", url)
    check_equal(server.checksums("twice", LASTING_TABLES), once, "rows and checksums")
    check_equal(int(once["flow"][0][0][0]), len(bench.common.rows["flow"]), "flows")


@case("MariaDB: a replay of a part, and then of the whole, leaves what the whole leaves")
def mariadb_part_first(bench):
    frames = [(frame, at) for frame, at, _ in read_pcap(SAMPLE.read_bytes())]
    for at in range(500, len(frames), 575):
        url = mariadb_store(bench, f"part{at}")
        bench.replay(url, bench.write("part.pcap", pcap(frames[:at])))
        bench.replay(url, SAMPLE)
        for view in VIEWS:
            _, wanted = view_in_sqlite(bench.common.store.removeprefix("sqlite:"), view)
            _, ours = view_in_mariadb(bench.common.mariadb(), f"part{at}", view)
            check(ours == wanted, f"{view} differs after {at} frames and then all")


@case("MariaDB: dfc flows, icmp and show print what they print of SQLite")
def mariadb_listing(bench):
    url = mariadb_store(bench, "listing")
    bench.replay(url, "--workers", 3, SAMPLE)
    plain = bench.common.store
    check_equal(bench.flows(url), bench.flows(plain), "flows")
    check_equal(bench.icmp(url), bench.icmp(plain), "icmp")
    for query in ("proto:tcp", "host:10.1.0.2 -proto:udp", "has:reorder", "server:fd00:2::2"):
        ours, wanted = bench.flows(url, query), bench.flows(plain, query)
        check_equal(ours, wanted, query)
        check(wanted, f"{query}: nothing matches")
    largest = max(bench.flows(plain), key=lambda flow: flow["server_bytes"])["id"]
    for side in ("client", "server"):
        check(bench.content(url, largest, side) == bench.content(plain, largest, side),
              f"content of {largest}, {side}")


@case("MariaDB: the views show what they show in SQLite, byte for byte")
def mariadb_views(bench):
    url = mariadb_store(bench, "views")
    bench.replay(url, SAMPLE)
    for view in VIEWS:
        names, wanted = view_in_sqlite(bench.common.store.removeprefix("sqlite:"), view)
        our_names, ours = view_in_mariadb(bench.common.mariadb(), "views", view)
        check_equal(our_names, names, f"columns of {view}")
        check_equal(len(ours), len(wanted), f"rows of {view}")
        for our_row, row in zip(ours, wanted):
            if our_row != row:
                different = {name: (ours_text(a), ours_text(b))
                             for name, a, b in zip(names, our_row, row) if a != b}
                check(False, f"{view}, {ours_text(row[0])}: MariaDB and SQLite have {different}")


def ours_text(value):
    return None if value == "-" else bytes.fromhex(value)[:60]


@case("v_turn's bytes are the content, and its turns add up to v_flow's bytes")
def views_add_up(bench):
    path = bench.common.store.removeprefix("sqlite:")
    with contextlib.closing(sqlite3.connect(path)) as database:
        wrong = database.execute(
            "SELECT f.id, f.client_bytes, f.server_bytes, t.c, t.s FROM v_flow AS f JOIN ("
            "  SELECT id, SUM(CASE WHEN side = 'client' THEN length(bytes) ELSE 0 END) AS c,"
            "    SUM(CASE WHEN side = 'server' THEN length(bytes) ELSE 0 END) AS s"
            "  FROM v_turn WHERE kind IN ('data', 'datagram') GROUP BY id) AS t ON t.id = f.id "
            "WHERE t.c <> f.client_bytes OR t.s <> f.server_bytes").fetchall()
    check_equal(wrong, [], "flows whose turns have other lengths")


run_cases(replayed)
