#!/usr/bin/python3
"""What a packet costs: instructions of all threads of a replay into null:, counted by callgrind.

tests/perf/instructions.tsv has what they were; 5 % more is a failure. Counts hardly depend on the
machine or on what else it does, but on the compiler, the C library and valgrind: a line is for one
set of those, and where there is none for this machine's the test is skipped. What counts is a
program as `scripts/test release` builds it.

When a change is worth its instructions, or saves some, write the file anew:
DFC_WRITE_INSTRUCTIONS=1 python3 tests/e2e/instructions_test.py build/dfc
"""

import json
import os
import pathlib
import re
import subprocess

from harness import (CALL_TIMEOUT_S, HERE, SAMPLE, Failed, Skip, case, check, check_equal,
                     environment, need, note, run_cases)
from packets import pcap
from workloads import FRAMES, WORKLOADS

BASELINE = HERE.parent / "perf" / "instructions.tsv"
GROWTH_MAX = 0.05
# Two counts of the same replay. It is 0.01 % where nothing is wrong with the counting.
REPEAT_MAX = 0.005
COLUMNS = ("workload", "instructions", "compiler", "valgrind", "libc")
RENEW = "DFC_WRITE_INSTRUCTIONS=1 python3 tests/e2e/instructions_test.py build/dfc"
# Of `scripts/test release`; any other way to build gives other counts.
OPTIONS = {"optimization": "3", "debug": False, "b_ndebug": "if-release", "b_lto": False,
           "b_pgo": "off", "b_pie": True, "b_sanitize": "none", "b_coverage": False,
           "cpp_args": []}


# What this machine counts with -------------------------------------------------------------------

def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True,
                          timeout=CALL_TIMEOUT_S).stdout


def check_build(dfc):
    options = pathlib.Path(dfc).parent / "meson-info" / "intro-buildoptions.json"
    if not options.exists():
        raise Skip("dfc does not lie in its build directory, so how it was built is not known")
    values = {entry["name"]: entry["value"] for entry in json.loads(options.read_text())}
    for name, value in OPTIONS.items():
        if values.get(name) != value:
            raise Skip(f"built with {name}={values.get(name)}: a release build is what counts")


def platform(dfc):
    comment = said("readelf", "-p", ".comment", dfc)
    compilers = re.findall(r"\]\s+(\S.*\S)", comment)
    return {"compiler": " ".join(compilers), "valgrind": said("valgrind", "--version").strip(),
            "libc": os.confstr("CS_GNU_LIBC_VERSION")}


def check_processor():
    """The C library copies by other instructions where a processor has no AVX2."""
    if "avx2" not in pathlib.Path("/proc/cpuinfo").read_text().split():
        raise Skip("the processor is not an x86-64 with AVX2, as that of the baseline")


# Counting ----------------------------------------------------------------------------------------

def count(bench, name, capture):
    """Instructions of a whole replay of `capture`; the profile stays for those who look closer."""
    profile = bench.path(name + ".callgrind")
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", bench.dfc, "replay",
         "--store", "null:", "--workers", "1", "--memory-max", "128M", capture],
        capture_output=True, text=True, cwd=bench.dir, timeout=CALL_TIMEOUT_S,
        # One `rep movsb` would count as an instruction a byte.
        env=environment({"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-ERMS"}))
    check(run.returncode == 0, f"callgrind of {name}:\n{run.stderr:.2000}")
    packets = int(re.search(r"^ *packets +([\d,]+)", run.stderr, re.M)[1].replace(",", ""))
    instructions = int(re.search(r"^totals: (\d+)", pathlib.Path(profile).read_text(), re.M)[1])
    return packets, instructions


