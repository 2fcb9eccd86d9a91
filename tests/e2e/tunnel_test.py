#!/usr/bin/python3
"""What is carried by tunnels and unusual links, from the capture file to the listing."""

import struct

from harness import case, check, check_equal, run_cases
from packets import T0, Tcp, ether, ipv4, pcap, udp_frame

GRE, SCTP, ESP = 47, 132, 50
OUTER = ("192.0.2.1", "192.0.2.2")


def gre(frame, key):
    """The frame's IP packet behind a GRE header with a key."""
    return ether(ipv4(*OUTER, GRE, struct.pack("!HHI", 0x2000, 0x0800, key) + frame[14:]))


def vxlan(frame, network, vlans=()):
    header = struct.pack("!II", 0x08000000, network << 8)
    return udp_frame(OUTER[0], 50000, OUTER[1], 4789, header + frame, vlans=vlans)


def conversation():
    tcp = Tcp()
    return [*tcp.open(), tcp.client(0, b"question"), tcp.server(0, b"answer", ack=8),
            *tcp.close(8, 6)]


def replayed(bench, frames, **file):
    bench.write("t.pcap", pcap(frames, **file))
    store = bench.store()
    return store, bench.replay(store, "t.pcap").err


@case("a conversation in a tunnel is one flow, with the tunnel's kind and id")
def one_flow(bench):
    for wrapped, kind, number, vlan in (
            ([gre(frame, 77) for frame in conversation()], "gre", 77, 0),
            ([vxlan(frame, 100, [(0x8100, 9)]) for frame in conversation()], "vxlan", 100, 9)):
        bench.write("t.pcap", pcap(wrapped))
        store = bench.store(kind + ".db")
        bench.replay(store, "t.pcap")
        flows = bench.flows(store)
        check_equal([(flow["proto"], flow["client"], flow["tunnel"], flow["tunnel_id"],
                      flow["vlan"]) for flow in flows],
                    [("tcp", "10.0.0.1", kind, number, vlan)], "flows")
        check_equal(bench.content(store, flows[0]["id"], "server"), b"answer", "content")


@case("the same conversation with and without a tunnel is the same flow")
def same_identity(bench):
    rows = []
    for name, frames in (("plain", conversation()), ("gre", [gre(f, 1) for f in conversation()])):
        bench.write("t.pcap", pcap(frames))
        bench.replay(bench.store(name + ".db"), "t.pcap")
        rows.append([{**flow, "tunnel": "", "tunnel_id": 0}
                     for flow in bench.flows(bench.store(name + ".db"))])
    check_equal(rows[1], rows[0], "flows")


@case("flows are found by tunnel, tunnel id and VLAN")
def queries(bench):
    plain = [udp_frame("10.9.0.1", 1, "10.9.0.2", 2, b"plain", vlans=[(0x8100, 5)])]
    store, _ = replayed(bench, [gre(frame, 77) for frame in conversation()] + plain)
    for query, clients in (("tunnel:gre", ["10.0.0.1"]), ("tunnel:any", ["10.0.0.1"]),
                           ("tunnel:vxlan", []), ("tunnel_id:70:80", ["10.0.0.1"]),
                           ("tunnel:none", ["10.9.0.1"]), ("vlan:5", ["10.9.0.1"]),
                           ("proto:udp vlan:1:4", [])):
        check_equal([flow["client"] for flow in bench.flows(store, query)], clients, query)


@case("dfc show names VLAN and tunnel")
def shown(bench):
    store, _ = replayed(bench, [vxlan(frame, 100, [(0x8100, 9)]) for frame in conversation()])
    text = bench.run("show", "--store", store, bench.flows(store)[0]["id"]).out.decode()
    check("  tunnel     vxlan 100\n" in text, text)
    check("  vlan       9\n" in text, text)


@case("what only looks like a tunnel is a datagram, kept whole")
def no_tunnel(bench):
    payload = struct.pack("!II", 0x08000000, 100 << 8) + b"not an Ethernet frame at all"
    store, _ = replayed(bench, [udp_frame("10.0.0.1", 5, "10.0.0.2", 4789, payload)])
    flow, = bench.flows(store)
    check_equal((flow["client"], flow["tunnel"]), ("10.0.0.1", ""), "flow")
    check_equal(bench.content(store, flow["id"], "client"), payload, "content")


@case("PPP, Cisco HDLC and frame relay links carry flows")
def links(bench):
    for link, header in ((9, "ff030021"), (50, "ff030021"), (104, "0f000800"), (107, "18610800")):
        bench.write("t.pcap", pcap([bytes.fromhex(header) + f[14:] for f in conversation()],
                                   link=link))
        store = bench.store(f"{link}.db")
        bench.replay(store, "t.pcap")
        flow, = bench.flows(store)
        check_equal(bench.content(store, flow["id"], "client"), b"question", f"link type {link}")


def sctp(*texts):
    """From port 1000 to 80, one DATA chunk a text; the checksum is left to the card."""
    chunks = b""
    for number, text in enumerate(texts):
        chunk = struct.pack("!BBHIHHI", 0, 3, 16 + len(text), number, 0, number, 0) + text
        chunks += chunk + bytes(-len(chunk) % 4)
    return ether(ipv4("10.0.0.1", "10.0.0.2", SCTP, struct.pack("!HHII", 1000, 80, 1, 0) + chunks))


@case("SCTP: every chunk of data is a datagram, and a packet counts once")
def sctp_chunks(bench):
    store, _ = replayed(bench, [sctp(b"one", b"two"), sctp(), sctp(b"three")])
    flow, = bench.flows(store, "proto:sctp")
    check_equal((flow["client_port"], flow["server_port"], flow["client_packets"],
                 flow["client_bytes"]), (1000, 80, 3, 11), "flow")
    check_equal(bench.content(store, flow["id"], "client"), b"onetwothree", "content")


@case("a protocol that dfc does not know is a flow with counts and without content")
def other_protocol(bench):
    store, _ = replayed(bench, [ether(ipv4("10.0.0.1", "10.0.0.2", ESP, b"secret"))] * 2)
    flow, = bench.flows(store)
    check_equal((flow["proto"], flow["client_packets"], flow["client_bytes"], flow["state"]),
                ("esp", 2, 0, "one-way"), "flow")


@case("too many tunnels in each other are refused and counted")
def too_deep(bench):
    frame = udp_frame("10.0.0.1", 5, "10.0.0.2", 6, b"deep")
    for _ in range(9):
        frame = ether(ipv4(*OUTER, 4, frame[14:]))
    store, summary = replayed(bench, [(frame, T0)])
    check("1  too many stacked headers" in summary, summary)
    check_equal(bench.flows(store), [], "flows")


run_cases()
