#!/usr/bin/python3
"""Who sees what of `dfc serve`: viewers flows, analysts content too; and the log of who read what."""

import base64
import contextlib
import json
import os
import signal
import time

from harness import (FAILED, SAMPLE, USAGE, case, check, check_equal, one_line, run_cases,
                     wait_until)
from packets import pcap
from sample import replayed
from served import API, served

ANNA, VERA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"
ANALYST = {"Authorization": f"Bearer {ANNA}"}
VIEWER = {"Authorization": f"Bearer {VERA}"}
CONTENT = ("/turns", "/content?side=server", "/export?format=text", "/export?format=json",
           "/export?format=pcapng")


def secret(bench, name, text):
    path = bench.write(name, text.encode())
    os.chmod(path, 0o600)
    return path


@contextlib.contextmanager
def with_roles(bench, *options, **how):
    tokens = secret(bench, "tokens", f"# who may look\nanna analyst {ANNA}\nvera viewer {VERA}\n")
    store = how.pop("store", bench.common.store)
    with served(bench, store, "--token-file", tokens, *options, **how) as server:
        yield server


def flow_of(bench, **wanted):
    fitting = [flow for flow in bench.flows(bench.common.store)
               if all(flow[key] == value for key, value in wanted.items())]
    return max(fitting, key=lambda flow: flow["server_bytes"])["id"]


@case("a viewer sees flows and no byte of what they carried")
def viewers(bench):
    web = flow_of(bench, proto="tcp", server_port=80)
    with with_roles(bench) as server:
        for headers, name, role in ((ANALYST, "anna", "analyst"), (VIEWER, "vera", "viewer")):
            about = server.get("/about", headers=headers).json()
            check_equal((about["user"], about["role"]), (name, role), "about")
        for path in ("/flows", "/flows/histogram", "/flows/facets", f"/flows/{web}", "/talkers",
                     "/icmp/messages", "/icmp/pings", "/sensors"):
            server.get(path, headers=VIEWER)
        flows = [flow["id"] for flow in server.get("/flows", headers=VIEWER, limit=1000)
                 .json()["flows"]]
        check_equal(len(flows), 60, "flows")
        for flow in flows:
            for path in CONTENT:
                for method in ("GET", "HEAD"):
                    answer = server.ask(f"{API}/flows/{flow}{path}", method, headers=VIEWER)
                    check_equal(answer.status, 403, f"{method} {flow}{path}")
                    check(b"for analysts" in answer.body or method == "HEAD", answer.body)
        for path in CONTENT:
            check_equal(server.ask(f"{API}/flows/{web}{path}", headers=ANALYST).status, 200, path)
        basic = base64.b64encode(f"anybody:{VERA}".encode()).decode()
        answer = server.ask(f"{API}/flows/{web}/turns", headers={"Authorization": f"Basic {basic}"})
        check_equal(answer.status, 403, "as a password")
        check_equal(server.ask(f"{API}/flows/{web}/turns").status, 401, "without a token")
        check_equal(server.ask("/", headers=VIEWER).status, 200, "page")


@case("what ICMP messages carry is not told to viewers")
def icmp(bench):
    with with_roles(bench) as server:
        told, kept = (server.get("/icmp/messages", headers=headers, limit=1000).json()["messages"]
                      for headers in (ANALYST, VIEWER))
        check(any(message["details"] for message in told), "the sample has messages with details")
        check_equal([{**message, "details": None} for message in told], kept, "messages")


@case("a viewer imports nothing and does not hear of imports")
def viewers_import_nothing(bench):
    store = bench.store()
    bench.run("init", "--store", store)
    with with_roles(bench, "--allow-import", store=store) as server:
        about = server.get("/about", headers=VIEWER).json()
        check_equal((about["import"], about["import_token"]), (True, None), "about")
        token = server.get("/about", headers=ANALYST).json()["import_token"]
        given = {**VIEWER, "X-Dfc-Token": token}
        server.change("POST", "/imports", 403, body=b"x" * 100, headers=given)
        server.change("DELETE", "/imports/1", 403, headers=given)
        for path in ("/imports", "/imports/1"):
            server.get(path, status=403, headers=VIEWER)
        one = server.change("POST", "/imports", 202, body=pcap([]), headers=ANALYST)
        check_equal(one["user"], "anna", "user")
        without = server.ask(API + "/imports", "POST", body=b"x", headers={
            "Origin": server.address, "X-Dfc-Token": token})
        check_equal(without.status, 401, "without a token of one's own")
        wait_until(lambda: server.get("/imports/1", headers=ANALYST).json()["state"] == "done",
                   "its end")


