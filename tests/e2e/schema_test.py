#!/usr/bin/python3
"""The tables through the versions: each migration is applied once, whoever begins, and a database of
every version that was released becomes the newest.

tests/e2e/schema/ has the schema of each version as the databases themselves tell it. Of the newest
one, as long as it is not released: DFC_WRITE_SCHEMA=1 tests/e2e/schema_test.py DFC writes it anew.
"""

import contextlib
import difflib
import os
import pathlib
import sqlite3
import subprocess

from harness import (CALL_TIMEOUT_S, DONE, SAMPLE, case, check, check_equal, environment, need,
                     note, run_cases)
from mariadb import MariaDb

FOLDER = pathlib.Path(__file__).resolve().parent / "schema"
NEWEST = 1
AT_ONCE = 4
SENSORS = "SELECT sensor_id, name FROM sensor ORDER BY sensor_id"


@contextlib.contextmanager
def shared(bench):
    need("mariadb-dump")
    with MariaDb(bench.dir / "mariadb") as server:
        yield server


# What a database says of itself -------------------------------------------------------------------

def schema_of_sqlite(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        version, = database.execute("PRAGMA user_version").fetchone()
        made = database.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
                                " ORDER BY type, name").fetchall()
    return "".join(f"{sql};\n\n" for sql, in made) + f"PRAGMA user_version = {version};\n"


def schema_of_mariadb(server, database, rows_of=("schema_version", "retention")):
    common = ["mariadb-dump", "--no-defaults", f"--socket={server.socket}", "--user=root",
              "--skip-comments", "--compact", "--skip-dump-date", "--order-by-primary"]
    text = b"".join(
        subprocess.run([*common, *options, database, *tables], capture_output=True, check=True,
                       timeout=CALL_TIMEOUT_S).stdout
        for options, tables in ((["--no-data"], ()), (["--no-create-info"], rows_of)))
    text = text.decode().replace(f"`{database}`.", "")  # Some names in views are whole.
    return "".join(line + "\n" for line in text.splitlines() if "sandbox" not in line)


def read(kind, version):
    return (FOLDER / f"{kind}_{version}.sql").read_text(encoding="utf-8")


def hold_against_file(kind, text):
    path = FOLDER / f"{kind}_{NEWEST}.sql"
    if os.environ.get("DFC_WRITE_SCHEMA"):
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    check(path.exists() and path.read_text(encoding="utf-8") == text,
          f"{path.name} is another schema: a released one must not change (add a migration); of one "
          f"that is not released write it anew, see the head of this file")


def same_lines(ours, wanted, what):
    differing = [line for line in difflib.unified_diff(
        wanted.splitlines(), ours.splitlines(), "must be", "is", n=0, lineterm="")]
    check(not differing, what + "".join(f"\n  {line[-900:]}" for line in differing[:20]))


# -------------------------------------------------------------------------------------------------

def begin_at_once(bench, url):
    """What so many `dfc init` say, begun together."""
    runs = [subprocess.Popen([bench.dfc, "init", "--store", url], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env=environment()) for _ in range(AT_ONCE)]
    said = [run.communicate(timeout=CALL_TIMEOUT_S)[0].decode() for run in runs]
    check_equal([run.returncode for run in runs], [DONE] * AT_ONCE, "".join(said))
    return sorted("up to date" in line for line in said)


@case("several dfc init at once apply each migration once")
def init_at_once(bench):
    for url in (bench.store(), bench.common.create("once")):
        check_equal(begin_at_once(bench, url), [False] + [True] * (AT_ONCE - 1), url)
        bench.replay(url, SAMPLE)
    versions = bench.common.sql("SELECT version FROM schema_version", "once")
    check_equal(versions, [[str(n + 1)] for n in range(NEWEST)], "versions")


@case("the newest schema is the one on file")
def on_file(bench):
    bench.run("init", "--store", bench.store())
    hold_against_file("sqlite", schema_of_sqlite(bench.path("t.db")))
    bench.run("init", "--store", bench.common.create("newest"))
    hold_against_file("mariadb", schema_of_mariadb(bench.common, "newest"))


@case("SQLite: a store of each version becomes the newest, keeps its rows and takes more")
def sqlite_versions(bench):
    bench.run("init", "--store", bench.store("new.db"))
    for version in range(1, NEWEST + 1):
        store = bench.store(f"{version}.db")
        with contextlib.closing(sqlite3.connect(bench.path(f"{version}.db"))) as database:
            database.execute("PRAGMA auto_vacuum = INCREMENTAL")
            database.execute("PRAGMA journal_mode = WAL")
            database.executescript(read("sqlite", version))
            database.execute("INSERT INTO sensor (sensor_id, name) VALUES (7, 'veteran')")
            database.commit()
        note(bench.run("init", "--store", store).out.decode().strip().split(": ")[-1])
        same_lines(schema_of_sqlite(bench.path(f"{version}.db")),
                   schema_of_sqlite(bench.path("new.db")), f"schema, from version {version}")
        bench.replay(store, SAMPLE)
        with contextlib.closing(sqlite3.connect(bench.path(f"{version}.db"))) as database:
            check_equal(database.execute(SENSORS).fetchall(),
                        [(7, "veteran"), (8, "default")], "sensors")


@case("MariaDB: a store of each version becomes the newest, keeps its rows and takes more")
def mariadb_versions(bench):
    server = bench.common
    bench.run("init", "--store", server.create("fresh"))
    for version in range(1, NEWEST + 1):
        url = server.create("released")
        server.sql("SET SESSION character_set_client = utf8mb4;" + read("mariadb", version)
                   + "INSERT INTO sensor (sensor_id, name) VALUES (7, 'veteran')", "released")
        note(bench.run("init", "--store", url).out.decode().strip().split(": ")[-1])
        same_lines(schema_of_mariadb(server, "released"), schema_of_mariadb(server, "fresh"),
                   f"schema, from version {version}")
        bench.replay(url, SAMPLE)
        bench.run("verify", "--store", url)
        check_equal(server.sql(SENSORS, "released"),
                    [["7", "veteran"], ["8", "default"]], "sensors")


run_cases(shared)
