#!/usr/bin/python3
"""A cluster of three nodes that lose one of them, or all but one: nothing lost, nothing twice, the
same on all nodes.

$DFC_GALERA_ROUNDS random rounds (2), chosen by $DFC_SEED.
"""

import os
import random
import subprocess
import time

from galera import Galera
from harness import (CALL_TIMEOUT_S, DONE, LASTING_TABLES, case, check, check_equal, environment,
                     note, run_cases, wait_until)
from sample import repeated_sample

ROUNDS = int(os.environ.get("DFC_GALERA_ROUNDS", "2"))
SEED = int(os.environ.get("DFC_SEED", "1"))


def disturbed(bench, name, disturb):
    """A replay while `disturb(seconds, running)` goes on: the same rows as an undisturbed one on all
    nodes. `running` says whether the replay goes on."""
    cluster = bench.common
    file = bench.write("long.pcap", repeated_sample(20))
    for database in (name + "_calm", name):
        cluster.nodes[0].sql(f"DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database}")
        bench.run("init", "--store", cluster.url(database))
    started = time.monotonic()
    bench.replay(cluster.url(name + "_calm"), file)
    seconds = time.monotonic() - started
    wanted = cluster.checksums(name + "_calm", LASTING_TABLES)
    run = subprocess.Popen([bench.dfc, "replay", "--quiet", "--store", cluster.url(name), file],
                           stderr=subprocess.PIPE, env=environment(), cwd=bench.dir, text=True)
    disturb(seconds, lambda: run.poll() is None)
    said = run.communicate(timeout=CALL_TIMEOUT_S)[1]
    check_equal(run.returncode, DONE, said)
    note(said.strip()[:400])
    check_equal(cluster.checksums(name, LASTING_TABLES), wanted, "rows and checksums")


def wait_for_rows(bench, name, running):
    wait_until(lambda: bench.common.nodes[0].sql("SELECT 1 FROM flow LIMIT 1", name),
               "the first flows", pause=0.001)
    check(running(), "the replay was over too soon")


@case("the node that is written to is killed")
def one_node(bench):
    def kill(_, running):
        wait_for_rows(bench, "one", running)
        bench.common.nodes[0].kill()
        time.sleep(1)
        bench.common.restart(0)
    disturbed(bench, "one", kill)


@case("two nodes are killed: the third has no quorum until it is told")
def quorum(bench):
    def kill(_, running):
        wait_for_rows(bench, "quorum", running)
        bench.common.nodes[1].kill()
        bench.common.nodes[2].kill()
        time.sleep(6)
        bench.common.nodes[0].sql("SET GLOBAL wsrep_provider_options = 'pc.bootstrap=YES'")
        bench.common.nodes[0].wait_synced()
        bench.common.restart(1, 2)
    disturbed(bench, "quorum", kill)


@case("random nodes at random moments")
def rounds(bench):
    chance = random.Random(SEED)
    for number in range(ROUNDS):
        victim = chance.randrange(3)

        def kill(seconds, running, victim=victim):
            time.sleep(chance.random() * seconds)
            note(f"the replay {'goes on' if running() else 'is over'}")
            bench.common.nodes[victim].kill()
            time.sleep(chance.random() * 3)
            bench.common.restart(victim)
        note(f"round {number}: node {victim + 1} (DFC_SEED={SEED})")
        disturbed(bench, f"round{number}", kill)


run_cases(lambda _: Galera())
