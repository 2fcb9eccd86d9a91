#!/usr/bin/python3
"""Captures that a browser sends to `dfc serve --allow-import` are stored as `dfc replay` stores them,
and nothing else is."""

import contextlib
import gzip
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

from harness import (CALL_TIMEOUT_S, DONE, FAILED, LASTING_TABLES, SAMPLE, USAGE, Failed, Skip,
                     case, check, check_equal, check_same_rows, dump, environment, one_line,
                     run_cases, wait_until)
from packets import pcap, udp_frame
from sample import repeated_sample, replayed
from served import API, Served, served

IMPORT = "--allow-import"
HEAD_CUT_S = 30


@contextlib.contextmanager
def importing(bench, *options, store=None, **how):
    if store is None:
        store = bench.store()
        bench.run("init", "--store", store)
    with served(bench, store, IMPORT, *options, **how) as server:
        server.store = store
        yield server


def children(process):
    path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in path.read_text().split()]


def signals_waiting(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.split("ShdPnd:")[1].split()[0], 16) & (1 << (signal.SIGTERM - 1))


def held(server, child):
    """Stops the child in its work, or it might be done before one has looked. It gets twice the
    time at each try: what it needs to begin is far less than what it needs to read all."""
    for step in range(12):
        time.sleep(0.02 * 2**step)
        os.kill(child, signal.SIGSTOP)
        for _ in range(15):  # What it has told is read twice a second.
            now = last_import(server)
            if now["packets"] > 0:
                return now
            time.sleep(0.1)
        os.kill(child, signal.SIGCONT)
    raise Failed("no progress")


def is_gone(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def open_captures(server):
    """Files that have no name any more and are open in the server, but for the store's own."""
    folder = pathlib.Path(f"/proc/{server.process.pid}/fd")
    names = []
    for fd in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.append(os.readlink(fd))
    return [name for name in names if name.endswith("(deleted)")]


@case("what is imported is what replay stores, also compressed, and twice changes nothing")
def same_rows(bench):
    sample = SAMPLE.read_bytes()
    with importing(bench) as server:
        about = server.json("/about")
        check_equal((about["import"], about["import_bytes_max"], about["role"]),
                    (True, 4 << 30, "analyst"), "about")
        for capture, name in ((sample, "sample.pcap"), (gzip.compress(sample, 1), "sample.pcap.gz")):
            result = server.imported(capture, name)
            check_equal((result["state"], result["name"], result["error"], result["bytes"],
                         result["received_bytes"], result["read_bytes"]),
                        ("done", name, None, len(capture), len(capture), len(capture)), name)
            check("packets" in result["summary"] and result["packets"] > 2000, result)
            check_same_rows(dump(server.store, LASTING_TABLES), bench.common.rows_lasting, name)
        listed = server.json("/imports")["imports"]
        check_equal([one["name"] for one in listed], ["sample.pcap.gz", "sample.pcap"], "list")
        check_equal(len(server.json("/flows", limit=1000)["flows"]), 60, "flows")
    bench.run("verify", "--store", server.store)


@case("damage is told with its offset and the file's own name, and what is before it is stored")
def damage(bench):
    sample = SAMPLE.read_bytes()
    with importing(bench) as server:
        cut = server.imported(sample[:-100], "<b>lunch</b>.pcap")
        check_equal(cut["state"], "failed", cut)
        check(cut["error"].startswith("<b>lunch</b>.pcap: record cut short at offset 24"), cut)
        check("stdin" not in cut["error"] and "delivered" in cut["summary"], cut)
        check(len(server.json("/flows", limit=1000)["flows"]) > 50, "flows")
        for bad, words in ((b"x" * 5000, "not a capture file"), (b"x", "cut short")):
            result = server.imported(bad, "bad")
            check_equal(result["state"], "failed", result)
            check(result["error"].startswith("bad: ") and words in result["error"], result)
        check_equal(server.imported(sample)["state"], "done", "afterwards")


@case("nothing is taken unless it is allowed, and not from other sites")
def refused(bench):
    body = b"x" * 100
    with served(bench, bench.common.store) as server:
        check_equal(server.json("/about")["import_token"], None, "token")
        said = server.change("POST", "/imports", 403, body=body)
        check("--allow-import" in said["error"], said)
        check_equal(server.json("/imports"), {"imports": []}, "imports")
    with importing(bench) as server:
        token = server.json("/about")["import_token"]
        ours = {"Origin": server.address, "X-Dfc-Token": token}

        def status(**headers):
            given = {**ours, **{name.replace("_", "-"): value for name, value in headers.items()}}
            return server.ask(API + "/imports", method="POST", body=body,
                              headers={key: text for key, text in given.items() if text}).status

        for origin in ("http://evil.example", "null", f"http://localhost:{server.port}"):
            check_equal(status(Origin=origin), 403, origin)
        for site in ("cross-site", "same-site", "none"):
            check_equal(status(Sec_Fetch_Site=site), 403, site)
        check_equal(status(Origin=""), 403, "neither Origin nor Sec-Fetch-Site")
        for wrong in ("", "0" * 32, token[:-1], token.upper() + "0"):
            check_equal(status(X_Dfc_Token=wrong), 403, f"token {wrong}")
        check_equal(server.ask(API + "/about", headers={"Sec-Fetch-Site": "same-site"})
                    .json()["import_token"], None, "the token of a page of another site")
        for method in ("PUT", "PATCH", "OPTIONS"):
            check_equal(server.ask(API + "/imports", method=method, headers=ours).status, 405, method)
        check_equal(server.ask(API + "/imports/1", method="POST", headers=ours).status, 405, "POST 1")
        server.change("POST", "/imports", 400, body=b"")
        server.change("POST", "/imports", 400, body=body, name="n" * 256)
        server.change("DELETE", "/imports/1", 404)
        server.change("DELETE", "/imports/x", 400)
        server.get("/imports/1", status=404)
        server.get("/imports/18446744073709551616", status=400)
        check_equal(server.json("/imports"), {"imports": []}, "imports")
        check_equal(status(Sec_Fetch_Site="same-origin"), 202, "our own page")
        check_equal(server.ended(1)["state"], "failed", "100 bytes of x")


def post_head(server, length="", extra=""):
    token = server.json("/about")["import_token"]
    return (f"POST {API}/imports?name=slow HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Origin: {server.address}\r\nX-Dfc-Token: {token}\r\n{length}{extra}\r\n").encode()


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=CALL_TIMEOUT_S)


