"""Shared by the end-to-end tests: TAP, temporary directories, dfc itself, packets, MariaDB.

A test file registers its cases with @case("what must hold") and ends in run_cases(). A case gets a
Bench: the dfc binary and an empty directory of its own. It fails by raising Failed (see check()),
and is skipped by raising Skip.
"""

import collections
import contextlib
import ipaddress
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
SAMPLE = HERE.parent / "sample" / "sample.pcap"
SERVED = HERE.parent / "sample" / "served.tsv"

# A sanitizer makes dfc ten times slower, and the machine may be busy.
CALL_TIMEOUT_S = 240
# Not what any sanitizer or Python exits with, and not one of dfc's own.
DONE, FAILED, USAGE = 0, 1, 2


# TAP ---------------------------------------------------------------------------------------------

class Failed(Exception):
    pass


class Skip(Exception):
    pass


CASES = []


def case(name):
    def register(function):
        CASES.append((name, function))
        return function
    return register


def check(holds, message):
    if not holds:
        raise Failed(message)


def check_equal(ours, wanted, what):
    if ours != wanted:
        raise Failed(f"{what}\n  is      {ours!r:.600}\n  must be {wanted!r:.600}")


def note(text):
    for line in str(text).split("\n"):
        print("#", line, flush=True)


def run_cases(shared=None):
    """Runs what @case registered. `shared` opens what all cases use (a context manager of one
    argument, the Bench); a Skip from it skips the whole file."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} DFC")
    dfc = os.path.abspath(sys.argv[1])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # So that `finally` runs.
    with tempfile.TemporaryDirectory(prefix="dfc-e2e-") as top:
        failures = run_all(dfc, pathlib.Path(top), shared or (lambda _: contextlib.nullcontext()))
    sys.exit(1 if failures else 0)


def run_all(dfc, top, shared):
    started = False
    try:
        with shared(Bench(dfc, top, "shared")) as common:
            started = True
            return run_each(dfc, top, common)
    except Skip as reason:
        print(f"1..0 # SKIP {reason}")
        return 0
    except Failed as problem:
        print("not ok - the end" if started else "1..1\nnot ok 1 - what all cases share")
        note(problem)
        return 1


def run_each(dfc, top, common):
    print(f"1..{len(CASES)}", flush=True)
    failures = 0
    for number, (name, function) in enumerate(CASES, 1):
        bench = Bench(dfc, top, f"{number}")
        bench.common = common
        started = time.monotonic()
        try:
            function(bench)
            print(f"ok {number} - {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} - {name} # SKIP {reason}", flush=True)
        except Exception as problem:  # Whatever it is, the other cases still run.
            failures += 1
            print(f"not ok {number} - {name}", flush=True)
            is_plain = isinstance(problem, (Failed, subprocess.TimeoutExpired))
            note(problem if is_plain else traceback.format_exc())
        finally:
            seconds = time.monotonic() - started
            if seconds > 10:
                note(f"took {seconds:.1f} s")
            shutil.rmtree(bench.dir, ignore_errors=True)
    return failures


def need(*programs):
    for program in programs:
        if not shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
            raise Skip(f"{program} is not installed")


# dfc ---------------------------------------------------------------------------------------------

Result = collections.namedtuple("Result", "status out err")


class Bench:
    def __init__(self, dfc, top, name):
        self.dfc = dfc
        self.dir = top / name
        self.dir.mkdir()
        self.common = None

    def path(self, name):
        return str(self.dir / name)

    def write(self, name, data):
        (self.dir / name).write_bytes(data)
        return self.path(name)

    def store(self, name="t.db"):
        return "sqlite:" + self.path(name)

    def run(self, *args, status=DONE, stdin=b"", env=None):
        """Runs dfc. `status` None accepts every exit status that is not a crash."""
        run = subprocess.run([self.dfc, *map(str, args)], input=stdin, capture_output=True,
                             env=environment(env), timeout=CALL_TIMEOUT_S, cwd=self.dir)
        result = Result(run.returncode, run.stdout, run.stderr.decode(errors="replace"))
        words = " ".join(map(str, args))
        check(status is None or result.status == status,
              f"dfc {words}\n  exit status {result.status}, must be {status}\n{result.err:.2000}")
        check(result.status in (DONE, FAILED, USAGE),
              f"dfc {words}\n  ended with {result.status}\n{result.err:.2000}")
        return result

    def replay(self, store, *files, status=DONE, env=None, stdin=b""):
        return self.run("replay", "--store", store, *files, status=status, env=env, stdin=stdin)

    def lines(self, *args, env=None):
        """The JSON records that dfc prints."""
        text = self.run(*args, "--format", "json", env=env).out.decode()
        return json.loads(text) if text.startswith("[") else [
            json.loads(line) for line in text.splitlines() if line]

    def flows(self, store, *args, env=None):
        return self.lines("flows", "--store", store, "--digest", *args, env=env)

    def icmp(self, store, *args, env=None):
        return self.lines("icmp", "--store", store, *args, env=env)

    def content(self, store, flow, side):
        return self.run("show", "--store", store, flow, "--" + side, "--raw").out


def environment(more=None):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DFC_")}
    return {**kept, "LC_ALL": "C.UTF-8", **(more or {})}


def one_line(result, *words):
    """Demands that all of standard error is one line with these words, and returns it."""
    check_equal(len(result.err.splitlines()), 1, "lines on standard error: " + repr(result.err))
    line = result.err.strip()
    check(line.startswith("dfc: "), f"does not say who speaks: {line}")
    for word in words:
        check(word in line, f"does not say {word!r}: {line}")
    return line


def last_line(result, *words):
    """As one_line(), where a summary is due before it."""
    return one_line(result._replace(err=result.err.strip("\n").split("\n")[-1]), *words)


# Stores ------------------------------------------------------------------------------------------

TABLES = ("sensor", "flow", "chunk", "icmp", "ledger", "batch")


def dump(store, tables=TABLES):
    """Every row of a SQLite store, and whether the file is sound."""
    path = store.removeprefix("sqlite:")
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        check_equal(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)], path)
        rows = {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr)
                for name in tables}
    database.close()
    return rows


def check_same_rows(ours, wanted, what="rows"):
    for name in wanted:
        if ours[name] == wanted[name]:
            continue
        have, want = set(ours[name]), set(wanted[name])
        missing = "".join(f"\n      {row!r:.400}" for row in sorted(want - have, key=repr)[:3])
        extra = "".join(f"\n      {row!r:.400}" for row in sorted(have - want, key=repr)[:3])
        raise Failed(f"{what}: table {name} has {len(ours[name])} rows, must have "
                     f"{len(wanted[name])}\n    missing:{missing}\n    too many:{extra}")


# Packets -----------------------------------------------------------------------------------------

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
T0 = 1_700_000_000 * 10**9  # The time of the first frame, where it does not matter.
MS = 10**6


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def address(text):
    return ipaddress.ip_address(text).packed


def with_checksum(src, dst, protocol, message, at):
    """`message` with the checksum over pseudo-header and itself put in at offset `at`."""
    source, destination = address(src), address(dst)
    if len(source) == 4:
        pseudo = source + destination + struct.pack("!BBH", 0, protocol, len(message))
    else:
        pseudo = source + destination + struct.pack("!IHBB", len(message), 0, 0, protocol)
    value = checksum(pseudo + message)
    if protocol == UDP and value == 0:
        value = 0xFFFF
    return message[:at] + struct.pack("!H", value) + message[at + 2:]


def ipv4(src, dst, protocol, payload, ident=0, offset=0, more=False, ttl=64, total=None):
    """`offset` in bytes; `total` overrides the length that the header tells."""
    flags = (0x2000 if more else 0) | offset // 8
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total or 20 + len(payload), ident, flags, ttl,
                         protocol, 0, address(src), address(dst))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(src, dst, protocol, payload, extensions=b""):
    """`protocol` is the header's next header: the first extension, if there are any."""
    return struct.pack("!IHBB16s16s", 0x60000000, len(extensions) + len(payload), protocol, 64,
                       address(src), address(dst)) + extensions + payload


