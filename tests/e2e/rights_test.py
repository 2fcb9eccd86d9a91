#!/usr/bin/python3
"""The accounts of `dfc init --print-grants`: each can do its work, and nothing else."""

import contextlib
import os
import re
import subprocess

from harness import (CALL_TIMEOUT_S, FAILED, SAMPLE, USAGE, case, check, check_equal,
                     environment, note, one_line, run_cases)
from mariadb import MariaDb
from served import served
from ten_days import capture

DATABASE = "rights"


class Accounts:
    """A store that was made as the printed SQL says."""

    def __init__(self, bench, server):
        self.server = server
        server.sql(f"CREATE DATABASE {DATABASE}; CREATE DATABASE other; "
                   "CREATE TABLE other.secret (a INT)")
        text = bench.run("init", "--print-grants", "--store", server.url(DATABASE)).out.decode()
        self.passwords = dict(re.findall(r"CREATE USER '(\w+)'@'localhost' IDENTIFIED BY '(\w+)'",
                                         text))
        check_equal(sorted(self.passwords), ["dfc_installer", "dfc_sensor", "dfc_viewer"], text)
        check_equal(len(set(self.passwords.values())), 3, "passwords")
        before, after = text.split("-- the tables.\n")
        server.sql(before)
        check_equal(server.sql("SHOW TABLES", DATABASE), [], "tables")
        self.run(bench, "installer", "init")
        server.sql(after)

    def run(self, bench, who, command, *args, **how):
        user = "dfc_" + who
        return bench.run(command, "--store", self.server.url(DATABASE, user), *args,
                         env={"DFC_PASSWORD": self.passwords[user]}, **how)

    def refused(self, bench, who, command, *args):
        note(one_line(self.run(bench, who, command, *args, status=FAILED), "denied"))

    def sql(self, who, text):
        """The error that the server answers, "" when it did it."""
        user = "dfc_" + who
        run = subprocess.run(
            ["mariadb", "--no-defaults", f"--socket={self.server.socket}", f"--user={user}",
             "--batch", DATABASE], input=text.encode(), capture_output=True,
            timeout=CALL_TIMEOUT_S, env={**environment(), "MYSQL_PWD": self.passwords[user]})
        return run.stderr.decode()

    def denied(self, who, *statements):
        for text in statements:
            said = self.sql(who, text)
            check("denied" in said, f"{who} may {text}: {said!r}")


@contextlib.contextmanager
def shared(bench):
    with MariaDb(bench.dir / "mariadb") as server:
        accounts = Accounts(bench, server)
        accounts.run(bench, "sensor", "replay", bench.write("ten.pcap", capture(2, 3000)))
        accounts.run(bench, "sensor", "replay", SAMPLE)
        yield accounts


@case("the sensor stores, a second time too, and does nothing else")
def sensor(bench):
    accounts = bench.common
    accounts.run(bench, "sensor", "replay", SAMPLE)
    accounts.run(bench, "sensor", "replay", "--sensor", "another", SAMPLE)
    check_equal(accounts.sql("sensor", "UPDATE sensor SET t_status = 1, status = 1"), "", "status")
    accounts.refused(bench, "sensor", "prune", "--keep", "1")
    accounts.denied("sensor", "DELETE FROM flow", "DELETE FROM chunk", "UPDATE sensor SET name = 1",
                    "DROP TABLE flow", "ALTER TABLE flow DROP PARTITION pmax", "DELETE FROM sensor",
                    "INSERT INTO schema_version VALUES (2)", "SELECT * FROM v_flow",
                    "INSERT INTO pin VALUES (1, 1, 1)", "CREATE TABLE t (a INT)",
                    "SELECT * FROM other.secret", "SELECT * FROM mysql.user")


@case("the viewer reads, and does nothing else")
def viewer(bench):
    accounts = bench.common
    for command in (["flows"], ["icmp"], ["verify"]):
        check(accounts.run(bench, "viewer", *command).out, f"{command}: nothing")
    flow = accounts.run(bench, "viewer", "flows", "--format", "tsv").out.decode().split("\n")[1]
    accounts.run(bench, "viewer", "show", flow.split("\t")[0])
    accounts.refused(bench, "viewer", "replay", str(SAMPLE))
    accounts.refused(bench, "viewer", "prune", "--keep", "1")
    accounts.refused(bench, "viewer", "pin", flow.split("\t")[0])
    accounts.denied("viewer", "DELETE FROM flow", "INSERT INTO sensor VALUES (9, 'x')",
                    "UPDATE flow SET state = 0", "DROP TABLE flow", "CREATE TABLE t (a INT)",
                    "SELECT * FROM other.secret")
    check_equal(accounts.sql("viewer", "SELECT COUNT(*) FROM v_flow"), "", "v_flow")


@case("the viewer serves browsers")
def serving(bench):
    accounts = bench.common
    store = accounts.server.url(DATABASE, "dfc_viewer")
    with served(bench, store, env={"DFC_PASSWORD": accounts.passwords["dfc_viewer"]}) as server:
        check(server.json("/flows")["flows"], "no flows")
        usage = server.json("/sensors")["store"]
        note(usage)
        check(usage["bytes"] > 0 and usage["bytes_a_day"] > 0, f"usage {usage}")


@case("the installer prunes and pins, and sees no other database")
def installer(bench):
    accounts = bench.common
    oldest = accounts.run(bench, "viewer", "flows", "--format", "tsv", "--limit", 1)
    flow = oldest.out.decode().split("\n")[1].split("\t")[0]
    accounts.run(bench, "installer", "pin", flow)
    said = accounts.run(bench, "installer", "prune", "--keep", "8").out.decode()
    check("dropped" in said, said)
    accounts.run(bench, "installer", "prune", "--keep", "7", "--dry-run")
    accounts.run(bench, "viewer", "verify")
    accounts.run(bench, "sensor", "replay", SAMPLE)
    check_equal(accounts.run(bench, "viewer", "flows", "has:pin", "--format", "tsv").out.decode()
                .split("\n")[1].split("\t")[0], flow, "the pinned flow")
    accounts.run(bench, "installer", "unpin", flow)
    accounts.denied("installer", "SELECT * FROM other.secret", "CREATE DATABASE mine",
                    "SELECT * FROM mysql.user", "CREATE USER x", "GRANT SELECT ON *.* TO x")


@case("--print-grants needs a mysql:// store, and touches none")
def elsewhere(bench):
    result = bench.run("init", "--print-grants", "--store", bench.store(), status=None)
    check(result.status in (FAILED, USAGE), "exit status 0")
    note(one_line(result, "mysql"))
    check(not os.path.exists(bench.path("t.db")), "a store was made")
    bench.run("init", "--print-grants", "--store", "mysql://dfc@db.example:3306/flows")


run_cases(shared)
