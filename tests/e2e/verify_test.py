#!/usr/bin/python3
"""dfc verify: a store that dfc wrote is in order, and whatever is damaged in one is found."""

import contextlib
import json
import re
import signal
import sqlite3
import subprocess

from harness import (CALL_TIMEOUT_S, DONE, FAILED, SAMPLE, USAGE, case, check, check_equal, dump,
                     environment, note, run_cases, wait_until)
from packets import ACK, FIN, T0, Tcp, pcap, read_pcap
from sample import has_flows, replayed

SECOND = 10**9


def verify(bench, store, *args, status=DONE):
    return bench.run("verify", "--store", store, *args, status=status)


def in_order(bench, store, *words):
    said = verify(bench, store, status=None)
    check(said.status == DONE, f"{store}: {said.out.decode()}")
    check(said.out.startswith(b"all in order: "), said.out)
    for word in words:
        check(word in said.out.decode(), f"does not say {word!r}: {said.out.decode()}")


def ledger(store):
    return dump(store, ["ledger"])["ledger"]


def ledger_of(server, database):
    return server.sql("SELECT * FROM ledger ORDER BY t_minute, sensor_id, source, outcome",
                      database)


# In order ----------------------------------------------------------------------------------------

@case("after a replay of the sample, and of it again")
def twice(bench):
    for _ in range(2):
        bench.replay(bench.store(), SAMPLE)
        in_order(bench, bench.store(), "1 sensor", f"{len(bench.common.rows['flow'])} flows",
                 f"{len(bench.common.rows['icmp'])} ICMP messages")
    check_equal(ledger(bench.store()), bench.common.rows["ledger"], "ledger")


@case("with 1, 2 and 4 workers, and the same ledger")
def workers(bench):
    for count in (1, 2, 4):
        store = bench.store(f"{count}.db")
        bench.replay(store, "--workers", count, SAMPLE)
        in_order(bench, store)
        check_equal(ledger(store), bench.common.rows["ledger"], f"{count} workers")


@case("with the least memory, and the same ledger")
def least_memory(bench):
    refusal = bench.run("replay", "--store", "null:", "--workers", 1, "--memory-max", "64M", SAMPLE,
                        status=USAGE).err
    least = re.search(r"(\d+\w) is the least", refusal)[1]
    bench.replay(bench.store(), "--workers", 1, "--memory-max", least, SAMPLE)
    in_order(bench, bench.store())
    check_equal(ledger(bench.store()), bench.common.rows["ledger"], "ledger")


@case("MariaDB: with 1, 2 and 4 workers, twice, and the same ledger as in SQLite")
def mariadb(bench):
    server = bench.common.mariadb()
    wanted = None
    for count in (1, 2, 4):
        url = server.store(bench, f"verify{count}")
        for _ in range(2):
            bench.replay(url, "--workers", count, SAMPLE)
            in_order(bench, url, f"{len(bench.common.rows['flow'])} flows")
        rows = ledger_of(server, f"verify{count}")
        wanted = wanted or rows
        check_equal(rows, wanted, f"{count} workers")
    sqlite = sorted([str(row[0]), str(row[2] % 2**64), row[3], *map(str, row[4:])]
                    for row in bench.common.rows["ledger"])
    check_equal(sorted([row[0], *row[2:]] for row in wanted), sqlite, "MariaDB and SQLite")


