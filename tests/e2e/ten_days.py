"""Ten days of flows, the last of them yesterday, and writers that go on while a day is dropped."""

import sqlite3
import subprocess
import threading
import time

from harness import CALL_TIMEOUT_S, environment
from packets import Tcp, pcap, udp_frame

DAY_NS = 86_400 * 10**9
DAYS = 10
SEGMENT_BYTES = 1400
QUERIES_A_DAY = 60


def midnight(days_ago):
    """In nanoseconds, of UTC."""
    return (time.time_ns() // DAY_NS - days_ago) * DAY_NS


def conversation(number, octets):
    tcp = Tcp(client=f"10.0.{number // 250}.{number % 250 + 1}", cport=40000 + number)
    body = bytes((number + at) % 251 for at in range(SEGMENT_BYTES))
    frames = tcp.open() + [tcp.client(0, b"GET / HTTP/1.0\r\n\r\n")]
    frames += [tcp.server(at, body, ack=18) for at in range(0, octets, SEGMENT_BYTES)]
    return frames + tcp.close(18, len(frames[4:]) * SEGMENT_BYTES)


def day_of_frames(days_ago, flows, octets):
    """At noon, the same flows each day."""
    at = midnight(days_ago) + DAY_NS // 2
    frames = []
    for number in range(flows):
        for frame in conversation(number, octets):
            at += 10**6
            frames.append((frame, at))
    for number in range(QUERIES_A_DAY):
        at += 10**6
        frames.append((udp_frame("10.9.0.1", 5000 + number, "10.9.0.2", 53, b"who?"), at))
    return frames


def capture(flows=20, octets=100_000):
    return pcap([frame for days_ago in range(DAYS, 0, -1)
                 for frame in day_of_frames(days_ago, flows, octets)])


class Writer:
    """Commits one row after another in a thread of its own, and knows how long each took."""

    def __init__(self):
        self.seconds = []
        self.over = threading.Event()
        self.problem = None
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        while len(self.seconds) < 20 and self.problem is None:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        if self.problem:
            raise self.problem

    def longest_ms(self):
        return max(self.seconds) * 1000

    def write_until_over(self, write):
        number = 0
        while not self.over.is_set():
            number += 1
            started = time.monotonic()
            write(number)
            self.seconds.append(time.monotonic() - started)
            time.sleep(0.001)


class SqliteWriter(Writer):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def run(self):
        try:
            # SQLite waits as it does for dfc: 1, 2, 5, 10, 15, 20, 25 ... ms.
            database = sqlite3.connect(self.path, timeout=60, isolation_level=None)
            database.execute("PRAGMA synchronous = NORMAL")
            self.write_until_over(lambda number: self.write(database, number))
            database.close()
        except Exception as problem:
            self.problem = problem

    @staticmethod
    def write(database, number):
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO batch (sensor_id, epoch, sequence) VALUES (99, 1, ?)",
                         (number,))
        database.execute("COMMIT")


class MariadbWriter(Writer):
    """Rows of tomorrow, into every table that has partitions."""

    def __init__(self, server, database):
        super().__init__()
        self.command = ["mariadb", "--no-defaults", f"--socket={server.socket}", "--user=root",
                        "--batch", "--skip-column-names", "--unbuffered", database]

    def run(self):
        try:
            session = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.STDOUT, text=True, bufsize=1,
                                       env=environment())
            session.stdin.write("SET SESSION sql_mode = '';\n")  # Other columns are as they are.
            self.write_until_over(lambda number: self.write(session, number))
            session.stdin.close()
            session.wait(timeout=CALL_TIMEOUT_S)
        except Exception as problem:
            self.problem = problem

    @staticmethod
    def write(session, number):
        at = midnight(-1) + number
        session.stdin.write(
            "START TRANSACTION;"
            "INSERT INTO chunk (t_start, flow_hash, n, version, t_first, turns, content)"
            f" VALUES ({at}, 1, 0, 1, {at}, '[]', REPEAT('x', 2000));"
            "INSERT INTO ledger (t_minute, sensor_id, source, outcome, packets, bytes, version)"
            f" VALUES ({at}, 99, 1, 'arp', 1, 1, 1);"
            f"INSERT INTO flow_part (t_part, sensor_id, writes) VALUES ({at}, 99, 1);"
            f"COMMIT; SELECT 'done {number}';\n")
        session.stdin.flush()
        answer = session.stdout.readline()
        if answer != f"done {number}\n":
            raise RuntimeError(f"mariadb: {answer}")
