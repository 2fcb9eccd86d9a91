#!/usr/bin/python3
"""What `dfc serve` answers is what is in the store, by each route, as its description says."""

import base64
import contextlib
import hashlib
import json
import sqlite3

from harness import SAMPLE, case, check, check_equal, run_cases, wait_until
from packets import read_pcap
from sample import replayed
from served import OPENAPI, hold_against, served


@contextlib.contextmanager
def served_sample(bench):
    with replayed(bench) as sample, served(bench, sample.store) as server:
        sample.server_process = server
        sample.flows = bench.flows(sample.store)
        yield sample


def rows(bench, sql, *values):
    path = bench.common.store.removeprefix("sqlite:")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(sql, values).fetchall()


def ask(bench):
    return bench.common.server_process


def largest(bench):
    return max(bench.common.flows, key=lambda flow: flow["server_bytes"])


@case("every example in the description is what it describes")
def examples(bench):
    described = 0
    for name, schema in OPENAPI["components"]["schemas"].items():
        if "example" in schema:
            hold_against(schema, schema["example"], name)
            described += 1
    check(described > 8, f"only {described} examples")


@case("flows are those that `dfc flows` lists, in every order and page by page")
def flows(bench):
    server = ask(bench)
    for sort in ("start", "-start", "end", "-bytes", "bytes", "-packets", "duration", "-duration"):
        wanted = [flow["id"] for flow in bench.lines(
            "flows", "--store", bench.common.store, "--sort", sort)]
        found, after = [], ""
        for _ in range(len(wanted)):
            page = server.json("/flows", sort=sort, limit=7, after=after)
            found += [flow["id"] for flow in page["flows"]]
            after = page["next"]
            if after is None:
                break
        check_equal(found, wanted, f"ids by {sort}")
    first = server.json("/flows", limit=1000, sort="start")["flows"]
    for ours, theirs in zip(first, bench.common.flows, strict=True):
        shared = {key: ours[key] for key in theirs if key in ours}
        check_equal(shared, {key: theirs[key] for key in shared}, ours["id"])
        check(len(shared) >= 20 and not ours["open"], shared)


@case("a query, and from and to, select the same flows as SQL")
def queries(bench):
    server = ask(bench)
    start, end = rows(bench, "SELECT MIN(t_start), MAX(t_start) FROM flow")[0]
    middle = (start + end) // 2
    for query, sql in [
            ("proto:tcp", "protocol = 6"),
            ("proto:tcp,udp sport:53", "protocol IN (6, 17) AND server_port = 53"),
            ("sport:80 or sport:53", "server_port IN (53, 80)"),
            ("not (proto:tcp or proto:udp)", "protocol NOT IN (6, 17)"),
            ("-proto:icmp && -proto:icmp6", "protocol NOT IN (1, 58)"),
            ("bytes:>1K bytes:<=1M", "client_bytes + server_bytes BETWEEN 1001 AND 1000000"),
            ("dur:>50ms", "t_last - t_start > 50000000"),
            ("has:reorder", "flags & 4 <> 0"),
            ("icmp.type:3", "EXISTS (SELECT 1 FROM icmp WHERE icmp.t_start = flow.t_start"
                            " AND icmp.flow_hash = flow.flow_hash AND type = 3)"),
            ("time:2026-11-23", "1"),
            ("time:<2026-11-23", "0"),
            ("is:open", "0"),
            ("port:>40000", "client_port > 40000 OR server_port > 40000"),
            ("client:10.1.0.0/16", "hex(client) LIKE '00000000000000000000FFFF0A01%'")]:
        wanted = rows(bench, f"SELECT COUNT(*) FROM flow WHERE {sql}")[0][0]
        found = server.json("/flows", q=query, limit=1000)["flows"]
        check_equal(len(found), wanted, query)
        told = bench.lines("flows", query, "--store", bench.common.store)
        check_equal([flow["id"] for flow in told],
                    [flow["id"] for flow in reversed(found)], f"dfc flows {query}")
    early = server.json("/flows", to=str(middle), limit=1000)["flows"]
    late = server.json("/flows", **{"from": str(middle)}, limit=1000)["flows"]
    wanted = rows(bench, "SELECT COUNT(*) FROM flow WHERE t_start < ?", middle)[0][0]
    check_equal((len(early), len(early) + len(late)), (wanted, len(bench.common.flows)), "halves")


