#!/usr/bin/python3
"""`dfc serve` lets in whom it should, gives out nothing else, and stands what is thrown at it."""

import base64
import contextlib
import gzip
import json
import random
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
import warnings

from harness import (DONE, FAILED, SAMPLE, USAGE, Failed, case, check, check_equal, need, one_line,
                     run_cases, wait_until)
from packets import Tcp, pcap
from sample import replayed
from served import API, served

POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")


@contextlib.contextmanager
def served_sample(bench):
    with replayed(bench) as sample, served(bench, sample.store) as server:
        sample.server_process = server
        yield sample


def ask(bench):
    return bench.common.server_process


def raw(server, data, seconds=20):
    """What comes back for bytes on a connection of its own."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=seconds) as peer:
        peer.sendall(data)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while part := peer.recv(65536):
                got += part
        return got


@case("every answer forbids a browser to make more of it than it is")
def policies(bench):
    server = ask(bench)
    for target in ("/", "/api/v1/flows", "/api/v1/nothing", "/nothing.js", API + "/openapi.json"):
        headers = server.ask(target).headers
        check_equal(headers["content-security-policy"], POLICY, target)
        for name, value in (("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"),
                            ("referrer-policy", "no-referrer"),
                            ("cross-origin-resource-policy", "same-origin"),
                            ("cross-origin-opener-policy", "same-origin")):
            check_equal(headers[name], value, f"{name} of {target}")
        check("server" not in headers and "access-control-allow-origin" not in headers, headers)


@case("the page comes whole, compressed, and not at all when it is known")
def page(bench):
    server = ask(bench)
    plain = server.ask("/")
    check_equal((plain.status, plain.headers["content-type"]), (200, "text/html; charset=utf-8"),
                "page")
    packed = server.ask("/index.html", headers={"Accept-Encoding": "br, gzip"})
    check_equal(packed.headers["content-encoding"], "gzip", "encoding")
    check_equal(gzip.decompress(packed.body), plain.body, "content")
    none = server.ask("/", headers={"Accept-Encoding": "gzip;q=0"})
    check("content-encoding" not in none.headers and none.body == plain.body, none.headers)
    known = server.ask("/", headers={"If-None-Match": plain.headers["etag"]})
    check_equal((known.status, known.body), (304, b""), "known page")
    head = server.ask("/", method="HEAD")
    check_equal((head.status, head.body, head.headers["content-length"]),
                (200, b"", str(len(plain.body))), "HEAD")


@case("only names of ours are answered to, and no other site's requests")
def hosts(bench):
    server = ask(bench)
    for host in (f"127.0.0.1:{server.port}", f"localhost:{server.port}", f"LOCALHOST:{server.port}"):
        check_equal(server.ask("/", headers={"Host": host}).status, 200, host)
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1", "127.0.0.1:1",
                 f"127.0.0.1:{server.port}.evil.example", f"127.0.0.1:{server.port}@evil.example"):
        for target in ("/", API + "/flows"):
            check_equal(server.ask(target, headers={"Host": host}).status, 403, host)
    check(raw(server, b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400"), "no Host")
    check_equal(server.ask(API + "/flows", headers={"Sec-Fetch-Site": "cross-site"}).status, 403,
                "another site")
    check_equal(server.ask(API + "/flows", headers={"Sec-Fetch-Site": "same-origin"}).status, 200,
                "our site")
    with served(bench, bench.common.store, "--host-name", "dfc.example") as named:
        for host, status in ((f"dfc.example:{named.port}", 200), ("dfc.example", 403)):
            check_equal(named.ask("/", headers={"Host": host}).status, status, host)


@case("nothing but GET and HEAD is understood")
def methods(bench):
    server = ask(bench)
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW"):
        answer = server.ask(API + "/flows", method=method)
        check_equal((answer.status, answer.headers.get("allow")), (405, "GET, HEAD"), method)
    check_equal(server.ask(API + "/flows", body=b"x" * 100_000).status, 400, "GET with a body")
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # Not read to its end.
        answer = server.ask("/", method="POST", body=b"x" * 10_000_000)
        check_equal(answer.status, 405, "a large body")
    check_equal(server.ask("/").status, 200, "afterwards")


@case("paths that lead out of the page lead nowhere")
def paths(bench):
    server = ask(bench)
    for path in ("/../../../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd",
                 "//etc/passwd.txt", "/assets/../../../etc/passwd", "/index.html%00.js",
                 "/.git/config", "/%ff%fe.", "/api/v1/../../etc/passwd", "/\\..\\etc.ini"):
        answer = raw(server, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                             "Connection: close\r\n\r\n".encode())
        check(b"root:" not in answer, f"{path}: {answer[:300]!r}")
        check(answer.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400")) or b"<!doctype html>" in
              answer.lower(), f"{path}: {answer[:300]!r}")


@case("what is no parameter is refused with words, and never a fault of ours")
def bad_parameters(bench):
    server = ask(bench)
    flow = server.json("/flows", limit=1)["flows"][0]["id"]
    for path, parameters in [
            ("/flows", {"limit": "0"}), ("/flows", {"limit": "1001"}), ("/flows", {"limit": "-1"}),
            ("/flows", {"limit": "x"}), ("/flows", {"sort": "client"}), ("/flows", {"after": "x"}),
            ("/flows", {"after": flow, "sort": "bytes"}), ("/flows", {"from": "yesterday"}),
            ("/flows", {"from": "9223372036854775808"}), ("/flows", {"q": "x" * 5000}),
            ("/flows", {"q": "(" * 1000}), ("/flows", {"q": b"sensor:\xff"}),
            ("/flows/histogram", {"buckets": "0"}), ("/flows/histogram", {"from": "5", "to": "4"}),
            ("/flows/histogram", {"from": str(-2**63), "to": str(2**63 - 1)}),
            (f"/flows/{flow}/turns", {"after": "1.2"}), (f"/flows/{flow}/turns", {"after": "-1.0.0"}),
            (f"/flows/{flow}/turns", {"after": "4294967296.0.0"}),
            (f"/flows/{flow}/turns", {"limit": "262145"}), (f"/flows/{flow}/turns", {"side": "x"}),
            (f"/flows/{flow}/content", {}), (f"/flows/{flow}/export", {}),
            ("/talkers", {"by": "name"}), ("/complete", {"at": "x"}), ("/events", {"flow": "1"})]:
        server.get(path, status=400, **parameters)
    for identity in ("x", "1" * 31, "1" * 33, "g" * 32, "../flows"):
        answer = server.ask(f"{API}/flows/{identity}")
        check(answer.status in (400, 404), f"{identity}: {answer.status}")
    far = server.json(f"/flows/{flow}/turns", after="4294967295.18446744073709551615.5")
    check_equal((far["turns"], far["end"]), ([], True), "far behind the end")


@case("hundreds of mangled requests are answered, none by a fault of ours")
def mangled(bench):
    server = ask(bench)
    rng = random.Random(1)
    flow = server.json("/flows", sort="-bytes", limit=1)["flows"][0]["id"]
    seeds = [f"{API}/flows?q=proto:tcp%20sport:80&limit=3", f"{API}/flows/{flow}/turns?after=1.2.3",
             f"{API}/flows/{flow}/content?side=server", f"{API}/flows/histogram?from=1&to=99",
             f"{API}/complete?q=(sport:8&at=3", f"{API}/icmp/messages?q=type:3", "/index.html",
             f"{API}/flows?q=time:-1h..2026-11-23%20or%20dur:>1.5s&after={flow}",
             f"{API}/sensors?from=2026-11-23T01:59", f"{API}/talkers?by=bytes&limit=3"]
    statuses = {}
    for _ in range(600):
        target = bytearray(rng.choice(seeds).encode())
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(1, len(target))
            act = rng.randrange(4)
            if act == 0:
                target[at] = rng.randrange(33, 256)
            elif act == 1:
                target[at:at] = rng.choice([b"%00", b"%ff", b"'", b"(" * 40, b"..", b"&q=", b"9" * 30])
            elif act == 2:
                del target[at:at + rng.randint(1, 9)]
            else:
                target += target[at:]
        answer = raw(server, b"GET " + bytes(target).replace(b" ", b"+") +
                     f" HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n"
                     .encode())
        status = answer[9:12].decode() if answer else "none"
        statuses[status] = statuses.get(status, 0) + 1
        check(not status.startswith("5"), f"{bytes(target)!r}: {answer[:600]!r}")
    check(statuses.get("200", 0) > 20 and statuses.get("400", 0) > 20, statuses)


@case("a head that is too long, or does not end, ends the connection")
def heads(bench):
    server = ask(bench)
    host = f"Host: 127.0.0.1:{server.port}\r\n".encode()
    long = raw(server, b"GET / HTTP/1.1\r\n" + host + b"X: " + b"x" * 100_000 + b"\r\n\r\n")
    check(long == b"" or long[9:12] in (b"431", b"413", b"400"), long[:100])
    check_equal(server.ask("/").status, 200, "afterwards")
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", server.port), timeout=40) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\n" + host)
        with contextlib.suppress(OSError):  # Cut while we write.
            for _ in range(60):
                peer.sendall(b"X: y\r\n")
                peer.settimeout(0.5)
                with contextlib.suppress(TimeoutError):
                    if peer.recv(100) == b"":
                        break
        seconds = time.monotonic() - started
    check(seconds < 25, f"a head may take {seconds:.0f} s")


@case("more connections than there may be do no harm")
def connections(bench):
    server = ask(bench)
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            with contextlib.suppress(OSError):
                stack.enter_context(
                    socket.create_connection(("127.0.0.1", server.port), timeout=5))

    def answers():
        with contextlib.suppress(OSError):
            return server.ask("/").status == 200
        return False
    wait_until(answers, "an answer")


def next_event(stream, name, seconds):
    """The data of the next event of that name; others are skipped."""
    end = time.monotonic() + seconds
    event = ""
    while time.monotonic() < end:
        line = stream.readline().decode().rstrip("\n")
        if line.startswith("event: "):
            event = line[7:]
        if line.startswith("data: ") and event == name:
            return json.loads(line[6:])
    raise Failed(f"no event {name} within {seconds} s")


@case("who listens is told of new flows, of a flow that grows, and of a store that went away")
def events(bench):
    now_ns = time.time_ns() - 20 * 10**9
    tcp = Tcp()
    opened = [*tcp.open(), tcp.client(0, b"GET / HTTP/1.1\r\n\r\n"), tcp.server(0, b"one")]
    more = [tcp.server(3, b"two")]
    first = pcap([(frame, now_ns + at * 10**6) for at, frame in enumerate(opened)])
    second = pcap([(frame, now_ns + at * 10**6) for at, frame in enumerate(opened + more)])
    store = bench.store()
    bench.run("init", "--store", store)
    with served(bench, store) as server:
        base = f"http://127.0.0.1:{server.port}{API}"
        with contextlib.closing(urllib.request.urlopen(base + "/events", timeout=30)) as stream:
            check_equal(stream.headers["content-type"], "text/event-stream", "type")
            check_equal(next_event(stream, "store", 60), {"ok": True, "error": ""}, "greeting")
            bench.replay(store, bench.write("first.pcap", first))
            told = next_event(stream, "flows", 30)
            flow = told["flows"][0]
            check_equal((len(told["flows"]), flow["open"], flow["server_bytes"]), (1, True, 3), told)
            with contextlib.closing(urllib.request.urlopen(
                    f"{base}/events?flow={flow['id']}", timeout=30)) as followed:
                window = server.json(f"/flows/{flow['id']}/turns")
                check_equal(window["end"], True, "end")
                next_event(followed, "store", 60)
                bench.replay(store, bench.write("second.pcap", second))
                grown = next_event(followed, "turns", 30)
                check_equal((grown["flow"], grown["server_bytes"]), (flow["id"], 6), grown)
                check_equal(next_event(stream, "flows", 30)["flows"][0]["server_bytes"], 6, "flow")
    # Both streams were open when the server ended, which must not wait for them.


@case("others are let in with a token and TLS only, and it says so")
def exposure(bench):
    store = bench.common.store
    for options, words in [(["--listen", "0.0.0.0:0"], ["--token-file", "--tls-cert"]),
                           (["--listen", "[::]:0"], ["--token-file"]),
                           (["--listen", "nowhere:1"], ["ADDRESS:PORT"]),
                           (["--listen", "127.0.0.1:99999"], ["ADDRESS:PORT"]),
                           (["--tls-cert", "x.pem"], ["x.pem"])]:
        result = bench.run("serve", "--store", store, *options, status=None)
        check(result.status in (FAILED, USAGE), options)
        one_line(result, *words)
    token = bench.write("token", b"0123456789abcdef0123456789abcdef\n")
    (bench.dir / "token").chmod(0o644)
    one_line(bench.run("serve", "--store", store, "--token-file", token, status=FAILED), "chmod 600")
    (bench.dir / "token").chmod(0o600)
    bench.write("short", b"secret\n")
    (bench.dir / "short").chmod(0o600)
    one_line(bench.run("serve", "--store", store, "--token-file", "short", status=USAGE),
             "16 characters")
    result = bench.run("serve", "--store", store, "--listen", "0.0.0.0:0", "--token-file", token,
                       status=USAGE)
    one_line(result, "--tls-cert")
    result = bench.run("serve", "--store", bench.store("none.db"), status=FAILED)
    one_line(result, "no store")


@case("a token is asked for, by either way of giving it, and guessing ends soon")
def tokens(bench):
    secret = "0123456789abcdef0123456789abcdef"
    token = bench.write("token", secret.encode() + b"\n")
    (bench.dir / "token").chmod(0o600)
    basic = base64.b64encode(b"me:" + secret.encode()).decode()
    with served(bench, bench.common.store, "--token-file", token) as server:
        answer = server.ask("/")
        check_equal(answer.status, 401, "without")
        check(answer.headers["www-authenticate"].startswith("Basic "), answer.headers)
        for given in (f"Bearer {secret}", f"Basic {basic}", f"basic {basic}"):
            for target in ("/", API + "/flows"):
                check_equal(server.ask(target, headers={"Authorization": given}).status, 200, given)
        wrong = ["Bearer x", f"Bearer {secret}0", "Basic ", "Basic !!!!", f"Basic {basic[:-4]}"]
        for given in wrong:
            check_equal(server.ask("/", headers={"Authorization": given}).status, 401, given)
        check_equal(server.ask("/", headers={"Authorization": f"Bearer {secret}"}).status, 429,
                    "after five wrong ones")


@case("over TLS it answers, with no version older than 1.2")
def tls(bench):
    need("openssl")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem",
                    "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost"], cwd=bench.dir,
                   check=True, capture_output=True)
    (bench.dir / "key.pem").chmod(0o600)
    with served(bench, bench.common.store, "--tls-cert", "cert.pem", "--tls-key",
                "key.pem") as server:
        context = ssl.create_default_context(cafile=bench.path("cert.pem"))
        context.check_hostname = False
        url = f"https://127.0.0.1:{server.port}{API}/about"
        with contextlib.closing(urllib.request.urlopen(url, context=context, timeout=30)) as reply:
            check("strict-transport-security" in {name.lower() for name in reply.headers}, "HSTS")
            check_equal(json.loads(reply.read())["store"], "sqlite", "answer")
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as peer:
            try:
                old.wrap_socket(peer)
                raise Failed("TLS 1.1 is taken")
            except (ssl.SSLError, ConnectionResetError):
                pass


@case("many ask at once while a sensor writes, and every answer is sound")
def together(bench):
    store = bench.store()
    bench.run("init", "--store", store)
    problems = []
    with served(bench, store) as server:
        def look():
            try:
                for _ in range(15):
                    for path in ("/flows", "/flows/facets", "/talkers", "/sensors", "/icmp/pings"):
                        server.get(path)
            except Exception as problem:  # Told by the case, in its own thread.
                problems.append(problem)
        threads = [threading.Thread(target=look) for _ in range(6)]
        for thread in threads:
            thread.start()
        for name in ("a", "b", "c"):
            check_equal(bench.run("replay", "--store", store, "--sensor", name, SAMPLE).status, DONE,
                        "replay")
        for thread in threads:
            thread.join()
        if problems:
            raise problems[0]
        check_equal(len(server.json("/sensors")["sensors"]), 3, "sensors")


run_cases(served_sample)
