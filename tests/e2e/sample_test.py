#!/usr/bin/python3
"""What dfc restores from the sample capture equals what tshark finds in it, and what was served."""

import calendar
import collections
import contextlib
import csv
import gzip
import hashlib
import os
import re
import subprocess
import time

from harness import (CALL_TIMEOUT_S, SAMPLE, SERVED, Skip, case, check, check_equal, need, note,
                     run_cases)
from packets import address

# Not on the wire in the clear, or no body of a message.
HIDDEN_IN_TLS = {"secret.txt"}
IN_DATAGRAMS = {"datagram.bin"}


# tshark ------------------------------------------------------------------------------------------

def tshark(*args):
    run = subprocess.run(["tshark", "-n", "-r", str(SAMPLE), *args], capture_output=True,
                         timeout=CALL_TIMEOUT_S, env={**os.environ, "LC_ALL": "C.UTF-8"})
    check(run.returncode == 0, f"tshark {' '.join(args)}: {run.stderr.decode()[-500:]}")
    return run.stdout.decode()


def fields(display_filter, *names):
    """A dict a frame; a field that occurs several times (in a quoted packet, say) is the first."""
    wanted = [word for name in names for word in ("-e", name)]
    text = tshark("-Y", display_filter, "-T", "fields", "-E", "occurrence=f", *wanted)
    return [dict(zip(names, line.split("\t"))) for line in text.splitlines()]


def end(text):
    """("10.0.0.1", 80) of "10.0.0.1:80", of "[fd00::1]:80" and of "fd00::1:80"."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def follow(streams):
    """Stream -> ends and content of its two sides, node 0 first."""
    wanted = [word for stream in streams for word in ("-z", f"follow,tcp,raw,{stream}")]
    found, stream = {}, None
    for line in tshark("-q", *wanted).splitlines():
        if match := re.match(r"Filter: tcp\.stream eq (\d+)$", line):
            stream = int(match[1])
            found[stream] = [None, None], (bytearray(), bytearray())
        elif match := re.match(r"Node ([01]): (.*)$", line):
            found[stream][0][int(match[1])] = end(match[2])
        elif re.fullmatch(r"\t?([0-9a-f]{2})+", line):
            found[stream][1][line.startswith("\t")].extend(bytes.fromhex(line.strip()))
    return found


def digest(data):
    return len(data), hashlib.sha256(data).hexdigest()


# HTTP and SMTP -----------------------------------------------------------------------------------

def http_messages(stream, requests=None):
    """Yields (first line, body) of one side; `requests` are the other's first lines, if known."""
    waiting = list(requests or [])
    while b"\r\n\r\n" in stream:
        head, stream = stream.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip()
                   for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split()[1]) if first.startswith("HTTP/") else None
        if status and 100 <= status < 200:
            continue
        asked = waiting.pop(0) if waiting else ""
        body = b""
        if not asked.startswith("HEAD ") and status not in (204, 304):
            body, stream = http_body(stream, headers, status)
        if headers.get("content-encoding") == "gzip" and body:
            body = gzip.decompress(body)
        yield first, body


def http_body(stream, headers, status):
    if headers.get("transfer-encoding") == "chunked":
        return unchunk(stream)
    if "content-length" in headers:
        length = int(headers["content-length"])
        return stream[:length], stream[length:]
    return (stream, b"") if status else (b"", stream)


def unchunk(stream):
    body = bytearray()
    while True:
        line, stream = stream.split(b"\r\n", 1)
        length = int(line.split(b";")[0], 16)
        body += stream[:length]
        stream = stream[length:]
        if length == 0:
            while not stream.startswith(b"\r\n"):  # Trailers.
                stream = stream.split(b"\r\n", 1)[1]
            return bytes(body), stream[2:]
        check(stream.startswith(b"\r\n"), "a chunk does not end where it says")
        stream = stream[2:]


def mails(client):
    """The mails of an SMTP client's side, as sent between DATA and the final dot."""
    for part in re.split(rb"(?m)^DATA\r\n", client)[1:]:
        mail = part.split(b"\r\n.\r\n")[0] + b"\r\n"
        yield re.sub(rb"(?m)^\.\.", b".", mail)