@case("a token file that can't be understood is refused with the line")
def token_files(bench):
    for text, words in ((f"anna admin {ANNA}\n", ("line 1", "viewer")), ("# none\n", ("no token",)),
                        (f"anna analyst {ANNA}\nanna viewer {VERA}\n", ("line 2", "already")),
                        (f"anna analyst {ANNA}\nvera viewer short\n", ("line 2", "16 characters"))):
        path = secret(bench, "bad", text)
        result = bench.run("serve", "--store", bench.common.store, "--token-file", path,
                           "--listen", "127.0.0.1:0", status=USAGE)
        line = one_line(result, *words)
        check(ANNA not in line and VERA not in line, line)


# The log -----------------------------------------------------------------------------------------

def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@case("each answer with content has its line, written before it leaves")
def audit(bench):
    web = flow_of(bench, proto="tcp", server_port=80)
    log = bench.path("audit.log")
    with with_roles(bench, "--audit-log", log) as server:
        check_equal(os.stat(log).st_mode & 0o777, 0o600, "mode")

        def asked(path, headers=ANALYST):
            before = len(lines(log))
            answer = server.ask(f"{API}/flows/{web}{path}", headers=headers)
            return answer, lines(log)[before:]

        turns, (line,) = asked("/turns?limit=1000&side=client")
        bytes_in = sum(len(base64.b64decode(turn["bytes"])) for turn in turns.json()["turns"])
        check_equal({**line, "time": ""}, {"time": "", "user": "anna", "from": "127.0.0.1",
                                           "what": "turns", "flow": web, "detail": "client",
                                           "bytes": bytes_in}, "turns")
        check(abs(time.time() - time.mktime(time.strptime(line["time"][:19], "%Y-%m-%dT%H:%M:%S"))
                  + time.timezone) < 60, line["time"])
        whole, (line,) = asked("/content?side=server")
        check_equal((line["what"], line["detail"], line["bytes"]),
                    ("content", "server", len(whole.body)), "content")
        _, (line,) = asked("/content?side=server", {**ANALYST, "Range": "bytes=0-9"})
        check_equal(line["bytes"], 10, "range")
        _, (line,) = asked("/export?format=json")
        check_equal((line["what"], line["detail"]), ("export", "json"), "export")
        check(line["bytes"] > len(whole.body), line)
        for path, headers in (("", ANALYST), ("/turns", VIEWER), ("/turns?limit=0", ANALYST),
                              ("/content?side=x", ANALYST)):
            _, written = asked(path, headers)
            check_equal(written, [], f"lines for {path}, which gave no content out")


@case("imports are in the log, when they begin and when they are done")
def audit_imports(bench):
    store = bench.store()
    bench.run("init", "--store", store)
    log = bench.path("audit.log")
    with served(bench, store, "--allow-import", "--audit-log", log) as server:
        capture = SAMPLE.read_bytes()
        server.imported(capture, 'a"\n{"what":"forged"}')
        written = lines(log)
    check_equal([(line["what"], line["user"], line["detail"], line["bytes"]) for line in written],
                [(what, None, 'a"\n{"what":"forged"}', len(capture))
                 for what in ("import", "imported")], "lines")


@case("where the log can't be written no content is given out")
def no_log_no_content(bench):
    web = flow_of(bench, proto="tcp", server_port=80)
    store = bench.common.store
    with served(bench, store, "--audit-log", "/dev/full") as server:
        for path in CONTENT:
            answer = server.ask(f"{API}/flows/{web}{path}")
            check_equal(answer.status, 503, path)
            check(b"No space left" in answer.body, answer.body)
        check_equal(server.ask(API + "/flows").status, 200, "flows")
    open_to_all = bench.write("open.log", b"")
    os.chmod(open_to_all, 0o644)
    for path, word in ((open_to_all, "chmod 600"), ("/nowhere/audit.log", "/nowhere")):
        result = bench.run("serve", "--store", store, "--listen", "127.0.0.1:0", "--audit-log", path,
                           status=FAILED)
        one_line(result, word)


@case("after SIGHUP it goes on in a new file")
def rotated(bench):
    web = flow_of(bench, proto="tcp", server_port=80)
    log = bench.path("audit.log")
    with served(bench, bench.common.store, "--audit-log", log) as server:
        server.get(f"/flows/{web}/turns")
        os.rename(log, log + ".1")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(log), "a new file")
        server.get(f"/flows/{web}/turns")
        check_equal((len(lines(log)), len(lines(log + ".1"))), (1, 1), "lines")


run_cases(replayed)
