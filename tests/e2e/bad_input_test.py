#!/usr/bin/python3
"""What goes wrong outside of dfc: files, options, stores, terminals. Whatever it is, dfc says so in
one line that names the thing, leaves a sound store, and a good run afterwards completes."""

import contextlib
import gzip
import os
import pty
import random
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import time

from harness import (CALL_TIMEOUT_S, DONE, FAILED, SAMPLE, USAGE, MariaDb, Skip, Tcp, case, check,
                     check_equal, check_same_rows, dump, environment, last_line, need, note,
                     one_line, pcap, read_pcap, repeated_sample, run_cases, udp_frame)

FLOW_TABLES = ("flow", "chunk", "icmp")
RECORD_HEADER_BYTES = 16


class Shared:
    def __init__(self, bench):
        self.bench = bench
        bench.replay(bench.store(), SAMPLE)
        self.store = bench.store()
        self.rows = dump(self.store)
        self.server = None

    def mariadb(self):
        """The server, which starts when the first case asks for it."""
        if self.server is None:
            self.server = MariaDb(self.bench.dir / "mariadb")
            self.server.__enter__()
        return self.server


@contextlib.contextmanager
def replayed(bench):
    if not SAMPLE.exists():
        raise Skip("tests/sample/sample.pcap is not there")
    shared = Shared(bench)
    try:
        yield shared
    finally:
        if shared.server:
            shared.server.__exit__()


def small_capture():
    tcp = Tcp()
    return pcap([*tcp.open(), tcp.client(0, b"hello"), tcp.server(0, b"you", ack=5),
                 *tcp.close(5, 3), udp_frame("10.0.0.1", 5, "10.0.0.2", 6, b"datagram")])


def refused(bench, status, *args, says=(), env=None, store="t.db"):
    """Demands a refusal in one line, and that a good run with the same store works afterwards."""
    result = bench.run(*args, status=status, env=env)
    check_equal(result.out, b"", "standard output")
    line = one_line(result, *says)
    note(line)
    if store:
        good_run(bench, store)
    return line


def good_run(bench, store="t.db"):
    bench.write("good.pcap", small_capture())
    bench.replay(bench.store(store), "good.pcap")
    check(len(dump(bench.store(store))["flow"]) >= 2, "the good run stored nothing")


# Files -------------------------------------------------------------------------------------------

@case("a file that does not exist")
def no_file(bench):
    refused(bench, FAILED, "replay", "--store", bench.store(), "absent.pcap",
            says=["absent.pcap", "No such file"])


@case("a folder instead of a file")
def folder(bench):
    refused(bench, FAILED, "replay", "--store", bench.store(), str(bench.dir),
            says=[str(bench.dir), "directory"])


@case("an empty file, and empty standard input")
def empty(bench):
    bench.write("empty.pcap", b"")
    refused(bench, FAILED, "replay", "--store", bench.store(), "empty.pcap", says=["empty.pcap"])
    result = bench.run("replay", "--quiet", "--store", bench.store(), "-", status=FAILED)
    one_line(result, "standard input", "empty")


@case("a text file")
def text_file(bench):
    bench.write("notes.txt", b"These are notes and no packets.\n" * 50)
    refused(bench, FAILED, "replay", "--store", bench.store(), "notes.txt",
            says=["notes.txt", "pcap"])


@case("several bad files are named one by one, and nothing of the good one is stored")
def several(bench):
    bench.write("good.pcap", small_capture())
    bench.write("empty.pcap", b"")
    result = bench.run("replay", "--store", bench.store(), "good.pcap", "absent.pcap", "empty.pcap",
                       status=FAILED)
    check_equal(len(result.err.splitlines()), 2, "lines: " + result.err)
    check(not os.path.exists(bench.path("t.db")), "the store was made")


def cut_offsets(data, count):
    """Offsets inside records: in the header, at its end, in the frame, a byte before its end."""
    starts, at = [], 24
    while at < len(data):
        starts.append(at)
        at += RECORD_HEADER_BYTES + struct.unpack_from("<I", data, at + 8)[0]
    ends = starts[1:] + [len(data)]
    rng = random.Random(7)
    for index in rng.sample(range(len(starts)), count):
        yield index, starts[index], rng.choice(
            [starts[index] + 1, starts[index] + RECORD_HEADER_BYTES - 1,
             starts[index] + RECORD_HEADER_BYTES, ends[index] - 1])


