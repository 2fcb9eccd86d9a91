#!/usr/bin/python3
"""Nothing lost and nothing twice while the store goes away, hangs, refuses or dies, or dfc does.

$DFC_KILLS is how often each is killed (3); $DFC_AWAY_S for how long the server is away (5);
$DFC_SEED chooses other moments.
"""

import contextlib
import os
import random
import signal
import socket
import struct
import subprocess
import threading
import time

from harness import (CALL_TIMEOUT_S, DONE, FAILED, LASTING_TABLES, SAMPLE, case, check, check_equal,
                     environment, need, note, run_cases, wait_until)
from live_link import ADDRESSES, Capture, Link
from mariadb import MariaDb
from packets import T0, pcap, udp_frame
from sample import repeated_sample

KILLS = int(os.environ.get("DFC_KILLS", "3"))
AWAY_S = float(os.environ.get("DFC_AWAY_S", "5"))
SEED = int(os.environ.get("DFC_SEED", "1"))
LONG_S = 60  # Absences beside which the pause between two attempts to connect is short.
SERVER = ADDRESSES["b"][0]
FLOWS = 10
PORT = 9999


class Talk:
    """Numbered datagrams from a to b, over a few flows, until the block ends."""

    def __init__(self, link, pause_s=0.002):
        self.link, self.pause_s = link, pause_s
        self.sent = 0
        self.over = threading.Event()

    def __enter__(self):
        with self.link.sockets("b"):
            self.listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.listener.bind((SERVER, PORT))
        with self.link.sockets("a"):
            self.senders = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(FLOWS)]
        for sender in self.senders:
            sender.connect((SERVER, PORT))
        self.thread = threading.Thread(target=self.speak)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        for one in [self.listener, *self.senders]:
            one.close()

    def speak(self):
        while not self.over.is_set():
            self.senders[self.sent % FLOWS].send(struct.pack("!I", self.sent).ljust(200, b"."))
            self.sent += 1
            time.sleep(self.pause_s)


def numbers(bench, url):
    return numbers_of(bench, url, 200)


def numbers_of(bench, url, size):
    """Those of the datagrams in the store, sorted."""
    found = []
    for flow in bench.flows(url, f"port:{PORT}"):
        content = bench.content(url, flow["id"], "client")
        check_equal(len(content) % size, 0, "content is made of datagrams")
        found += [struct.unpack_from("!I", content, at)[0] for at in range(0, len(content), size)]
    return sorted(found)


def spool_status(bench, folder):
    return bench.lines("spool", "--spool-dir", folder)[0]


def wait_empty(bench, folder):
    wait_until(lambda: spool_status(bench, folder)["rows"] == 0, "the spool is empty", pause=0.2)


def check_all_stored(bench, url, talk, said):
    check_equal(numbers(bench, url), list(range(talk.sent)), "datagrams in the store")
    for line in said.splitlines():
        if "dropped" in line:
            check(line.split()[1] == "0", f"packets were dropped:\n{said}")


# Captures ----------------------------------------------------------------------------------------

def capture_through(bench, name, disturb, *options, pause_s=0.002):
    """A capture under load while `disturb` does what it does to the server."""
    url = bench.common.store(bench, name)
    folder = bench.path("spool")
    with Link(bench) as link:
        capture = Capture(link, url, "--spool-dir", folder, *options)
        with Talk(link, pause_s) as talk:
            time.sleep(1)
            disturb(bench.common, folder)
            time.sleep(1)
        wait_empty(bench, folder)
        said = capture.stop().err
    note(f"{talk.sent} datagrams")
    check_all_stored(bench, url, talk, said)
    return said


@case("a server stopped under load and started again: nothing lost, nothing twice")
def stopped(bench):
    def stop(running, folder):
        running.stop()
        time.sleep(AWAY_S)
        status = spool_status(bench, folder)
        check(status["in_use"] and status["rows"] > 0 and status["age_s"] > 0, status)
        note(f"after {AWAY_S} s: {status['rows']} rows, {status['bytes']} bytes in the spool, "
             f"store away for {status['away_s']} s")
        running.start()
        started = time.monotonic()
        wait_until(lambda: spool_status(bench, folder)["rows"] == 0, "caught up", 60 + AWAY_S, 0.1)
        times = 1 + AWAY_S / (time.monotonic() - started)
        note(f"caught up at {times:.1f} times the live rate, the wait for the connection included")
        check(AWAY_S < LONG_S or times >= 2, f"caught up at {times:.1f} times the live rate")
    said = capture_through(bench, "stopped", stop, pause_s=0.0005)
    check("event=store-away" in said and "event=store-back" in said, said)