def ip(src, dst, protocol, payload):
    return (ipv6 if ":" in src else ipv4)(src, dst, protocol, payload)


def udp_header(src, sport, dst, dport, payload):
    message = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    return with_checksum(src, dst, UDP, message, 6)


def tcp_header(src, sport, dst, dport, seq, ack, flags, payload=b"", window=65535):
    message = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                          5 << 4, flags, window, 0, 0) + payload
    return with_checksum(src, dst, TCP, message, 16)


def icmp_message(kind, code, rest, payload):
    message = struct.pack("!BBH", kind, code, 0) + rest + payload
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def ether(packet, vlans=()):
    """`vlans` from the outside in: (tag protocol, id)."""
    tags = b"".join(struct.pack("!HH", protocol, vlan) for protocol, vlan in vlans)
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes.fromhex("020000000002020000000001") + tags + struct.pack("!H", kind) + packet


def udp_frame(src, sport, dst, dport, payload, **how):
    return ether(ip(src, dst, UDP, udp_header(src, sport, dst, dport, payload)), **how)


class Tcp:
    """Frames of one connection. Offsets count from the first byte after SYN."""

    def __init__(self, client="10.0.0.1", cport=40000, server="10.0.0.2", sport=80,
                 isn=(1000, 9000)):
        self.ends = ((client, cport), (server, sport))
        self.isn = isn

    def segment(self, side, offset, payload=b"", flags=ACK | PSH, ack=0, corrupt=False):
        """The IP packet; `ack` is the other side's offset, as `offset` is this one's."""
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        seq = self.isn[side] + 1 + offset
        acknowledged = self.isn[1 - side] + 1 + ack if flags & ACK else 0
        segment = tcp_header(src, sport, dst, dport, seq, acknowledged, flags, payload)
        if corrupt:
            segment = segment[:16] + struct.pack("!H", segment[16] << 8 ^ 0x5A5A) + segment[18:]
        return ip(src, dst, TCP, segment)

    def client(self, offset, payload=b"", **how):
        return ether(self.segment(0, offset, payload, **how))

    def server(self, offset, payload=b"", **how):
        return ether(self.segment(1, offset, payload, **how))

    def open(self):
        return [self.client(-1, flags=SYN), self.server(-1, flags=SYN | ACK),
                self.client(0, flags=ACK)]

    def close(self, client_bytes, server_bytes):
        return [self.client(client_bytes, flags=FIN | ACK, ack=server_bytes),
                self.server(server_bytes, flags=FIN | ACK, ack=client_bytes + 1),
                self.client(client_bytes + 1, flags=ACK, ack=server_bytes + 1)]


