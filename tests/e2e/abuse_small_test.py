#!/usr/bin/python3
"""Small hand-made captures that try to fool a sensor, one idea each."""

import contextlib
import re
import sqlite3
import struct

from harness import case, check, check_equal, run_cases
from packets import (ACK, FIN, ICMP, ICMPV6, MS, PSH, RST, SYN, T0, TCP, UDP, URG, Tcp, checksum, ether,
                     icmp_message, ipv4, ipv6, pcap, tcp_header, udp_frame, udp_header)

IPIP = 4
A, B = "10.0.0.1", "10.0.0.2"
A6, B6 = "fd00::1", "fd00::2"


class Outcome:
    """A small capture's flows, oldest first, and what the summary said."""

    def __init__(self, bench, frames, *options, **file):
        bench.write("t.pcap", pcap(frames, **file))
        self.bench, self.store = bench, bench.store()
        self.summary = bench.replay(self.store, *options, "t.pcap").err
        self.flows = bench.flows(self.store)
        self.icmp = bench.icmp(self.store)

    def content(self, side="client", flow=0):
        return self.bench.content(self.store, self.flows[flow]["id"], side)

    def only(self):
        check_equal(len(self.flows), 1, "flows")
        return self.flows[0]

    def refused(self, words, count=1):
        check(re.search(rf"^\s+{count}  .*{words}", self.summary, re.M),
              f"no line says {count} refused, {words}:\n{self.summary}")


def expect_content(outcome, client, server=b""):
    outcome.only()
    check_equal(outcome.content("client"), client, "client's content")
    check_equal(outcome.content("server"), server, "server's content")


@case("a segment with a bad checksum is refused and counted; the good copy is content")
def bad_checksum(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(0, b"EVIL", corrupt=True), tcp.client(0, b"GOOD"),
                          tcp.server(0, ack=4, flags=ACK), *tcp.close(4, 0)])
    expect_content(out, b"GOOD")
    out.refused("TCP checksum is wrong")


@case("bad checksums of IP, UDP and ICMP are refused too")
def other_checksums(bench):
    good = udp_frame(A, 1000, B, 2000, b"good")
    bad_udp = bytearray(udp_frame(A, 1000, B, 2000, b"evil"))
    bad_udp[40] ^= 0xFF
    bad_ip = bytearray(udp_frame(A, 1000, B, 2000, b"evil"))
    bad_ip[24] ^= 0xFF
    echo = ether(ipv4(A, B, ICMP, icmp_message(8, 0, b"\0\1\0\1", b"ping")))
    bad_icmp = bytearray(ether(ipv4(A, B, ICMP, icmp_message(8, 0, b"\0\1\0\2", b"ping"))))
    bad_icmp[-1] ^= 0xFF
    out = Outcome(bench, [good, bytes(bad_udp), bytes(bad_ip), echo, bytes(bad_icmp)])
    check_equal([(flow["proto"], flow["client_packets"]) for flow in out.flows],
                [("udp", 1), ("icmp", 1)], "flows")
    for name in ("IP", "UDP", "ICMP"):
        out.refused(f"{name} checksum is wrong")


@case("a RST out of window ends nothing; one in place does")
def reset(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(0, b"abc"),
                          tcp.server(500_000, flags=RST), tcp.client(3, b"def"),
                          tcp.server(0, flags=ACK, ack=6), *tcp.close(6, 0)])
    expect_content(out, b"abcdef")
    check_equal(out.flows[0]["state"], "closed", "state")


@case("an exact RST resets the flow")
def exact_reset(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(0, b"abc"),
                          tcp.server(0, flags=RST | ACK, ack=3)])
    expect_content(out, b"abc")
    check_equal(out.flows[0]["state"], "reset", "state")


@case("FIN before the data it follows: the data is content, and then the flow is closed")
def early_fin(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(6, flags=FIN | ACK), tcp.client(3, b"def"),
                          tcp.client(0, b"abc"), tcp.server(0, flags=FIN | ACK, ack=7),
                          tcp.client(7, flags=ACK, ack=1)])
    expect_content(out, b"abcdef")
    check_equal(out.flows[0]["state"], "closed", "state")


