#!/usr/bin/env python3
"""dfc capture with more than it can do: what it sheds, that it says so, and how soon it is over it.

    namespace a: pulls ──── all that the kernel can send ────▶ namespace b: serves, dfc capture

Elephants, connections that never end, and mice of 40 kB each, for 15 s or DFC_OVERLOAD_S seconds.
SQLite, one worker: what is to be stored is far more than a disk takes.
"""

import collections
import contextlib
import hashlib
import os
import random
import re
import socket
import sqlite3
import threading
import time

from harness import (DONE, Skip, case, check, check_equal, is_sanitized, note, run_cases,
                     wait_until)
from live_link import ADDRESSES, Capture, Link

OVERLOAD_S = int(os.environ.get("DFC_OVERLOAD_S", "15"))
# Of dfc's own bound; the ring is the kernel's memory, and comes on top as the README says. What is
# left is for the stack of each thread, the program, and SQLite's statements.
MEMORY_MAX_MB, RING_MB, BESIDES_MB = 256, 64, 32
RECOVERY_S = 5
ELEPHANTS, MOUSE_BYTES = 3, 40_000
PORT = 8_000
PIECE = random.Random(7).randbytes(1 << 18)


class Server(threading.Thread):
    """Sends to whoever connects as many bytes as the 8 bytes that it gets say, then closes."""

    def __init__(self, link):
        super().__init__(daemon=True)
        with link.sockets("b"):
            self.socket = socket.create_server((ADDRESSES["b"][0], PORT), backlog=64)
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.answer, args=self.socket.accept()[:1],
                                 daemon=True).start()

    @staticmethod
    def answer(connection):
        with connection, contextlib.suppress(OSError):
            left = int.from_bytes(connection.recv(8, socket.MSG_WAITALL), "big")
            while left > 0:
                left -= connection.send(PIECE[:min(left, len(PIECE))])

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def pull(link, size, until=None):
    """Reads `size` bytes, or less where it is late; what was read is not kept but hashed."""
    with link.sockets("a"), socket.create_connection((ADDRESSES["b"][0], PORT), 60) as connection:
        connection.sendall(size.to_bytes(8, "big"))
        digest, room = hashlib.sha256(), bytearray(1 << 20)
        while got := connection.recv_into(room):
            if until is None:
                digest.update(memoryview(room)[:got])
            elif time.monotonic() > until:
                break
        return digest.hexdigest()


class Flood:
    """Elephants and mice for so many seconds."""

    def __init__(self, link, seconds):
        self.link, self.until = link, time.monotonic() + seconds
        self.mice = 0
        self.threads = [threading.Thread(target=self.elephant) for _ in range(ELEPHANTS)]
        self.threads.append(threading.Thread(target=self.feed_mice))
        for thread in self.threads:
            thread.start()

    def elephant(self):
        with contextlib.suppress(OSError):
            pull(self.link, 1 << 40, self.until)

    def feed_mice(self):
        while time.monotonic() < self.until:
            with contextlib.suppress(OSError):
                pull(self.link, MOUSE_BYTES, self.until)
                self.mice += 1

    def join(self):
        for thread in self.threads:
            thread.join()


def ledger(store, column):
    with sqlite3.connect(f"file:{store.removeprefix('sqlite:')}?mode=ro", uri=True) as database:
        rows = database.execute(f"SELECT outcome, SUM({column}) FROM ledger GROUP BY 1").fetchall()
    database.close()
    return collections.Counter(dict(rows))


def keep_back(capture, nice):
    """Its worker and its sink get less of the processors, the capture thread does not: what comes
    is more than they can do, whatever else the machine does."""
    threads = 0
    for thread in os.listdir(f"/proc/{capture.process.pid}/task"):
        with open(f"/proc/{capture.process.pid}/task/{thread}/comm") as name:
            if name.read().startswith(("dfc-worker", "dfc-sink")):
                os.setpriority(os.PRIO_PROCESS, int(thread), nice)
                threads += 1
    check_equal(threads, 2, "threads of the worker and the sink")


