#!/usr/bin/python3
"""Who a running capture or server is, and what it has given up."""

import contextlib
import os
import pathlib
import pwd
import signal
import sqlite3
import subprocess

from harness import FAILED, USAGE, SAMPLE, Skip, case, check, check_equal, one_line, run_cases
from live_link import Capture, Link, wait_until
from mariadb import MariaDb
from served import served

NET_RAW, DAC_OVERRIDE = 1 << 13, 1 << 1
NOBODY = "nobody"
# Who has become another user may not look at its own threads as the leak sanitizer does.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
CAPABILITY_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")


def threads(pid):
    """/proc/PID/task/*/status, as dictionaries."""
    return [dict(line.split(":\t", 1) for line in task.read_text().splitlines())
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/status")]


def pid_of(bench, process):
    """`ip netns exec` becomes the program; a wrapper that stays is passed over."""
    for pid in (process.pid, *children(process.pid)):
        with contextlib.suppress(OSError):
            if os.path.samefile(f"/proc/{pid}/exe", bench.dfc):
                return pid
    raise Skip("the program is not to be found in /proc")


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def check_confined(pid, user, capabilities, sandboxed=True):
    wait_until(lambda: len(threads(pid)) > 1, "threads")
    found = threads(pid)
    number = str(pwd.getpwnam(user).pw_uid)
    for status in found:
        name = status["Name"]
        check_equal(status["Uid"].split(), [number] * 4, f"users of {name}")
        if user != "root":
            check_equal(set(status["Gid"].split()), {str(pwd.getpwnam(user).pw_gid)}, "group")
        sets = {key: int(status[key], 16) for key in CAPABILITY_SETS}
        check_equal(sets, {"CapInh": 0, "CapPrm": capabilities, "CapEff": capabilities,
                           "CapBnd": 0, "CapAmb": 0}, f"capabilities of {name}")
        check_equal(status["NoNewPrivs"], "1", f"no new privileges of {name}")
        check_equal(status["Seccomp"], "2" if sandboxed else "0", f"seccomp of {name}")


@contextlib.contextmanager
def folder_of(bench, user):
    """A folder that is the user's, below others that anybody may pass."""
    for folder in (bench.dir.parent, bench.dir):
        folder.chmod(0o755)
    own = bench.dir / "own"
    own.mkdir()
    shutil_chown(own, user)
    yield own


def shutil_chown(path, user):
    entry = pwd.getpwnam(user)
    os.chown(path, entry.pw_uid, entry.pw_gid)


def send_and_see(bench, link, capture, store):
    link.run("a", "ping", "-c", "2", "-i", "0.2", "10.90.0.2")
    wait_until(lambda: bench.icmp(store), "messages in the store")
    capture.stop()
    check_equal(len(bench.icmp(store)), 4, "messages")


@case("a capture becomes another user, keeps one capability, and is in the sandbox")
def becomes_nobody(bench):
    with Link(bench) as link, folder_of(bench, NOBODY) as own:
        store = f"sqlite:{own}/t.db"
        capture = Capture(link, store, "--user", NOBODY, "--stats-file", own / "dfc.prom", "icmp")
        check(capture.says("event=privileges user=nobody capabilities=net_raw"), capture.lines)
        check_confined(pid_of(bench, capture.process), NOBODY, NET_RAW)
        check_equal((own / "t.db").stat().st_uid, pwd.getpwnam(NOBODY).pw_uid, "owner of the store")
        send_and_see(bench, link, capture, store)
        check((own / "dfc.prom").exists(), "no figures")


@case("its interface may vanish and come back")
def comes_back(bench):
    with Link(bench) as link, folder_of(bench, NOBODY) as own:
        store = f"sqlite:{own}/t.db"
        capture = Capture(link, store, "--user", NOBODY, "icmp")
        link.ip("b", "link", "del", "b0")
        wait_until(lambda: capture.says("event=interface-gone"), "gone")
        link.make_veth("a0", "b0")
        link.ip("a", "address", "add", "10.90.0.1/24", "dev", "a0")
        link.ip("b", "address", "add", "10.90.0.2/24", "dev", "b0")
        wait_until(lambda: capture.says("event=interface-back"), "back")
        send_and_see(bench, link, capture, store)


@case("with MariaDB and a spool, too; the server may restart")
def with_mariadb(bench):
    with Link(bench) as link, folder_of(bench, NOBODY) as own, \
            MariaDb(bench.dir / "mariadb") as server:
        os.chmod(server.short, 0o755)
        server.create("live")
        server.sql("CREATE USER 'dfc'@'localhost'; GRANT ALL ON live.* TO 'dfc'@'localhost'")
        store = server.url("live").replace("root@", "dfc@")
        bench.run("init", "--store", server.url("live"))
        capture = Capture(link, store, "--user", NOBODY, "--spool-dir", own / "spool", "icmp")
        check_confined(pid_of(bench, capture.process), NOBODY, NET_RAW)
        server.stop()
        link.run("a", "ping", "-c", "1", "10.90.0.2")
        wait_until(lambda: capture.says("event=store-away"), "away")
        server.start()
        wait_until(lambda: capture.says("event=store-back"), "back")
        link.run("a", "ping", "-c", "2", "-i", "0.2", "10.90.0.2")
        capture.stop()
        check_equal(server.sql("SELECT COUNT(*) FROM icmp", "live"), [["6"]], "messages")


@case("root that stays root keeps two capabilities")
def stays_root(bench):
    with Link(bench) as link:
        store = bench.store()
        capture = Capture(link, store, "--user", "root", "icmp")
        check(capture.says("event=privileges user=root capabilities="), capture.lines)
        check_confined(pid_of(bench, capture.process), "root", NET_RAW | DAC_OVERRIDE)
        send_and_see(bench, link, capture, store)


@case("--no-sandbox leaves the sandbox off, and says so")
def without_sandbox(bench):
    with Link(bench) as link:
        capture = Capture(link, bench.store(), "--user", "root", "--no-sandbox")
        check(capture.says("event=no-sandbox"), capture.lines)
        check_confined(pid_of(bench, capture.process), "root", NET_RAW | DAC_OVERRIDE, False)
        capture.stop()


@case("a server of pages has no capability at all")
def serving(bench):
    if os.geteuid() != 0:
        raise Skip("needs root")
    with folder_of(bench, NOBODY) as own:
        store = f"sqlite:{own}/t.db"
        bench.replay(store, SAMPLE)
        for path in own.iterdir():
            shutil_chown(path, NOBODY)
        with served(bench, store, "--user", NOBODY) as server:
            check_confined(server.process.pid, NOBODY, 0)
            check(server.json("/flows")["flows"], "no flows")


@case("a user that does not exist is refused")
def unknown_user(bench):
    result = bench.run("serve", "--store", bench.store(), "--user", "no-such-user", status=USAGE)
    one_line(result, "no-such-user", "adduser")


@case("who is not root can't become somebody else")
def not_root(bench):
    if os.geteuid() != 0:
        raise Skip("needs root, to be somebody else")
    for folder in (bench.dir.parent, bench.dir):
        folder.chmod(0o755)
    readable = subprocess.run([bench.dfc, "--version"], user=NOBODY, capture_output=True,
                              check=False, cwd="/")
    if readable.returncode != 0:
        raise Skip("the program is where others can't start it")
    ran = subprocess.run([bench.dfc, "serve", "--store", "null:", "--user", "root"], user=NOBODY,
                         capture_output=True, text=True, check=False, cwd="/")
    check_equal((ran.returncode, "only root" in ran.stderr), (FAILED, True), ran.stderr)


@case("a store that the user may not write is refused, with the user's name")
def foreign_store(bench):
    with Link(bench) as link:
        (bench.dir / "t.db").touch(0o600)
        sqlite3.connect(bench.dir / "t.db").close()
        ran = link.run("b", bench.dfc, "capture", "-i", "b0", "--store", bench.store(), "--user",
                       NOBODY, check=False)
        said = ran.stderr.decode()
        check_equal(ran.returncode, FAILED, "exit status")
        check("as user nobody: see --user" in said, said)


if __name__ == "__main__":
    run_cases()
