"""What is sent to a TCP endpoint, written down in one line.

  script = { option } { step } ;  words are separated by spaces
  option = "v6" | "sack" | "ts" | "ws=N" | "isn=N" | "rcvbuf=N"
         | "inline"  the application has SO_OOBINLINE: it reads urgent bytes like all others
         | "raw"     the steps make the handshake themselves
         | "client"  the kernel connects to the host
         | "nofill"  holes stay open in the end
  step   = [ flags "@" ] offset [ ":" text ] { "," change }       a segment from the host
         | "say:" text | "shut" | "stop" | "go"                   the kernel's application
  change = "bad" (checksum) | "ack" +-N | "ts" +-N | "nots" | "opt=" hex
         | "urg=N" | "words=N" (header length) | "win=N"

Offset 0 is the first byte after the host's SYN, which therefore stands at -1. Flags are letters of
FSRPAU, or "-" for none; without them a segment has PSH and ACK. `text` may be "c*N", the letter N
times, or "c~N", the N letters from c on. `ack` and `ts` are relative to what a well-behaved host
would send, `opt` stands before other TCP options.
The application reads what there is after every segment, but not between "stop" and "go".

  0:abcd 2:EFgh          two segments, of which the second overlaps the first
  sack 4:ef RA@6 0:abcd  a reset at the right edge of what was selectively acknowledged
"""

import dataclasses
import re
import string
import struct

from packets import ACK, FIN, PSH, RST, SYN, TCP, URG, ether, ip, tcp_header

FLAGS = {"F": FIN, "S": SYN, "R": RST, "P": PSH, "A": ACK, "U": URG}
OPTION = re.compile(r"(v6|sack|ts|raw|client|nofill|inline)|(ws|isn|rcvbuf)=(\w+)")
SEGMENT = re.compile(r"(?:([FSRPAU]+|-)@)?(-?\d+)(?::([\w.]*)(?:([*~])(\d+))?)?((?:,[^,]+)*)")
CHANGE = re.compile(r"(bad|nots)|(ack|ts)([+-]\d+)|(urg|words|win)=(\d+)|opt=([0-9a-f]*)")
APPLICATION = re.compile(r"(say):(\w+)(?:([*~])(\d+))?|(shut|stop|go)")

LETTERS = string.ascii_letters + string.digits
SYN_OFFSET = -1
FIRST_TIMESTAMP = 1000


@dataclasses.dataclass
class Segment:
    offset: int
    payload: bytes = b""
    flags: int = ACK | PSH
    ack: int = 0
    timestamp: int = 0
    has_timestamp: bool = True
    options: bytes = b""
    urgent: int = 0
    words: int | None = None
    window: int = 65535
    good_checksum: bool = True

    def end(self):
        """Behind all that it takes of the sequence space."""
        return self.offset + len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)


@dataclasses.dataclass
class Application:
    does: str
    text: bytes = b""


@dataclasses.dataclass
class Script:
    text: str
    steps: list
    is_v6: bool = False
    sack: bool = False
    timestamps: bool = False
    window_scale: int | None = None
    isn: int = 1000
    receive_buffer: int | None = None
    kernel_is_client: bool = False
    raw: bool = False
    fill: bool = True
    reads_inline: bool = False

    def segments(self):
        return [step for step in self.steps if isinstance(step, Segment)]

    def handshake(self):
        if self.raw:
            return []
        if self.kernel_is_client:
            return [Segment(SYN_OFFSET, flags=SYN | ACK)]
        return [Segment(SYN_OFFSET, flags=SYN), Segment(0, flags=ACK)]