@case("data after FIN is not content")
def data_after_fin(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(0, b"abc", flags=ACK | PSH | FIN),
                          tcp.client(4, b"LATE"), tcp.server(0, flags=FIN | ACK, ack=4)])
    expect_content(out, b"abc")


@case("sequence numbers wrap, in order and out of order")
def wrap(bench):
    parts = [(0, b"abc"), (3, b"def"), (6, b"ghi"), (9, b"jkl")]
    for order in ((0, 1, 2, 3), (1, 3, 2, 0), (3, 2, 1, 0)):
        (bench.dir / "t.db").unlink(missing_ok=True)
        tcp = Tcp(isn=(0xFFFFFFFB, 0xFFFFFFFF))
        out = Outcome(bench, [*tcp.open(), *(tcp.client(*parts[i]) for i in order),
                              tcp.server(0, b"xyz", ack=12), *tcp.close(12, 3)])
        expect_content(out, b"abcdefghijkl", b"xyz")


@case("a capture that starts midstream keeps an earlier segment that comes second")
def midstream(bench):
    tcp = Tcp(client=A, cport=50000, server=B, sport=80)
    out = Outcome(bench, [tcp.client(103, b"def"), tcp.client(100, b"abc"), tcp.client(106, b"ghi"),
                          tcp.server(50, b"ok", ack=109)])
    expect_content(out, b"abcdefghi", b"ok")
    check("midstream" in out.flows[0]["flags"], f"flags: {out.flows[0]['flags']}")


@case("reused ports give two flows")
def port_reuse(bench):
    first, second = Tcp(isn=(1000, 9000)), Tcp(isn=(700_000, 900_000))
    out = Outcome(bench, [*first.open(), first.client(0, b"one"), *first.close(3, 0),
                          *second.open(), second.client(0, b"two!"), *second.close(4, 0)])
    check_equal([flow["client_bytes"] for flow in out.flows], [3, 4], "flows")
    check_equal([out.content(flow=0), out.content(flow=1)], [b"one", b"two!"], "content")


@case("802.1Q and QinQ tags are looked through")
def vlan_tags(bench):
    out = Outcome(bench, [
        udp_frame(A, 1000, B, 2000, b"plain"),
        udp_frame(A, 1001, B, 2000, b"tagged", vlans=[(0x8100, 7)]),
        udp_frame(A, 1002, B, 2000, b"twice", vlans=[(0x88A8, 8), (0x8100, 9)]),
        udp_frame(A6, 1003, B6, 2000, b"twice, v6", vlans=[(0x8100, 8), (0x8100, 9)])])
    check_equal(sorted(out.content(flow=i) for i in range(4)),
                sorted([b"plain", b"tagged", b"twice", b"twice, v6"]), "content")


@case("IPv6 extension headers are looked through")
def extensions(bench):
    hop_by_hop = bytes([60, 0, 1, 4, 0, 0, 0, 0])
    destination = bytes([43, 1, 1, 12]) + bytes(12)
    routing = bytes([UDP, 0, 4, 0]) + bytes(4)  # Segment routing, no segments left.
    datagram = udp_header(A6, 1000, B6, 2000, b"inside")
    out = Outcome(bench, [ether(ipv6(A6, B6, 0, datagram, hop_by_hop + destination + routing))])
    expect_content(out, b"inside")
    check_equal((out.flows[0]["client_port"], out.flows[0]["server_port"]), (1000, 2000), "ports")


@case("what the snaplen cut off is a gap of the right size")
def snaplen(bench):
    tcp = Tcp()
    data = bytes(range(200)) * 5
    head = 14 + 20 + 20
    out = Outcome(bench, [*tcp.open(), (tcp.client(0, data), None, head + 100),
                          tcp.client(1000, b"end"), (tcp.server(0, data, ack=1003), None, head),
                          *tcp.close(1003, 1000)])
    expect_content(out, data[:100] + b"end")
    flow = out.flows[0]
    check_equal((flow["client_gaps"], flow["server_gaps"]), (900, 1000), "gaps")
    check("truncated" in flow["flags"], f"flags: {flow['flags']}")


