"""The workloads of perf/run (perf/make_capture.cc): how they are made and kept, and whether a store
has what is known to be in them."""

import collections
import contextlib
import hashlib
import pathlib
import sqlite3
import subprocess

PERF = pathlib.Path(__file__).resolve().parents[2] / "perf"
SOURCES = ("make_capture.cc", "capture_file.cc", "capture_file.h", "multiply.cc", "wire_bytes.h")

# Of a mix nothing is known but what one copy of its captures has. Copies of what is in tunnels have
# the same addresses inside, so that some of it counts as sent again.
MIX_CONTENT_MAY_MISS = 0.01
MIX_PAYLOAD_MAY_MISS = 0.001

Workload = collections.namedtuple("Workload", "kind capture truth")


def make(make_capture, kind, packets, folder, inputs=(), seed=1):
    """Makes it, or finds it where the same was made before. `truth` is what make_capture told."""
    wanted = hashlib.sha256(repr((kind, packets, seed)).encode())
    for source in SOURCES:
        wanted.update((PERF / source).read_bytes())
    for path in inputs:
        wanted.update(repr((path, pathlib.Path(path).stat().st_size)).encode())
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    capture = folder / f"{kind}-{packets}-{wanted.hexdigest()[:12]}.pcap"
    told = capture.with_suffix(".tsv")
    if not told.exists() or not capture.exists():
        unfinished = capture.with_suffix(".part")
        done = subprocess.run([make_capture, kind, str(packets), str(seed), unfinished, *inputs],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        unfinished.rename(capture)
        told.write_text(done.stdout)
    truth = {name: int(value) for name, value in
             (line.split("\t") for line in told.read_text().splitlines())}
    return Workload(kind, capture, truth)


def figures(path):
    """The same names, out of a SQLite store."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        def number(sql):
            return database.execute(sql).fetchone()[0] or 0

        def content(protocols):
            return number("SELECT SUM(client_bytes + server_bytes) FROM flow "
                          f"WHERE protocol IN ({protocols})")
        return {
            "packets": number("SELECT SUM(packets) FROM v_ledger WHERE outcome = 'captured'"),
            "flows": number("SELECT COUNT(*) FROM flow"),
            "tcp_bytes": content("6"), "udp_bytes": content("17"), "icmp_bytes": content("1, 58"),
            "tcp_payload_bytes":
                number("SELECT SUM(bytes) FROM v_ledger WHERE outcome = 'tcp_payload'"),
        }


def differences(workload, ours, one_copy=None):
    """What a store has otherwise than it should, a sentence each. Of a mix, `one_copy` are the
    figures of the same captures once."""
    wanted, may_miss = workload.truth, {}
    if workload.kind == "mix":
        copies = workload.truth["copies"]
        wanted = {name: value * copies for name, value in one_copy.items() if name != "flows"}
        may_miss = {name: MIX_CONTENT_MAY_MISS for name in wanted if name.endswith("_bytes")}
        may_miss |= {"tcp_payload_bytes": MIX_PAYLOAD_MAY_MISS}
        wanted["packets"] = workload.truth["packets"]
    return [f"{name} {ours[name]:,}, must be {wanted[name]:,}" for name in ours if name in wanted
            and abs(ours[name] - wanted[name]) > wanted[name] * may_miss.get(name, 0)]
