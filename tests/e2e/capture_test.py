#!/usr/bin/python3
"""dfc capture: real programs on a link between two namespaces, and what the store has of it."""

import collections
import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import threading
import time

from harness import (FAILED, USAGE, Skip, case, check, check_equal, is_sanitized, need, note,
                     one_line, run_cases, wait_until)
from live_link import ADDRESSES, Capture, Link
from mariadb import MariaDb

SERVER4, SERVER6 = ADDRESSES["b"]
READABLE_WITHIN_S = 2  # In the middle of several; a busy machine may take longer once.
BODY_BYTES = (0, 1, 1448, 70_000, 3_000_000)
NGINX = """
user root; daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen {four}:80; listen [{six}]:80; root {folder}/www; }}
}}
"""


def ledger(store):
    """Packets by outcome."""
    with sqlite3.connect(f"file:{store.removeprefix('sqlite:')}?mode=ro", uri=True) as database:
        rows = database.execute("SELECT outcome, SUM(packets) FROM ledger GROUP BY 1").fetchall()
    database.close()
    return collections.Counter(dict(rows))


def check_no_drops(store):
    dropped = {name: count for name, count in ledger(store).items() if name.startswith("dropped")}
    check_equal(dropped, {}, "dropped packets")


def answers(link, end, address, port):
    with link.sockets(end), socket.socket(socket.AF_INET6 if ":" in address
                                          else socket.AF_INET) as probe:
        return probe.connect_ex((address, port)) == 0


def datagrams(link, count, size=64, port=9999, address=SERVER4):
    """Sends that many from a to b, numbered, as fast as it goes."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with link.sockets("a"), socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.connect((address, port))
        for number in range(count):
            datagram = struct.pack("!I", number).ljust(size, b".")
            try:
                sender.send(datagram)
            except ConnectionRefusedError:  # The answer to one before it, which was sent.
                sender.send(datagram)


@contextlib.contextmanager
def traffic(link):
    """Datagrams from a to b as long as the block lasts."""
    over = threading.Event()

    def send():
        while not over.is_set():
            datagrams(link, 100)
    with udp_listener(link):
        sender = threading.Thread(target=send)
        sender.start()
        try:
            yield
        finally:
            over.set()
            sender.join()


def udp_listener(link, port=9999, address=SERVER4):
    """So that nobody says that the port is not there."""
    with link.sockets("b"):
        listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                                 socket.SOCK_DGRAM)
        listener.bind((address, port))
    return listener


# Real programs -----------------------------------------------------------------------------------

def serve_bodies(bench, link):
    """Starts nginx; returns the SHA-256 of each body by its name."""
    need("nginx", "curl")
    dice = random.Random(1)
    (bench.dir / "www").mkdir(exist_ok=True)
    digests = {}
    for size in BODY_BYTES:
        body = dice.randbytes(size)
        (bench.dir / "www" / f"{size}.bin").write_bytes(body)
        digests[f"{size}.bin"] = hashlib.sha256(body).hexdigest()
    configuration = NGINX.format(folder=bench.dir, four=SERVER4, six=SERVER6)
    path = bench.write("nginx.conf", configuration.encode())
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    link.start("b", nginx, "-c", path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: answers(link, "b", SERVER4, 80), "nginx")
    return digests


def stored_bodies(bench, store):
    """The SHA-256 of each HTTP body, in the order in which they were fetched."""
    found = []
    for flow in bench.flows(store, "proto:tcp", "sport:80"):
        check_equal((flow["client_gaps"], flow["server_gaps"]), (0, 0), "gaps")
        answer = bench.content(store, flow["id"], "server")
        head, _, body = answer.partition(b"\r\n\r\n")
        check(head.startswith(b"HTTP/1.1 200"), head[:100])
        name = bench.content(store, flow["id"], "client").split(b" ", 2)[1].decode()
        found.append((":" in flow["server"], name.lstrip("/"), hashlib.sha256(body).hexdigest()))
    return found


def fetch_all(bench, offloads):
    with Link(bench, offloads) as link:
        digests = serve_bodies(bench, link)
        store = bench.store()
        capture = Capture(link, store)
        wanted = []
        for address in (SERVER4, f"[{SERVER6}]"):
            for name, digest in digests.items():
                got = link.run("a", "curl", "-s", "-S", f"http://{address}/{name}").stdout
                check_equal(hashlib.sha256(got).hexdigest(), digest, name)
                wanted.append((":" in address, name, digest))
        capture.stop()
        check_equal(stored_bodies(bench, store), wanted, "bodies in the store")
        check_no_drops(store)
        return store


@case("nginx and curl over IPv4 and IPv6, with offloads: every byte is stored")
def offloads_on(bench):
    fetch_all(bench, offloads=True)


@case("nginx and curl over IPv4 and IPv6, true frames: every byte is stored")
def offloads_off(bench):
    counts = ledger(fetch_all(bench, offloads=False))
    check(counts["delivered"] > 4000, f"frames were joined: {counts}")


IPERF_BYTES = 20_000_000
IPERF_BLOCK = 131_072
IPERF_DATAGRAM = 1200
IPERF_COOKIE = 37  # Bytes that a connection of iperf3 begins with.


def iperf(link, address, *words):
    """The client's report. A server that is not done with the client before refuses the next."""
    rate = "40M" if is_sanitized(link.bench.dfc) else "200M"  # More would be shed, as it should.

    def report():
        run = link.run("a", "iperf3", "--client", address, "--json", "--repeating-payload",
                       "--bytes", IPERF_BYTES, "--bitrate", rate, *words, check=False)
        said = json.loads(run.stdout)
        error = said.get("error", "")  # With it, some versions exit with status 0.
        if "busy" in error or "unable to connect" in error:
            return None
        check(run.returncode == 0 and not error, error)
        return said["end"]
    return wait_until(report, "iperf3", pause=0.2)


