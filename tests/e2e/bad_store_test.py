#!/usr/bin/python3
"""Stores that can't be used: paths, disks, servers, passwords. Whatever it is, dfc says so in one
line that names the thing, leaves a sound store, and a good run afterwards completes."""

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess

from harness import (CALL_TIMEOUT_S, DONE, FAILED, LASTING_TABLES, SAMPLE, USAGE, Skip, case, check,
                     check_equal, check_same_rows, dump, environment, need, note, one_line,
                     run_cases, wait_until)
from refusals import refused, small_capture
from sample import repeated_sample, replayed


# SQLite ------------------------------------------------------------------------------------------

@case("a store path that can't be written to")
def unwritable(bench):
    bench.write("good.pcap", small_capture())
    for path in (bench.path("no/such/folder/t.db"), str(bench.dir), "/proc/dfc-test.db"):
        result = bench.run("replay", "--store", "sqlite:" + path, "good.pcap", status=None)
        check(result.status != DONE, f"{path}: exit status 0")
        note(one_line(result, path))


@case("a store that is not a database, is left as it was")
def not_a_database(bench):
    junk = b"A letter to somebody, not a database.\n" * 200
    bench.write("letter.txt", junk)
    bench.write("good.pcap", small_capture())
    for args in (["replay", "good.pcap"], ["flows"], ["init"]):
        result = bench.run(*args, "--store", bench.store("letter.txt"), status=FAILED)
        note(one_line(result, "letter.txt"))
    check_equal((bench.dir / "letter.txt").read_bytes(), junk, "the file")


@case("a database of another program, is left as it was")
def foreign_database(bench):
    with contextlib.closing(sqlite3.connect(bench.path("other.db"))) as database:
        database.execute("CREATE TABLE flow (a, b)")
        database.execute("INSERT INTO flow VALUES (1, 2)")
        database.commit()
    before = (bench.dir / "other.db").read_bytes()
    bench.write("good.pcap", small_capture())
    for args in (["replay", "good.pcap"], ["flows"]):
        result = bench.run(*args, "--store", bench.store("other.db"), status=None)
        check(result.status != DONE, "exit status 0")
        note(one_line(result, "other.db"))
    check((bench.dir / "other.db").read_bytes() == before, "the file was changed")


@contextlib.contextmanager
def small_disk(path, size):
    os.mkdir(path)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "dfc-test", path]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        raise Skip("needs the right to mount a file system")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=False)


@case("a full disk: one clear line, a sound store; with room again, a second run completes")
def full_disk(bench):
    need("mount", "umount")
    disk = bench.path("disk")
    file = bench.write("long.pcap", repeated_sample(8))
    bench.replay(bench.store(), file)
    wanted = dump(bench.store())
    with small_disk(disk, "7m"):
        store = f"sqlite:{disk}/t.db"
        result = bench.replay(store, file, status=FAILED)
        note(one_line(result, "disk full", "t.db"))
        note(f"{len(dump(store)['flow'])} of {len(wanted['flow'])} flows are in")
        subprocess.run(["mount", "-o", "remount,size=128m", disk], check=True)
        bench.replay(store, file)
        rows = dump(store)
        rows.pop("batch")  # The run that failed leaves its markers.
        check_same_rows(rows, {name: wanted[name] for name in rows}, "second run")


# MariaDB -----------------------------------------------------------------------------------------

def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@case("no MariaDB server: by socket and by port")
def no_server(bench):
    for url in (f"mysql://root@/dfc?socket={bench.path('absent.sock')}",
                f"mysql://root@127.0.0.1:{unused_port()}/dfc"):
        for args in (["replay", str(SAMPLE)], ["flows"], ["init"]):
            refused(bench, FAILED, *args, "--store", url, says=["connect"], store=None)


