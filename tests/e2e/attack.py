"""Attacks with honest conversations beside them (perf/make_attack.cc), and what dfc makes of them."""

import collections
import contextlib
import csv
import io
import os
import re
import sqlite3
import subprocess

MIB = 1 << 20

# What is asked of every attack: memory beyond --memory-max, and honest bytes that must be there.
MEMORY_BEYOND_BYTES = 64 * MIB
HONEST_SHARE = 0.999

KINDS = {
    "syn": "SYN from random hosts to one port",
    "syn-answered": "SYN, answered, and no more",
    "syn-anywhere": "SYN from random hosts to random ones",
    "scan": "one host tries every port, answered by RST",
    "udp": "datagrams from random hosts",
    "holes": "2,000 connections at a time that lack their first byte",
    "tiny": "200 connections of single bytes, last one first",
    "refused": "2,000 connections at a time, bytes behind the window",
    "fragments": "first fragments of datagrams from random hosts",
    "fragments-tiny": "datagrams in 200 pieces of 8 bytes, without the first",
    "flows": "100,000 flows at random, again and again",
    "flows-colliding": "100,000 flows whose tuples have one XOR and one sum",
}

# `rows` of the flow table; `honest` conversations, `exact` of them, and their `share` of bytes.
Result = collections.namedtuple("Result", "seconds packets rss_bytes rows honest exact share")


def make(make_attack, kind, packets, folder):
    """Paths of the capture and of what the honest sides sent."""
    capture, truth = os.path.join(folder, kind + ".pcap"), os.path.join(folder, kind + ".tsv")
    subprocess.run([make_attack, kind, str(packets), "1", capture, truth], check=True)
    return capture, truth


def run(command, env=None):
    """Standard error and the peak of resident memory of a program that must succeed."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    text = process.stderr.read().decode()
    process.stderr.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command}: status {process.returncode}\n{text}")
    return text, usage.ru_maxrss * 1024


def replay(dfc, capture, truth, store, memory_mib, env=None):
    summary, rss_bytes = run([dfc, "replay", "--store", store, "--workers", "1",
                              "--memory-max", f"{memory_mib}M", capture], env)
    listed = subprocess.run([dfc, "flows", "--store", store, "client:10.0.0.0/8", "--digest",
                             "--format", "tsv", "--limit", "1000000"], check=True, env=env,
                            capture_output=True, text=True).stdout
    flows = collections.defaultdict(list)
    for row in csv.DictReader(io.StringIO(listed), delimiter="\t"):
        flows[tuple(row[key] for key in
                    ("proto", "client", "client_port", "server", "server_port"))].append(row)
    honest = exact = wanted = got = 0
    with open(truth, encoding="ascii") as file:
        for line in file:
            *key, client_bytes, client_sha, server_bytes, server_sha = line.rstrip("\n").split("\t")
            rows = flows[tuple(key)]
            honest += 1
            exact += [(row["client_sha256"], row["server_sha256"]) for row in rows] == [
                (client_sha, server_sha)]
            wanted += int(client_bytes) + int(server_bytes)
            got += sum(int(row["client_bytes"]) + int(row["server_bytes"]) for row in rows)
    with contextlib.closing(sqlite3.connect(store.removeprefix("sqlite:"))) as database:
        rows, = database.execute("SELECT count(*) FROM flow").fetchone()
    packets = re.search(r"^ *packets +([\d,]+)", summary, re.MULTILINE)[1]
    return Result(seconds_of(summary), int(packets.replace(",", "")), rss_bytes, rows, honest,
                  exact, got / wanted)


def seconds_of(summary):
    return float(re.search(r"^ *time +([\d.]+) s", summary, re.MULTILINE)[1])


def seconds_to_null(dfc, capture, memory_mib):
    return seconds_of(run([dfc, "replay", "--store", "null:", "--workers", "1",
                           "--memory-max", f"{memory_mib}M", capture])[0])