def bodies(bench):
    """Digest -> where it was found, over all flows of the sample."""
    found = {}
    store = bench.common.store
    for flow in bench.common.flows:
        if flow["proto"] != "tcp" or not flow["client_bytes"]:
            continue
        client = bench.content(store, flow["id"], "client")
        server = bench.content(store, flow["id"], "server")
        where = f"flow {flow['id']}"
        if server.startswith(b"220 "):
            found.update((digest(mail), where) for mail in mails(client))
        elif re.match(rb"[A-Z]+ \S+ HTTP/1\.", client):
            requests = list(http_messages(client))
            found.update((digest(body), where) for _, body in requests)
            found.update((digest(body), where) for _, body in
                         http_messages(server, [first for first, _ in requests]))
    return found


# Cases -------------------------------------------------------------------------------------------

Shared = collections.namedtuple("Shared", "store flows icmp")


@contextlib.contextmanager
def replayed(bench):
    need("tshark")
    if not SAMPLE.exists():
        raise Skip("tests/sample/sample.pcap is not there")
    bench.replay(bench.store(), SAMPLE)
    yield Shared(bench.store(), bench.flows(bench.store()), bench.icmp(bench.store()))


def of_protocol(bench, name):
    return [flow for flow in bench.common.flows if flow["proto"] == name]


def ends_of(flow):
    return (flow["client"], flow["client_port"]), (flow["server"], flow["server_port"])


@case("every TCP stream equals tshark's, both directions")
def tcp_streams(bench):
    streams = {int(row["tcp.stream"]) for row in fields("tcp", "tcp.stream")}
    ours = collections.Counter()
    for flow in of_protocol(bench, "tcp"):
        sides = ((flow["client_bytes"], flow["client_sha256"]),
                 (flow["server_bytes"], flow["server_sha256"]))
        ours[(*ends_of(flow), *sides)] += 1
    problems = []
    for stream, ((client, server), contents) in follow(sorted(streams)).items():
        key = (client, server, digest(contents[0]), digest(contents[1]))
        if ours[key] == 0:
            problems.append(f"stream {stream} of {client} and {server}: tshark has "
                            f"{len(contents[0])}+{len(contents[1])} bytes")
        ours[key] -= 1
    problems += [f"only dfc has {key}" for key, count in ours.items() if count > 0]
    check(len(streams) >= 10, f"only {len(streams)} streams")
    check(not problems, "\n".join(problems))


@case("no TCP flow has a gap, and the impaired ones needed their order restored")
def no_gaps(bench):
    for flow in of_protocol(bench, "tcp"):
        check_equal((flow["client_gaps"], flow["server_gaps"]), (0, 0), flow["id"])
    check(any("reorder" in flow["flags"] for flow in of_protocol(bench, "tcp")),
          "no flow is marked so: "
          + repr({flow["flags"] for flow in of_protocol(bench, "tcp")}))


@case("UDP datagrams by flow and direction equal tshark's")
def udp_datagrams(bench):
    wanted = collections.Counter()
    for row in fields("udp && !icmp && !icmpv6", "ip.src", "ipv6.src", "udp.srcport", "ip.dst",
                      "ipv6.dst", "udp.dstport"):
        wanted[(row["ip.src"] or row["ipv6.src"], int(row["udp.srcport"])),
               (row["ip.dst"] or row["ipv6.dst"], int(row["udp.dstport"]))] += 1
    ours = collections.Counter()
    for flow in of_protocol(bench, "udp"):
        client, server = ends_of(flow)
        ours[client, server] += flow["client_packets"]
        ours[server, client] += flow["server_packets"]
    check_equal(+ours, wanted, "datagrams")
    note(f"{sum(wanted.values())} datagrams in {len(of_protocol(bench, 'udp'))} flows")


@case("ICMP and ICMPv6 messages by type and code equal tshark's")
def icmp_types(bench):
    for proto, prefix in (("icmp", "icmp"), ("icmp6", "icmpv6")):
        wanted = collections.Counter(
            (int(row[prefix + ".type"]), int(row[prefix + ".code"]))
            for row in fields(prefix, prefix + ".type", prefix + ".code"))
        ours = collections.Counter((message["type"], message["code"])
                                   for message in bench.common.icmp if message["proto"] == proto)
        check_equal(ours, wanted, prefix)


