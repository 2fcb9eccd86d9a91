#!/usr/bin/python3
"""Files that crossed a link full of faults are restored to the byte, and lost ones have gaps.

  impaired_test.py DFC           seeds 1 to 50
  impaired_test.py DFC 1-1000    those seeds, for a longer run

Every seed is a transfer of its own (impaired_link.py); the captures of all, put together by time,
are one file. impair must stand beside dfc, where the build puts it.
"""

import contextlib
import hashlib
import os
import random
import re
import struct
import sys

from harness import (FLOW_TABLES, Skip, case, check, check_equal, check_same_rows, note,
                     run_cases)
from impaired_link import carry_all
from packets import ACK, FIN, RST, SYN, TCP, checksum, pcap, read_pcap
from restored import read_flows, rows

ROWS_TORN_OUT = 20
# Where a stream starts midstream dfc waits for 64 KiB, with what it costs to hold them, before it
# takes the lowest byte for the first. What comes still later and lies before that is not content.
AWAITED_BYTES = 32 << 10
PAWS_TICKS = 1  # By so much Linux lets a timestamp be late.
LINKS = 4  # Transfers at a time. They mostly wait.
SEEDS = sys.argv.pop(2) if len(sys.argv) > 2 else "1-50"
FIRST, LAST = map(int, SEEDS.split("-"))
# A frame that is missing for good makes dfc hold all that follows it; rows are the same for any
# number of workers as long as there is room for that.
MEMORY_MAX = f"{max(384, 8 * (LAST - FIRST + 1))}M"


class Capture:
    """Frames in the order of time, as (frame, ns), and what one worker makes of them."""

    def __init__(self, bench, name, frames):
        self.name, self.frames = name, frames
        self.file = bench.write(name + ".pcap", pcap(frames))
        self.store = bench.store(name + ".db")
        replay_verified(bench, self.store, "--workers", 1, self.file)
        self.rows = rows(self.store, FLOW_TABLES)

    def must_give_same_rows(self, bench, what, *arguments):
        store = bench.store(f"{self.name}-{what}.db")
        replay_verified(bench, store, *arguments)
        check_same_rows(rows(store, FLOW_TABLES), self.rows, f"{self.name}, {what}")


def replay_verified(bench, store, *arguments):
    """With checksums verified; a limit that was reached would excuse differences."""
    said = bench.replay(store, "--checksums", "verify", "--memory-max", MEMORY_MAX, *arguments).err
    check(not re.search(r"^ *limit", said, re.MULTILINE), said)