def frames_of(link):
    """What the card at end b has seen, both ways."""
    def read(which):
        return int(link.run("b", "cat", f"/sys/class/net/b0/statistics/{which}_packets").stdout)
    return read("rx") + read("tx")


def peak_mb(capture):
    """The most memory that it ever had. `ip netns exec` becomes dfc itself."""
    with open(f"/proc/{capture.process.pid}/status") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) // 1024


def check_ledger(store, least, most):
    packets, data = ledger(store, "packets"), ledger(store, "bytes")
    dropped = sum(count for name, count in packets.items() if name.startswith("dropped"))
    check(least <= packets["captured"] <= most, f"{least} to {most} frames came: {packets}")
    note(f"{packets['captured']} frames, {dropped} dropped; TCP payload {data['tcp_payload'] >> 20} MiB, "
         f"stored {data['tcp_stored'] >> 20}, shed {data['tcp_overload'] >> 20}")
    check(data["tcp_overload"] > 0, f"nothing was shed: {data}")
    check(data["tcp_overload"] > data["tcp_stored"] // 100, f"hardly anything was shed: {data}")


def check_flows(bench, store):
    shed = bench.lines("flows", "--store", store, "has:overload", "--limit", 100_000)
    check(any(int(flow["server_bytes"]) >= 1 << 20 for flow in shed), "no elephant was shed")
    for flow in shed:
        check(int(flow["server_bytes"]) == 0 or int(flow["server_bytes"]) >= 1 << 20,
              f"a flow that is neither new nor an elephant was shed: {flow}")
        check(int(flow["server_packets"]) > 0, f"no counts: {flow}")
    shown = bench.run("show", shed[0]["id"], "--store", store, "--digest")
    check_equal(shown.status, DONE, "dfc show of a flow that was shed")
    return len(shed)


def check_whole(bench, store, digest, size):
    whole = [flow for flow in bench.flows(store, f"not has:overload sbytes:{size}")
             if int(flow["server_bytes"]) == size]
    check(digest in [flow["server_sha256"] for flow in whole],
          f"the new connection is not stored whole: {whole}")


@case("overload: content is shed by the rule, memory is bounded, and it is over within 5 s")
def overload(bench):
    if is_sanitized(bench.dfc):
        raise Skip("a sanitizer has memory of its own")
    stats, fresh = bench.dir / "dfc.prom", 765_432
    with Link(bench) as link:
        store = bench.store()
        seen_before = frames_of(link)
        capture = Capture(link, store, "--workers", 1, "--memory-max", f"{MEMORY_MAX_MB}M",
                          "--ring", f"{RING_MB}M", "--stats-file", stats)
        early = frames_of(link) - seen_before  # A neighbour's words before the capture began.
        server = Server(link)
        keep_back(capture, 19)
        flood = Flood(link, OVERLOAD_S)
        wait_until(lambda: capture.says("event=shedding "), "shedding", OVERLOAD_S)
        flood.join()
        keep_back(capture, 0)
        ended = time.monotonic()
        wait_until(lambda: capture.says("event=shedding-over"), "the end of it", RECOVERY_S)
        note(f"over {time.monotonic() - ended:.1f} s after the flood; {flood.mice} mice")
        digest = pull(link, fresh)
        check(time.monotonic() - ended < RECOVERY_S, "the new connection came late")
        time.sleep(1)  # The neighbours' last words.
        peak = peak_mb(capture)
        frames = frames_of(link) - seen_before
        server.close()
        capture.stop()
        note(f"at most {peak} MiB; " + " ".join(line.strip() for line in capture.lines
                                                if "event=shedding" in line)[:300])
        check(peak < MEMORY_MAX_MB + RING_MB + BESIDES_MB, f"{peak} MiB of memory")
        later = frames_of(link) - seen_before  # Neighbours talk while it stops, too.
        check_ledger(store, frames - early, later)
        note(f"{check_flows(bench, store)} flows were shed")
        check_whole(bench, store, digest, fresh)
        check(re.search(r'dfc_left_out_bytes_total\{.*reason="overload"\} [1-9]',
                        stats.read_text()), "the figures do not tell")


run_cases()