@case("a server that hangs holds nobody up")
def hangs(bench):
    def hang(running, _):
        running.process.send_signal(signal.SIGSTOP)
        time.sleep(AWAY_S)
        running.process.send_signal(signal.SIGCONT)
    capture_through(bench, "hangs", hang)


@case("a server killed under load and started again")
def killed(bench):
    def kill(running, _):
        for _ in range(KILLS):
            running.stop(signal.SIGKILL)
            running.start()
            time.sleep(random.random())
    random.seed(SEED)
    capture_through(bench, "killed", kill)


@case("--durable: the same by way of the spool, always")
def durable(bench):
    def stop(running, _):
        running.stop()
        time.sleep(1)
        running.start()
    said = capture_through(bench, "durable", stop, "--durable", "--fsync-interval", "0")
    check("by way of it" in said, said)


@case("a capture starts while the server is away, and leaves its rows for the next one")
def away_at_start(bench):
    url = bench.common.store(bench, "late")
    folder = bench.path("spool")
    with Link(bench) as link:
        bench.common.stop()
        capture = Capture(link, url, "--spool-dir", folder)
        with Talk(link) as talk:
            time.sleep(2)
        time.sleep(1)
        capture.process.send_signal(signal.SIGTERM)
        check_equal(capture.process.wait(timeout=60), DONE, "exit status: " + "".join(capture.lines))
        capture.reader.join()
        check("left for the next run" in "".join(capture.lines), "".join(capture.lines))
        bench.common.start()
        following = Capture(link, url, "--spool-dir", folder)
        wait_empty(bench, folder)
        following.stop()
    check_equal(numbers(bench, url), list(range(talk.sent)), "datagrams in the store")


@case("a capture killed while the server is away loses the last two seconds at most")
def capture_killed(bench):
    url = bench.common.store(bench, "cut")
    folder = bench.path("spool")
    with Link(bench) as link:
        capture = Capture(link, url, "--spool-dir", folder, "--flush-interval", "2000")
        with Talk(link) as talk:
            time.sleep(1)
            bench.common.stop()
            time.sleep(4)
            before = talk.sent
            time.sleep(2)
            capture.process.kill()
            capture.process.wait()
        capture.reader.join()
        bench.common.start()
        following = Capture(link, url, "--spool-dir", folder)
        wait_empty(bench, folder)
        following.process.send_signal(signal.SIGTERM)
        following.process.wait(timeout=60)
    found = numbers(bench, url)
    note(f"{before} sent two seconds before it died, {len(found)} stored, {talk.sent} in all")
    check_equal(len(set(found)), len(found), "no datagram twice")
    check_equal(found[:before], list(range(before)), "datagrams sent two seconds before")


def burst(link, count):
    """That many datagrams of one flow, in some seconds."""
    with link.sockets("b"):
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listener.bind((SERVER, PORT))
    with link.sockets("a"):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with listener, sender:
        sender.connect((SERVER, PORT))
        for number in range(count):
            sender.send(struct.pack("!I", number).ljust(1400, b"."))
            if number % 500 == 0:
                time.sleep(0.1)


def flooded(bench, name, *options):
    """A capture whose server is away until its spool of 16 MiB has overflown; what it said, and the
    packets in the ledger by outcome. One worker of eight has the flow, and an eighth of the memory."""
    url = bench.common.store(bench, name)
    running, folder, sent = bench.common, bench.path("spool"), 40_000
    with Link(bench) as link:
        capture = Capture(link, url, "--spool-dir", folder, "--spool-max", "16M", "--workers", 8,
                          *options, "udp", "dst", "port", PORT)
        running.stop()
        burst(link, sent)
        running.start()
        wait_until(lambda: capture.says("event=store-back"), "the store is back")
        wait_empty(bench, folder)
        capture.process.send_signal(signal.SIGTERM)
        check_equal(capture.process.wait(timeout=60), DONE, "exit status")
        capture.reader.join()
    counts = dict(running.sql("SELECT outcome, SUM(packets) FROM ledger GROUP BY 1", name))
    handled = sum(int(counts.get(outcome, 0)) for outcome in
                  ("delivered", "dropped_by_kernel", "dropped_by_sensor"))
    check_equal(handled, sent, f"packets of {counts}")
    return url, "".join(capture.lines), {key: int(value) for key, value in counts.items()}


