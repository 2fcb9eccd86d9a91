#!/usr/bin/python3
"""What dfc writes to pipes, full disks and terminals: nothing of a stranger's does harm there."""

import contextlib
import os
import pty
import re
import subprocess

from harness import (CALL_TIMEOUT_S, DONE, FAILED, USAGE, case, check, check_equal, environment,
                     run_cases)
from packets import Tcp, pcap
from refusals import small_capture
from sample import replayed


@case("a reader that goes away ends dfc quietly")
def closed_stdout(bench):
    largest = max(bench.flows(bench.common.store), key=lambda flow: flow["server_bytes"])["id"]
    for args in (["show", largest], ["show", largest, "--raw"], ["show", largest, "--hex"],
                 ["flows", "--format", "json"], ["icmp"]):
        run = subprocess.Popen([bench.dfc, *args, "--store", bench.common.store],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        run.stdout.readline()
        run.stdout.close()
        said = run.stderr.read().decode()
        run.wait(CALL_TIMEOUT_S)
        check_equal((run.returncode, said), (DONE, ""), f"exit status and words of dfc {args[0]}")


@case("standard output that is full is said")
def full_stdout(bench):
    with open("/dev/full", "wb") as full:
        run = subprocess.run([bench.dfc, "flows", "--store", bench.common.store], stdout=full,
                             stderr=subprocess.PIPE, env=environment(), timeout=CALL_TIMEOUT_S)
    check_equal(run.returncode, FAILED, "exit status")
    check(run.stderr.decode().count("\n") == 1 and b"standard output" in run.stderr,
          run.stderr.decode())


HOSTILE = [b"\x1b]0;EVIL\x07", b"\x1b[2J", b"\x9b31m", "\x9b31m".encode(), "\x85".encode(),
           "\u202eright to left".encode(), "\u2066isolate".encode(), "\u200f".encode(), b"\x7f\x08",
           b"\r\x1b[A", b"\x0e", b"\0", b"\xff\xfe", b"\xe2\x80"]


def hostile_store(bench):
    tcp = Tcp()
    at, frames = 0, tcp.open()
    for text in HOSTILE:
        frames.append(tcp.client(at, b"<" + text + b">\n"))
        at += len(text) + 3
    bench.write("hostile.pcap", pcap([*frames, tcp.server(0, flags=16, ack=at), *tcp.close(at, 0)]))
    bench.replay(bench.store(), "hostile.pcap")
    return bench.flows(bench.store())[0]["id"]


def on_terminal(bench, *args):
    """What dfc writes to a terminal. Newlines become CR LF there."""
    master, slave = pty.openpty()
    run = subprocess.Popen([bench.dfc, *args], stdout=slave, stdin=slave, stderr=slave,
                           env=environment({"TERM": "xterm-256color"}), cwd=bench.dir)
    os.close(slave)
    written = b""
    with contextlib.suppress(OSError):  # The end of a terminal is an error.
        while part := os.read(master, 65536):
            written += part
    os.close(master)
    check_equal(run.wait(CALL_TIMEOUT_S), DONE, "exit status")
    return written.replace(b"\r\n", b"\n")


def check_harmless(written, where):
    """Only dfc's own colours, printable text and newlines."""
    text = re.sub(rb"\x1b\[[0-9;]*m", b"", written).decode("utf-8")
    bad = sorted({char for char in text if char != "\n" and (
        ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or char in
        "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")})
    check(not bad, f"{where}: {bad!r} came through")


@case("escape sequences and bidirectional controls in content do not reach the terminal")
def hostile_content(bench):
    flow = hostile_store(bench)
    for view in ("--text", "--hex"):
        written = on_terminal(bench, "show", "--store", bench.store(), flow, view)
        check(b"right to left" in written or view == "--hex", "the content is not shown")
        check_harmless(written, f"show {view} on a terminal")
        piped = bench.run("show", "--store", bench.store(), flow, view).out
        check(b"\x1b" not in piped, f"show {view} in a pipe: an escape came through")
        check_harmless(piped, f"show {view} in a pipe")
    check_harmless(on_terminal(bench, "flows", "--store", bench.store()), "flows")


@case("hostile names of files, stores and sensors do not reach the terminal either")
def hostile_names(bench):
    name = "a\x1b]0;EVIL\x07\u202eb.pcap"
    result = bench.run("replay", "--store", bench.store(), name, status=FAILED)
    check_harmless(result.err.encode(), "missing file")
    bench.write(name, small_capture())
    store = bench.store(name + ".db")
    result = bench.run("replay", "--store", store, "--sensor", "s\u202e", name)
    check_harmless(result.err.encode(), "summary")
    check_harmless(on_terminal(bench, "flows", "--store", store), "flows")
    flow = bench.flows(store)[0]["id"]
    check_harmless(on_terminal(bench, "show", "--store", store, flow), "show")
    result = bench.run("flows", "--store", bench.common.store, "x\x1b[2J:1", status=USAGE)
    check_harmless(result.err.encode(), "query")


run_cases(replayed)