class Transfers:
    """`whole` is the capture of all transfers. `partial` lacks one or two of a hundred frames, and
    `torn` some long rows of them, so that flows start midstream."""

    def __init__(self, bench):
        impair = os.path.join(os.path.dirname(bench.dfc), "tests", "impair")
        if not os.path.exists(impair):
            raise Skip(f"{impair} is not built")
        carried = carry_all(impair, range(FIRST, LAST + 1), bench.dir, LINKS)
        self.transfers = [transfer for transfer, _ in carried.values()]
        frames = []
        for _, capture in carried.values():
            with open(capture, "rb") as file:
                frames += [(frame, at) for frame, at, _ in read_pcap(file.read())]
        frames.sort(key=lambda captured: captured[1])
        dice = random.Random(SEEDS)
        share = dice.uniform(0.01, 0.02)
        self.whole = Capture(bench, "whole", list(frames))
        self.partial = Capture(bench, "partial",
                               [captured for captured in frames if dice.random() >= share])
        for _ in range(ROWS_TORN_OUT):
            at = dice.randrange(len(frames))
            del frames[at:at + dice.randrange(len(self.whole.frames) // 50)]
        self.torn = Capture(bench, "torn", frames)


@contextlib.contextmanager
def transferred(bench):
    yield Transfers(bench)


@case("every file is restored: its length, its SHA-256, no gap, no conflict")
def restored_whole(bench):
    common = bench.common
    flows = {flow[key]: flow for flow in bench.flows(common.whole.store)
             for key in ("client_port", "server_port") if flow["proto"] == "tcp"}
    note(f"{len(common.transfers)} files, {len(common.whole.frames)} frames")
    for transfer in common.transfers:
        flow, side = flows[transfer.port], "client" if transfer.is_upload else "server"
        what = f"seed {transfer.seed}, {side}"
        check_equal(flow[side + "_bytes"], len(transfer.data), what + ": length")
        check_equal(flow[side + "_sha256"], hashlib.sha256(transfer.data).hexdigest(), what)
        check_equal((flow["client_gaps"], flow["server_gaps"]), (0, 0), what + ": gaps")
        # A frame that comes late to a socket which is gone is answered by RST.
        check(flow["state"] in ("closed", "reset"), f"{what}: {flow['state']}")
        check("conflict" not in flow["flags"], f"{what}: {flow['flags']}")


@case("2, 4 and 8 workers give the rows of one")
def workers(bench):
    for count in (2, 4, 8):
        capture = bench.common.whole
        capture.must_give_same_rows(bench, f"{count} workers", "--workers", count, capture.file)
    capture = bench.common.partial
    capture.must_give_same_rows(bench, "4 workers", "--workers", 4, capture.file)


@case("a capture split in two files gives the rows of one")
def split(bench):
    dice = random.Random(SEEDS)
    for capture in (bench.common.whole, bench.common.torn):
        frames = capture.frames
        at = dice.randrange(len(frames) // 4, len(frames) * 3 // 4)
        parts = [bench.write("a.pcap", pcap(frames[:at])), bench.write("b.pcap", pcap(frames[at:]))]
        capture.must_give_same_rows(bench, f"split at frame {at}", *parts)


# Captures that lost frames -----------------------------------------------------------------------

# Of a byte of a file: not captured; captured; only in segments that the receiver may have refused.
ABSENT, PRESENT, DOUBTFUL = b"\0", b"\1", b"\2"


class Captured:
    """What a capture has of the sender's bytes: `present` is one of the above for each."""

    def __init__(self, transfer):
        self.size = len(transfer.data)
        self.present = bytearray(self.size)
        self.end = 0           # Behind the last byte, or that of the file if FIN is there.
        self.doubtful_end = 0  # The same, with doubtful segments.
        self.has_start = False  # Some SYN tells the first sequence number.
        self.early_lowest = self.size  # Of the first AWAITED_BYTES to come.
        self.bytes = 0

    def add(self, offset, length, flags, doubtful):
        if flags & SYN:
            self.has_start = True
        if length or flags & FIN:
            self.doubtful_end = max(self.doubtful_end, offset + length)
        if doubtful:
            was = self.present[offset:offset + length]
            self.present[offset:offset + length] = was.replace(ABSENT, DOUBTFUL)
            return
        if length:
            self.present[offset:offset + length] = PRESENT * length
            self.bytes += length
            if self.bytes <= AWAITED_BYTES:
                self.early_lowest = min(self.early_lowest, offset)
        if length or flags & FIN:
            self.end = max(self.end, offset + length)


def tcp_segment(frame):
    """(sending port, other port, seq, ack, flags, payload's length, timestamp or None), None if it
    is damaged."""
    is_v6 = frame[12:14] == b"\x86\xdd"
    if frame[12] != (0x86 if is_v6 else 0x08) or len(frame) < 14 + 40:
        return None
    at = 54 if is_v6 else 14 + (frame[14] & 15) * 4
    if is_v6:
        length, = struct.unpack_from("!H", frame, 18)
        addresses, protocol = frame[22:54], frame[20]
    else:
        total, = struct.unpack_from("!H", frame, 16)
        length = total - (at - 14)
        addresses, protocol = frame[26:34], frame[23]
    message = frame[at:at + length]
    if protocol != TCP or len(message) != length or length < 20:
        return None
    if not is_v6 and (frame[14] >> 4 != 4 or checksum(frame[14:at]) != 0):
        return None
    if checksum(addresses + struct.pack("!HH", TCP, length) + message) != 0:
        return None
    sport, dport, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", message)
    header = (offset >> 4) * 4
    return sport, dport, seq, ack, flags, length - header, timestamp_of(message[20:header])


def timestamp_of(options):
    while options and options[0] != 0:
        if options[0] == 8:
            return struct.unpack_from("!I", options, 2)[0]
        options = options[1 if options[0] == 1 else max(options[1], 2):]
    return None


def captured_bytes(transfers, frames, kept):
    """{port: Captured} of `kept`. The first sequence numbers are taken from all `frames`.

    A segment that comes so late that its sender's clock has gone on is refused by PAWS (RFC 7323
    5.2); what then came instead may be missing."""
    by_port = {transfer.port: transfer for transfer in transfers}
    result = {transfer.port: Captured(transfer) for transfer in transfers}
    first, newest = {}, {}
    for frame, _ in frames:
        segment = tcp_segment(frame)
        if segment and segment[4] & SYN:
            first[segment[:2]] = segment[2] + 1
    for frame, _ in kept:
        segment = tcp_segment(frame)
        if not segment or segment[4] & RST:
            continue
        sport, dport, seq, ack, flags, length, timestamp = segment
        port = sport if sport in by_port else dport
        from_sender = (dport == port) == by_port[port].is_upload
        if from_sender:
            offset = (seq + bool(flags & SYN) - first[sport, dport]) & 0xFFFFFFFF
            late = timestamp is not None and newest.get(port, 0) - timestamp > PAWS_TICKS
            newest[port] = max(newest.get(port, 0), timestamp or 0)
            result[port].add(offset, length, flags, late)
        elif flags & SYN and flags & ACK:
            result[port].has_start = True
    return result


@case("one or two of a hundred frames are missing: no wrong byte, and gaps for the missing")
def lost_frames(bench):
    check(lost_bytes(bench.common, bench.common.partial) > 0, "no byte is missing")


@case("long rows of frames are missing: no wrong byte, and gaps for the missing")
def torn_capture(bench):
    check(lost_bytes(bench.common, bench.common.torn) > 0, "no byte is missing")


def lost_bytes(common, capture):
    """Checks every flow of the capture; returns how many bytes of the files are not in it."""
    captured = captured_bytes(common.transfers, common.whole.frames, capture.frames)
    flows = {port: found for ports, found in read_flows(capture.store).items() for port in ports}
    missing = 0
    for transfer in common.transfers:
        known = captured[transfer.port]
        missing += known.present.count(ABSENT)
        if not any(known.present):
            continue
        check_equal(len(flows[transfer.port]), 1, f"seed {transfer.seed}: flows")
        check_pieces(transfer, known, sender_side(transfer, flows[transfer.port][0]).pieces)
    lacking = len(common.whole.frames) - len(capture.frames)
    midstream = sum(not known.has_start for known in captured.values())
    note(f"{lacking} of {len(common.whole.frames)} frames are missing, and with them {missing} "
         f"bytes of {sum(len(transfer.data) for transfer in common.transfers)}; "
         f"{midstream} transfers have no start")
    return missing


def sender_side(transfer, flow):
    port = transfer.port
    if transfer.is_upload:
        port = next(other for other in flow.ports if other != transfer.port)
    return flow.side(port)


def check_pieces(transfer, known, pieces):
    """Data and gaps follow each other without a seam, and are what the capture has and lacks."""
    what = f"seed {transfer.seed}"
    shift = 0 if known.has_start else start_of(transfer, known, pieces)
    at = shift
    for piece in pieces:
        check_equal(piece.offset + shift, at, f"{what}: offset of a {piece.length} byte piece")
        present = bytes(known.present[at:at + piece.length])
        if piece.is_gap:
            check(PRESENT not in present,
                  f"{what}: a gap of {piece.length} at {at} hides captured bytes")
        else:
            check(piece.data == transfer.data[at:at + piece.length],
                  f"{what}: wrong bytes in the {piece.length} from {at} on")
            check(all(present), f"{what}: {piece.length} bytes at {at} were not captured")
        at += piece.length
    check(known.end <= at <= known.doubtful_end,
          f"{what}: ends at {at}, must be {known.end} or {known.doubtful_end}")


def start_of(transfer, known, pieces):
    """Where in the file a stream begins that has no SYN. An acknowledgment may tell that bytes are
    missing before the first one."""
    first_gap = pieces[0].length if pieces[0].is_gap else 0
    start = transfer.data.find(pieces[bool(first_gap)].data[:32])
    lowest = next(at for at, byte in enumerate(known.present) if byte)
    check(lowest <= start <= known.early_lowest,
          f"seed {transfer.seed}: begins at {start}; the lowest byte captured is {lowest}, "
          f"and {known.early_lowest} of those that came first")
    check(first_gap <= start, f"seed {transfer.seed}: a gap of {first_gap} before {start}")
    return start - first_gap


run_cases(transferred)
