#!/usr/bin/python3
"""The same capture gives the same rows, whatever the number of workers, and whether it comes in one
file or in two.

The sample, and the captures in ../shared/captures beside the checkout when they are there.
$DFC_SEED cuts them elsewhere.
"""

import collections
import contextlib
import os
import pathlib
import random
import tempfile

from harness import (FLOW_TABLES, LASTING_TABLES, SAMPLE, Failed, case, check, check_same_rows,
                     dump, note, run_cases)
from split_capture import split

CAPTURES = pathlib.Path(__file__).resolve().parents[3] / "shared" / "captures"
SEED = int(os.environ.get("DFC_SEED", "1"))
WORKERS = (2, 4, 8)


def captures():
    found = [path for path in CAPTURES.rglob("*.pcap*") if "truth" not in path.parts]
    return [path for path in [SAMPLE, *sorted(found)] if path.exists()]


class Rows:
    """What a replay makes of files, each time in a store of its own below `folder`."""

    def __init__(self, bench, folder):
        self.bench = bench
        self.folder = pathlib.Path(folder)
        of_one = {path: self.replay([path]) for path in captures()}
        self.of_one = {path: rows for path, rows in of_one.items() if rows}
        note(f"{len(self.of_one)} of {len(of_one)} captures can be read")

    def replay(self, files, workers=1):
        """None where dfc refuses a file."""
        path = self.folder / "t.db"
        # A damaged capture is read up to the damage, with exit status 1.
        self.bench.run("replay", "--quiet", "--store", f"sqlite:{path}", "--workers", workers,
                       *files, status=None)
        if not path.exists():
            return None
        rows = dump(f"sqlite:{path}", LASTING_TABLES)
        for file in self.folder.glob("t.db*"):
            file.unlink()
        return rows


@contextlib.contextmanager
def replayed(bench):
    # Some hundred stores: in memory, where there is such a place, none waits for a disk.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="dfc-e2e-", dir=memory) as folder:
        yield Rows(bench, folder)


def ledger_sums(rows):
    """The ledger without the input that a row counts, and that input's frames so far: two files are
    two inputs."""
    sums = collections.Counter()
    for t_minute, sensor, _, outcome, packets, size, _ in rows["ledger"]:
        sums[t_minute, sensor, outcome, "packets"] += packets
        sums[t_minute, sensor, outcome, "bytes"] += size
    return {"ledger": sorted(sums.items())}


@case("1, 2, 4 and 8 workers give the same rows")
def any_workers(bench):
    problems = []
    for path, wanted in bench.common.of_one.items():
        for workers in WORKERS:
            try:
                check_same_rows(bench.common.replay([path], workers), wanted,
                                f"{path.name} with {workers} workers")
            except Failed as problem:
                problems.append(str(problem))
    check(not problems, "\n".join(problems))


@case("a capture in two files gives the rows of one")
def two_files(bench):
    problems = []
    for path, wanted in bench.common.of_one.items():
        parts = split(path.read_bytes(), random.Random(SEED))
        if parts is None:
            continue
        files = [bench.write(f"{n}.pcap", part) for n, part in enumerate(parts)]
        rows = bench.common.replay(files, workers=2)
        what = f"{path.name} cut at byte {len(parts[0])} (DFC_SEED={SEED})"
        try:
            check_same_rows({name: rows[name] for name in FLOW_TABLES},
                            {name: wanted[name] for name in FLOW_TABLES}, what)
            check_same_rows(ledger_sums(rows), ledger_sums(wanted), what)
        except Failed as problem:
            problems.append(str(problem))
    check(not problems, "\n".join(problems))


run_cases(replayed)
