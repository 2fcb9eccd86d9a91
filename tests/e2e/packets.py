"""Packets and capture files for the end-to-end tests, built by hand."""

import functools
import ipaddress
import struct

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
T0 = 1_700_000_000 * 10**9  # The time of the first frame, where it does not matter.
MS = 10**6


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@functools.lru_cache(maxsize=1024)
def address(text):
    return ipaddress.ip_address(text).packed


def with_checksum(src, dst, protocol, message, at):
    """`message` with the checksum over pseudo-header and itself put in at offset `at`."""
    source, destination = address(src), address(dst)
    if len(source) == 4:
        pseudo = source + destination + struct.pack("!BBH", 0, protocol, len(message))
    else:
        pseudo = source + destination + struct.pack("!IHBB", len(message), 0, 0, protocol)
    value = checksum(pseudo + message)
    if protocol == UDP and value == 0:
        value = 0xFFFF
    return message[:at] + struct.pack("!H", value) + message[at + 2:]


def ipv4(src, dst, protocol, payload, ident=0, offset=0, more=False, ttl=64, total=None):
    """`offset` in bytes; `total` overrides the length that the header tells."""
    flags = (0x2000 if more else 0) | offset // 8
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, total or 20 + len(payload), ident, flags, ttl,
                         protocol, 0, address(src), address(dst))
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + payload


def ipv6(src, dst, protocol, payload, extensions=b""):
    """`protocol` is the header's next header: the first extension, if there are any."""
    return struct.pack("!IHBB16s16s", 0x60000000, len(extensions) + len(payload), protocol, 64,
                       address(src), address(dst)) + extensions + payload


def ip(src, dst, protocol, payload):
    return (ipv6 if ":" in src else ipv4)(src, dst, protocol, payload)


def udp_header(src, sport, dst, dport, payload):
    message = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    return with_checksum(src, dst, UDP, message, 6)


def tcp_header(src, sport, dst, dport, seq, ack, flags, payload=b"", window=65535, options=b"",
               urgent=0, words=None):
    """`options` fill 32-bit words; `words` overrides the header's length that it tells."""
    words = 5 + len(options) // 4 if words is None else words
    message = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                          words << 4, flags, window, 0, urgent) + options + payload
    return with_checksum(src, dst, TCP, message, 16)


def icmp_message(kind, code, rest, payload):
    message = struct.pack("!BBH", kind, code, 0) + rest + payload
    return message[:2] + struct.pack("!H", checksum(message)) + message[4:]


def ether(packet, vlans=()):
    """`vlans` from the outside in: (tag protocol, id)."""
    tags = b"".join(struct.pack("!HH", protocol, vlan) for protocol, vlan in vlans)
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return bytes.fromhex("020000000002020000000001") + tags + struct.pack("!H", kind) + packet


def udp_frame(src, sport, dst, dport, payload, **how):
    return ether(ip(src, dst, UDP, udp_header(src, sport, dst, dport, payload)), **how)


class Tcp:
    """Frames of one connection. Offsets count from the first byte after SYN."""

    def __init__(self, client="10.0.0.1", cport=40000, server="10.0.0.2", sport=80,
                 isn=(1000, 9000)):
        self.ends = ((client, cport), (server, sport))
        self.isn = isn

    def segment(self, side, offset, payload=b"", flags=ACK | PSH, ack=0, corrupt=False):
        """The IP packet; `ack` is the other side's offset, as `offset` is this one's."""
        (src, sport), (dst, dport) = self.ends[side], self.ends[1 - side]
        seq = self.isn[side] + 1 + offset
        acknowledged = self.isn[1 - side] + 1 + ack if flags & ACK else 0
        segment = tcp_header(src, sport, dst, dport, seq, acknowledged, flags, payload)
        if corrupt:
            segment = segment[:16] + struct.pack("!H", segment[16] << 8 ^ 0x5A5A) + segment[18:]
        return ip(src, dst, TCP, segment)

    def client(self, offset, payload=b"", **how):
        return ether(self.segment(0, offset, payload, **how))

    def server(self, offset, payload=b"", **how):
        return ether(self.segment(1, offset, payload, **how))

    def open(self):
        return [self.client(-1, flags=SYN), self.server(-1, flags=SYN | ACK),
                self.client(0, flags=ACK)]

    def close(self, client_bytes, server_bytes):
        return [self.client(client_bytes, flags=FIN | ACK, ack=server_bytes),
                self.server(server_bytes, flags=FIN | ACK, ack=client_bytes + 1),
                self.client(client_bytes + 1, flags=ACK, ack=server_bytes + 1)]


def pcap(frames, link=1, start=T0, step=MS, snaplen=262144):
    """A nanosecond pcap file. A frame is its bytes, or (bytes, time in ns), or (bytes, time, cut)
    of which only the first `cut` bytes were captured; a time of None is the usual next one."""
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snaplen, link)]
    for index, frame in enumerate(frames):
        data, at, cut = (*(frame if isinstance(frame, tuple) else (frame,)), None, None)[:3]
        at = start + index * step if at is None else at
        kept = data if cut is None else data[:cut]
        out.append(struct.pack("<IIII", at // 10**9, at % 10**9, len(kept), len(data)) + kept)
    return b"".join(out)


def read_pcap(data):
    """The (frame, time in ns, wire length) of a pcap file in this machine's byte order."""
    magic, = struct.unpack_from("<I", data)
    unit = {0xA1B23C4D: 1, 0xA1B2C3D4: 1000}[magic]
    at, frames = 24, []
    while at < len(data):
        seconds, part, captured, wire = struct.unpack_from("<IIII", data, at)
        frames.append((data[at + 16:at + 16 + captured], seconds * 10**9 + part * unit, wire))
        at += 16 + captured
    return frames
