#!/usr/bin/python3
"""Retention on a cluster of three nodes: whoever prunes where, it is done once, and everywhere."""

import subprocess

from galera import Galera
from harness import (CALL_TIMEOUT_S, DONE, case, check, check_equal, environment, note, run_cases,
                     wait_until)
from ten_days import QUERIES_A_DAY, capture

FLOWS_A_DAY = 3
TABLES = ("flow", "chunk", "icmp", "ledger", "flow_part", "retention")


def prune_everywhere(bench, *args):
    """A prune on each node, begun together; what they exit with, and what they say."""
    runs = [subprocess.Popen([bench.dfc, "prune", "--store", bench.common.url("keep", first), *args],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment())
            for first in range(3)]
    said = [run.communicate(timeout=CALL_TIMEOUT_S)[0].decode() for run in runs]
    for number, text in enumerate(said, 1):
        note(f"node {number}: " + "; ".join(text.strip().splitlines()))
    return [run.returncode for run in runs], said


def prune_again(bench, url, keep):
    """This node may not know yet that another one has given the lease back."""
    prune = ("prune", "--store", url, "--keep", keep)
    wait_until(lambda: bench.run(*prune, status=None).status == DONE, "the lease",
               CALL_TIMEOUT_S, 0.5)


def partitions(node, table):
    return node.sql("SELECT PARTITION_NAME FROM information_schema.PARTITIONS"
                    f" WHERE TABLE_SCHEMA = 'keep' AND TABLE_NAME = '{table}'"
                    " ORDER BY PARTITION_ORDINAL_POSITION")


@case("prunes that begin on all nodes at once do it once, and every node has the same")
def at_once(bench):
    cluster = bench.common
    cluster.nodes[0].sql("CREATE DATABASE keep")
    url = cluster.url("keep")
    bench.run("init", "--store", url)
    bench.replay(url, bench.write("ten.pcap", capture(FLOWS_A_DAY, 5000)))
    flow = bench.flows(url, "proto:tcp", "--limit", 1)[0]
    bench.run("pin", "--store", url, flow["id"])
    for keep in ("9", "6"):
        statuses, said = prune_everywhere(bench, "--keep", keep)
        check(DONE in statuses, f"nobody did it: {said}")
        prune_again(bench, url, keep)
        check_equal(len(bench.flows(url)), 1 + int(keep) * (FLOWS_A_DAY + QUERIES_A_DAY), "flows")
        cluster.checksums("keep", TABLES)
        for table in ("flow", "chunk", "icmp"):
            names = [partitions(node, table) for node in cluster.nodes]
            check_equal(names, [names[0]] * 3, f"partitions of {table}")
        # The day of the pinned flow, the days that are kept, today, a week, and pmax.
        check_equal(len(partitions(cluster.nodes[2], "flow")), 1 + int(keep) + 1 + 7 + 1, "days")
        check_equal(bench.flows(url, "has:pin"), [flow], "the pinned flow")
        bench.run("verify", "--store", url)


run_cases(lambda _: Galera())