def listens(link, host, port):
    """Without a connection, which some servers take for a client."""
    return link.run(host, "ss", "-Hltn", f"sport = :{port}").stdout.strip()


def check_iperf_tcp(bench, store, flows, report):
    """The connection with the data, of those that a run has, carries iperf3's pattern. What the
    client had written, and the server no longer read, may never have left."""
    flow = max(flows, key=lambda one: one["client_bytes"])
    wanted = int(flow["client_bytes"]) - IPERF_COOKIE
    check(report["sum_received"]["bytes"] <= wanted <= report["sum_sent"]["bytes"],
          f"{wanted} bytes of {report['sum_received']} and {report['sum_sent']}")
    check_equal(flow["client_gaps"], 0, "gaps")
    block = (b"0123456789" * (IPERF_BLOCK // 10 + 1))[:IPERF_BLOCK]
    content = bench.content(store, flow["id"], "client")[IPERF_COOKIE:]
    whole = (block * (wanted // IPERF_BLOCK + 1))[:wanted]
    check_equal(hashlib.sha256(content).hexdigest(), hashlib.sha256(whole).hexdigest(), "content")


def iperf_all(bench, offloads):
    need("iperf3")
    with Link(bench, offloads) as link:
        link.start("b", "iperf3", "--server", stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(link, "b", 5201), "iperf3")
        store = bench.store()
        capture = Capture(link, store)
        sent = {}
        for address in (SERVER4, SERVER6):
            tcp = iperf(link, address, "--length", IPERF_BLOCK)
            udp = iperf(link, address, "--udp", "--length", IPERF_DATAGRAM)
            sent[address] = tcp, udp["sum"]["packets"]
        capture.stop()
        for address, (tcp, datagrams_sent) in sent.items():
            of = ["sport:5201", f"server:{address}"]
            check_iperf_tcp(bench, store, bench.flows(store, "proto:tcp", *of), tcp)
            flow, = bench.flows(store, "proto:udp", *of)
            # A greeting of four bytes comes first.
            check_equal((flow["client_packets"], flow["client_bytes"]),
                        (1 + datagrams_sent, 4 + datagrams_sent * IPERF_DATAGRAM), "datagrams")
        check_no_drops(store)


@case("iperf3 over TCP and UDP, IPv4 and IPv6, with offloads: every byte is stored")
def iperf_offloads_on(bench):
    iperf_all(bench, offloads=True)


@case("iperf3 over TCP and UDP, IPv4 and IPv6, true frames: every byte is stored")
def iperf_offloads_off(bench):
    iperf_all(bench, offloads=False)


@case("dnsmasq and dig: every question with its answer")
def dns(bench):
    need("dnsmasq", "dig")
    with Link(bench) as link:
        link.start("b", shutil.which("dnsmasq") or "/usr/sbin/dnsmasq", "--keep-in-foreground",
                   "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root",
                   f"--pid-file={bench.path('dnsmasq.pid')}", "--bind-interfaces",
                   f"--listen-address={SERVER4}", f"--listen-address={SERVER6}",
                   "--local=/example.test/", f"--host-record=www.example.test,{SERVER4},{SERVER6}",
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: answers(link, "b", SERVER4, 53), "dnsmasq")
        store = bench.store()
        capture = Capture(link, store)
        for address in (SERVER4, SERVER6):
            for kind in ("A", "AAAA"):
                said = link.run("a", "dig", "+short", f"@{address}", "www.example.test", kind)
                check_equal(said.stdout.decode().strip(), SERVER4 if kind == "A" else SERVER6, kind)
        capture.stop()
        flows = bench.flows(store, "proto:udp", "sport:53")
        check_equal(len(flows), 4, "flows")
        for flow in flows:
            question = bench.content(store, flow["id"], "client")
            answer = bench.content(store, flow["id"], "server")
            check(b"\3www\7example\4test\0" in question, question)
            check_equal(answer[:2], question[:2], "the number of the answer")
            check(answer[7] == 1, f"answers in {answer!r}")
        check_no_drops(store)


def ping(link, address, count=3):
    """Echo requests by hand: there may be no ping."""
    is_v6 = ":" in address
    with link.sockets("a"), socket.socket(
            socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_RAW,
            socket.IPPROTO_ICMPV6 if is_v6 else socket.IPPROTO_ICMP) as raw:
        raw.settimeout(10)
        for number in range(count):
            message = bytearray(struct.pack("!BBHHH", 128 if is_v6 else 8, 0, 0, 4711, number))
            message += b"payload %d" % number
            if not is_v6:
                total = sum(struct.unpack(f"!{len(message) // 2}H", message[:len(message) & ~1]))
                total += message[-1] << 8 if len(message) % 2 else 0
                total = (total & 0xFFFF) + (total >> 16)
                struct.pack_into("!H", message, 2, ~(total + (total >> 16)) & 0xFFFF)
            raw.sendto(message, (address, 0))
            while raw.recv(2048)[0 if is_v6 else 20] != (129 if is_v6 else 0):
                pass


@case("ping over IPv4 and IPv6: every echo with its reply")
def pings(bench):
    with Link(bench) as link:
        store = bench.store()
        capture = Capture(link, store)
        for address in (SERVER4, SERVER6):
            ping(link, address)
        capture.stop()
        exchanges = bench.icmp(store, "--pings")
        check_equal([(each["requests"], each["replies"], each["lost"]) for each in exchanges],
                    [(3, 3, 0)] * 2, "pings")


# While it runs -----------------------------------------------------------------------------------

@case("an open flow can be read within two seconds of its packets")
def open_flow(bench):
    with Link(bench) as link:
        store = bench.store()
        capture = Capture(link, store)
        with link.sockets("b"):
            listener = socket.create_server((SERVER4, 7777))
        with link.sockets("a"):
            client = socket.create_connection((SERVER4, 7777))
        with listener, client, listener.accept()[0] as server:
            waits = []
            for text, side, by in ((b"hello", "client", client), (b"welcome", "server", server),
                                   (b" again", "client", client)):
                by.sendall(text)
                sent = time.monotonic()

                def is_there(text=text, side=side):
                    flows = bench.flows(store, "sport:7777")
                    return flows and bench.content(store, flows[0]["id"], side).endswith(text)
                wait_until(is_there, f"{text!r} in the store")
                waits.append(time.monotonic() - sent)
            note(f"readable after {statistics.median(waits):.2f} s, {max(waits):.2f} s at most")
            check(statistics.median(waits) < READABLE_WITHIN_S, f"readable after {waits} s")
            check_equal(bench.flows(store, "sport:7777")[0]["state"], "established", "state")
            check_equal(server.recv(100), b"hello again", "what the server got")
            check_equal(client.recv(100), b"welcome", "what the client got")
        capture.stop()
        flow, = bench.flows(store, "sport:7777")
        check_equal(bench.content(store, flow["id"], "client"), b"hello again", "client")
        check_equal(flow["state"], "closed", "state in the end")


@case("the ledger advances while it runs")
def ledger_advances(bench):
    with Link(bench) as link, udp_listener(link):
        store = bench.store()
        capture = Capture(link, store, "udp")
        datagrams(link, 10)
        wait_until(lambda: ledger(store)["flow_udp"] == 10, "packets in the ledger")
        datagrams(link, 5)
        wait_until(lambda: ledger(store)["delivered"] == 15, "packets in the ledger")
        capture.stop()
        check_equal(ledger(store)["captured"], 15, "captured")


@case("an idle flow ends by the clock, without another packet")
def idle(bench):
    with Link(bench) as link:
        store = bench.store()
        capture = Capture(link, store)
        ping(link, SERVER4, 1)
        wait_until(lambda: bench.flows(store, "proto:icmp", "is:closed"), "an end", 90, 1)
        capture.stop()


# The end -----------------------------------------------------------------------------------------

@case("SIGTERM and SIGINT: what was captured is stored to the last packet")
def drains(bench):
    for number, how in enumerate((signal.SIGTERM, signal.SIGINT)):
        with Link(bench, serial=number) as link, udp_listener(link):
            store = bench.store(f"{number}.db")
            capture = Capture(link, store, "udp", "dst", "port", 9999)
            datagrams(link, 20_000)
            capture.stop(how)
            flow, = bench.flows(store)
            check_equal(flow["client_packets"], 20_000, "packets")
            content = bench.content(store, flow["id"], "client")
            numbers = [struct.unpack("!I", content[at:at + 4])[0]
                       for at in range(0, len(content), 64)]
            check_equal(numbers, list(range(20_000)), "datagrams")
            check_no_drops(store)


@case("frames that find the ring full are counted, none is forgotten")
def overrun(bench):
    sent = 60_000
    with Link(bench) as link, udp_listener(link):
        store = bench.store()
        capture = Capture(link, store, "--ring", "1M", "udp", "dst", "port", 9999)
        capture.tell(signal.SIGSTOP)
        datagrams(link, sent)
        capture.tell(signal.SIGCONT)
        said = capture.stop().err
        counts = ledger(store)
        check(counts["dropped_by_kernel"] > 0, f"nothing was dropped: {counts}")
        handled = sum(counts[name] for name in
                      ("delivered", "dropped_by_kernel", "dropped_by_sensor"))
        check_equal(handled, sent, f"packets of {counts}")
        check("dropped by the kernel: the ring was full" in said, said)


@case("a store that is locked: packets are dropped and counted, and the sensor goes on")
def slow_store(bench):
    sent, stats = 0, bench.dir / "dfc.prom"
    with Link(bench) as link, udp_listener(link):
        store = bench.store()
        capture = Capture(link, store, "--workers", 8, "--stats-file", stats, "udp", "dst", "port",
                          9999)
        lock = sqlite3.connect(store.removeprefix("sqlite:"), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        dropping = re.compile(r'outcome="dropped_by_sensor"} [1-9]')
        wait_until(stats.exists, "the figures")
        while not dropping.search(stats.read_text()) and sent < 400_000:
            datagrams(link, 1_000, 1400)  # Every half second the worker has a block to hand on.
            sent += 1_000
            time.sleep(0.2)
        lock.execute("ROLLBACK")
        lock.close()
        wait_until(lambda: ledger(store)["delivered"] > 0, "packets in the ledger")
        datagrams(link, 10, port=9999)
        capture.stop()
        counts = ledger(store)
        check(counts["dropped_by_sensor"] > 0, f"nothing was dropped: {counts}")
        handled = sum(counts[name] for name in
                      ("delivered", "dropped_by_kernel", "dropped_by_sensor"))
        check_equal(handled, sent + 10, f"packets of {counts}")


@case("MariaDB over TCP: its own connection is left out; a restart is outlived")
def own_traffic(bench):
    with Link(bench) as link, MariaDb(bench.dir / "mariadb") as server:
        server.stop()
        options = ("--skip-networking=0", "--bind-address=127.0.0.1", "--port=33999")
        with link.sockets("b"):  # What is started here is there as well.
            server.start(*options)
        server.create("live")
        store = "mysql://root@127.0.0.1:33999/live"
        link.run("b", bench.dfc, "init", "--store", store)
        capture = Capture(link, store, "--spool-dir", bench.path("spool"), interfaces=("b0", "lo"))
        ping(link, SERVER4)
        own = "SELECT COALESCE(SUM(packets), 0) FROM ledger WHERE outcome = 'own_traffic'"
        wait_until(lambda: int(server.sql(own, "live")[0][0]) > 20, "own traffic in the ledger")
        flows = server.sql("SELECT COUNT(*) FROM flow WHERE server_port = 33999", "live")
        check_equal(flows, [["0"]], "flows of its own connection")
        server.stop()
        ping(link, SERVER4)
        wait_until(lambda: capture.says("event=store-away"), "the store is away")
        with link.sockets("b"):
            server.start(*options)
        wait_until(lambda: capture.says("event=store-back"), "the store is back")
        ping(link, SERVER4)
        capture.stop()
        echoes = server.sql("SELECT COUNT(*) FROM icmp WHERE type IN (0, 8)", "live")
        check_equal(echoes, [["18"]], "echo messages")


# Interfaces --------------------------------------------------------------------------------------

@case("two interfaces at once")
def two_interfaces(bench):
    with Link(bench) as link, udp_listener(link):
        link.make_veth("a1", "b1")
        link.ip("a", "address", "add", "10.91.0.1/24", "dev", "a1")
        link.ip("b", "address", "add", "10.91.0.2/24", "dev", "b1")
        store = bench.store()
        with udp_listener(link, address="10.91.0.2"):
            capture = Capture(link, store, "udp", "dst", "port", 9999, interfaces=("b0", "b1"))
            for _ in range(10):
                datagrams(link, 50)
                datagrams(link, 50, address="10.91.0.2")
            capture.stop()
        packets = collections.Counter()
        for flow in bench.flows(store):
            packets[flow["server"]] += flow["client_packets"]
        check_equal(packets, {SERVER4: 500, "10.91.0.2": 500}, "packets")


@case("an interface goes down and up, vanishes and comes back: a line each, and it goes on")
def comes_and_goes(bench):
    with Link(bench) as link:
        store = bench.store()
        capture = Capture(link, store, "icmp", interfaces=("b0",))
        ping(link, SERVER4, 1)
        link.ip("b", "link", "set", "b0", "down")
        wait_until(lambda: capture.says("event=interface-down", "interface=b0"), "down")
        link.ip("b", "link", "set", "b0", "up")
        wait_until(lambda: capture.says("event=interface-up", "interface=b0"), "up")
        ping(link, SERVER4, 1)
        link.ip("b", "link", "del", "b0")
        wait_until(lambda: capture.says("event=interface-gone", "interface=b0"), "gone")
        time.sleep(1.5)
        link.make_veth("a0", "b0")
        link.ip("a", "address", "add", ADDRESSES["a"][0] + "/24", "dev", "a0")
        link.ip("b", "address", "add", SERVER4 + "/24", "dev", "b0")
        wait_until(lambda: capture.says("event=interface-back", "interface=b0"), "back")
        ping(link, SERVER4, 1)
        capture.stop()
        messages = bench.icmp(store)
        check_equal(len(messages), 6, "ICMP messages")
        events = [line for line in capture.lines if "event=interface" in line]
        check_equal(len(events), 4, f"lines: {events}")


@case("the list of interfaces has state, rates, and what makes frames differ from the wire")
def interfaces(bench):
    need("ethtool")
    with Link(bench) as link:
        link.run("b", "ethtool", "-K", "b0", "tx", "off", "tso", "off", "gso", "on")
        link.make_veth("a1", "b1")
        link.ip("b", "link", "set", "b1", "down")

        def listed():
            said = link.run("b", bench.dfc, "interfaces", "--format", "json").stdout
            return {each["name"]: each for each in json.loads(said)}
        found = listed()
        check_equal(sorted(found), ["b0", "b1", "lo"], "interfaces")
        check_equal((found["b0"]["state"], found["b1"]["state"]), ("up", "down"), "states")
        offloads = found["b0"]["offloads"].split()
        check("tso" not in offloads and "tx-checksum" not in offloads, offloads)
        check("gso" in offloads, offloads)
        check("tx-checksum" in found["lo"]["offloads"].split(), found["lo"])
        with traffic(link):
            busy = wait_until(lambda: (now := listed())["b0"]["received_packets_per_s"] > 0 and now,
                              "traffic")
        check(busy["b0"]["received_bytes_per_s"] > busy["b0"]["received_packets_per_s"], busy)
        table = link.run("b", bench.dfc, "interfaces").stdout.decode()
        check("OFFLOADS ON" in table and "ethtool -K" in table, table)


# Mistakes ----------------------------------------------------------------------------------------

@case("a filter takes only what matches")
def filters(bench):
    with Link(bench) as link, udp_listener(link):
        store = bench.store()
        capture = Capture(link, store, "udp", "dst", "port", "5353")
        datagrams(link, 5)
        datagrams(link, 7, port=5353)
        capture.stop()
        flow, = bench.flows(store)
        check_equal((flow["server_port"], flow["client_packets"]), (5353, 7), "flow")


@case("no such interface, a filter that is none, `any`, a name twice: one line, status 1 or 2")
def mistakes(bench):
    if os.geteuid() != 0:
        raise Skip("needs root: it opens interfaces")
    for words, status, said in ((["-i", "nosuch0"], FAILED, "no network interface 'nosuch0'"),
                                (["-i", "lo", "port", "port"], USAGE, "filter 'port port'"),
                                (["-i", "any"], USAGE, "'any'"),
                                (["-i", "lo", "-i", "lo"], USAGE, "named twice"),
                                ([], USAGE, "--interface"),
                                (["-i", "lo", "--ring", "1K"], USAGE, "1M to 1G")):
        result = bench.run("capture", "--store", bench.store(), *words, status=status)
        one_line(result, said)
    check(not os.path.exists(bench.path("t.db")), "a store was made")


@case("without permission: one line, status 1")
def permission(bench):
    if os.geteuid() != 0:
        raise Skip("needs root: it becomes nobody")
    with tempfile.TemporaryDirectory(prefix="dfc-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)  # Where nobody may enter, unlike where the tests are.
        run = subprocess.run([shutil.copy(bench.dfc, folder), "capture", "--store", "null:", "-i",
                              "lo"], capture_output=True, user=65534, group=65534, extra_groups=[],
                             cwd=folder, timeout=60, check=False)
    check_equal(run.returncode, FAILED, "exit status")
    check(re.fullmatch(r"dfc: no permission to capture on lo: [^\n]*CAP_NET_RAW[^\n]*\n",
                       run.stderr.decode()), run.stderr)


if __name__ == "__main__":
    run_cases()