@case("after a file in two parts, in one run and with any number of workers")
def two_files(bench):
    frames = read_pcap(SAMPLE.read_bytes())
    for at in (len(frames) // 3, len(frames) // 2, len(frames) - 5):
        for name, part in (("a.pcap", frames[:at]), ("b.pcap", frames[at:])):
            bench.write(name, pcap([(frame, when) for frame, when, _ in part]))
        kept = None
        for count in (1, 2):
            store = bench.store(f"{at}.{count}.db")
            bench.replay(store, "--workers", count, "a.pcap", "b.pcap")
            in_order(bench, store)
            kept = kept or ledger(store)
            check_equal(ledger(store), kept, f"split at {at}, {count} workers")


@case("after a file and its copy in one run: the ledger has both")
def copies(bench):
    for name in ("a.pcap", "b.pcap"):
        bench.write(name, SAMPLE.read_bytes())
    bench.replay(bench.store(), "a.pcap", "b.pcap")
    in_order(bench, bench.store())
    captured = sum(row[4] for row in ledger(bench.store()) if row[3] == "captured")
    check_equal(captured, 2 * len(read_pcap(SAMPLE.read_bytes())), "frames")


@case("after a damaged file, and after the whole one came")
def cut_file(bench):
    data = SAMPLE.read_bytes()
    for at in (len(data) // 4, len(data) // 2, len(data) - 7):
        store = bench.store(f"{at}.db")
        bench.write("cut.pcap", data[:at])
        bench.replay(store, "cut.pcap", status=FAILED)
        in_order(bench, store)
        bench.replay(store, SAMPLE)
        in_order(bench, store)
        check_equal(ledger(store), bench.common.rows["ledger"], f"cut at {at}")
        bench.replay(store, "cut.pcap", status=FAILED)
        check_equal(ledger(store), bench.common.rows["ledger"], f"cut at {at} afterwards")


@case("with a filter: what it refused is captured too")
def filtered(bench):
    bench.replay(bench.store(), "--filter", "tcp", SAMPLE)
    in_order(bench, bench.store())
    rows = [row for row in ledger(bench.store()) if row[0] == 0]
    check_equal(sorted(row[3] for row in rows), ["captured", "filtered"], "minute 0")
    check_equal(rows[0][4:6], rows[1][4:6], "packets and bytes")


@case("with two sensors in one store, each by itself")
def sensors(bench):
    for sensor in ("one", "two"):
        bench.replay(bench.store(), "--sensor", sensor, SAMPLE)
    in_order(bench, bench.store(), "2 sensors")


@case("in an empty store")
def empty(bench):
    bench.run("init", "--store", bench.store())
    in_order(bench, bench.store(), "0 flows")


@case("bytes count in the minute of the packet that brought them, whenever their fate was decided")
def held_over_minutes(bench):
    minute = T0 - T0 % (60 * SECOND)
    tcp = Tcp()
    frames = [(frame, minute) for frame in tcp.open()]
    frames += [
        (tcp.client(10, b"x" * 7), minute + 50 * SECOND),         # Held,
        (tcp.client(0, b"y" * 10), minute + 61 * SECOND),         # until this comes.
        (tcp.client(0, b"y" * 5), minute + 121 * SECOND),         # Again.
        (tcp.client(30, b"z" * 3), minute + 181 * SECOND),        # Behind FIN: never in place.
        (tcp.client(17, b"", flags=FIN | ACK), minute + 241 * SECOND)]
    bench.write("t.pcap", pcap(frames))
    bench.replay(bench.store(), "t.pcap")
    in_order(bench, bench.store())
    found = {((row[0] - minute) // (60 * SECOND), row[3].removeprefix("tcp_")): row[5]
             for row in ledger(bench.store()) if row[3].startswith("tcp_")}
    check_equal(found, {(0, "payload"): 7, (0, "stored"): 7, (1, "payload"): 10, (1, "stored"): 10,
                        (2, "payload"): 5, (2, "duplicate"): 5, (3, "payload"): 3,
                        (3, "out_of_window"): 3}, "bytes by minute")


@case("held bytes count for the file that they came in")
def held_over_files(bench):
    tcp = Tcp()
    frames = [*tcp.open(), tcp.client(5, b"world"), tcp.client(0, b"hello")]
    bench.write("a.pcap", pcap(frames[:4]))
    bench.write("b.pcap", pcap(frames[4:], start=T0 + SECOND))
    bench.replay(bench.store(), "a.pcap", "b.pcap")
    in_order(bench, bench.store())
    stored = [row[5] for row in ledger(bench.store()) if row[3] == "tcp_stored"]
    check_equal(stored, [5, 5], "bytes stored by file")


# Killed runs -------------------------------------------------------------------------------------

@case("a run that was killed is told of, and its repetition is in order")
def killed(bench):
    run = subprocess.Popen([bench.dfc, "replay", "--quiet", "--store", bench.store(),
                            bench.common.long()], stderr=subprocess.PIPE, env=environment(),
                           cwd=bench.dir)
    wait_until(lambda: has_flows(bench.store()), "the first flows", pause=0.001)
    run.kill()
    run.communicate(timeout=CALL_TIMEOUT_S)
    check_equal(run.returncode, -signal.SIGKILL, "the replay was over too soon: exit status")
    said = verify(bench, bench.store(), status=FAILED).out.decode()
    check("of a run that goes on, has failed or was killed" in said, said)
    check("packets of all TCP flows" in said, said)
    note(said.splitlines()[-2])
    bench.replay(bench.store(), bench.common.long())
    in_order(bench, bench.store())


# Damage ------------------------------------------------------------------------------------------

# What is done to a store, and words of a finding.
DAMAGES = (
    ("a chunk is lost",
     "DELETE FROM chunk WHERE (t_start, flow_hash, n) IN"
     " (SELECT t_start, flow_hash, n FROM chunk WHERE length(content) > 0 LIMIT 1)",
     ("flow ", "bytes in turns", "too few")),
    ("the first of several chunks is lost",
     "DELETE FROM chunk WHERE n = 0 AND (t_start, flow_hash) IN"
     " (SELECT t_start, flow_hash FROM chunk WHERE n = 1 LIMIT 1)",
     ("number of a chunk: 1, must be 0",)),
    ("content is cut",
     "UPDATE chunk SET content = substr(content, 1, length(content) - 1)"
     " WHERE length(content) > 1",
     ("turn index of chunk 0",)),
    ("content has more than its index names",
     "UPDATE chunk SET content = CAST(content || x'00' AS BLOB)",
     ("bytes of content that the turns of chunk 0 name", "1 too few")),
    ("an index is no index",
     "UPDATE chunk SET turns = '[[0,0' WHERE n = 0",
     ("turn index of chunk 0 is damaged at byte",)),
    ("a turn lies elsewhere in its stream",
     "UPDATE chunk SET turns = replace(turns, '[[0,0,0,', '[[0,0,5,')",
     ("offset of a client turn in chunk 0: 5, must be 0 (5 too many)",)),
    ("a turn has another time",
     "UPDATE chunk SET t_first = t_first + 3",
     ("t_first of chunk 0", "3 too many")),
    ("a flow is lost",
     "DELETE FROM flow WHERE (t_start, flow_hash) IN"
     " (SELECT t_start, flow_hash FROM flow WHERE protocol = 6 AND client_bytes > 0 LIMIT 1)",
     ("chunks without their flow", "packets of all TCP flows")),
    ("an ICMP flow is lost",
     "DELETE FROM flow WHERE protocol = 1",
     ("ICMP messages without their flow", "packets of all ICMP flows: 0")),
    ("a flow that an ICMP error names is lost",
     "DELETE FROM flow WHERE (t_start, flow_hash) IN"
     " (SELECT about_t_start, about_flow_hash FROM icmp WHERE quote_found = 1)",
     ("an ICMP message is about flow",)),
    ("an ICMP message is lost",
     "DELETE FROM icmp WHERE n = 1",
     ("ICMP messages: ", "number of an ICMP message")),
    ("a count of packets is wrong",
     "UPDATE flow SET client_packets = client_packets + 2 WHERE protocol = 17"
     " AND t_start = (SELECT min(t_start) FROM flow WHERE protocol = 17)",
     ("sensor default: packets of all UDP flows", "2 too many")),
    ("a count of content is wrong",
     "UPDATE flow SET server_bytes = server_bytes + 1 WHERE protocol = 6",
     ("server bytes in turns", "1 too few")),
    ("a count of gaps is wrong",
     "UPDATE flow SET client_gap_bytes = 9 WHERE protocol = 6",
     ("client gap bytes in turns: 0, must be 9 (9 too few)",)),
    ("a count of duplicates is wrong",
     "UPDATE flow SET client_duplicate_bytes = client_duplicate_bytes + 4 WHERE protocol = 6"
     " AND t_start = (SELECT min(t_start) FROM flow WHERE protocol = 6)",
     ("TCP bytes of all flows that were not stored", "4 too many")),
    ("a flow has a sensor that is not there",
     "UPDATE flow SET sensor_id = 9 WHERE protocol = 17",
     ("sensor number 9 has no name", "packets of all UDP flows")),
    ("a minute's frames are not counted",
     "DELETE FROM ledger WHERE outcome = 'captured'",
     ("captured packets with an outcome", "must be 0", "too many")),
    ("an outcome of the ledger is lost",
     "DELETE FROM ledger WHERE outcome = 'arp'",
     ("sensor default, 20", "input ", "captured packets with an outcome", "too few")),
    ("an outcome of packets is wrong",
     "UPDATE ledger SET packets = packets - 1 WHERE outcome = 'flow_tcp'",
     ("delivered packets in flows", "packets of all TCP flows", "1 too few", "1 too many")),
    ("an outcome of TCP bytes is wrong",
     "UPDATE ledger SET bytes = bytes + 1 WHERE outcome = 'tcp_stored'",
     ("TCP payload bytes with an outcome", "1 too many", "content bytes of all TCP flows")),
    ("an outcome of datagrams is lost",
     "DELETE FROM ledger WHERE outcome = 'datagram_stored'",
     ("datagram payload bytes with an outcome: 0, must be ",)),
    ("an outcome has no known name",
     "UPDATE ledger SET outcome = 'lost' WHERE outcome = 'arp'",
     ("outcome 'lost' is unknown",)),
    ("the ledger is lost",
     "DELETE FROM ledger",
     ("packets of all TCP flows", "must be 0")),
)


def damaged_copy(bench, name, sql):
    """A copy of the sample's store to which `sql` was done; how many rows it changed."""
    with contextlib.closing(sqlite3.connect(bench.common.store.removeprefix("sqlite:"))) as whole, \
            contextlib.closing(sqlite3.connect(bench.path(name))) as copy:
        whole.backup(copy)
        changed = copy.execute(sql).rowcount
        copy.commit()
    return changed


@case(f"each of {len(DAMAGES)} kinds of damage is found, and told in words and figures")
def damages(bench):
    problems = []
    for number, (what, sql, words) in enumerate(DAMAGES):
        changed = damaged_copy(bench, f"{number}.db", sql)
        check(changed > 0, f"{what}: no row was changed")
        said = verify(bench, bench.store(f"{number}.db"), status=None)
        text = said.out.decode()
        missing = [word for word in words if word not in text]
        if said.status != FAILED or missing or "finding" not in text.splitlines()[-1]:
            problems.append(f"{what}: status {said.status}, does not say {missing}: {text:.900}")
    check(not problems, "\n".join(problems))


@case("MariaDB: damage is found in the same words")
def mariadb_damage(bench):
    server = bench.common.mariadb()
    url = server.store(bench, "damaged")
    bench.replay(url, SAMPLE)
    server.sql("DELETE FROM ledger WHERE outcome = 'arp'; DELETE FROM icmp WHERE n = 1;"
               "DELETE FROM chunk WHERE n = 0 LIMIT 1;"
               "UPDATE chunk SET content = LEFT(content, LENGTH(content) - 1) WHERE n = 1",
               "damaged")
    said = verify(bench, url, status=FAILED).out.decode()
    for words in ("captured packets with an outcome", "number of an ICMP message",
                  "bytes in turns", "turn index of chunk 1"):
        check(words in said, f"does not say {words!r}: {said:.2000}")


@case("flows of two inputs may overlap: the ledger must have at least what the flows have")
def several_inputs(bench):
    bench.replay(bench.store(), SAMPLE)
    bench.replay(bench.store(), "--filter", "tcp", SAMPLE)
    in_order(bench, bench.store())
    with contextlib.closing(sqlite3.connect(bench.path("t.db"))) as database:
        database.execute("UPDATE flow SET client_packets = client_packets + 100000"
                         " WHERE protocol = 6")
        database.commit()
    said = verify(bench, bench.store(), status=FAILED).out.decode()
    check("packets of all TCP flows" in said and "must be at most" in said, said)


# Output ------------------------------------------------------------------------------------------

@case("findings as JSON and TSV, the summary on standard error")
def formats(bench):
    damaged_copy(bench, "t.db", "DELETE FROM ledger WHERE outcome = 'arp'")
    said = verify(bench, bench.store(), "--format", "json", status=FAILED)
    findings = json.loads(said.out)
    check(findings and all(finding["sensor"] == "default" and finding["input"]
                           and finding["have"] < finding["want"] for finding in findings), said.out)
    check("findings: 1 sensor" in said.err, said.err)
    said = verify(bench, bench.store(), "--format", "tsv", status=FAILED)
    lines = said.out.decode().splitlines()
    check_equal(lines[0].split("\t"), list(findings[0]), "header")
    check_equal(len(lines), 1 + len(findings), "lines")
    clean = verify(bench, bench.common.store, "--format", "json")
    check_equal(json.loads(clean.out), [], "findings of a store in order")
    check("all in order" in clean.err, clean.err)


@case("no store, and one that keeps nothing")
def no_store(bench):
    said = verify(bench, bench.store("none.db"), status=FAILED).err
    check("no store at" in said, said)
    check(not (bench.dir / "none.db").exists(), "a store was made")
    said = verify(bench, "null:", status=USAGE).err
    check("keeps nothing" in said, said)


run_cases(replayed)
