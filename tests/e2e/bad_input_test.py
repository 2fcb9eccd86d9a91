#!/usr/bin/python3
"""Bad capture files and options. Whatever it is, dfc says so in one line that names the thing,
leaves a sound store, and a good run afterwards completes."""

import contextlib
import gzip
import os
import random
import re
import struct

from harness import (DONE, FAILED, FLOW_TABLES, SAMPLE, USAGE, case, check, check_equal,
                     check_same_rows, dump, last_line, note, one_line, run_cases)
from packets import pcap, read_pcap, udp_frame
from refusals import good_run, refused, small_capture
from sample import replayed

RECORD_HEADER_BYTES = 16


# Files -------------------------------------------------------------------------------------------

@case("a file that does not exist")
def no_file(bench):
    refused(bench, FAILED, "replay", "--store", bench.store(), "absent.pcap",
            says=["absent.pcap", "No such file"])


@case("a folder instead of a file")
def folder(bench):
    refused(bench, FAILED, "replay", "--store", bench.store(), str(bench.dir),
            says=[str(bench.dir), "directory"])


@case("an empty file, and empty standard input")
def empty(bench):
    bench.write("empty.pcap", b"")
    refused(bench, FAILED, "replay", "--store", bench.store(), "empty.pcap", says=["empty.pcap"])
    result = bench.run("replay", "--quiet", "--store", bench.store(), "-", status=FAILED)
    one_line(result, "standard input", "empty")


@case("a text file")
def text_file(bench):
    bench.write("notes.txt", b"These are notes and no packets.\n" * 50)
    refused(bench, FAILED, "replay", "--store", bench.store(), "notes.txt",
            says=["notes.txt", "pcap"])


@case("several bad files are named one by one, and nothing of the good one is stored")
def several(bench):
    bench.write("good.pcap", small_capture())
    bench.write("empty.pcap", b"")
    result = bench.run("replay", "--store", bench.store(), "good.pcap", "absent.pcap", "empty.pcap",
                       status=FAILED)
    check_equal(len(result.err.splitlines()), 2, "lines: " + result.err)
    check(not os.path.exists(bench.path("t.db")), "the store was made")


def cut_offsets(data, count):
    """Offsets inside records: in the header, at its end, in the frame, a byte before its end."""
    starts, at = [], 24
    while at < len(data):
        starts.append(at)
        at += RECORD_HEADER_BYTES + struct.unpack_from("<I", data, at + 8)[0]
    ends = starts[1:] + [len(data)]
    rng = random.Random(7)
    for index in rng.sample(range(len(starts)), count):
        yield index, starts[index], rng.choice(
            [starts[index] + 1, starts[index] + RECORD_HEADER_BYTES - 1,
             starts[index] + RECORD_HEADER_BYTES, ends[index] - 1])