@case("round-trip times of echo replies equal tshark's to a microsecond")
def round_trips(bench):
    pairs = 0
    for proto, reply, kind, names in (
            ("icmp", 0, "icmp.type==0", ("icmp.ident", "icmp.seq", "icmp.resptime")),
            ("icmp6", 129, "icmpv6.type==129",
             ("icmpv6.echo.identifier", "icmpv6.echo.sequence_number", "icmpv6.resptime"))):
        address = "ip" if proto == "icmp" else "ipv6"
        wanted = {}
        for row in fields(kind, address + ".src", address + ".dst", *names):
            key = (row[address + ".src"], row[address + ".dst"], int(row[names[0]], 0),
                   int(row[names[1]], 0))
            wanted[key] = float(row[names[2]]) if row[names[2]] else None
        ours = {(m["source"], m["destination"], m["ident"], m["seq"]): m["rtt_ms"]
                for m in bench.common.icmp if m["proto"] == proto and m["type"] == reply}
        check_equal(set(ours), set(wanted), f"{proto} replies")
        for key, milliseconds in wanted.items():
            check((ours[key] is None) == (milliseconds is None),
                  f"{key}: {ours[key]}, tshark {milliseconds}")
            if milliseconds is not None:
                pairs += 1
                check(abs(ours[key] - milliseconds) <= 0.001,
                      f"{key}: {ours[key]} ms, tshark {milliseconds} ms")
    check(pairs > 5, f"only {pairs} pairs")
    note(f"{pairs} pairs")


@case("every ICMP error names a flow that is there and that has the quoted ends")
def quoted_flows(bench):
    by_id = {flow["id"]: flow for flow in bench.common.flows}
    errors = [m for m in bench.common.icmp if m["quoted"]]
    check(len(errors) >= 4, f"only {len(errors)} errors")
    for message in errors:
        flow = by_id.get(message["quoted_flow"])
        check(flow, f"{message['quoted']}: flow {message['quoted_flow']} is not there")
        proto, source, _, destination = message["quoted"].split()
        check_equal(proto, flow["proto"], "protocol")
        if flow["proto"] in ("tcp", "udp"):
            check_equal({end(source), end(destination)}, set(ends_of(flow)), message["quoted"])


@case("every body in served.tsv comes out whole, chunks and gzip undone")
def served(bench):
    found = bodies(bench)
    with open(SERVED, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    missing = [row["name"] for row in rows
               if (int(row["bytes"]), row["sha256"]) not in found
               and row["name"] not in HIDDEN_IN_TLS | IN_DATAGRAMS]
    check(len(rows) >= 8, f"only {len(rows)} bodies listed")
    check(not missing, "not found: " + ", ".join(missing))


@case("a fragmented datagram's body comes out whole, both ways and both IP versions")
def served_datagram(bench):
    with open(SERVED, newline="") as file:
        row = next((row for row in csv.DictReader(file, delimiter="\t")
                    if row["name"] in IN_DATAGRAMS), None)
    if not row:
        raise Skip("served.tsv has none")
    wanted = (int(row["bytes"]), row["sha256"])
    whole = [flow for flow in of_protocol(bench, "udp")
             if (flow["client_bytes"], flow["client_sha256"]) == wanted
             and (flow["server_bytes"], flow["server_sha256"]) == wanted]
    check_equal({":" in flow["client"] for flow in whole}, {False, True}, "IPv6 and IPv4")
    for flow in whole:
        check("fragment" in flow["flags"], f"flags of {flow['id']}: {flow['flags']}")


@case("Community IDs equal tshark's")
def community_ids(bench):
    text = tshark("--enable-protocol", "communityid", "-T", "fields", "-E", "occurrence=f",
                  "-e", "communityid", "-Y", "communityid && (tcp || udp || icmp || icmpv6)")
    wanted = set(text.split())
    if not wanted:
        raise Skip("tshark has no communityid plugin")
    ours = {flow["community_id"] for flow in bench.common.flows}
    check_equal(sorted(ours - wanted), [], "only in dfc")
    check_equal(sorted(wanted - ours), [], "only in tshark")
    note(f"{len(ours)} ids")


@case("times of flows are those of their first and last frames")
def flow_times(bench):
    first, last = {}, {}
    for row in fields("tcp && !icmp && !icmpv6", "tcp.stream", "frame.time_epoch"):
        first.setdefault(row["tcp.stream"], row["frame.time_epoch"])
        last[row["tcp.stream"]] = row["frame.time_epoch"]
    wanted = sorted(zip(first.values(), last.values()))
    check_equal(sorted(map(epochs, of_protocol(bench, "tcp"))), wanted, "start and end")


def epochs(flow):
    return tuple("{}.{}".format(
        calendar.timegm(time.strptime(flow[name][:19], "%Y-%m-%dT%H:%M:%S")),
        flow[name][20:29]) for name in ("start", "end"))


run_cases(replayed)