class Counting:
    """What counts, and what a run takes that has nothing to do: loading libraries, ending."""

    def __init__(self, bench):
        need("valgrind", "readelf", "callgrind_annotate")
        check_build(bench.dfc)
        check_processor()
        self.here = platform(bench.dfc)
        packets, self.start = count(bench, "start", bench.write("empty.pcap", pcap([])))
        check_equal(packets, 0, "packets of an empty file")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def per_packet(self, bench, name):
        capture = bench.write(name + ".pcap", WORKLOADS[name]())
        packets, instructions = count(bench, name, capture)
        check_equal(packets, FRAMES, "packets replayed")
        return (instructions - self.start) / packets


# Baselines ---------------------------------------------------------------------------------------

def read_baseline():
    lines = BASELINE.read_text(encoding="utf-8").splitlines()
    return [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines[1:]]


def line_of(rows, here, workload):
    """The one for this machine's tools; None if there is none."""
    wanted = {**here, "workload": workload}
    found = [row for row in rows if wanted.items() <= row.items()]
    check(len(found) <= 1, f"{BASELINE.name} has {len(found)} lines for {wanted}")
    return found[0] if found else None


def renew(here, workload, now):
    mine = {**here, "workload": workload}
    rows = [row for row in read_baseline() if not mine.items() <= row.items()]
    rows.append({**mine, "instructions": f"{now:.0f}"})
    rows.sort(key=lambda row: (row["compiler"], row["valgrind"], row["libc"], row["workload"]))
    lines = [COLUMNS] + [[row[column] for column in COLUMNS] for row in rows]
    BASELINE.write_text("".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")


def judge(workload, now, before):
    growth = now / before - 1
    verdict = f"{workload}: {now:.0f} instructions a packet, {before:.0f} before: {growth:+.1%}"
    if growth > GROWTH_MAX:
        raise Failed(f"{verdict}\n  if that is meant: {RENEW}")
    return verdict + (f"\n  keep it so: {RENEW}" if growth < -GROWTH_MAX else "")


def show_dearest(bench, name):
    profile = bench.path(name + ".callgrind")
    text = said("callgrind_annotate", "--auto=no", "--threshold=60", profile)
    for line in text.splitlines():
        if re.match(r" *[\d,]+ \(", line):
            note(line[:150])


def compare(bench, workload):
    here = bench.common.here
    row = line_of(read_baseline(), here, workload)
    writes = "DFC_WRITE_INSTRUCTIONS" in os.environ
    if row is None and not writes:
        raise Skip("no baseline for " + ", ".join(here.values()))
    now = bench.common.per_packet(bench, workload)
    if writes:
        renew(here, workload, now)
        note(f"{workload}: {now:.0f} instructions a packet, written to {BASELINE.name}")
        return
    try:
        note(judge(workload, now, float(row["instructions"])))
    except Failed:
        show_dearest(bench, workload)
        raise


# Cases -------------------------------------------------------------------------------------------

@case("bulk: a packet takes no more instructions than it did")
def bulk_costs_no_more(bench):
    compare(bench, "bulk")


@case("mix: a packet takes no more instructions than it did")
def mix_costs_no_more(bench):
    compare(bench, "mix")


@case("small: a packet takes no more instructions than it did")
def small_costs_no_more(bench):
    compare(bench, "small")


@case("a replay counted twice takes the same instructions")
def counts_repeat(bench):
    (_, first), (_, second) = (count(bench, "again", SAMPLE) for _ in range(2))
    check(abs(first / second - 1) < REPEAT_MAX, f"{first} instructions, then {second}")


@case("what grew by more than 5 % is told, with the way to renew")
def growth_is_told(_):
    check("+4.0%" in judge("x", 1040, 1000), "4 % is within the limit")
    check(RENEW not in judge("x", 1040, 1000), "4 % is no reason to renew")
    check(RENEW in judge("x", 900, 1000), "what was saved is worth keeping")
    try:
        judge("x", 1060, 1000)
    except Failed as problem:
        check(RENEW in str(problem), "does not tell how to renew")
    else:
        raise Failed("6 % more passes")


run_cases(Counting)