def last_import(server):
    none = {"id": 0, "state": "none", "received_bytes": 0, "packets": 0, "error": None}
    return (server.json("/imports")["imports"] or [none])[0]


@case("one that is too large is refused before it is sent, or once too much has come")
def too_large(bench):
    with importing(bench, "--import-max", "1M") as server:
        with connect(server) as peer:
            peer.sendall(post_head(server, f"Content-Length: {(1 << 20) + 1}\r\n",
                                   "Expect: 100-continue\r\n"))
            check(peer.recv(4096).startswith(b"HTTP/1.1 413"), "announced")
        with connect(server) as peer:
            peer.sendall(post_head(server, "Transfer-Encoding: chunked\r\n"))
            for _ in range(20):
                peer.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            peer.sendall(b"0\r\n\r\n")
            check(peer.recv(4096).startswith(b"HTTP/1.1 413"), "in pieces")
        result = last_import(server)
        check_equal((result["state"], result["bytes"]), ("failed", None), result)
        check("1048576" in result["error"], result)
        with connect(server) as peer:
            peer.sendall(post_head(server, "Transfer-Encoding: chunked\r\n"))
            sent = 0
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                while sent < 1 << 30:
                    peer.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
                    sent += 65536
            check(sent < 1 << 28, f"{sent} bytes were read for nothing")
        wait_until(lambda: (last_import(server)["id"], last_import(server)["state"]) == (2, "failed"),
                   "the third one fails")
        capture = pcap([(udp_frame("10.0.0.1", 1, "10.0.0.2", 2, b"x"), 1)])
        check_equal(server.imported(capture)["state"], "done", "afterwards")
        check_equal(open_captures(server), [], "captures that are kept")
    for bad in ("0", "x", "-1"):
        result = bench.run("serve", IMPORT, "--import-max", bad, status=USAGE)
        one_line(result, bad)


