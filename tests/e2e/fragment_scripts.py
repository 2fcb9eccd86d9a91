"""Scripts of fragments, in a notation that fits on a line, and what a receiver makes of them.

    A0-16+ B16-24      bytes 0 to 16 of the IP payload, filled with "A", more to come; then the end
    B8-24+ecn=2,ttl=9  with fields of the header: ecn ttl id (added) proto; udp, len: the lengths in UDP's
                       and the IP header
    ext=60             IPv6: an extension header of that kind in front of the fragment header
    opt=8              IPv4: so many bytes of options
    A0-16+*64          64 times the same
    wait=50            not a fragment: half of the time goes by that a datagram may take

Bytes 0 to 8 of a piece that begins at 0 are always a UDP header, whose length is that of the script's
last piece that ends the datagram, and whose checksum is zero. What came out is written as the pieces
were: "2:A8 B8" is a datagram that the fragment with index 2 completed, 8 bytes of A then 8 of B.
"""

import collections
import itertools
import re
import struct

from packets import UDP, checksum, ipv4, ipv6

HEADER = 8
PIECE = re.compile(r"([A-Z])(\d+)-(\d+)(\+?)((?:[a-z]+=\d+,?)*)$")
FIELDS = {"ecn": 0, "ttl": 64, "id": 0, "proto": UDP, "ext": None, "opt": 0,
          "udp": None, "len": None}

Piece = collections.namedtuple("Piece", ["letter", "begin", "end", "more", "fields"])
Wait = collections.namedtuple("Wait", ["percent"])


def parse(text):
    steps = []
    for word in text.split():
        word, _, times = word.partition("*")
        if word.startswith("wait="):
            steps.append(Wait(int(word[5:])))
            continue
        letter, begin, end, more, fields = PIECE.match(word).groups()
        pairs = (field.split("=") for field in fields.split(",") if field)
        piece = Piece(letter, int(begin), int(end), more == "+",
                      {name: int(value) for name, value in pairs})
        steps += [piece] * int(times or 1)
    return steps


def text_of(steps):
    words = []
    for step, equal in itertools.groupby(steps):
        if isinstance(step, Wait):
            words.append(f"wait={step.percent}")
            continue
        fields = ",".join(f"{name}={value}" for name, value in step.fields.items())
        word = f"{step.letter}{step.begin}-{step.end}{'+' if step.more else ''}{fields}"
        times = len(list(equal))
        words += [f"{word}*{times}"] if times > 3 else [word] * times
    return " ".join(words)


def udp_bytes(steps):
    """Length of the datagram that the script's UDP headers tell: that of its last final piece."""
    ends = [step.end for step in steps if isinstance(step, Piece) and not step.more]
    return min(max([HEADER, *ends]), 0xFFFF)


def contents(piece, port, listener, length):
    body = piece.letter.encode() * (piece.end - piece.begin)
    if piece.begin > 0:
        return body
    header = struct.pack("!HHHH", port, listener, piece.fields.get("udp", length), 0)
    return (header + body[HEADER:])[:piece.end]


def packet(version, source, host, port, listener, ident, length, piece):
    """The IP packet of one piece."""
    how = {**FIELDS, **piece.fields}
    data = contents(piece, port, listener, length)
    if version == 4:
        whole = ipv4(source, host, how["proto"], data, ident=(ident + how["id"]) & 0xFFFF,
                     offset=piece.begin, more=piece.more, ttl=how["ttl"])
        return patched_ipv4(whole, how)
    fragment = struct.pack("!BBHI", how["proto"], 0, piece.begin | piece.more,
                           ident + how["id"])
    first, extensions = 44, fragment
    if how["ext"] is not None:
        first, extensions = how["ext"], struct.pack("!BB", 44, 0) + b"\1\4\0\0\0\0" + fragment
    whole = ipv6(source, host, first, data, extensions)
    length = whole[4:6] if how["len"] is None else struct.pack("!H", how["len"])
    return b"".join([struct.pack("!I", 0x60000000 | how["ecn"] << 20), length, whole[6:7],
                     bytes([how["ttl"]]), whole[8:]])


def patched_ipv4(whole, how):
    """With ECN bits, options (no operation) and length, and the checksum for them."""
    header = bytearray(whole[:20]) + b"\1" * how["opt"]
    header[0] = 0x40 | len(header) // 4
    header[1] = how["ecn"]
    length = len(whole) + how["opt"] if how["len"] is None else how["len"]
    header[2:4] = struct.pack("!H", length)
    header[10:12] = b"\0\0"
    header[10:12] = struct.pack("!H", checksum(bytes(header)))
    return bytes(header) + whole[20:]


def outcome_text(outcome):
    """`outcome` is a list of (index of the completing step, bytes behind the UDP header)."""
    words = []
    for index, data in outcome:
        runs = [f"{chr(byte)}{len(list(run))}" for byte, run in itertools.groupby(data)]
        words.append(f"{index}:" + ".".join(runs))
    return " ".join(words) or "nothing"