@case("a lost segment is a gap of the right size, at the right place")
def lost_segment(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(0, b"abc"), tcp.client(10, b"klm"),
                          tcp.server(0, flags=ACK, ack=13), *tcp.close(13, 0)])
    expect_content(out, b"abcklm")
    check_equal(out.flows[0]["client_gaps"], 7, "gap")
    shown = bench.run("show", "--store", out.store, out.flows[0]["id"]).out.decode()
    check(re.search(r"offset 3  7 bytes missing", shown), shown)


@case("keep-alive and zero-window probes are not in the stream")
def keep_alive(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(0, b"abc"), tcp.server(0, flags=ACK, ack=3),
                          tcp.client(2, b"\0", flags=ACK), tcp.server(0, flags=ACK, ack=3),
                          tcp.client(2, flags=ACK), tcp.client(3, b"def"), *tcp.close(6, 0)])
    expect_content(out, b"abcdef")
    check_equal(out.flows[0]["client_gaps"], 0, "gaps")


@case("UDP datagrams keep their boundaries, an empty one too")
def datagram_boundaries(bench):
    out = Outcome(bench, [udp_frame(A, 1000, B, 2000, payload)
                          for payload in (b"first", b"", b"third")])
    expect_content(out, b"firstthird")
    check_equal(out.flows[0]["client_packets"], 3, "packets")
    shown = bench.run("show", "--store", out.store, out.flows[0]["id"]).out.decode()
    lengths = re.findall(r"offset \d+  (\d+) byte", shown)
    check_equal(lengths, ["5", "0", "5"], "datagrams shown")


@case("an ICMP error is joined to the flow that it quotes, v4 and v6")
def icmp_error(bench):
    datagram = ipv4(A, B, UDP, udp_header(A, 1000, B, 2000, b"anyone?"))
    error = ipv4("10.0.0.254", A, ICMP, icmp_message(3, 3, bytes(4), datagram[:28]))
    datagram6 = ipv6(A6, B6, UDP, udp_header(A6, 1000, B6, 2000, b"anyone?"))
    message = icmp_message(1, 4, bytes(4), datagram6)
    pseudo = ipv6("fd00::ff", A6, ICMPV6, message)
    out = Outcome(bench, [ether(datagram), ether(error), ether(datagram6),
                          ether(with_icmpv6_checksum(pseudo))])
    check_equal(len(out.icmp), 2, "messages")
    udp = {flow["client"]: flow["id"] for flow in out.flows if flow["proto"] == "udp"}
    check_equal([message["quoted_flow"] for message in out.icmp], [udp[A], udp[A6]], "quoted flows")


def with_icmpv6_checksum(packet):
    """An IPv6 packet whose ICMPv6 message gets the checksum that includes the pseudo-header."""
    message = packet[40:42] + b"\0\0" + packet[44:]
    value = checksum(packet[8:40] + struct.pack("!II", len(message), ICMPV6) + message)
    return packet[:40] + message[:2] + struct.pack("!H", value) + message[4:]


def fragments(data, sizes, ident=77, src=A, dst=B):
    frames, at = [], 0
    for size in sizes:
        piece = data[at:at + size]
        frames.append(ether(ipv4(src, dst, UDP, piece, ident=ident, offset=at,
                                 more=at + size < len(data))))
        at += size
    return frames


@case("fragments out of order are put together")
def fragment_order(bench):
    payload = bytes(range(256)) * 9
    one, two, three = fragments(udp_header(A, 1000, B, 2000, payload), (1000, 800, 2000))
    out = Outcome(bench, [three, one, two])
    expect_content(out, payload)
    check("fragment" in out.flows[0]["flags"], f"flags: {out.flows[0]['flags']}")


@case("teardrop: fragments that cross drop the datagram, and a clean one still comes through")
def teardrop(bench):
    payload = b"x" * 92
    datagram = udp_header(A, 1000, B, 2000, payload)
    first = ether(ipv4(A, B, UDP, datagram[:48], ident=9, offset=0, more=True))
    crossing = ether(ipv4(A, B, UDP, b"EVIL" * 10, ident=9, offset=24, more=True))
    last = ether(ipv4(A, B, UDP, datagram[48:], ident=9, offset=48))
    clean = fragments(datagram, (48, 52), ident=10)
    out = Outcome(bench, [first, crossing, last, *clean])
    expect_content(out, payload)
    check_equal(out.flows[0]["client_packets"], 1, "packets")
    out.refused("fragment overlaps another", count="[12]")