def payload(text, how, count):
    if how == "~":
        at, count = LETTERS.index(text), int(count)
        return (LETTERS * (count // len(LETTERS) + 2))[at:at + count].encode()
    return ((text or "") * int(count or 1)).encode()


def parse_segment(match):
    flags, offset, *text, changes = match.groups()
    segment = Segment(int(offset), payload(*text))
    if flags:
        segment.flags = sum(FLAGS[letter] for letter in flags.replace("-", ""))
    for change in filter(None, changes.split(",")):
        found = CHANGE.fullmatch(change)
        if not found:
            raise ValueError(f"no such change: {change}")
        word, delta, by, field, value, options = found.groups()
        if word:
            setattr(segment, {"bad": "good_checksum", "nots": "has_timestamp"}[word], False)
        elif delta:
            setattr(segment, {"ack": "ack", "ts": "timestamp"}[delta], int(by))
        elif field:
            setattr(segment, {"urg": "urgent", "win": "window"}.get(field, field), int(value))
        else:
            segment.options = bytes.fromhex(options)
        if field == "urg":
            segment.flags |= URG
    return segment


def parse(text):
    script = Script(text, [])
    for word in text.split():
        if option := OPTION.fullmatch(word):
            name, key, value = option.groups()
            if name:
                setattr(script, {"v6": "is_v6", "ts": "timestamps", "nofill": "fill",
                                 "client": "kernel_is_client",
                                 "inline": "reads_inline"}.get(name, name), name != "nofill")
            else:
                setattr(script, {"ws": "window_scale", "rcvbuf": "receive_buffer"}.get(key, key),
                        int(value, 0))
        elif does := APPLICATION.fullmatch(word):
            script.steps.append(Application(does[1] or does[5], payload(*does.group(2, 3, 4))))
        elif segment := SEGMENT.fullmatch(word):
            script.steps.append(parse_segment(segment))
        else:
            raise ValueError(f"{word!r} is no word of a script: {text}")
    return script


def padded(options):
    return options + b"\0" * (-len(options) % 4)


def tcp_options(script, segment, now, echo):
    """`now` is the host's time stamp, `echo` the last that came from the kernel."""
    options = padded(segment.options)
    if segment.flags & SYN:
        options += struct.pack("!BBH", 2, 4, 1460)
        if script.sack:
            options += bytes([1, 1, 4, 2])
        if script.window_scale is not None:
            options += bytes([1, 3, 3, script.window_scale])
    if script.timestamps and segment.has_timestamp:
        stamp = (now + segment.timestamp) & 0xFFFFFFFF
        options += struct.pack("!BBBBII", 1, 1, 8, 10, stamp, echo)
    return options


def frame(script, segment, ends, ack, now, echo):
    """The Ethernet frame; `ends` are (address, port) of the host and of the kernel, `ack` what a
    well-behaved host would acknowledge."""
    (src, sport), (dst, dport) = ends
    acknowledged = ack + segment.ack if segment.flags & ACK else 0
    message = tcp_header(src, sport, dst, dport, script.isn + 1 + segment.offset, acknowledged,
                         segment.flags, segment.payload, segment.window,
                         tcp_options(script, segment, now, echo), segment.urgent, segment.words)
    if not segment.good_checksum:
        message = message[:16] + struct.pack("!H", (message[16] << 8 | message[17]) ^ 0x5A5A) + \
            message[18:]
    return ether(ip(src, dst, TCP, message))


@dataclasses.dataclass
class Answer:
    """A segment from the kernel."""
    seq: int
    ack: int
    flags: int
    payload: bytes
    timestamp: int | None

    def end(self):
        return self.seq + len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)


def timestamp_of(options):
    at = 0
    while at < len(options) and options[at] != 0:
        if options[at] == 1:
            at += 1
            continue
        if options[at] == 8:
            return struct.unpack_from("!I", options, at + 2)[0]
        at += options[at + 1]
    return None


def read_answer(frame_bytes, ends):
    """None if the frame is not of this connection. The kernel's headers are as they should be."""
    (host, host_port), (_, port) = ends
    is_v6 = ":" in host
    at = 14 + (40 if is_v6 else 20)
    if frame_bytes[12:14] != (b"\x86\xdd" if is_v6 else b"\x08\x00"):
        return None
    if frame_bytes[14 + (6 if is_v6 else 9)] != TCP:
        return None
    source, destination, seq, ack, offset, flags = struct.unpack_from("!HHIIBB", frame_bytes, at)
    if (source, destination) != (port, host_port):
        return None
    total = struct.unpack_from("!H", frame_bytes, 18 if is_v6 else 16)[0]
    end = at + total if is_v6 else 14 + total
    body = at + (offset >> 4) * 4
    return Answer(seq, ack, flags, frame_bytes[body:end],
                  timestamp_of(frame_bytes[at + 20:body]))
