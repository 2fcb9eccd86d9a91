"""Heads of the three kinds of traffic that speed is measured with: few long TCP flows (bulk), what
programs really said (mix), and very many tiny exchanges (small). The same bytes in every run."""

from harness import SAMPLE
from packets import (ACK, ICMP, MS, PSH, Tcp, ether, icmp_message, ip, pcap, read_pcap,
                     udp_frame)

FRAMES = 20_000
SEGMENT = bytes(range(256)) * 5 + bytes(168)  # 1,448 bytes, as with timestamps on Ethernet.
BULK_FLOWS = 8
BULK_STEP = MS // 20
# One of so many segments is sent again, and as many come before the one in front of them.
BULK_ODD = 1000
HOURS_2 = 2 * 3600 * 10**9  # Longer than any timeout.


def bulk():
    """Each turn sends a segment on each connection; every second one is acknowledged."""
    flows = [Tcp(cport=40000 + n, isn=(1000 * n, 9000 * n)) for n in range(BULK_FLOWS)]
    frames = [frame for flow in flows for frame in flow.open()]
    turn = 0
    while len(frames) < FRAMES:
        for flow in flows:
            # Neighbours in a pair change places now and then.
            place = turn ^ 1 if turn // 2 % (BULK_ODD // 2) == 100 else turn
            frames.append(flow.server(place * len(SEGMENT), SEGMENT, flags=ACK))
            if turn % BULK_ODD == 300:
                frames.append(frames[-1])
            if turn % 2 == 1:
                frames.append(flow.client(0, flags=ACK, ack=(turn + 1) * len(SEGMENT)))
        turn += 1
    return pcap(frames[:FRAMES], step=BULK_STEP)


def mix():
    """The sample several times, so far apart that each copy is new flows."""
    sample = [(frame, at) for frame, at, _ in read_pcap(SAMPLE.read_bytes())]
    copies = -(-FRAMES // len(sample))
    return pcap([(frame, at + copy * HOURS_2)
                 for copy in range(copies) for frame, at in sample][:FRAMES])


def dns(client, port):
    question = port.to_bytes(2) + bytes.fromhex("0100 0001 0000 0000 0000") + \
        b"\3www\7example\3org\0" + bytes.fromhex("0001 0001")
    answer = question[:2] + bytes.fromhex("8180 0001 0001") + question[8:] + \
        bytes.fromhex("c00c 0001 0001 00000e10 0004 c0000201")
    yield udp_frame(client, port, "192.0.2.53", 53, question)
    yield udp_frame("192.0.2.53", 53, client, port, answer)


def ping(client, number):
    for kind, src, dst in ((8, client, "192.0.2.1"), (0, "192.0.2.1", client)):
        yield ether(ip(src, dst, ICMP, icmp_message(kind, 0, number.to_bytes(4), SEGMENT[:56])))


def ntp(client, port):
    yield udp_frame(client, port, "192.0.2.123", 123, b"\x23" + bytes(47))
    yield udp_frame("192.0.2.123", 123, client, port, b"\x24" + SEGMENT[:47])


def tiny_tcp(client, port):
    """A question of 100 bytes and an answer of 300 on a connection of its own."""
    tcp = Tcp(client=client, cport=port, server="192.0.2.80", isn=(port, 2 * port))
    yield from tcp.open()
    yield tcp.client(0, SEGMENT[:100], flags=ACK | PSH, ack=0)
    yield tcp.server(0, SEGMENT[:300], flags=ACK | PSH, ack=100)
    yield from tcp.close(100, 300)


def small():
    """Each exchange is of a client of its own, so that the flow table grows all the time."""
    frames, number = [], 0
    while len(frames) < FRAMES:
        number += 1
        client = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        port = 20_000 + number % 40_000
        # Of ten exchanges six are names, two are connections.
        kind = (dns, dns, tiny_tcp, dns, ping, dns, dns, tiny_tcp, dns, ntp)[number % 10]
        frames.extend(kind(client, number if kind is ping else port))
    return pcap(frames[:FRAMES], step=MS // 10)


WORKLOADS = {"bulk": bulk, "mix": mix, "small": small}