@case("a wrong password: refused, and not shown anywhere")
def wrong_password(bench):
    server = bench.common.mariadb()
    server.create("secrets")
    server.sql("CREATE OR REPLACE USER 'dfc'@'localhost' IDENTIFIED BY 'right-secret';"
               "GRANT ALL ON secrets.* TO 'dfc'@'localhost'")
    url = server.url("secrets", "dfc")
    for args in (["replay", str(SAMPLE)], ["init"], ["flows"]):
        result = bench.run(*args, "--store", url, status=FAILED,
                           env={"DFC_PASSWORD": "wrong-secret"})
        note(one_line(result, "dfc", "password"))
        check("wrong-secret" not in result.err + result.out.decode(), "the password is shown")
    bench.run("init", "--store", url, env={"DFC_PASSWORD": "right-secret"})


@case("a password file must be for its owner only")
def password_file(bench):
    server = bench.common.mariadb()
    server.create("secrets")
    server.sql("CREATE OR REPLACE USER 'dfc'@'localhost' IDENTIFIED BY 'right-secret';"
               "GRANT ALL ON secrets.* TO 'dfc'@'localhost'")
    url = server.url("secrets", "dfc")
    path = bench.write("password", b"right-secret\n")
    env = {"DFC_PASSWORD_FILE": path}
    for mode in (0o644, 0o640, 0o604):
        os.chmod(path, mode)
        result = bench.run("init", "--store", url, status=None, env=env)
        check(result.status != DONE, f"mode {mode:o} was taken")
        line = one_line(result, path)
        check("right-secret" not in line, "the password is shown")
    note(line)
    os.chmod(path, 0o600)
    bench.run("init", "--store", url, env=env)


@case("a password in the URL is refused, and not repeated")
def password_in_url(bench):
    url = "mysql://dfc:right-secret@127.0.0.1:3306/dfc"
    line = refused(bench, USAGE, "replay", "--store", url, str(SAMPLE), says=["password"],
                   store=None)
    check("right-secret" not in line, "the password is shown")


@case("a database without tables: dfc init is named; a database that is not there")
def no_tables(bench):
    server = bench.common.mariadb()
    url = server.create("bare")
    for args in (["replay", str(SAMPLE)], ["flows"]):
        refused(bench, FAILED, *args, "--store", url, says=["dfc init"], store=None)
    check_equal(server.sql("SHOW TABLES", "bare"), [], "tables")
    for args in (["replay", str(SAMPLE)], ["flows"], ["init"]):
        refused(bench, FAILED, *args, "--store", server.url("absent"), says=["absent"], store=None)
    bench.run("init", "--store", url)
    bench.replay(url, SAMPLE)


@case("MariaDB killed in mid-replay: one clear line, and the replay waits until it is told to stop")
def server_killed(bench):
    server = bench.common.mariadb()
    whole, url = (server.store(bench, name) for name in ("undisturbed", "disturbed"))
    file = bench.common.long()
    bench.replay(whole, file)
    wanted = server.checksums("undisturbed", LASTING_TABLES)

    bench.run("init", "--store", url)
    server.sql("CREATE TRIGGER slow BEFORE INSERT ON flow FOR EACH ROW DO SLEEP(0.01)", "disturbed")
    run = subprocess.Popen([bench.dfc, "replay", "--quiet", "--store", url, file],
                           stderr=subprocess.PIPE, env=environment(), cwd=bench.dir)
    wait_until(lambda: server.sql("SELECT 1 FROM flow LIMIT 1", "disturbed"), "the first flows")
    run.send_signal(signal.SIGSTOP)
    check(server.checksums("disturbed", ["flow"])["flow"] != wanted["flow"],
          "the replay was over too soon")
    server.stop(signal.SIGKILL)
    run.send_signal(signal.SIGCONT)
    try:
        said = run.stderr.readline().decode()
        check("event=store-away" in said, said)
        note(said.strip())
        run.terminate()
        said = run.communicate(timeout=CALL_TIMEOUT_S)[1].decode()
        check_equal((run.returncode, len(said.splitlines())), (FAILED, 1), said)
        note(said.strip())
    finally:
        run.kill()
    server.start()
    server.sql("DROP TRIGGER slow", "disturbed")
    note(f"{server.sql('SELECT COUNT(*) FROM flow', 'disturbed')[0][0]} flows were in")
    bench.replay(url, file)
    check_equal(server.checksums("disturbed", LASTING_TABLES), wanted, "rows and checksums")


run_cases(replayed)