@case("a file cut short: what lies before is stored, the offset is named")
def cut_short(bench):
    frames = [(frame, at) for frame, at, _ in read_pcap(SAMPLE.read_bytes())[:120]]
    data = pcap(frames)
    for index, start, cut in cut_offsets(data, 12):
        for name in ("cut.db", "whole.db"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(bench.path(name))
        bench.write("cut.pcap", data[:cut])
        bench.write("whole.pcap", pcap(frames[:index]))
        result = bench.replay(bench.store("cut.db"), "cut.pcap", status=FAILED)
        last_line(result, "cut.pcap", f"offset {start} ", "stored")
        bench.replay(bench.store("whole.db"), "whole.pcap")
        check_same_rows(dump(bench.store("cut.db"), FLOW_TABLES),
                        dump(bench.store("whole.db"), FLOW_TABLES), f"cut at {cut}")
        bench.write("cut.pcap", data)
        bench.replay(bench.store("cut.db"), "cut.pcap")
    bench.replay(bench.store("all.db"), "cut.pcap")
    check_same_rows(dump(bench.store("cut.db"), FLOW_TABLES),
                    dump(bench.store("all.db"), FLOW_TABLES), "the whole file after the cut one")


@case("a file cut short, --quiet: one line and nothing else")
def cut_short_quietly(bench):
    bench.write("cut.pcap", small_capture()[:-3])
    refused(bench, FAILED, "replay", "--quiet", "--store", bench.store(), "cut.pcap",
            says=["cut.pcap", "offset"])


@case("a file cut inside its file header")
def cut_header(bench):
    for length in (1, 3, 4, 23):
        bench.write("cut.pcap", small_capture()[:length])
        refused(bench, FAILED, "replay", "--store", bench.store(), "cut.pcap", says=["cut.pcap"])


@case("a record length out of all proportion")
def huge_record(bench):
    frames = [udp_frame("10.0.0.1", 5, "10.0.0.2", 6, b"before"), b"x" * 60, b"y" * 60]
    data = bytearray(pcap(frames))
    at = 24 + RECORD_HEADER_BYTES + len(frames[0])
    data[at + 8:at + 12] = b"\xff\xff\xff\x7f"
    bench.write("bad.pcap", data)
    result = bench.replay(bench.store(), "bad.pcap", status=FAILED)
    note(last_line(result, "bad.pcap", f"offset {at};"))
    check_equal(len(dump(bench.store())["flow"]), 1, "flows before the damage")
    good_run(bench)


def pcapng_block(kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def pcapng_blocks(frames):
    yield pcapng_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    yield pcapng_block(1, struct.pack("<HHI", 1, 0, 0))
    for index, frame in enumerate(frames):
        head = struct.pack("<IIIII", 0, 393216, index, len(frame), len(frame))
        yield pcapng_block(6, head + frame)


@case("a damaged pcapng file: what lies before is stored, the offset is named")
def damaged_pcapng(bench):
    frames = [udp_frame("10.0.0.1", 5, "10.0.0.2", 6, b"n%d" % i) for i in range(4)]
    blocks = list(pcapng_blocks(frames))
    third = sum(map(len, blocks[:4]))
    whole = b"".join(blocks)
    damages = {"length 0": (third + 4, bytes(4)), "odd length": (third + 4, b"\x41\0\0\0"),
               "length past the end": (third + 4, b"\xfc\xff\xff\x7f"),
               "other length behind": (third + len(blocks[4]) - 4, b"\x10\0\0\0"),
               "frame longer than its block": (third + 20, b"\xff\xff\0\0")}
    for what, (at, value) in damages.items():
        name = what.replace(" ", "-")
        bench.write("bad.pcapng", whole[:at] + value + whole[at + 4:])
        result = bench.replay(bench.store(name), "bad.pcapng", status=FAILED)
        line = last_line(result, "bad.pcapng", f"offset {third}")
        note(f"{what}: {line}")
        check_equal(bench.flows(bench.store(name))[0]["client_packets"], 2, f"frames before {what}")
    bench.write("cut.pcapng", whole[:third + 9])
    last_line(bench.replay(bench.store(), "cut.pcapng", status=FAILED), f"offset {third}")
    good_run(bench)


@case("damaged gzip: what lies before is stored, or the file is refused")
def damaged_gzip(bench):
    data = gzip.compress(SAMPLE.read_bytes())
    bench.write("cut.pcap.gz", data[:len(data) // 2])
    note(last_line(bench.replay(bench.store(), "cut.pcap.gz", status=FAILED), "cut.pcap.gz"))
    check(len(dump(bench.store())["flow"]) > 0, "nothing was stored")
    bench.write("cut.pcap.gz", data)
    bench.replay(bench.store(), "cut.pcap.gz")
    check_same_rows(dump(bench.store(), FLOW_TABLES),
                    {name: bench.common.rows[name] for name in FLOW_TABLES}, "the whole file")


@case("an unknown link type: every frame is counted as such, and that is no failure")
def unknown_link(bench):
    bench.write("t.pcap", pcap([b"frame %d" % i * 9 for i in range(5)], link=147))
    summary = bench.replay(bench.store(), "t.pcap").err
    check(re.search(r"^\s+5  link type not known$", summary, re.M), summary)
    ledger = dump(bench.store())["ledger"]
    check_equal([(row[3], row[4]) for row in ledger], [("unknown_link_type", 5)], "ledger")


# The command line --------------------------------------------------------------------------------

@case("mistakes on the command line: exit status 2, one line, a remedy")
def usage(bench):
    bench.write("t.pcap", small_capture())
    for args, says in (
            (["--bogus"], "--bogus"), (["frobnicate"], "frobnicate"), (["replay"], "FILE"),
            (["replay", "--workers", "0", "t.pcap"], "--workers"),
            (["replay", "--workers", "many", "t.pcap"], "--workers"),
            (["replay", "--workers", "-1", "t.pcap"], "--workers"),
            (["replay", "--memory-max", "lots", "t.pcap"], "--memory-max"),
            (["replay", "--memory-max", "1", "t.pcap"], "--memory-max"),
            (["replay", "--checksums", "maybe", "t.pcap"], "--checksums"),
            (["replay", "--filter", "tcp prt 80", "t.pcap"], "tcp prt 80"),
            (["replay", "--store", "oracle://x", "t.pcap"], "--store"),
            (["replay", "--store", "mysql://", "t.pcap"], "--store"),
            (["replay", "--store", "sqlite:", "t.pcap"], "--store"),
            (["replay", "--sensor", "", "t.pcap"], "--sensor"),
            (["replay", "-", "-"], "standard input"),
            (["flows", "--format", "xml"], "--format"), (["flows", "--limit", "-3"], "--limit"),
            (["show"], "FLOW"), (["--config", "absent.toml", "flows"], "absent.toml")):
        result = bench.run(*args, status=USAGE)
        line = one_line(result, says)
        note(line)
        check("run dfc --help" in line or says == "tcp prt 80", f"no remedy: {line}")
    check(not os.path.exists(bench.path("dfc.db")), "a store was made")


@case("queries that can't be parsed: exit status 2, the column is named")
def bad_queries(bench):
    for query in ("foo:bar", "proto:", "port:http:", "host:300.1.1.1", "port:99999", "bytes:>"):
        result = bench.run("flows", "--store", bench.common.store, query, status=USAGE)
        note(one_line(result, "query", "column"))
    bench.run("flows", "--store", bench.common.store, "--sort", "colour", status=USAGE)


@case("showing flows of a store that does not exist names it and does not make it")
def no_store(bench):
    for args in (["flows"], ["icmp"], ["show", "00"]):
        result = bench.run(*args, "--store", bench.store("absent.db"), status=FAILED)
        note(one_line(result, "absent.db"))
        check(not os.path.exists(bench.path("absent.db")), f"dfc {args[0]} made the store")


@case("an unknown flow id")
def unknown_flow(bench):
    for flow in ("ffffffffffffffffffffffffffffffff", "fff", "zebra", ""):
        result = bench.run("show", "--store", bench.common.store, flow, status=None)
        check(result.status != DONE, f"{flow!r}: exit status 0")
        check_equal(result.out, b"", "standard output")
        note(one_line(result))


# SQLite ------------------------------------------------------------------------------------------

@case("a store path that can't be written to")
def unwritable(bench):
    bench.write("good.pcap", small_capture())
    for path in (bench.path("no/such/folder/t.db"), str(bench.dir), "/proc/dfc-test.db"):
        result = bench.run("replay", "--store", "sqlite:" + path, "good.pcap", status=None)
        check(result.status != DONE, f"{path}: exit status 0")
        note(one_line(result, path))


@case("a store that is not a database, is left as it was")
def not_a_database(bench):
    junk = b"A letter to somebody, not a database.\n" * 200
    bench.write("letter.txt", junk)
    bench.write("good.pcap", small_capture())
    for args in (["replay", "good.pcap"], ["flows"], ["init"]):
        result = bench.run(*args, "--store", bench.store("letter.txt"), status=FAILED)
        note(one_line(result, "letter.txt"))
    check_equal((bench.dir / "letter.txt").read_bytes(), junk, "the file")


@case("a database of another program, is left as it was")
def foreign_database(bench):
    with contextlib.closing(sqlite3.connect(bench.path("other.db"))) as database:
        database.execute("CREATE TABLE flow (a, b)")
        database.execute("INSERT INTO flow VALUES (1, 2)")
        database.commit()
    before = (bench.dir / "other.db").read_bytes()
    bench.write("good.pcap", small_capture())
    for args in (["replay", "good.pcap"], ["flows"]):
        result = bench.run(*args, "--store", bench.store("other.db"), status=None)
        check(result.status != DONE, "exit status 0")
        note(one_line(result, "other.db"))
    check((bench.dir / "other.db").read_bytes() == before, "the file was changed")


@contextlib.contextmanager
def small_disk(path, size):
    os.mkdir(path)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "dfc-test", path]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        raise Skip("needs the right to mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=False)


@case("a full disk: one clear line, a sound store; with room again, a second run completes")
def full_disk(bench):
    need("mount", "umount")
    disk = bench.path("disk")
    file = bench.write("long.pcap", repeated_sample(8))
    bench.replay(bench.store(), file)
    wanted = dump(bench.store())
    with small_disk(disk, "7m"):
        store = f"sqlite:{disk}/t.db"
        result = bench.replay(store, file, status=FAILED)
        note(one_line(result, "disk full", "t.db"))
        note(f"{len(dump(store)['flow'])} of {len(wanted['flow'])} flows are in")
        subprocess.run(["mount", "-o", "remount,size=128m", disk], check=True)
        bench.replay(store, file)
        rows = dump(store)
        rows.pop("batch")  # The run that failed leaves its markers.
        check_same_rows(rows, {name: wanted[name] for name in rows}, "second run")


# MariaDB -----------------------------------------------------------------------------------------

def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@case("no MariaDB server: by socket and by port")
def no_server(bench):
    for url in (f"mysql://root@/dfc?socket={bench.path('absent.sock')}",
                f"mysql://root@127.0.0.1:{unused_port()}/dfc"):
        for args in (["replay", str(SAMPLE)], ["flows"], ["init"]):
            refused(bench, FAILED, *args, "--store", url, says=["connect"], store=None)


@case("a wrong password: refused, and not shown anywhere")
def wrong_password(bench):
    server = bench.common.mariadb()
    server.create("secrets")
    server.sql("CREATE OR REPLACE USER 'dfc'@'localhost' IDENTIFIED BY 'right-secret';"
               "GRANT ALL ON secrets.* TO 'dfc'@'localhost'")
    url = server.url("secrets", "dfc")
    for args in (["replay", str(SAMPLE)], ["init"], ["flows"]):
        result = bench.run(*args, "--store", url, status=FAILED,
                           env={"DFC_PASSWORD": "wrong-secret"})
        note(one_line(result, "dfc", "password"))
        check("wrong-secret" not in result.err + result.out.decode(), "the password is shown")
    bench.run("init", "--store", url, env={"DFC_PASSWORD": "right-secret"})


@case("a password file must be for its owner only")
def password_file(bench):
    server = bench.common.mariadb()
    server.create("secrets")
    server.sql("CREATE OR REPLACE USER 'dfc'@'localhost' IDENTIFIED BY 'right-secret';"
               "GRANT ALL ON secrets.* TO 'dfc'@'localhost'")
    url = server.url("secrets", "dfc")
    path = bench.write("password", b"right-secret\n")
    env = {"DFC_PASSWORD_FILE": path}
    for mode in (0o644, 0o640, 0o604):
        os.chmod(path, mode)
        result = bench.run("init", "--store", url, status=None, env=env)
        check(result.status != DONE, f"mode {mode:o} was taken")
        line = one_line(result, path)
        check("right-secret" not in line, "the password is shown")
    note(line)
    os.chmod(path, 0o600)
    bench.run("init", "--store", url, env=env)


@case("a password in the URL is refused, and not repeated")
def password_in_url(bench):
    url = "mysql://dfc:right-secret@127.0.0.1:3306/dfc"
    line = refused(bench, USAGE, "replay", "--store", url, str(SAMPLE), says=["password"],
                   store=None)
    check("right-secret" not in line, "the password is shown")


@case("a database without tables: dfc init is named; a database that is not there")
def no_tables(bench):
    server = bench.common.mariadb()
    url = server.create("bare")
    for args in (["replay", str(SAMPLE)], ["flows"]):
        refused(bench, FAILED, *args, "--store", url, says=["dfc init"], store=None)
    check_equal(server.sql("SHOW TABLES", "bare"), [], "tables")
    for args in (["replay", str(SAMPLE)], ["flows"], ["init"]):
        refused(bench, FAILED, *args, "--store", server.url("absent"), says=["absent"], store=None)
    bench.run("init", "--store", url)
    bench.replay(url, SAMPLE)


@case("MariaDB killed in mid-replay: one clear line; after its restart a second run completes")
def server_killed(bench):
    server = bench.common.mariadb()
    whole, url = server.create("undisturbed"), server.create("disturbed")
    file = bench.write("long.pcap", repeated_sample(30))
    for store in (whole, url):
        bench.run("init", "--store", store)
    started = time.monotonic()
    bench.replay(whole, file)
    seconds = time.monotonic() - started
    wanted = table_checksums(server, "undisturbed")

    run = subprocess.Popen([bench.dfc, "replay", "--quiet", "--store", url, file],
                           stderr=subprocess.PIPE, env=environment(), cwd=bench.dir)
    time.sleep(seconds / 3)
    check(run.poll() is None, "the replay was over too soon")
    server.stop(signal.SIGKILL)
    said = run.communicate(timeout=CALL_TIMEOUT_S)[1].decode()
    check_equal((run.returncode, len(said.splitlines())), (FAILED, 1), said)
    note(said.strip())
    server.start()
    note(f"{server.sql('SELECT COUNT(*) FROM flow', 'disturbed')[0][0]} flows were in")
    bench.replay(url, file)
    check_equal(table_checksums(server, "disturbed"), wanted, "rows and checksums")


def table_checksums(server, database):
    return {table: (server.sql(f"SELECT COUNT(*) FROM {table}", database),
                    server.sql(f"CHECKSUM TABLE {table}", database)[0][1])
            for table in ("sensor", "flow", "chunk", "icmp", "ledger")}


# Standard output ---------------------------------------------------------------------------------

@case("a reader that goes away ends dfc quietly")
def closed_stdout(bench):
    largest = max(bench.flows(bench.common.store), key=lambda flow: flow["server_bytes"])["id"]
    for args in (["show", largest], ["show", largest, "--raw"], ["show", largest, "--hex"],
                 ["flows", "--format", "json"], ["icmp"]):
        run = subprocess.Popen([bench.dfc, *args, "--store", bench.common.store],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        run.stdout.readline()
        run.stdout.close()
        said = run.stderr.read().decode()
        run.wait(CALL_TIMEOUT_S)
        check_equal((run.returncode, said), (DONE, ""), f"exit status and words of dfc {args[0]}")


@case("standard output that is full is said")
def full_stdout(bench):
    with open("/dev/full", "wb") as full:
        run = subprocess.run([bench.dfc, "flows", "--store", bench.common.store], stdout=full,
                             stderr=subprocess.PIPE, env=environment(), timeout=CALL_TIMEOUT_S)
    check_equal(run.returncode, FAILED, "exit status")
    check(run.stderr.decode().count("\n") == 1 and b"standard output" in run.stderr,
          run.stderr.decode())


HOSTILE = [b"\x1b]0;EVIL\x07", b"\x1b[2J", b"\x9b31m", "\x9b31m".encode(), "\x85".encode(),
           "\u202eright to left".encode(), "\u2066isolate".encode(), "\u200f".encode(), b"\x7f\x08",
           b"\r\x1b[A", b"\x0e", b"\0", b"\xff\xfe", b"\xe2\x80"]


def hostile_store(bench):
    tcp = Tcp()
    at, frames = 0, tcp.open()
    for text in HOSTILE:
        frames.append(tcp.client(at, b"<" + text + b">\n"))
        at += len(text) + 3
    bench.write("hostile.pcap", pcap([*frames, tcp.server(0, flags=16, ack=at), *tcp.close(at, 0)]))
    bench.replay(bench.store(), "hostile.pcap")
    return bench.flows(bench.store())[0]["id"]


def on_terminal(bench, *args):
    """What dfc writes to a terminal. Newlines become CR LF there."""
    master, slave = pty.openpty()
    run = subprocess.Popen([bench.dfc, *args], stdout=slave, stdin=slave, stderr=slave,
                           env=environment({"TERM": "xterm-256color"}), cwd=bench.dir)
    os.close(slave)
    written = b""
    with contextlib.suppress(OSError):  # The end of a terminal is an error.
        while part := os.read(master, 65536):
            written += part
    os.close(master)
    check_equal(run.wait(CALL_TIMEOUT_S), DONE, "exit status")
    return written.replace(b"\r\n", b"\n")


def check_harmless(written, where):
    """Only dfc's own colours, printable text and newlines."""
    text = re.sub(rb"\x1b\[[0-9;]*m", b"", written).decode("utf-8")
    bad = sorted({char for char in text if char != "\n" and (
        ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or char in
        "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")})
    check(not bad, f"{where}: {bad!r} came through")


@case("escape sequences and bidirectional controls in content do not reach the terminal")
def hostile_content(bench):
    flow = hostile_store(bench)
    for view in ("--text", "--hex"):
        written = on_terminal(bench, "show", "--store", bench.store(), flow, view)
        check(b"right to left" in written or view == "--hex", "the content is not shown")
        check_harmless(written, f"show {view} on a terminal")
        piped = bench.run("show", "--store", bench.store(), flow, view).out
        check(b"\x1b" not in piped, f"show {view} in a pipe: an escape came through")
        check_harmless(piped, f"show {view} in a pipe")
    check_harmless(on_terminal(bench, "flows", "--store", bench.store()), "flows")


@case("hostile names of files, stores and sensors do not reach the terminal either")
def hostile_names(bench):
    name = "a\x1b]0;EVIL\x07\u202eb.pcap"
    result = bench.run("replay", "--store", bench.store(), name, status=FAILED)
    check_harmless(result.err.encode(), "missing file")
    bench.write(name, small_capture())
    store = bench.store(name + ".db")
    result = bench.run("replay", "--store", store, "--sensor", "s\u202e", name)
    check_harmless(result.err.encode(), "summary")
    check_harmless(on_terminal(bench, "flows", "--store", store), "flows")
    flow = bench.flows(store)[0]["id"]
    check_harmless(on_terminal(bench, "show", "--store", store, flow), "show")
    result = bench.run("flows", "--store", bench.common.store, "x\x1b[2J:1", status=USAGE)
    check_harmless(result.err.encode(), "query")


run_cases(replayed)