def pcap(frames, link=1, start=T0, step=MS, snaplen=262144):
    """A nanosecond pcap file. A frame is its bytes, or (bytes, time in ns), or (bytes, time, cut)
    of which only the first `cut` bytes were captured; a time of None is the usual next one."""
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snaplen, link)]
    for index, frame in enumerate(frames):
        data, at, cut = (*(frame if isinstance(frame, tuple) else (frame,)), None, None)[:3]
        at = start + index * step if at is None else at
        kept = data if cut is None else data[:cut]
        out.append(struct.pack("<IIII", at // 10**9, at % 10**9, len(kept), len(data)) + kept)
    return b"".join(out)


def read_pcap(data):
    """The (frame, time in ns, wire length) of a pcap file in this machine's byte order."""
    magic, = struct.unpack_from("<I", data)
    unit = {0xA1B23C4D: 1, 0xA1B2C3D4: 1000}[magic]
    at, frames = 24, []
    while at < len(data):
        seconds, part, captured, wire = struct.unpack_from("<IIII", data, at)
        frames.append((data[at + 16:at + 16 + captured], seconds * 10**9 + part * unit, wire))
        at += 16 + captured
    return frames


def repeated_sample(copies):
    """The sample many times, so far apart that each copy is new flows: longer than any timeout."""
    frames = read_pcap(SAMPLE.read_bytes())
    return pcap([(frame, at + copy * 2 * 3600 * 10**9)
                 for copy in range(copies) for frame, at, _ in frames])


# MariaDB -----------------------------------------------------------------------------------------

class MariaDb:
    """A server of our own in `folder`, reached by its socket only; "root" has no password there."""

    def __init__(self, folder):
        need("mariadbd", "mariadb-install-db", "mariadb")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        # A socket's path has at most 107 bytes, and the test's folder may be deep.
        self.short = tempfile.mkdtemp(prefix="dfc-", dir="/tmp")
        self.socket = self.short + "/s"
        self.process = None

    def __enter__(self):
        try:
            self.install()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.short, ignore_errors=True)

    def install(self):
        run = subprocess.run(
            ["mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db",
             "--auth-root-authentication-method=normal", f"--datadir={self.folder}/data"],
            capture_output=True, text=True, timeout=CALL_TIMEOUT_S)
        check(run.returncode == 0, f"mariadb-install-db: {run.stdout[-1000:]}{run.stderr[-1000:]}")

    def start(self, *options):
        path = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [path, "--no-defaults", "--user=root", f"--datadir={self.folder}/data",
             f"--socket={self.socket}", f"--pid-file={self.folder}/pid", "--skip-networking",
             "--innodb-flush-log-at-trx-commit=2", *options], stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + 120
        while not self.answers():
            check(self.process.poll() is None and time.monotonic() < end,
                  "mariadbd does not start: " + (self.folder / "log").read_text()[-2000:])
            time.sleep(0.1)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.socket)
                return len(probe.recv(1)) == 1
            except OSError:
                return False

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def url(self, database, user="root"):
        return f"mysql://{user}@/{database}?socket={self.socket}"

    def sql(self, text, database=""):
        """The rows of an answer as lists of text."""
        run = subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root",
                              "--batch", "--skip-column-names", "--default-character-set=utf8mb4",
                              database], input=text.encode(), capture_output=True,
                             timeout=CALL_TIMEOUT_S)
        check(run.returncode == 0, f"{text:.300}: {run.stderr.decode()}")
        return [line.split("\t") for line in run.stdout.decode().splitlines()]

    def create(self, database):
        self.sql(f"DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database}")
        return self.url(database)
