#!/usr/bin/python3
"""The threads of a replay meet at their doorbells only: what they ask of the kernel is watched.

A thread that finds no work sleeps on a futex, and who has some for it wakes it. That is due once a
block that changes hands, of hundreds of packets. A lock that two threads want at the same time
would be a futex too, but of another address or more often, and memory from the kernel another call.
Locks that nobody else wants do not show here; tests/pipeline counts those.
"""

import collections
import re
import shutil
import subprocess

from harness import (CALL_TIMEOUT_S, DONE, Skip, case, check, check_equal, environment, need, note,
                     run_cases)
from workloads import FRAMES, bulk, mix, small

# Of PacketBlock: it leaves when either is used up, as far as the next payload goes in.
BLOCK_PACKETS, BLOCK_BYTES = 256, (320 - 64) << 10
FILE_HEADER = 24  # Of pcap.
CALL = re.compile(r"(\d+) +(\w+)\((.*)")
# The C library's own are private to the process; std::atomic's are not.
BELL = re.compile(r"(0x[0-9a-f]+), FUTEX_(WAIT|WAKE), ")
# While std::atomic spins before it sleeps.
SPIN = "sched_yield"
CLOCKS = {"clock_gettime", "gettimeofday"}  # Calls where the kernel has no faster way.


def need_tracing(bench):
    need("strace")
    probe = subprocess.run(["strace", "-o", bench.path("probe"), shutil.which("true")],
                           capture_output=True, text=True, timeout=CALL_TIMEOUT_S)
    if probe.returncode != 0:
        raise Skip(f"this machine lets nobody trace: {probe.stderr.strip():.200}")


def number(pattern, text):
    return int(re.search(pattern, text, re.M)[1].replace(",", ""))


class Traced:
    """A replay of all workloads with `workers`, and what its threads called while it ran."""

    def __init__(self, bench, workers):
        captures = [make() for make in (bulk, small, mix)]
        capture = bench.write("all.pcap", captures[0] + b"".join(
            each[FILE_HEADER:] for each in captures[1:]))
        trace = bench.dir / "trace"
        run = subprocess.run(
            ["strace", "-f", "-qq", "-o", trace, bench.dfc, "replay", "--store", "null:",
             "--workers", str(workers), capture], capture_output=True, text=True,
            env=environment(), cwd=bench.dir, timeout=CALL_TIMEOUT_S)
        check_equal(run.returncode, DONE, f"status of the traced replay\n{run.stderr:.2000}")
        self.packets = number(r"^ *packets +([\d,]+)", run.stderr)
        check_equal(self.packets, FRAMES * len(captures), "packets replayed")
        bytes_total = sum(map(len, captures))
        event_blocks = number(r"rows in ([\d,]+) blocks", run.stderr)
        # Each worker's last block has what is left, and one says that nothing follows.
        packet_blocks = self.packets // BLOCK_PACKETS + bytes_total // BLOCK_BYTES + 2 * workers
        # Blocks go forth and come back, and each producer of events says its end.
        self.rings = 2 * packet_blocks + 2 * event_blocks + workers + 1
        calls = [match.groups() for match in map(CALL.match, trace.read_text().splitlines())
                 if match]
        self.main = calls[0][0]
        self.calls = while_all_run(calls)


def while_all_run(calls):
    """From where the last thread was made to where the capture thread has read all, without each
    one's own beginning and end: {thread: [(call, arguments)]}."""
    made = max(at for at, (_, call, _) in enumerate(calls) if call.startswith("clone"))
    over = max(at for at, (_, call, _) in enumerate(calls) if call == "read")
    threads = collections.defaultdict(list)
    for thread, call, arguments in calls[made + 1:over]:
        threads[thread].append((call, arguments))
    return {thread: between_waits(own) for thread, own in threads.items()}


def between_waits(calls):
    """From the first to the last time that the thread waits or wakes another."""
    waits = [at for at, (_, arguments) in enumerate(calls) if BELL.match(arguments)]
    return calls[waits[0]:waits[-1] + 1] if waits else []


def check_calls(traced, workers):
    """Workers and sink: bells alone. The capture thread reads its file as well."""
    # One that always has work may call nothing.
    check(2 <= len(traced.calls) <= workers + 2, f"{len(traced.calls)} threads were seen at work")
    for thread, calls in traced.calls.items():
        allowed = {"futex", SPIN} | CLOCKS | ({"read"} if thread == traced.main else set())
        others = {call for call, _ in calls} - allowed
        check(not others, f"a thread also calls {', '.join(sorted(others))}")


def check_bells(traced, workers):
    futexes = [arguments for calls in traced.calls.values() for call, arguments in calls
               if call == "futex"]
    strange = [arguments for arguments in futexes if not BELL.match(arguments)]
    check(not strange, f"futexes that are no doorbells: {strange[:3]}")
    bells = {BELL.match(arguments)[1] for arguments in futexes}
    # Of each worker, of the sink, of the capture thread.
    check(len(bells) <= workers + 2, f"{len(bells)} futexes for {workers} workers: {bells}")
    uses = collections.Counter(BELL.match(arguments)[2] for arguments in futexes)
    note(f"{workers} workers, {traced.packets} packets: {uses['WAIT']} waits and {uses['WAKE']} "
         f"wake-ups at {len(bells)} doorbells that ring {traced.rings} times at most")
    check(uses["WAIT"] > 0 and uses["WAKE"] > 0, f"no traffic at the doorbells: {uses}")
    check(uses["WAKE"] <= traced.rings, f"{uses['WAKE']} wake-ups, {traced.rings} rings")
    # A sleeper is woken by a ring, and may find that it was for what it has taken already.
    check(uses["WAIT"] <= traced.rings + workers + 2, f"{uses['WAIT']} waits, {traced.rings} rings")
    check(20 * len(futexes) < traced.packets,
          f"{len(futexes)} futex calls for {traced.packets} packets")


def look(bench, workers):
    need_tracing(bench)
    traced = Traced(bench, workers)
    check_calls(traced, workers)
    check_bells(traced, workers)


@case("a replay's threads call the kernel for work and wake-ups only, once a block")
def one_worker(bench):
    look(bench, 1)


@case("so do those of three workers")
def three_workers(bench):
    look(bench, 3)


@case("a futex of another kind is seen")
def others_are_seen(_):
    check(BELL.match("0x55d0, FUTEX_WAIT, 7, NULL"), "a doorbell")
    check(not BELL.match("0x55d0, FUTEX_WAIT_PRIVATE, 2, NULL"), "the C library's mutex")
    check(not BELL.match("0x55d0, FUTEX_LOCK_PI, NULL"), "a mutex of the kernel's")
    calls = [("1", "clone3", ""), ("2", "rseq", ""), ("2", "futex", "0x1, FUTEX_WAIT, 0"),
             ("2", "brk", ""), ("2", "futex", "0x1, FUTEX_WAKE, 1"), ("2", "exit", ""),
             ("1", "read", "")]
    check_equal([call for call, _ in while_all_run(calls)["2"]], ["futex", "brk", "futex"],
                "what is left of a thread's calls")


run_cases()