@contextlib.contextmanager
def small_disk(bench):
    folder = bench.path("small")
    os.mkdir(folder)
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "none", folder],
                                           capture_output=True).returncode != 0:
        raise Skip("can't mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@case("a disk without room is told, before it is sent where that is known, and kept free")
def disk_full(bench):
    with small_disk(bench) as folder, importing(bench, "--import-dir", folder) as server:
        with connect(server) as peer:
            peer.sendall(post_head(server, f"Content-Length: {2 << 20}\r\n"))
            check(peer.recv(4096).startswith(b"HTTP/1.1 507"), "announced")
        with connect(server) as peer:
            peer.sendall(post_head(server, "Transfer-Encoding: chunked\r\n"))
            for _ in range(32):
                peer.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
            peer.sendall(b"0\r\n\r\n")
            check(peer.recv(4096).startswith(b"HTTP/1.1 507"), "in pieces")
        check("No space left" in last_import(server)["error"], last_import(server))
        check_equal(os.statvfs(folder).f_bfree, os.statvfs(folder).f_blocks, "free blocks")
        small = pcap([(udp_frame("10.0.0.1", 1, "10.0.0.2", 2, b"x"), 1)])
        check_equal(server.imported(small)["state"], "done", "a small one")


@case("who sends slowly, or goes away, is cut off and forgotten")
def slow(bench):
    with importing(bench) as server:
        started = time.monotonic()
        with connect(server) as peer:
            peer.sendall(post_head(server, "Content-Length: 1000000\r\n") + b"x" * 1000)
            wait_until(lambda: last_import(server)["received_bytes"] == 1000, "it comes")
            check_equal(len(open_captures(server)), 1, "files without a name")
            check_equal(last_import(server)["state"], "receiving", "state")
            server.change("POST", "/imports", 409, body=b"another")
            with contextlib.suppress(OSError):  # Cut while we write.
                while time.monotonic() - started < HEAD_CUT_S * 2:
                    peer.sendall(b"y")
                    peer.settimeout(0.5)
                    with contextlib.suppress(TimeoutError):
                        if peer.recv(100) == b"":
                            break
        check(time.monotonic() - started < HEAD_CUT_S, "a body may take as long as it likes")
        wait_until(lambda: last_import(server)["state"] == "failed", "it is given up")
        check("cut off" in last_import(server)["error"], last_import(server))
        with connect(server) as peer:
            peer.sendall(post_head(server, "Content-Length: 1000000\r\n") + b"x" * 70_000)
            wait_until(lambda: last_import(server)["received_bytes"] == 70_000, "it comes")
        wait_until(lambda: last_import(server)["state"] == "failed", "it is given up")
        check_equal(open_captures(server), [], "captures that are kept")
        check_equal(server.imported(SAMPLE.read_bytes())["state"], "done", "afterwards")


@case("an import can be followed and stopped while it is read, and what was read is sound")
def stopped(bench):
    capture = bench.common.very_long()
    with importing(bench) as server:
        one = server.change("POST", "/imports", 202, body=capture, name="long.pcap")
        wait_until(lambda: children(server.process), "a child")
        child, = children(server.process)
        now = held(server, child)
        check(now["state"] == "reading" and 0 < now["read_bytes"] < len(capture), now)
        command = pathlib.Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        check(b"replay" in command and not any(b"token" in word for word in command), command)
        check_equal([name for name in map(os.readlink, pathlib.Path(f"/proc/{child}/fd").iterdir())
                     if name.startswith("socket:")], [], "connections in the child")
        server.change("DELETE", f"/imports/{one['id']}", 200)
        wait_until(lambda: signals_waiting(child), "the end is asked for")
        os.kill(child, signal.SIGCONT)
        result = server.ended(one["id"])
        check_equal(result["state"], "failed", result)
        check("interrupted" in result["error"], result)
        check(0 < result["read_bytes"] < len(capture), result)
        wait_until(lambda: is_gone(child), "the child's end")
        bench.run("verify", "--store", server.store)
        check(len(server.json("/flows", limit=10)["flows"]) == 10, "flows")


@case("a server that ends takes an import with it, and says so; one that is killed does, too")
def ends(bench):
    capture = bench.common.very_long()
    words = b"dfc: long.pcap: its import was cut short; what was read until then is stored\n"
    with importing(bench, last_words=words) as server:
        server.change("POST", "/imports", 202, body=capture, name="long.pcap")
        wait_until(lambda: children(server.process), "a child")
        child, = children(server.process)
        held(server, child)
        threading.Timer(1, os.kill, (child, signal.SIGCONT)).start()
    check(is_gone(child), "the child is still there")
    bench.run("verify", "--store", server.store)

    store = bench.store("killed.db")
    bench.run("init", "--store", store)
    command = [bench.dfc, "serve", "--listen", "127.0.0.1:0", "--store", store, IMPORT]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment(), cwd=bench.dir)
    port = int(process.stdout.readline().split(b"/ shows")[0].rpartition(b":")[2])
    server = Served(process, port)
    server.change("POST", "/imports", 202, body=capture, name="long.pcap")
    wait_until(lambda: children(process), "a child")
    child, = children(process)
    process.kill()
    process.communicate()
    wait_until(lambda: is_gone(child), "the child's end")
    left = [path.name for path in bench.dir.iterdir() if "import" in path.name]
    check_equal(left, [], "files left behind")


