"""Cuts a capture file between two packets, into two files that are captures of their own."""

import collections
import gzip
import struct

# Seconds between two packets where a capture may be cut: a file that begins later is another
# capture to dfc, which then learns anew whose checksums mean something.
PAUSE_MAX_S = 60

# Bytes of a record's header, and ticks a second.
PCAP = {0xA1B2C3D4: (16, 10**6), 0xA1B23C4D: (16, 10**9), 0xA1B2CD34: (24, 10**6)}
SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 0x0A0D0D0A, 1, 2, 3, 6
TIME_RESOLUTION = 9

# Where a packet begins and ends, and its time in seconds, None for one that has none of its own.
Record = collections.namedtuple("Record", "start end time")
Block = collections.namedtuple("Block", "start end kind")


def read_pcap(data):
    order = "<" if struct.unpack_from("<I", data)[0] in PCAP else ">"
    head, ticks = PCAP[struct.unpack_from(order + "I", data)[0]]
    minor, = struct.unpack_from(order + "H", data, 6)
    records, at = [], 24
    while at + head <= len(data):
        seconds, part, captured, wire = struct.unpack_from(order + "IIII", data, at)
        if minor < 3 or (minor == 3 and captured > wire):
            captured = wire
        end = at + head + captured
        if end > len(data):
            break
        records.append(Record(at, end, seconds + part / ticks))
        at = end
    return records, []


def ticks_a_second(order, options):
    at = 0
    while at + 4 <= len(options):
        code, size = struct.unpack_from(order + "HH", options, at)
        if code == TIME_RESOLUTION:
            value = options[at + 4]
            return 2 ** (value & 0x7F) if value & 0x80 else 10 ** value
        at += 4 + (size + 3) // 4 * 4
    return 10**6


def read_pcapng(data):
    records, blocks, ticks, at, order = [], [], [], 0, "<"
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12 or at + size > len(data):
            break
        blocks.append(Block(at, at + size, kind))
        if kind == SECTION:
            ticks = []
        elif kind == INTERFACE:
            ticks.append(ticks_a_second(order, data[at + 16:at + size - 4]))
        elif kind in (PACKET, OLD_PACKET):
            number, high, low = struct.unpack_from(order + "III", data, at + 8)
            number = number if kind == PACKET else struct.unpack_from(order + "H", data, at + 8)[0]
            time = (high << 32 | low) / ticks[number] if number < len(ticks) else None
            records.append(Record(at, at + size, time))
        elif kind == SIMPLE_PACKET:
            records.append(Record(at, at + size, None))
        at += size
    return records, blocks


def preamble(data, blocks, cut):
    """What the packets behind `cut` need in front: file header, or section and interfaces."""
    if not blocks:
        return data[:24]
    needed = []
    for block in blocks:
        if block.start >= cut:
            break
        if block.kind == SECTION:
            needed = []
        if block.kind in (SECTION, INTERFACE):
            needed.append(data[block.start:block.end])
    return b"".join(needed)


def goes_on(before, after):
    """A packet without a time has that of the one before it, which another file does not tell."""
    if before.time is None or after.time is None:
        return False
    return 0 <= after.time - before.time <= PAUSE_MAX_S


def split(data, random):
    """(front, back), or None where there is no place to cut. Damage stays in the back."""
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    records, blocks = (read_pcapng if data[:4] == b"\x0a\x0d\x0d\x0a" else read_pcap)(data)
    cuts = [before.end for before, after in zip(records, records[1:]) if goes_on(before, after)]
    if not cuts:
        return None
    cut = random.choice(cuts)
    return data[:cut], preamble(data, blocks, cut) + data[cut:]