@case("without its last, or its first, fragment a datagram is no flow and is counted")
def fragment_missing(bench):
    payload = b"\x00\x35\x00\x35" * 30  # Read as ports, these would be two of 53.
    first, middle, last = fragments(udp_header(A, 1000, B, 2000, payload), (48, 48, 400), ident=5)
    later = fragments(udp_header(A, 1000, B, 2000, payload), (48, 48, 400), ident=6)[1:]
    out = Outcome(bench, [first, middle, *later, udp_frame(A, 1, B, 2, b"alive")])
    expect_content(out, b"alive")
    check("2 datagrams given up: the rest never came" in out.summary, out.summary)


@case("an identification used again makes a datagram of its own")
def fragment_reuse(bench):
    one, two = (fragments(udp_header(A, 1000, B, 2000, letter * 92), (48, 400), ident=5)
                for letter in (b"1", b"2"))
    out = Outcome(bench, [*one, *two, one[0]])
    expect_content(out, b"1" * 92 + b"2" * 92)
    check_equal(out.flows[0]["client_packets"], 2, "packets")


@case("a reset that only the sensor got ends nothing: what the receiver acknowledges is content")
def chaff_reset(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(0, b"abc"), tcp.client(3, flags=RST),
                          tcp.client(3, b"def"), tcp.server(0, b"xyz", ack=6),
                          tcp.client(6, b"ghi", ack=3), tcp.server(3, flags=ACK, ack=9)])
    expect_content(out, b"abcdefghi", b"xyz")
    check("after-reset" in out.flows[0]["flags"], f"flags: {out.flows[0]['flags']}")
    check_equal(len(bench.flows(out.store, "has:after-reset")), 1, "flows found")


@case("segments that a network card has joined, of up to 64 KiB, are content")
def super_packets(bench):
    tcp = Tcp()
    data = bytes(range(251)) * 260
    out = Outcome(bench, [*tcp.open(), tcp.server(0, data[:65_226]), tcp.server(65_226, data[65_226:]),
                          tcp.client(0, flags=ACK, ack=len(data)), *tcp.close(0, len(data))])
    expect_content(out, b"", data)


@case("stacked headers without end are refused")
def stacked(bench):
    inside = ipv4(A, B, UDP, udp_header(A, 1, B, 2, b"deep"))
    for _ in range(9):
        inside = ipv4(A, B, IPIP, inside)
    many_tags = udp_frame(A, 1000, B, 2000, b"tagged", vlans=[(0x8100, n) for n in range(1, 10)])
    extensions = b"".join(bytes([60, 0, 1, 4, 0, 0, 0, 0]) for _ in range(8)) + bytes(
        [UDP, 0, 1, 4, 0, 0, 0, 0])
    chained = ether(ipv6(A6, B6, 60, udp_header(A6, 1, B6, 2, b"far"), extensions))
    out = Outcome(bench, [ether(inside), many_tags, chained, udp_frame(A, 1, B, 2, b"alive")])
    expect_content(out, b"alive")
    out.refused("too many stacked headers", 3)


@case("a ping of death is dropped")
def ping_of_death(bench):
    frames = [ether(ipv4(A, B, ICMP, bytes(33_000), ident=5, offset=0, more=True)),
              ether(ipv4(A, B, ICMP, bytes(1000), ident=5, offset=65_000)),
              ether(ipv4(A, B, ICMP, bytes(32_000), ident=5, offset=33_000, more=True)),
              udp_frame(A, 1, B, 2, b"alive")]
    out = Outcome(bench, frames)
    expect_content(out, b"alive")
    out.refused("past the end")


@case("time that goes backwards in the file harms nothing")
def time_backwards(bench):
    tcp = Tcp()
    frames = [*tcp.open(), tcp.client(0, b"abc"), tcp.client(3, b"def"), *tcp.close(6, 0)]
    times = [T0 + i * MS for i in range(len(frames))]
    times[3] -= 10 * 3600 * 10**9
    out = Outcome(bench, [*zip(frames, times), udp_frame(A, 1, B, 2, b"old")])
    check_equal(sorted(flow["proto"] for flow in out.flows), ["tcp", "udp"], "flows")
    flow = next(i for i, flow in enumerate(out.flows) if flow["proto"] == "tcp")
    check_equal(out.content(flow=flow), b"abcdef", "content")


