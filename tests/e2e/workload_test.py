#!/usr/bin/python3
"""What dfc stores of perf/make_capture's workloads is what is known to be in them, the floors count
the same, and perf/run comes to its end.

make_capture, floor and bare_rows must stand beside dfc, where the build puts them.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import workload
from harness import (CALL_TIMEOUT_S, HERE, SAMPLE, Skip, case, check, check_equal, environment,
                     run_cases)

PACKETS = 20_000


@contextlib.contextmanager
def tools(bench):
    folder = pathlib.Path(bench.dfc).parent / "tests"
    for name in ("make_capture", "floor", "bare_rows"):
        if not (folder / name).exists():
            raise Skip(f"{folder / name} is not built")
    yield folder


def make(bench, kind, packets=PACKETS, seed=1):
    inputs = [SAMPLE] if kind == "mix" else []
    return workload.make(bench.common / "make_capture", kind, packets, bench.dir / "cache", inputs,
                         seed)


def figures(bench, made, name):
    bench.replay(bench.store(name), "--checksums", "verify", made.capture)
    return workload.figures(bench.path(name))


def floor(bench, depth, made):
    out = [bench.path("out")] if depth == "file" else []
    done = subprocess.run([bench.common / "floor", depth, made.capture, *out], check=True,
                          capture_output=True, text=True, timeout=CALL_TIMEOUT_S)
    return {name: int(value) for name, value in
            (line.split("\t") for line in done.stdout.splitlines())}


def refused(bench, program, status, word, *words):
    done = subprocess.run([bench.common / program, *words], capture_output=True, text=True,
                          timeout=CALL_TIMEOUT_S, check=False)
    check_equal(done.returncode, status, f"exit status of {program} {words}")
    check(len(done.stderr.splitlines()) == 1 and word in done.stderr,
          f"{program} {words} says {done.stderr!r}")


@case("what is known to be in bulk and small is stored")
def exact(bench):
    for kind in ("bulk", "small"):
        made = make(bench, kind)
        check_equal(workload.differences(made, figures(bench, made, kind + ".db")), [], kind)


@case("a mix has as much of everything as its captures, times the copies")
def multiplied(bench):
    made, one = make(bench, "mix"), make(bench, "mix", 1)
    check(made.truth["copies"] > 5, f"{made.truth}")
    check_equal(made.truth["packets"], made.truth["copies"] * one.truth["packets"], "packets")
    once, ours = (figures(bench, this, f"{name}.db") for name, this in (("1", one), ("n", made)))
    check_equal(workload.differences(made, ours, once), [], "mix")
    check_equal(ours["flows"], once["flows"] * made.truth["copies"], "flows")


@case("a packet or a byte too few is found")
def found(bench):
    made = make(bench, "bulk")
    ours = figures(bench, made, "t.db")
    for name in ("packets", "flows", "tcp_bytes", "tcp_payload_bytes"):
        said = workload.differences(made, {**ours, name: ours[name] - 1})
        check(len(said) == 1 and said[0].startswith(name), f"{name}: {said}")


@case("the same seed gives the same bytes, another one others")
def seeds(bench):
    for kind in ("bulk", "small", "mix"):
        made = make(bench, kind).capture
        first = made.read_bytes()
        made.unlink()
        check(make(bench, kind).capture.read_bytes() == first, f"{kind}: other bytes")
        check(make(bench, kind, seed=2).capture.read_bytes() != first, f"{kind}: the same bytes")


@case("segments come late and twice, and the stream is whole")
def late(bench):
    made = make(bench, "bulk")
    check(made.truth["tcp_payload_bytes"] > made.truth["tcp_bytes"], "nothing is sent twice")
    store = bench.store()
    bench.replay(store, made.capture)
    flows = bench.flows(store)
    check_equal(len(flows), 8, "flows")
    check(any("reorder" in str(flow) for flow in flows), f"nothing comes late: {flows[0]}")
    check_equal([flow["client_gaps"] + flow["server_gaps"] for flow in flows], [0] * 8, "gaps")
    check_equal({flow["state"] for flow in flows}, {"closed"}, "states")


@case("the floors count what is known")
def floors(bench):
    for kind in ("bulk", "small"):
        made = make(bench, kind)
        for depth in ("walk", "decode", "lookup", "copy", "fresh", "file"):
            counted, deep = floor(bench, depth, made), depth in ("copy", "fresh", "file")
            check_equal(counted["packets"], made.truth["packets"], f"{kind} {depth}: packets")
            if depth != "walk":
                check_equal(counted["tcp_payload_bytes"], made.truth["tcp_payload_bytes"], depth)
            if deep or depth == "lookup":
                check_equal(counted["flows"], made.truth["flows"], f"{kind} {depth}: flows")
            check_equal(counted["copied_bytes"],
                        made.truth["tcp_payload_bytes"] if deep else 0, f"{kind} {depth}: copied")
        wrote = os.path.getsize(bench.path("out"))
        check(wrote > made.truth["tcp_payload_bytes"], f"{kind}: {wrote} bytes in the file")


@case("a wrong word is answered with one line")
def bad_words(bench):
    there = bench.path("t.pcap")
    refused(bench, "make_capture", 2, "usage", "bulk", "10")
    refused(bench, "make_capture", 2, "usage", "huge", "10", "1", there)
    refused(bench, "make_capture", 2, "PACKETS 'ten'", "bulk", "ten", "1", there)
    refused(bench, "make_capture", 2, "PACKETS '0'", "small", "0", "1", there)
    refused(bench, "make_capture", 2, "usage", "mix", "10", "1", there)
    refused(bench, "make_capture", 1, "cannot write", "bulk", "10", "1", there + "/no/folder")
    refused(bench, "floor", 2, "usage", "walk")
    refused(bench, "floor", 2, "no depth", "deep", there)
    refused(bench, "floor", 1, "cannot read", "walk", bench.path("none.pcap"))
    refused(bench, "floor", 1, "no pcap file", "walk", bench.write("text", b"not a capture" * 9))
    cut = make(bench, "small", 100).capture.read_bytes()[:-1]
    refused(bench, "floor", 1, "cut off", "walk", bench.write("cut.pcap", cut))


def measuring(bench, *words, path=""):
    return subprocess.Popen(
        [sys.executable, HERE.parents[1] / "perf" / "run", "--as-built", "--scale", "0.002",
         "--captures", SAMPLE.parent, "--cache", bench.dir / "cache", *words,
         pathlib.Path(bench.dfc).parent], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment({"PATH": f"{path or '/usr/sbin'}:{os.environ['PATH']}"}))


def measure(bench, *words, path=""):
    """What perf/run prints. That goals of speed are missed at this size says nothing."""
    with measuring(bench, *words, path=path) as process:
        out, errors = process.communicate(timeout=CALL_TIMEOUT_S)
    check(process.returncode in (0, 1) and not errors, f"{process.returncode}\n{errors:.2000}")
    return out


@case("perf/run comes to its end, with a line for everything")
def whole(bench):
    words = [word for name in ("floor", "dfc into", "bare", "libnids")
             for word in ("--program", name)]
    said = measure(bench, "--rounds", "2", *words)
    check_equal(said.count("dfc has stored all of it."), 3, said)
    for program in ("floor: walk", "floor: copy", "dfc into null:", "dfc into SQLite",
                    "bare inserts of the same rows"):
        lines = [line for line in said.splitlines() if line.startswith(f"| {program} |")]
        check(len(lines) >= 3 and not any("failed" in line for line in lines), said)
    goals = said.split("## Goals")[1]
    for number in range(1, 13):
        check(f"\n| {number} |" in goals, f"goal {number} is not there:\n{goals}")


@case("a peer that fails or takes too long is a line of perf/run's table")
def peers(bench):
    folder = bench.dir / "peers"
    folder.mkdir()
    for name, script in (("tcpflow", "echo 'no luck' >&2; exit 3"), ("tshark", "sleep 600")):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    said = measure(bench, "--rounds", "1", "--limit", "3", "--workload", "bulk", "--program",
                   "tcpflow", "--program", "tshark", path=folder)
    check("| tcpflow | content in files | failed: status 3: no luck |" in said, said)
    check("| tshark | conversations | more than 3 s |" in said, said)


@case("perf/run goes on where dfc itself takes too long")
def late_dfc(bench):
    said = measure(bench, "--rounds", "2", "--limit", "0.001", "--workload", "bulk", "--program",
                   "dfc into null")
    check("| checked flows, all content | more than 0.001 s |" in said, said)
    check("missed: bulk: dfc into null:: more than 0.001 s" in said, said)
    check("dfc has stored all of it." not in said, said)


@case("perf/run shows what it has when it is stopped")
def stopped(bench):
    process = measuring(bench, "--rounds", "100000", "--workload", "bulk", "--program", "floor",
                        "--program", "into null:")
    with process:
        line = ""
        while not line.startswith("dfc has stored"):
            line = process.stdout.readline()
            check(line, "it has ended by itself")
        time.sleep(3)  # A round or more, also where the machine is busy.
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=CALL_TIMEOUT_S)
    check_equal(process.returncode, 1, f"exit status\n{said[1]}")
    check("\n| floor: walk | nothing | 0." in said[0], said)
    check("missed: stopped before its end" in said[0] and not said[1], said)


run_cases(tools)
