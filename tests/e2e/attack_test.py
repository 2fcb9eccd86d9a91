#!/usr/bin/python3
"""Under attack dfc keeps to its memory, and honest conversations stay whole.

make_attack must stand beside dfc, where the build puts it. `perf/attacks` measures larger ones.
"""

import os

import attack
from harness import Skip, case, check, environment, is_sanitized, note, run_cases

PACKETS = 100_000
MEMORY_MIB = 128
# Rows beside those of the honest: a flood of attempts is a few.
SUMMED = {"syn": 2, "syn-answered": 2, "syn-anywhere": 5, "scan": 2}


def endures(bench, kind):
    make_attack = os.path.join(os.path.dirname(bench.dfc), "tests", "make_attack")
    if not os.path.exists(make_attack):
        raise Skip(f"{make_attack} is not built")
    capture, truth = attack.make(make_attack, kind, PACKETS, str(bench.dir))
    result = attack.replay(bench.dfc, capture, truth, bench.store(), MEMORY_MIB, environment())
    said = bench.run("verify", "--store", bench.store(), status=None)
    check(said.status == 0, said.out.decode()[:2000])
    note(f"{result.rows} rows, {result.exact} of {result.honest} conversations exact, "
         f"{result.rss_bytes >> 20} MiB")
    check(result.share >= attack.HONEST_SHARE, f"{100 * result.share:.3f} % of the honest bytes")
    if not is_sanitized(bench.dfc):
        check(result.rss_bytes <= MEMORY_MIB * attack.MIB + attack.MEMORY_BEYOND_BYTES,
              f"{result.rss_bytes >> 20} MiB")
    if kind in SUMMED:
        check(result.rows <= result.honest + SUMMED[kind], f"{result.rows} rows")


for name, words in attack.KINDS.items():
    case(f"{name}: {words}")(lambda bench, kind=name: endures(bench, kind))

run_cases()
