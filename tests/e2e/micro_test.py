#!/usr/bin/python3
"""The micro-benchmarks of perf/micro run, and each of them does what it measures."""

import json
import pathlib
import subprocess

from harness import CALL_TIMEOUT_S, Skip, case, check, check_equal, note, run_cases

# Of each part that is measured, one.
PARTS = {"DecodeTcp", "ShardOfPacket", "FillPacketBlock", "RingPushAndPop", "ThereAndBack",
         "StreamInOrder", "StreamReordered", "WriteTurns", "ReadTurns", "FlowToSqlite",
         "FlowToArrays", "FlowToText", "InsertIntoSqlite"}


@case("each micro-benchmark runs without an error")
def all_run(bench):
    micro = pathlib.Path(bench.dfc).parent / "tests" / "micro"
    if not micro.exists():
        raise Skip("micro was not built: google-benchmark was not there when meson configured")
    run = subprocess.run([micro, "--benchmark_min_time=0.001", "--benchmark_format=json"],
                         capture_output=True, text=True, cwd=bench.dir, timeout=CALL_TIMEOUT_S)
    check_equal(run.returncode, 0, f"exit status\n{run.stderr:.2000}")
    results = json.loads(run.stdout)["benchmarks"]
    ran = {result["name"].split("/")[0] for result in results}
    check_equal(PARTS - ran, set(), "parts left out")
    for result in results:
        check(not result.get("error_occurred"), f"{result['name']}: {result.get('error_message')}")
        check(result["items_per_second"] > 0, f"{result['name']} did nothing")
    note(f"{len(results)} benchmarks")


run_cases()
