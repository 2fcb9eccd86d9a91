#!/usr/bin/python3
"""How a capture lives: what the service manager hears of it, SIGHUP, its log file, its end."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import time

from harness import DONE, FAILED, USAGE, case, check, check_equal, environment, one_line, run_cases
from live_link import Capture, Link, wait_until

PING = ("ping", "-c", "2", "-i", "0.2", "10.90.0.2")


class Manager:
    """The service manager's socket: $NOTIFY_SOCKET."""

    def __init__(self, bench, watchdog_s=0):
        self.path = bench.path("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.heard = []
        self.watchdog_s = watchdog_s

    def environment(self):
        watchdog = {"WATCHDOG_USEC": str(self.watchdog_s * 1_000_000)} if self.watchdog_s else {}
        return {"NOTIFY_SOCKET": self.path, **watchdog}

    def hears(self, word):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.heard.append(self.socket.recv(4096).decode())
        return next((text for text in self.heard if text.startswith(word)), None)

    def forget(self):
        self.hears("")
        self.heard.clear()


def messages(bench, store):
    return len(bench.icmp(store, "proto:icmp"))


@contextlib.contextmanager
def variables(values):
    """For the programs that are started meanwhile."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def start(link, store, manager, *words):
    with variables(manager.environment()):
        return Capture(link, store, *words)


@case("the manager hears when it is ready, how it goes, and that it ends")
def notifies(bench):
    manager = Manager(bench)
    with Link(bench) as link:
        capture = start(link, bench.store(), manager)
        wait_until(lambda: manager.hears("READY=1"), "ready")
        link.run("a", *PING)
        wait_until(lambda: manager.hears("STATUS="), "a status")
        check(re.fullmatch(r"STATUS=\d+ packets/s, 0 dropped, \d+ flows",
                           manager.hears("STATUS=")), manager.heard)
        capture.stop()
        check(manager.hears("STOPPING=1"), manager.heard)
        check(not manager.hears("WATCHDOG"), "nobody asked for a watchdog")


@case("the watchdog hears from it while it has nothing to do, and not while it is stopped")
def watchdog(bench):
    manager = Manager(bench, watchdog_s=4)
    with Link(bench) as link:
        capture = start(link, bench.store(), manager, "--workers", 2)
        for _ in range(3):
            manager.forget()
            wait_until(lambda: manager.hears("WATCHDOG=1"), "a sign of life", 10)
        capture.tell(signal.SIGSTOP)
        manager.forget()
        time.sleep(5)
        check(not manager.hears("WATCHDOG=1"), "it was stopped, and gave a sign of life")
        capture.tell(signal.SIGCONT)
        capture.stop()
        check(not capture.says("event=stalled"), capture.lines)


@case("a store that is locked for long is no reason to end the service")
def watchdog_of_slow_store(bench):
    manager = Manager(bench, watchdog_s=4)
    with Link(bench) as link:
        store = bench.store()
        capture = start(link, store, manager, "icmp")
        link.run("a", *PING)
        wait_until(lambda: messages(bench, store) == 4, "messages")
        lock = sqlite3.connect(store.removeprefix("sqlite:"), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            link.run("a", *PING)
            manager.forget()
            wait_until(lambda: manager.hears("WATCHDOG=1"), "a sign of life", 20)
        lock.execute("ROLLBACK")
        lock.close()
        capture.stop()


@case("SIGHUP takes over a new filter, and packets in between are not lost")
def new_filter(bench):
    manager = Manager(bench)
    path = bench.write("filter", b"# all but\nnot icmp\nand not icmp6\n")
    with Link(bench) as link:
        store = bench.store()
        capture = start(link, store, manager, "--filter-file", path)
        link.run("a", *PING)
        bench.write("filter", b"icmp")
        capture.tell(signal.SIGHUP)
        wait_until(lambda: capture.says("event=reloaded filter=icmp"), "a reload")
        check(re.match(r"RELOADING=1\nMONOTONIC_USEC=\d+", manager.hears("RELOADING=1")), "told")
        link.run("a", *PING)
        capture.stop()
        check_equal(messages(bench, store), 4, "messages")
        manager.hears("")  # All that has come.
        ready = [text for text in manager.heard if text == "READY=1"]
        check_equal(len(ready), 2, "times ready")


@case("a new filter that does not compile is told in one line, and the former one stays")
def bad_filter(bench):
    path = bench.write("filter", b"icmp")
    with Link(bench) as link:
        store = bench.store()
        capture = Capture(link, store, "--filter-file", path)
        for bad in (b"no such word", b"x" * 70_000):
            bench.write("filter", bad)
            capture.tell(signal.SIGHUP)
            wait_until(lambda: capture.says("event=reload-failed"), "a complaint")
            failed = [line for line in capture.lines if "reload" in line]
            check_equal(len(failed), 1, f"lines {failed}")
            capture.lines.clear()
        link.run("a", *PING)
        capture.stop()
        check_equal(messages(bench, store), 4, "messages")


@case("SIGHUP reads the configuration again: how long the store keeps what")
def new_limits(bench):
    config = bench.write("dfc.toml", b"[capture]\nkeep = 9\n")
    with Link(bench) as link:
        capture = Capture(link, bench.store(), "--config", config)
        for text, event in ((b"[capture]\nkeep = 3\n", "event=reloaded"),
                            (b"[capture]\nkeeep = 3\n", "event=reload-failed")):
            bench.write("dfc.toml", text)
            capture.tell(signal.SIGHUP)
            wait_until(lambda event=event: capture.says(event), event)
        check(capture.says("keeep"), capture.lines)
        capture.stop()


@case("events go to a file that may be rotated")
def log_file(bench):
    path = bench.dir / "dfc.log"
    with Link(bench) as link:
        process = link.start("b", bench.dfc, "capture", "-i", "b0", "--store", bench.store(),
                             "--log-file", path, "--quiet", stderr=subprocess.PIPE, text=True,
                             env=environment())
        wait_until(lambda: path.exists() and "event=started" in path.read_text(), "the log")
        path.rename(bench.dir / "dfc.log.1")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: path.exists() and "event=reloaded" in path.read_text(), "a new log")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
        check_equal(process.returncode, DONE, "exit status")
        check_equal([line for line in said.splitlines() if "event=privileges" not in line], [],
                    "standard error")
        for line in path.read_text().splitlines():
            check(re.fullmatch(r"time=\S+Z level=(info|warning|error) event=\S+( \S+=.+)?", line),
                  line)
        check("event=stopped" in path.read_text(), path.read_text())


@case("in the journal a line begins with its priority")
def journal(bench):
    with Link(bench) as link, open(bench.dir / "journal", "w+") as journal_file:
        facts = os.fstat(journal_file.fileno())
        told = {"JOURNAL_STREAM": f"{facts.st_dev}:{facts.st_ino}"}
        process = link.start("b", bench.dfc, "capture", "-i", "b0", "--store", bench.store(),
                             "--no-sandbox", "--quiet", stderr=journal_file,
                             env=environment(told))
        path = bench.dir / "journal"
        wait_until(lambda: "event=started" in path.read_text(), "the journal")
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        lines = path.read_text().splitlines()
        check("<4>event=no-sandbox reason=--no-sandbox" in lines, lines)
        check(any(line.startswith("<6>event=started ") for line in lines), lines)


@case("a filter on the command line and in a file is one too many")
def two_filters(bench):
    path = bench.write("filter", b"icmp")
    result = bench.run("capture", "-i", "lo", "--filter-file", path, "udp", status=USAGE)
    one_line(result, "give one")


@case("a filter file that is not there is refused")
def no_filter_file(bench):
    result = bench.run("capture", "-i", "lo", "--filter-file", "/nowhere/filter", status=FAILED)
    one_line(result, "/nowhere/filter")


@case("a log file that can't be opened is refused")
def no_log_file(bench):
    with Link(bench) as link:
        ran = link.run("b", bench.dfc, "capture", "-i", "b0", "--store", "null:", "--log-file",
                       "/nowhere/log", check=False)
        check_equal((ran.returncode, b"open log file /nowhere/log" in ran.stderr), (FAILED, True),
                    ran.stderr)


if __name__ == "__main__":
    run_cases()