@case("a mistake in a query has its column, by every route that takes one")
def mistakes(bench):
    server = ask(bench)
    for path in ("/flows", "/flows/histogram", "/flows/facets", "/icmp/messages", "/icmp/pings",
                 "/talkers"):
        answer = server.get(path, status=400, q="proto:tcp (prot:x)").json()
        check_equal(answer["column"], 12, f"{path}: {answer}")
    check_equal(server.json("/parse", q="proto:tcp")["ok"], True, "parse")
    check_equal(server.json("/parse", q="a proto:tcp")["column"], 1, "column")
    check_equal(server.json("/parse", q="pairing:late", of="icmp"), {"ok": True}, "icmp")


@case("the histogram, facets and talkers add up to the store")
def totals(bench):
    server = ask(bench)
    count, octets = rows(bench, "SELECT COUNT(*), SUM(client_bytes + server_bytes) FROM flow")[0]
    for buckets in (1, 7, 1000):
        histogram = server.json("/flows/histogram", buckets=buckets)
        check_equal(sum(sum(one["flows"]) for one in histogram["series"]), count, "flows")
        check_equal(sum(sum(one["bytes"]) for one in histogram["series"]), octets, "bytes")
        check(0 < len(histogram["times_ms"]) <= buckets, len(histogram["times_ms"]))
    facets = server.json("/flows/facets", limit=100)
    check_equal((facets["considered"], facets["complete"]), (count, True), "flows considered")
    for facet in facets["facets"]:
        for value in facet["values"]:
            found = server.json("/flows", q=value["term"], limit=1000)["flows"]
            check_equal(len(found), value["flows"], value["term"])
    talkers = server.json("/talkers", limit=200)
    check_equal(sum(one["flows"] for one in talkers["conversations"]), count, "conversations")
    check_equal(sum(one["sent_bytes"] for one in talkers["hosts"]), octets, "bytes sent")
    check_equal(sum(one["received_bytes"] for one in talkers["hosts"]), octets, "bytes received")
    ranks = [one["flows"] for one in server.json("/talkers", by="flows")["hosts"]]
    check_equal(ranks, sorted(ranks, reverse=True), "order by flows")
    empty = server.json("/flows/histogram", q="host:203.0.113.9")
    check_equal((empty["flows"], empty["series"]), (0, []), "histogram of nothing")


def all_turns(server, flow, **parameters):
    turns, after = [], ""
    for _ in range(100_000):
        window = server.json(f"/flows/{flow}/turns", after=after, **parameters)
        turns += window["turns"]
        after = window["next"]
        if window["end"]:
            check_equal(server.json(f"/flows/{flow}/turns", after=after)["turns"], [], "the end")
            return turns
    raise AssertionError("windows without end")


def joined(turns):
    """Turns whole again: [side, kind, offset, dt_ns, bytes, length]."""
    whole = []
    for turn in turns:
        data = base64.b64decode(turn["bytes"])
        if turn["continues"]:
            whole[-1][4] += data
            whole[-1][5] += turn["length"]
        else:
            whole.append([turn["side"], turn["kind"], turn["offset"], turn["dt_ns"], data,
                          turn["length"]])
    return whole


@case("windows of any size make up a flow's turns")
def turns(bench):
    server = ask(bench)
    for flow in bench.common.flows:
        if flow["client_bytes"] + flow["server_bytes"] == 0:
            continue
        t_start = int(flow["id"][:16], 16)
        wanted = [[*row[:4], row[4] or b"", row[5]] for row in rows(
            bench, "SELECT side, kind, stream_offset, t - t_start, bytes, length FROM v_turn"
            " WHERE t_start = ? AND id = ? ORDER BY n, turn", t_start, flow["id"])]
        sizes = [262_144, 65_536, 1_000]
        if flow["client_bytes"] + flow["server_bytes"] < 500:
            sizes.append(1)
        for limit in sizes:
            check_equal(joined(all_turns(server, flow["id"], limit=limit)), wanted, flow["id"])
        for side in ("client", "server"):
            found = joined(all_turns(server, flow["id"], side=side))
            check_equal(found, [turn for turn in wanted if turn[0] == side], side)


