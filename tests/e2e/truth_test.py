#!/usr/bin/python3
"""Conversations restored from real captures equal what is known to be in them.

The captures are not part of the project. They are looked for in ../shared/captures beside the
checkout, with what is true of them in its folder truth/; see compare_captures.py.
"""

import contextlib
import pathlib

import compare_captures
from harness import Skip, case, check, note, run_cases

CAPTURES = pathlib.Path(__file__).resolve().parents[3] / "shared" / "captures"
TCP_PERCENT_MIN = 95


@contextlib.contextmanager
def compared(bench):
    if not (CAPTURES / "truth").is_dir():
        raise Skip("no captures in ../shared/captures beside the checkout")
    yield compare_captures.compare_all(bench.dfc, str(CAPTURES), str(CAPTURES / "truth"))


@case("no capture ends dfc by a crash or a usage error")
def no_crash(bench):
    _, crashed, _ = bench.common
    check(not crashed, "\n".join(crashed))


@case("dfc verify finds every capture's store in order")
def in_order(bench):
    _, _, off = bench.common
    check(not off, "\n".join(off))


@case(f"at least {TCP_PERCENT_MIN} % of the TCP conversations are exact to the byte")
def tcp_share(bench):
    tally = bench.common[0]["tcp"]
    note(f"{tally.exact} of {tally.total}, {tally.percent():.2f} %")
    check(tally.percent() >= TCP_PERCENT_MIN, "fewer are")


@case("every TCP, UDP and ICMP conversation that differs is known, and why")
def known(bench):
    tallies = bench.common[0]
    for name, tally in tallies.items():
        note(f"{name}: {tally.exact} of {tally.total} exact, {tally.percent():.2f} %")
    unknown, mended = compare_captures.judge(tallies)
    for key in mended:
        note("listed in known_differences.tsv, but exact: " + " ".join(key))
    check(not unknown, "\n".join(" ".join(difference) for difference in unknown))


run_cases(compared)