@case("a full spool: packets are dropped and counted, and all adds up")
def full(bench):
    url, said, counts = flooded(bench, "full")
    check("event=spool-refuses" in said and "event=spool-level percent=100" in said, said)
    check(counts.get("dropped_by_sensor", 0) > 0, counts)
    # While nothing goes on, content is shed before packets are dropped.
    shed = int(bench.common.sql("SELECT COALESCE(SUM(bytes), 0) FROM ledger"
                                " WHERE outcome = 'datagram_overload'", "full")[0][0]) // 1400
    note(f"{counts['delivered']} delivered, of which {shed} without content")
    check_equal(len(numbers_of(bench, url, 1400)) + shed, counts["delivered"],
                "datagrams in the store, and those that were shed")
    bench.run("verify", "--store", url)


@case("--spool-full drop-oldest: what is dropped is told, and stays in the ledger")
def full_of_old(bench):
    url, said, counts = flooded(bench, "old", "--spool-full", "drop-oldest")
    check("rows, the oldest: the spool was full" in said, said)
    found = numbers_of(bench, url, 1400)
    note(f"{len(found)} of {counts['delivered']} datagrams delivered are stored")
    check(len(found) < counts["delivered"], "nothing was dropped")
    check_equal(found[-1], 39_999, "the newest datagram")


# Replays -----------------------------------------------------------------------------------------

def replay_to_compare(bench, name):
    """A long capture, and the checksums of an undisturbed replay of it."""
    file = bench.write("long.pcap", repeated_sample(40))
    url = bench.common.store(bench, name)
    started = time.monotonic()
    bench.replay(url, file)
    seconds = time.monotonic() - started
    return file, seconds, bench.common.checksums(name, LASTING_TABLES)


def start_replay(bench, url, file, *options):
    return subprocess.Popen([bench.dfc, "replay", "--quiet", "--store", url, *options, file],
                            stderr=subprocess.PIPE, env=environment(), cwd=bench.dir, text=True)


@case("a replay waits for a server that is killed, again and again: the rows of an undisturbed one")
def server_killed(bench):
    running = bench.common
    file, seconds, wanted = replay_to_compare(bench, "calm1")
    chance = random.Random(SEED)
    kills = rounds = 0
    while kills < KILLS:
        rounds += 1
        url = bench.common.store(bench, "kills1")
        run = start_replay(bench, url, file)
        # Who finds no server at the start is told so, and ends.
        wait_until(lambda: run.poll() is not None or
                   running.sql("SELECT 1 FROM flow LIMIT 1", "kills1"),
                   "the first flows", pause=0.001)
        while kills < KILLS:
            time.sleep(chance.random() * seconds)
            if run.poll() is not None:
                break
            running.stop(signal.SIGKILL)
            running.start()
            kills += 1
        said = run.communicate(timeout=CALL_TIMEOUT_S)[1]
        check_equal(run.returncode, DONE, said)
        check_equal(running.checksums("kills1", LASTING_TABLES), wanted, "rows and checksums")
        check_equal(running.sql("SELECT COUNT(*) FROM batch", "kills1"), [["0"]], "markers")
    note(f"{kills} kills over {rounds} replays of {seconds:.1f} s (DFC_SEED={SEED})")


@case("a replay killed again and again, then run to its end: the rows of an undisturbed one")
def replay_killed(bench):
    running = bench.common
    file, seconds, wanted = replay_to_compare(bench, "calm2")
    url = bench.common.store(bench, "kills2")
    chance = random.Random(SEED)
    for _ in range(KILLS):
        run = start_replay(bench, url, file)
        time.sleep(chance.random() * seconds)
        run.kill()
        run.communicate()
    bench.replay(url, file)
    check_equal(running.checksums("kills2", LASTING_TABLES), wanted, "rows and checksums")


