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
# What is reached: the rest lies inside tunnels and link types that are not decoded, or is refused for
# lengths and checksums that lie. It may rise, not fall.
UDP_PERCENT_MIN, ICMP_PERCENT_MIN = 95, 78


@contextlib.contextmanager
def compared(bench):
    if not (CAPTURES / "truth").is_dir():
        raise Skip("no captures in ../shared/captures beside the checkout")
    yield compare_captures.compare_all(bench.dfc, str(CAPTURES), str(CAPTURES / "truth"))


@case("no capture ends dfc by a crash or a usage error")
def no_crash(bench):
    _, crashed = bench.common
    check(not crashed, "\n".join(crashed))


@case(f"at least {TCP_PERCENT_MIN} % of the TCP conversations are exact to the byte")
def tcp_share(bench):
    tally = bench.common[0]["tcp"]
    note(f"{tally.exact} of {tally.total}, {tally.percent():.2f} %")
    check(tally.percent() >= TCP_PERCENT_MIN, "fewer are")


@case("every TCP conversation that differs is known, and why")
def tcp_known(bench):
    unknown, mended = compare_captures.judge_tcp(bench.common[0]["tcp"])
    for key in mended:
        note("listed in known_differences.tsv, but exact: " + " ".join(key))
    check(not unknown, "\n".join(" ".join(difference) for difference in unknown))


def datagram_case(name, what, percent_min):
    @case(f"at least {percent_min} % of the {what} are exact")
    def share(bench):
        tally = bench.common[0][name]
        note(f"{tally.exact} of {tally.total}, {tally.percent():.2f} %; the worst captures:")
        for line in list(compare_captures.datagram_reports(tally, name))[:10]:
            note("  " + line)
        check(tally.percent() >= percent_min, "fewer are")


datagram_case("udp", "UDP conversations", UDP_PERCENT_MIN)
datagram_case("icmp", "ICMP conversations", ICMP_PERCENT_MIN)
run_cases(compared)