@case("a file cut short: what lies before is stored, the offset is named")
def cut_short(bench):
    frames = [(frame, at) for frame, at, _ in read_pcap(SAMPLE.read_bytes())[:120]]
    data = pcap(frames)
    for index, start, cut in cut_offsets(data, 12):
        for name in ("cut.db", "whole.db"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(bench.path(name))
        bench.write("cut.pcap", data[:cut])
        bench.write("whole.pcap", pcap(frames[:index]))
        result = bench.replay(bench.store("cut.db"), "cut.pcap", status=FAILED)
        last_line(result, "cut.pcap", f"offset {start} ", "stored")
        bench.replay(bench.store("whole.db"), "whole.pcap")
        check_same_rows(dump(bench.store("cut.db"), FLOW_TABLES),
                        dump(bench.store("whole.db"), FLOW_TABLES), f"cut at {cut}")
        bench.write("cut.pcap", data)
        bench.replay(bench.store("cut.db"), "cut.pcap")
    bench.replay(bench.store("all.db"), "cut.pcap")
    check_same_rows(dump(bench.store("cut.db"), FLOW_TABLES),
                    dump(bench.store("all.db"), FLOW_TABLES), "the whole file after the cut one")


@case("a file cut short, --quiet: one line and nothing else")
def cut_short_quietly(bench):
    bench.write("cut.pcap", small_capture()[:-3])
    refused(bench, FAILED, "replay", "--quiet", "--store", bench.store(), "cut.pcap",
            says=["cut.pcap", "offset"])


@case("a file cut inside its file header")
def cut_header(bench):
    for length in (1, 3, 4, 23):
        bench.write("cut.pcap", small_capture()[:length])
        refused(bench, FAILED, "replay", "--store", bench.store(), "cut.pcap", says=["cut.pcap"])


@case("a record length out of all proportion")
def huge_record(bench):
    frames = [udp_frame("10.0.0.1", 5, "10.0.0.2", 6, b"before"), b"x" * 60, b"y" * 60]
    data = bytearray(pcap(frames))
    at = 24 + RECORD_HEADER_BYTES + len(frames[0])
    data[at + 8:at + 12] = b"\xff\xff\xff\x7f"
    bench.write("bad.pcap", data)
    result = bench.replay(bench.store(), "bad.pcap", status=FAILED)
    note(last_line(result, "bad.pcap", f"offset {at};"))
    check_equal(len(dump(bench.store())["flow"]), 1, "flows before the damage")
    good_run(bench)


def pcapng_block(kind, body):
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def pcapng_blocks(frames):
    yield pcapng_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    yield pcapng_block(1, struct.pack("<HHI", 1, 0, 0))
    for index, frame in enumerate(frames):
        head = struct.pack("<IIIII", 0, 393216, index, len(frame), len(frame))
        yield pcapng_block(6, head + frame)


@case("a damaged pcapng file: what lies before is stored, the offset is named")
def damaged_pcapng(bench):
    frames = [udp_frame("10.0.0.1", 5, "10.0.0.2", 6, b"n%d" % i) for i in range(4)]
    blocks = list(pcapng_blocks(frames))
    third = sum(map(len, blocks[:4]))
    whole = b"".join(blocks)
    damages = {"length 0": (third + 4, bytes(4)), "odd length": (third + 4, b"\x41\0\0\0"),
               "length past the end": (third + 4, b"\xfc\xff\xff\x7f"),
               "other length behind": (third + len(blocks[4]) - 4, b"\x10\0\0\0"),
               "frame longer than its block": (third + 20, b"\xff\xff\0\0")}
    for what, (at, value) in damages.items():
        name = what.replace(" ", "-")
        bench.write("bad.pcapng", whole[:at] + value + whole[at + 4:])
        result = bench.replay(bench.store(name), "bad.pcapng", status=FAILED)
        line = last_line(result, "bad.pcapng", f"offset {third}")
        note(f"{what}: {line}")
        check_equal(bench.flows(bench.store(name))[0]["client_packets"], 2, f"frames before {what}")
    bench.write("cut.pcapng", whole[:third + 9])
    last_line(bench.replay(bench.store(), "cut.pcapng", status=FAILED), f"offset {third}")
    good_run(bench)


@case("damaged gzip: what lies before is stored, or the file is refused")
def damaged_gzip(bench):
    data = gzip.compress(SAMPLE.read_bytes())
    bench.write("cut.pcap.gz", data[:len(data) // 2])
    note(last_line(bench.replay(bench.store(), "cut.pcap.gz", status=FAILED), "cut.pcap.gz"))
    check(len(dump(bench.store())["flow"]) > 0, "nothing was stored")
    bench.write("cut.pcap.gz", data)
    bench.replay(bench.store(), "cut.pcap.gz")
    check_same_rows(dump(bench.store(), FLOW_TABLES),
                    {name: bench.common.rows[name] for name in FLOW_TABLES}, "the whole file")


@case("an unknown link type: every frame is counted as such, and that is no failure")
def unknown_link(bench):
    bench.write("t.pcap", pcap([b"frame %d" % i * 9 for i in range(5)], link=147))
    summary = bench.replay(bench.store(), "t.pcap").err
    check(re.search(r"^\s+5  link type not known$", summary, re.M), summary)
    ledger = dump(bench.store())["ledger"]
    check_equal([(row[3], row[4]) for row in ledger],
                [("captured", 5), ("unknown_link_type", 5)], "ledger")


# The command line --------------------------------------------------------------------------------

@case("mistakes on the command line: exit status 2, one line, a remedy")
def usage(bench):
    bench.write("t.pcap", small_capture())
    for args, says in (
            (["--bogus"], "--bogus"), (["frobnicate"], "frobnicate"), (["replay"], "FILE"),
            (["replay", "--workers", "0", "t.pcap"], "--workers"),
            (["replay", "--workers", "many", "t.pcap"], "--workers"),
            (["replay", "--workers", "-1", "t.pcap"], "--workers"),
            (["replay", "--memory-max", "lots", "t.pcap"], "--memory-max"),
            (["replay", "--memory-max", "1", "t.pcap"], "--memory-max"),
            (["replay", "--checksums", "maybe", "t.pcap"], "--checksums"),
            (["replay", "--filter", "tcp prt 80", "t.pcap"], "tcp prt 80"),
            (["replay", "--store", "oracle://x", "t.pcap"], "--store"),
            (["replay", "--store", "mysql://", "t.pcap"], "--store"),
            (["replay", "--store", "sqlite:", "t.pcap"], "--store"),
            (["replay", "--sensor", "", "t.pcap"], "--sensor"),
            (["replay", "-", "-"], "standard input"),
            (["flows", "--format", "xml"], "--format"), (["flows", "--limit", "-3"], "--limit"),
            (["show"], "FLOW"), (["--config", "absent.toml", "flows"], "absent.toml")):
        result = bench.run(*args, status=USAGE)
        line = one_line(result, says)
        note(line)
        check("run dfc --help" in line or says == "tcp prt 80", f"no remedy: {line}")
    check(not os.path.exists(bench.path("dfc.db")), "a store was made")


@case("queries that can't be parsed: exit status 2, the column is named")
def bad_queries(bench):
    for query in ("foo:bar", "proto:", "port:http:", "host:300.1.1.1", "port:99999", "bytes:>"):
        result = bench.run("flows", "--store", bench.common.store, query, status=USAGE)
        note(one_line(result, "query", "column"))
    bench.run("flows", "--store", bench.common.store, "--sort", "colour", status=USAGE)


@case("showing flows of a store that does not exist names it and does not make it")
def no_store(bench):
    for args in (["flows"], ["icmp"], ["show", "00"]):
        result = bench.run(*args, "--store", bench.store("absent.db"), status=FAILED)
        note(one_line(result, "absent.db"))
        check(not os.path.exists(bench.path("absent.db")), f"dfc {args[0]} made the store")


@case("an unknown flow id")
def unknown_flow(bench):
    for flow in ("ffffffffffffffffffffffffffffffff", "fff", "zebra", ""):
        result = bench.run("show", "--store", bench.common.store, flow, status=None)
        check(result.status != DONE, f"{flow!r}: exit status 0")
        check_equal(result.out, b"", "standard output")
        note(one_line(result))


run_cases(replayed)