# Refused rows ------------------------------------------------------------------------------------

@case("one row in 5,000 that the store refuses is set aside, and stored once it may be")
def bad_row(bench):
    running = bench.common
    url = bench.common.store(bench, "fussy")
    file = bench.write("many.pcap", pcap(one_flow_each(5_000)))
    running.sql("ALTER TABLE flow ADD CONSTRAINT c CHECK (client_port <> 3333)", "fussy")
    folder = bench.path("spool")
    said = bench.run("replay", "--store", url, "--spool-dir", folder, file).err
    check("1 row by the store, and set aside" in said, said)
    check_equal(running.sql("SELECT COUNT(*) FROM flow", "fussy"), [["4999"]], "rows")
    status = spool_status(bench, folder)
    check_equal(status["dead_letters"], 1, "dead letters")
    table = bench.run("spool", "--spool-dir", folder).out.decode()
    check("1  " in table and "CONSTRAINT" in table, table)
    refused = bench.run("spool", "retry", "--spool-dir", folder, "--store", url, status=FAILED)
    check("1 refused again" in refused.out.decode(), refused)
    running.sql("ALTER TABLE flow DROP CONSTRAINT c", "fussy")
    again = bench.run("spool", "retry", "--spool-dir", folder, "--store", url).out.decode()
    check("1 row stored" in again, again)
    check_equal(running.sql("SELECT COUNT(*) FROM flow", "fussy"), [["5000"]], "rows")
    check_equal(spool_status(bench, folder)["dead_letters"], 0, "dead letters")
    bench.run("verify", "--store", url)


def one_flow_each(count):
    """Datagrams from ports 1, 2, 3 ..."""
    return [(udp_frame("10.0.0.1", port, "10.0.0.2", 9, b"x"), T0 + port * 1000)
            for port in range(1, count + 1)]


@case("without a place for it a row that is refused ends the replay")
def bad_row_without_spool(bench):
    running = bench.common
    url = bench.common.store(bench, "fussy2")
    file = bench.write("many.pcap", pcap(one_flow_each(100)))
    running.sql("ALTER TABLE flow ADD CONSTRAINT c CHECK (client_port <> 33)", "fussy2")
    said = bench.run("replay", "--store", url, file, status=FAILED).err
    check("row refused" in said, said)
    check_equal(running.sql("SELECT COUNT(*) FROM flow", "fussy2"), [["0"]], "rows")


# Hosts and TLS -----------------------------------------------------------------------------------

def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def by_tcp(running, *options):
    """The same server, at a port; yields that."""
    port = free_port()
    running.stop()
    running.start("--skip-networking=0", "--bind-address=127.0.0.1", f"--port={port}",
                  "--skip-name-resolve", *options)
    running.sql("CREATE OR REPLACE USER net@'127.0.0.1';GRANT ALL ON *.* TO net@'127.0.0.1'")
    try:
        yield port
    finally:
        running.stop()
        running.start()


@case("of several hosts the first that answers is taken")
def host_list(bench):
    bench.common.store(bench, "hosts")
    with by_tcp(bench.common) as port:
        url = f"mysql://net@127.0.0.1:{free_port()},127.0.0.1:{port}/hosts"
        bench.replay(url, SAMPLE)
        check(len(bench.flows(url)) > 20, "no flows")


@case("TLS: by a certificate that is known, and by no other")
def tls(bench):
    need("openssl")
    for name in ("ours", "other"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", bench.path(name + ".key"), "-out", bench.path(name + ".pem")],
                       check=True, capture_output=True)
    bench.common.store(bench, "tls")
    with by_tcp(bench.common, f"--ssl-cert={bench.path('ours.pem')}",
                f"--ssl-key={bench.path('ours.key')}", "--require-secure-transport=1") as port:
        url = f"mysql://net@127.0.0.1:{port}/tls"
        bench.replay(f"{url}?tls-ca={bench.path('ours.pem')}", SAMPLE)
        bench.replay(f"{url}?tls-verify=none", SAMPLE)
        bench.run("flows", "--store", f"{url}?tls-ca={bench.path('other.pem')}", status=FAILED)
        bench.run("flows", "--store", url, status=FAILED)


run_cases(lambda bench: MariaDb(bench.dir / "mariadb"))
