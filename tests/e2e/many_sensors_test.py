#!/usr/bin/python3
"""Sensors that write at once into one store: their ids cannot clash, and each one's flows are those
that it would have written alone."""

import subprocess

from harness import CALL_TIMEOUT_S, DONE, SAMPLE, case, check, check_equal, environment, run_cases
from sample import replayed

SENSORS = [f"gw-{number}" for number in range(4)]


def write_at_once(bench, store, *files):
    runs = [subprocess.Popen([bench.dfc, "replay", "--quiet", "--store", store, "--sensor", name,
                              *map(str, files)], stderr=subprocess.PIPE, env=environment())
            for name in SENSORS]
    said = [run.communicate(timeout=CALL_TIMEOUT_S)[1].decode() for run in runs]
    check_equal([run.returncode for run in runs], [DONE] * len(SENSORS), "".join(said))


def facts(flow):
    """All but what names the flow and its sensor."""
    return {key: value for key, value in flow.items() if key not in ("id", "sensor")}


def in_order(flows):
    return sorted(map(facts, flows), key=repr)


def check_sensors(bench, store):
    alone = in_order(bench.flows(bench.common.store))
    ids = []
    for name in SENSORS:
        flows = bench.flows(store, f"sensor:{name}")
        check_equal(in_order(flows), alone, f"flows of {name}")
        ids += [flow["id"] for flow in flows]
    check_equal(len(set(ids)), len(SENSORS) * len(alone), "ids")
    bench.run("verify", "--store", store)


@case("SQLite: sensors that saw the same packets at the same time write at once")
def sqlite(bench):
    bench.run("init", "--store", bench.store())
    write_at_once(bench, bench.store(), SAMPLE)
    check_sensors(bench, bench.store())


@case("MariaDB: sensors that saw the same packets at the same time write at once, twice")
def mariadb(bench):
    url = bench.common.mariadb().store(bench, "sensors")
    for _ in range(2):
        write_at_once(bench, url, SAMPLE)
        check_sensors(bench, url)
    numbers = bench.common.mariadb().sql("SELECT sensor_id FROM sensor ORDER BY 1", "sensors")
    check_equal(numbers, [[str(number + 1)] for number in range(len(SENSORS))], "numbers")
    check(bench.flows(url, "sensor:gw-1 proto:icmp"), "no pings")


run_cases(replayed)