@case("overlaps: what was delivered stays, and only the new part is taken")
def overlaps(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(0, b"abcd"), tcp.client(2, b"XXef"),
                          tcp.server(0, flags=ACK, ack=6), *tcp.close(6, 0)])
    expect_content(out, b"abcdef")


@case("two early copies that differ: one is content, and the flow says that there was another")
def conflict(bench):
    tcp = Tcp()
    out = Outcome(bench, [*tcp.open(), tcp.client(4, b"efgh"), tcp.client(4, b"EVIL"),
                          tcp.client(0, b"abcd"), tcp.server(0, flags=ACK, ack=8),
                          *tcp.close(8, 0)])
    expect_content(out, b"abcdefgh")
    check("conflict" in out.flows[0]["flags"], f"flags: {out.flows[0]['flags']}")


@case("--urgent: the byte is kept apart, left in the stream, or dropped; the ledger says which")
def urgent(bench):
    tcp = Tcp()
    pointed = tcp_header(*tcp.ends[0], *tcp.ends[1], 1001, 9001, ACK | PSH | URG, b"abcd", urgent=2)
    frames = [*tcp.open(), ether(ipv4(A, B, TCP, pointed)), tcp.client(4, b"ef"),
              tcp.server(0, flags=ACK, ack=6), *tcp.close(6, 0)]
    config = bench.write("dfc.toml", b'[replay]\nurgent = "drop"\n')
    for options, content, fate in (((), b"acdef", "tcp_urgent"),
                                   (("--urgent", "oob"), b"acdef", "tcp_urgent"),
                                   (("--urgent", "inline"), b"abcdef", None),
                                   (("--urgent", "drop"), b"acdef", "tcp_urgent_dropped"),
                                   (("--config", config), b"acdef", "tcp_urgent_dropped")):
        (bench.dir / "t.db").unlink(missing_ok=True)
        out = Outcome(bench, frames, *options)
        expect_content(out, content)
        check_equal("urgent" in out.flows[0]["flags"], fate is not None, f"{options}: the flag")
        check_equal(rows_of(out, "SELECT outcome, bytes FROM ledger WHERE outcome LIKE '%urgent%'"),
                    [(fate, 1)] if fate else [], f"{options}: ledger")
        shown = bench.run("show", "--store", out.store, out.flows[0]["id"]).out.decode()
        check_equal("urgent byte, out of band\nb\n" in shown, fate == "tcp_urgent", shown)


def rows_of(outcome, sql):
    path = outcome.store.removeprefix("sqlite:")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(sql).fetchall()


@case("headers that lie about lengths are refused, each with its reason")
def lying_lengths(bench):
    segment = tcp_header(A, 1, B, 2, 100, 0, SYN)
    short_offset = segment[:12] + bytes([4 << 4]) + segment[13:]
    long_offset = segment[:12] + bytes([15 << 4]) + segment[13:]
    datagram = udp_header(A, 1, B, 2, b"data")
    long_udp = datagram[:4] + struct.pack("!H", 500) + datagram[6:]
    out = Outcome(bench, [
        ether(ipv4(A, B, TCP, short_offset)), ether(ipv4(A, B, TCP, long_offset)),
        ether(ipv4(A, B, UDP, long_udp)), ether(ipv4(A, B, UDP, datagram, total=1400)),
        ether(b"\x41" + ipv4(A, B, UDP, datagram)[1:])])
    check_equal(out.flows, [], "flows")
    out.refused("TCP header length is wrong", 2)
    out.refused("UDP length is wrong")
    out.refused("IP length is longer than the frame")
    out.refused("IP header length is wrong")


@case("Ethernet padding is never content")
def padding(bench):
    tcp = Tcp()
    frames = [frame + b"PADDING!" for frame in
              (*tcp.open(), tcp.client(0, b"a"), tcp.server(0, flags=ACK, ack=1), *tcp.close(1, 0))]
    expect_content(Outcome(bench, frames), b"a")


run_cases()