@case("who listens hears how an import goes")
def events(bench):
    with importing(bench) as server, connect(server) as peer:
        peer.sendall(f"GET {API}/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        stream = peer.makefile("rb")
        wait_until(lambda: b"event: store" in stream.readline(), "a greeting")
        server.imported(SAMPLE.read_bytes(), "told.pcap")
        seen = []
        wait_until(lambda: seen.append(stream.readline()) or
                   (b'"state":"done"' in seen[-1] and b"told.pcap" in seen[-1]), "the event")
        check(any(line == b"event: import\n" for line in seen), seen[-5:])


@case("options are checked when the server starts")
def options(bench):
    store = bench.common.store
    result = bench.run("serve", "--store", store, IMPORT, "--import-dir", "/nowhere/at/all",
                       "--listen", "127.0.0.1:0", status=FAILED)
    one_line(result, "/nowhere/at/all")


@case("a MariaDB store takes imports")
def mariadb(bench):
    server = bench.common.mariadb()
    store = server.store(bench, "imports")
    with importing(bench, store=store) as serving:
        result = serving.imported(SAMPLE.read_bytes())
        check_equal((result["state"], result["error"]), ("done", None), result)
        check_equal(len(serving.json("/flows", limit=1000)["flows"]), 60, "flows")
    bench.run("verify", "--store", store)


# --serve -----------------------------------------------------------------------------------------

@contextlib.contextmanager
def replaying(bench, *arguments):
    command = [bench.dfc, "replay", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=environment(), cwd=bench.dir)
    try:
        line = process.stdout.readline().decode()
        check("/ shows sqlite:" in line, line)
        yield Served(process, int(line.split("/ shows")[0].rpartition(":")[2]))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def stop(server):
    server.process.send_signal(signal.SIGINT)
    _, said = server.process.communicate(timeout=CALL_TIMEOUT_S)
    return server.process.returncode, said.decode()


@case("replay --serve shows the store while it fills and afterwards, until a signal")
def replay_serves(bench):
    store = bench.store()
    capture = bench.write("long.pcap", repeated_sample(20))
    with replaying(bench, "--store", store, "--serve", "127.0.0.1:0", capture) as server:
        wait_until(lambda: any(sensor["captured"]["packets"]
                               for sensor in server.json("/sensors")["sensors"]),
                   "the end of the run")
        check_equal(len(server.json("/flows", limit=1000)["flows"]), 1000, "flows")
        check_equal(server.json("/about")["import"], False, "import")
        status, said = stop(server)
        check_equal(status, DONE, said)
        check(said.count("packets") > 0 and "interrupted" not in said, said)
    bench.run("verify", "--store", store)


@case("replay --serve that is stopped while it reads ends at once, in good order")
def replay_stops(bench):
    store = bench.store()
    with replaying(bench, "--store", store, "--pace", "--serve", "127.0.0.1:0", SAMPLE) as server:
        check_equal(server.ask("/").status, 200, "page")
        status, said = stop(server)
        check_equal(status, FAILED, said)
        check("interrupted" in said, said)
    bench.run("verify", "--store", store)


@case("replay --serve with what can't be served stores nothing")
def replay_refuses(bench):
    result = bench.run("replay", "--store", bench.store(), "--serve=0.0.0.0:0", SAMPLE, status=USAGE)
    one_line(result, "--token-file")
    result = bench.run("replay", "--store", bench.store(), "--serve=nowhere", SAMPLE, status=USAGE)
    one_line(result, "ADDRESS:PORT")
    check_equal(len(bench.flows(bench.store())), 0, "flows")


class Common:
    def __init__(self, sample):
        self.store = sample.store
        self.rows_lasting = {name: sample.rows[name] for name in LASTING_TABLES}
        self.mariadb = sample.mariadb
        self.capture = None

    def very_long(self):
        """So much that it is not read before one has looked."""
        if self.capture is None:
            self.capture = repeated_sample(60)
        return self.capture


@contextlib.contextmanager
def everything(bench):
    with replayed(bench) as sample:
        yield Common(sample)


run_cases(everything)