@case("a side's content is its bytes, whole and in ranges, under a name of ours")
def content(bench):
    server = ask(bench)
    for flow in bench.common.flows:
        for side in ("client", "server"):
            answer = server.get(f"/flows/{flow['id']}/content", side=side)
            check_equal(hashlib.sha256(answer.body).hexdigest(), flow[side + "_sha256"], side)
            check_equal(answer.headers["content-disposition"],
                        f'attachment; filename="flow-{flow["id"]}-{side}.bin"', "name")
            check_equal(answer.headers["content-type"], "application/octet-stream", "type")
    flow = largest(bench)
    path = f"/flows/{flow['id']}/content"
    whole = server.get(path, side="server").body
    total = len(whole)
    for header, wanted in [("bytes=0-0", whole[:1]), ("bytes=64999-65001", whole[64999:65002]),
                           (f"bytes={total - 1}-", whole[-1:]), ("bytes=-3", whole[-3:]),
                           ("bytes=1000000-99999999999", whole[1000000:]),
                           (f"bytes=-{total * 2}", whole)]:
        answer = server.get(path, status=206, side="server", headers={"Range": header})
        check(answer.body == wanted, f"{header}: {len(answer.body)} bytes, not {len(wanted)}")
        check(answer.headers["content-range"].endswith(f"/{total}"), answer.headers)
    for header in (f"bytes={total}-", "bytes=-0"):
        server.get(path, status=416, side="server", headers={"Range": header})
    for header in ("bytes=5-4", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes=", "bytes=-"):
        check(server.get(path, side="server", headers={"Range": header}).body == whole, header)


@case("one flow has its counts, and the ICMP errors that quote it")
def one_flow(bench):
    server = ask(bench)
    for flow in bench.common.flows:
        detail = server.json(f"/flows/{flow['id']}")
        check_equal(detail["flow"]["id"], flow["id"], "id")
        check_equal(detail["client"]["content_bytes"], flow["client_bytes"], "bytes")
        check_equal(detail["server"]["gap_bytes"], flow["server_gaps"], "gaps")
        wanted = bench.icmp(bench.common.store, "about:" + flow["id"])
        check_equal([error["time"] for error in detail["errors"]],
                    [error["time"] for error in wanted], "errors")
        for error in detail["errors"]:
            check_equal(error["quoted_flow"], flow["id"], "the way back")
    server.get("/flows/" + "0" * 32, status=404)
    server.get("/flows/" + "0" * 32 + "/turns", status=404)
    server.get("/flows/" + "0" * 32 + "/content", status=404, side="client")


@case("ICMP messages and pings are those of `dfc icmp`")
def icmp(bench):
    server = ask(bench)
    ours = server.json("/icmp/messages", sort="time", limit=1000)
    theirs = bench.icmp(bench.common.store)
    check_equal(len(ours["messages"]), len(theirs), "messages")
    for message, wanted in zip(ours["messages"], theirs):
        for key in ("time", "source", "destination", "type_name", "code_name", "ident", "seq",
                    "flow", "n", "pairing", "quoted", "quoted_flow", "details"):
            check_equal(message[key], wanted[key], key)
        rtt_ms = None if message["rtt_ns"] is None else message["rtt_ns"] / 1e6
        check_equal(rtt_ms, wanted["rtt_ms"], "round-trip time")
    pings = server.json("/icmp/pings", limit=1000)["pings"]
    wanted = bench.lines("icmp", "--pings", "--sort", "-start", "--store", bench.common.store)
    check_equal([[ping[key] for key in ("flow", "requests", "replies", "lost", "errors")]
                 for ping in pings],
                [[ping[key] for key in ("flow", "requests", "replies", "lost", "errors")]
                 for ping in wanted], "pings")
    errors = server.json("/icmp/messages", q="has:quote", limit=1000)["messages"]
    check(errors and all(error["quoted"] for error in errors), errors)


@case("sensors have the ledger, and it balances")
def sensors(bench):
    sensor = ask(bench).json("/sensors")["sensors"][0]
    check_equal({one["outcome"]: (one["packets"], one["bytes"]) for one in sensor["outcomes"]},
                {name: (packets, octets) for name, packets, octets in rows(
                    bench, "SELECT outcome, SUM(packets), SUM(bytes) FROM ledger GROUP BY outcome")},
                "outcomes")
    frames = len(list(read_pcap(SAMPLE.read_bytes())))
    check_equal((sensor["captured"]["packets"], sensor["balanced"]), (frames, True), "balance")
    check_equal(sum(minute["captured_packets"] for minute in sensor["minutes"]), frames, "minutes")


@case("what may be typed next is proposed, with what the store has")
def completion(bench):
    server = ask(bench)
    for query, items in [("pr", ["proto:"]), ("-(sta", ["state:"]), ("proto:ud", ["udp", "udplite"]),
                         ("proto:tcp,ud", ["udp", "udplite"]), ("nofield:x", [])]:
        answer = server.json("/complete", q=query)
        check_equal([item["text"] for item in answer["items"]], items, query)
        for item in answer["items"]:
            typed = query[:answer["from"]] + item["text"] + query[answer["to"]:]
            if item["kind"] == "value":
                check_equal(server.json("/parse", q=typed), {"ok": True}, typed)
    values = {item["text"]: item["flows"] for item in server.json("/complete", q="sport:")["items"]}
    wanted = rows(bench, "SELECT COUNT(*) FROM flow"
                  " WHERE server_port = 53 AND protocol IN (6, 17)")
    check_equal(values["53"], wanted[0][0], "flows of port 53")
    check_equal(server.json("/complete", q="proto:tcp st", at=3)["to"], 6, "within a word")


@case("a flow can be taken away as text, as JSON, and as a capture that says what it is")
def exports(bench):
    server = ask(bench)
    flow = largest(bench)
    path = f"/flows/{flow['id']}/export"
    whole = server.get(path, format="json")
    document = json.loads(whole.body)
    check_equal(document["flow"]["id"], flow["id"], "id")
    data = b"".join(base64.b64decode(turn["bytes"]) for turn in document["turns"]
                    if turn["side"] == "server" and turn["kind"] == "data")
    check_equal(hashlib.sha256(data).hexdigest(), flow["server_sha256"], "content")
    text = server.get(path, format="text").body
    check(text.startswith(b"tcp ") and b"GET " in text and b"\x1b" not in text, text[:200])
    server.get(path, status=400, format="exe")
    for flow in bench.common.flows:
        capture = server.get(f"/flows/{flow['id']}/export", format="pcapng")
        check(b"Rebuilt by dfc" in capture.body[:200], "is not marked as rebuilt")
        check("rebuilt.pcapng" in capture.headers["content-disposition"], capture.headers)
        if flow["proto"] not in ("tcp", "udp"):
            continue
        # Replayed it has the same content, but for the bytes that have to be missing.
        store = bench.store(f"{flow['id']}.db")
        bench.replay(store, bench.write("rebuilt.pcapng", capture.body))
        again = [one for one in bench.flows(store) if one["client_bytes"] + one["server_bytes"]]
        if flow["client_bytes"] + flow["server_bytes"] == 0:
            check_equal(again, [], flow["id"])
            continue
        for key in ("client", "client_port", "server", "server_port", "client_sha256",
                    "server_sha256"):
            check_equal(again[0][key], flow[key], f"{key} of {flow['id']}")


@case("MariaDB gives the same answers")
def mariadb(bench):
    database = bench.common.mariadb()
    store = database.store(bench, "serve")
    bench.replay(store, SAMPLE)
    flow = largest(bench)["id"]
    with served(bench, store) as server:
        for path, parameters in [
                ("/flows", {"sort": "-bytes", "limit": 1000}), ("/flows", {"q": "proto:tcp or dur:>1s"}),
                ("/flows", {"q": "has:icmp-error is:closed"}),
                ("/flows/histogram", {"buckets": 9}), ("/flows/facets", {}), ("/talkers", {}),
                ("/sensors", {}), ("/icmp/messages", {}), ("/icmp/pings", {}),
                ("/complete", {"q": "sport:"}), (f"/flows/{flow}", {}),
                (f"/flows/{flow}/turns", {}), (f"/flows/{flow}/turns", {"after": "3.0.17"})]:
            answers = [side.json(path, **parameters) for side in (server, ask(bench))]
            for answer in answers:
                answer.pop("store", None)  # Sizes are each store's own.
            check_equal(*answers, path)
        pages = [[], []]
        for at, side in enumerate((server, ask(bench))):
            after = ""
            while after is not None:
                page = side.json("/flows", limit=11, after=after)
                pages[at] += page["flows"]
                after = page["next"]
        check_equal(pages[0], pages[1], "pages")
        whole = server.get(f"/flows/{flow}/content", side="server").body
        check_equal(hashlib.sha256(whole).hexdigest(), largest(bench)["server_sha256"], "content")
        database.stop()
        server.get("/flows", status=503)
        database.start()
        wait_until(lambda: server.ask("/api/v1/flows").status == 200, "the store found again")


run_cases(served_sample)
