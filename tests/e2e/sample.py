"""The sample capture, replayed once for all cases of a test file."""

import contextlib
import sqlite3

from harness import SAMPLE, Skip, dump
from mariadb import MariaDb
from packets import pcap, read_pcap

COPIES = 30


def repeated_sample(copies):
    """The sample many times, so far apart that each copy is new flows: longer than any timeout."""
    frames = read_pcap(SAMPLE.read_bytes())
    return pcap([(frame, at + copy * 2 * 3600 * 10**9)
                 for copy in range(copies) for frame, at, _ in frames])


def has_flows(store):
    """Whether a run has committed some of its flows to this SQLite store."""
    path = store.removeprefix("sqlite:")
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(  # No tables yet.
            sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute("SELECT 1 FROM flow LIMIT 1").fetchone() is not None
    return False


class ReplayedSample:
    """`store` is a SQLite store of the sample, `rows` all that is in it."""

    def __init__(self, bench):
        self.bench = bench
        self.store = bench.store("sample.db")
        bench.replay(self.store, SAMPLE)
        self.rows = dump(self.store)
        self.server = None
        self.long_file = None

    def long(self):
        """A file of COPIES times the sample, hours apart."""
        if self.long_file is None:
            self.long_file = self.bench.write("long.pcap", repeated_sample(COPIES))
        return self.long_file

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
    sample = ReplayedSample(bench)
    try:
        yield sample
    finally:
        if sample.server:
            sample.server.__exit__()
