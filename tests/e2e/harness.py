"""Shared by the end-to-end tests: TAP, temporary directories, dfc itself, what its stores hold.

A test file registers its cases with @case("what must hold") and ends in run_cases(). A case gets a
Bench: the dfc binary and an empty directory of its own. It fails by raising Failed (see check()),
and is skipped by raising Skip.
"""

import collections
import contextlib
import json
import os
import pathlib
import shutil
import signal
import sqlite3
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


def wait_until(holds, what, seconds=60, pause=0.02):
    """Returns what `holds` says as soon as that is true. The time is for a machine that is busy."""
    end = time.monotonic() + seconds
    while not (answer := holds()):
        check(time.monotonic() < end, f"{what}: not within {seconds} s")
        time.sleep(pause)
    return answer


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


def is_sanitized(dfc):
    """A sanitizer keeps what was freed, and more: memory is not measured then."""
    with open(dfc, "rb") as file:
        program = file.read()
    return b"__asan_init" in program or b"__tsan_init" in program


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

    def replay(self, store, *files, status=DONE, env=None, stdin=b"", in_order=True):
        """Replays, and demands of a run that came to its end that a SQLite store adds up."""
        result = self.run("replay", "--store", store, *files, status=status, env=env, stdin=stdin)
        if result.status == DONE and in_order and store.startswith("sqlite:"):
            said = self.run("verify", "--store", store, status=None)
            check(said.status == DONE, f"dfc verify --store {store}:\n{said.out.decode():.2000}")
        return result

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
    # The machine's own file, if it has one, is none of a test's business.
    return {**kept, "LC_ALL": "C.UTF-8", "DFC_CONFIG": "/dev/null", **(more or {})}


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
# What a flow's packets decide; the ledger also names the input it counts.
FLOW_TABLES = ("flow", "chunk", "icmp")
# All but the markers of blocks, which a killed run leaves behind.
LASTING_TABLES = ("sensor", "flow", "chunk", "icmp", "ledger")


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
