#!/usr/bin/python3
"""The figures of a run: --stats-file, the sensor's status in the store, /metrics of `dfc serve`."""

import re
import shutil
import sqlite3
import subprocess

from harness import SAMPLE, Skip, case, check, check_equal, run_cases, wait_until
from live_link import Capture, Link
from mariadb import MariaDb
from packets import pcap, udp_frame
from served import served

SAMPLE_LINE = re.compile(r"([a-z_]+)\{sensor=\"([^\"]*)\",?([^}]*)\} (\S+)")


def figures(text):
    """Samples by name and labels, but for the sensor's."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = SAMPLE_LINE.fullmatch(line)
            check(match, f"no sample: {line!r}")
            found[match[1] + (f"{{{match[3]}}}" if match[3] else "")] = float(match[4])
    return found


def packets(found, outcome):
    return found[f'dfc_packets_total{{outcome="{outcome}"}}']


def check_with_promtool(text):
    promtool = shutil.which("promtool")
    if not promtool:
        raise Skip("promtool (package prometheus) is not there")
    said = subprocess.run([promtool, "check", "metrics"], input=text.encode(), capture_output=True,
                          check=False)
    check_equal((said.returncode, said.stdout + said.stderr), (0, b""), "promtool")


@case("after a replay the file has what the summary has")
def replay(bench):
    store, path = bench.store(), bench.dir / "dfc.prom"
    bench.run("replay", "--store", store, "--stats-file", path, SAMPLE)
    text = path.read_text()
    found = figures(text)
    flows = bench.flows(store)
    check_equal(found['dfc_flows_total{protocol="tcp"}'],
                sum(flow["proto"] == "tcp" for flow in flows), "TCP flows")
    content = sum(flow["client_bytes"] + flow["server_bytes"] for flow in flows)
    check_equal(found["dfc_content_bytes_total"], content, "content")
    captured, = sqlite3.connect(store.removeprefix("sqlite:")).execute(
        "SELECT SUM(packets) FROM ledger WHERE outcome = 'captured'").fetchone()
    outcomes = [value for name, value in found.items() if name.startswith("dfc_packets_total")]
    check_equal(sum(outcomes), captured, "packets by outcome")
    check_equal(found["dfc_flows"], 0, "flows after the end")
    check(found["dfc_resident_memory_bytes"] > 1 << 20, "memory")
    check_equal(found['dfc_store_write_seconds_bucket{le="+Inf"}'],
                found["dfc_store_write_seconds_count"], "the histogram's end")
    check_equal([p.name for p in path.parent.glob("*.tmp")], [], "what is left aside")


@case("promtool finds nothing to mend")
def promtool(bench):
    path = bench.dir / "dfc.prom"
    bench.run("replay", "--store", bench.store(), "--stats-file", path, "--sensor", 'a"b\\c', SAMPLE)
    check_with_promtool(path.read_text())


@case("a file that can't be written is told, and the run goes on")
def unwritable(bench):
    result = bench.run("replay", "--store", bench.store(), "--stats-file", "/nowhere/dfc.prom",
                       bench.write("1.pcap", pcap([(udp_frame("10.0.0.1", 1, "10.0.0.2", 2, b"x"),
                                                    1)])))
    check("event=stats-not-written" in result.err and "/nowhere/dfc.prom" in result.err, result.err)


def watch(bench, store):
    path = bench.dir / "dfc.prom"
    with Link(bench) as link:
        capture = Capture(link, store, "--stats-file", path, "--sensor", "gate", "icmp")
        link.run("a", "ping", "-c", "3", "-i", "0.2", "10.90.0.2")
        wait_until(lambda: path.exists() and packets(figures(path.read_text()), "delivered") == 6,
                   "packets in the file", 20)
        with served(bench, store) as server:
            def told():
                sensor, = server.json("/sensors")["sensors"]
                status = sensor["status"]
                return status and status["figures"].get(
                    'dfc_packets_total{outcome="delivered"}') == 6 and status
            check_equal(wait_until(told, "packets in the status", 20)["fresh"], True, "fresh")
            answer = server.ask("/metrics")
            check_equal(answer.status, 200, "/metrics")
            text = answer.body.decode()
            check('dfc_last_seen_seconds{sensor="gate"}' in text, text[:300])
            check_equal(packets(figures(text), "delivered"), 6, "packets at /metrics")
        capture.stop()
        check_equal(packets(figures(path.read_text()), "delivered"), 6, "packets in the end")


@case("a capture tells its figures while it runs, SQLite")
def live(bench):
    watch(bench, bench.store())


@case("a capture tells its figures while it runs, MariaDB")
def live_mariadb(bench):
    with MariaDb(bench.dir / "mariadb") as server:
        watch(bench, server.store(bench, "stats"))


if __name__ == "__main__":
    run_cases()
