"""A large store (perf/make_store.cc), and what a browser asks of it: for perf/serve and the test of
a smaller one."""

import contextlib
import http.client
import ipaddress
import json
import pathlib
import random
import subprocess
import time
import urllib.parse

from harness import CALL_TIMEOUT_S, check

DAYS = 7
START_NS = 1_700_006_400 * 10**9  # As in perf/make_store.cc.
SPAN_NS = DAYS * 86_400 * 10**9
LIST_ROWS = 200  # A page of the browser's list.
SERVICES = (443, 80, 22, 25, 993, 8080, 3306, 445, 53, 123, 161)


def make(make_store, flows, path, seed=1):
    subprocess.run([make_store, str(flows), str(DAYS), str(seed), path], check=True)
    return path


def make_flow(make_store, octets, path):
    """One TCP flow whose server sends so many bytes; the oldest of its store."""
    subprocess.run([make_store, "large", str(octets), path], check=True)
    return path


def resident_kib(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def processor_seconds(pids):
    """What all threads of these processes have used."""
    total = 0
    for pid in pids:
        for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):  # It has just ended.
                total += int((thread / "schedstat").read_text().split()[0])
    return total / 1e9


class Asker:
    """Draws questions and asks them; one connection, as a browser has."""

    def __init__(self, port, seed=1):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_TIMEOUT_S)
        self.random = random.Random(seed)

    def get(self, path, **parameters):
        """(seconds, answer)."""
        started = time.monotonic()
        response = self.answer("/api/v1" + path + "?" + urllib.parse.urlencode(parameters))
        body = response.read()
        seconds = time.monotonic() - started
        check(response.status == 200, f"{path} {parameters}: {response.status} {body[:300]!r}")
        return seconds, json.loads(body)

    def answer(self, target):
        """Once more where the server has closed a connection that was idle."""
        try:
            self.connection.request("GET", target)
            return self.connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionError):
            self.connection.close()
            self.connection.request("GET", target)
            return self.connection.getresponse()

    def any_time(self):
        return START_NS + self.random.randrange(SPAN_NS)

    def any_window(self):
        """From a minute to days, as one zooms."""
        width = int(60e9 * (SPAN_NS / 60e9) ** self.random.random())
        start = START_NS + self.random.randrange(SPAN_NS - width + 1)
        return {"from": str(start), "to": str(start + width)}

    def any_place(self):
        """A cursor behind which any flow may come."""
        return f"{self.any_time():016x}{self.random.getrandbits(64):016x}"

    def any_flow(self):
        """As likely as it is frequent: what one clicks on in the list."""
        while True:
            found = self.get("/flows", limit=1, after=self.any_place())[1]["flows"]
            if found:
                return found[0]

    def address(self):
        return self.any_flow()[self.random.choice(["client", "server"])]

    def network(self):
        address = ipaddress.ip_address(self.address())
        bits = self.random.choice([8, 16, 24] if address.version == 4 else [32, 48, 112])
        return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))

    def port(self):
        """A service's, a rare one, or one that a client had."""
        kind = self.random.random()
        flow = self.any_flow()
        while flow["proto"] not in ("tcp", "udp"):
            flow = self.any_flow()
        return flow["client_port"] if kind < 0.2 else flow["server_port"]


# Each draws the parameters of one question --------------------------------------------------------

def near_page(asker):
    after = ""
    for _ in range(asker.random.randrange(1, 5)):
        after = asker.get("/flows", limit=LIST_ROWS, after=after)[1]["next"]
    return {"after": after}


def sorted_page(asker):
    """The first page by size or duration, or one that follows it."""
    sort = asker.random.choice(["bytes", "packets", "duration", "end"])
    sort = asker.random.choice(["", "-"]) + sort
    after = ""
    if asker.random.random() < 0.5:
        after = asker.get("/flows", limit=LIST_ROWS, sort=sort)[1]["next"]
    return {"sort": sort, "after": after}


def by_address(asker):
    field = asker.random.choice(["host", "host", "client", "server"])
    return {"q": f"{field}:{asker.address()}"}


def by_network(asker):
    return {"q": f"{asker.random.choice(['host', 'client', 'server'])}:{asker.network()}"}


def by_port(asker):
    return {"q": f"{asker.random.choice(['port', 'sport'])}:{asker.port()}"}


def by_time(asker):
    return asker.any_window()


def by_both(asker):
    """Two or three of them at once, as clicks on facets add them up."""
    parts = [by_address(asker)["q"], by_port(asker)["q"], "proto:" + asker.any_flow()["proto"],
             by_network(asker)["q"]]
    question = {"q": " ".join(asker.random.sample(parts, asker.random.choice([2, 2, 3])))}
    return question | (by_time(asker) if asker.random.random() < 0.3 else {})


def by_protocol(asker):
    return {"q": "proto:" + asker.any_flow()["proto"]}


def by_state(asker):
    return {"q": "state:" + asker.any_flow()["state"]}


def by_fact(asker):
    return {"q": "has:" + asker.random.choice(
        ["gap", "conflict", "midstream", "reorder", "truncated", "icmp-error", "content"])}


def by_size(asker):
    return {"q": asker.random.choice(["bytes:>20K", "dur:>10m", "packets:>30", "cbytes:>1K"])}


def nothing(_):
    return {}


LISTED = {"limit": LIST_ROWS}
BARS = {"buckets": 120}
PAGE_MS, BARS_MS = 200, 300

# What is asked: its name, the route, what all such questions have, what one draws, its goal in ms.
QUESTIONS = [
    ("first page", "/flows", LISTED, nothing, PAGE_MS),
    ("a next page", "/flows", LISTED, near_page, PAGE_MS),
    ("a page far away", "/flows", LISTED, lambda asker: {"after": asker.any_place()}, PAGE_MS),
    ("pages by size, duration", "/flows", LISTED, sorted_page, PAGE_MS),
    ("address", "/flows", LISTED, by_address, PAGE_MS),
    ("network", "/flows", LISTED, by_network, PAGE_MS),
    ("port", "/flows", LISTED, by_port, PAGE_MS),
    ("time", "/flows", LISTED, by_time, PAGE_MS),
    ("several of them", "/flows", LISTED, by_both, PAGE_MS),
    ("protocol", "/flows", LISTED, by_protocol, None),
    ("state", "/flows", LISTED, by_state, None),
    ("has:", "/flows", LISTED, by_fact, None),
    ("bytes:, dur:, packets:", "/flows", LISTED, by_size, None),
    ("histogram of all", "/flows/histogram", BARS, nothing, BARS_MS),
    ("histogram, time", "/flows/histogram", BARS, by_time, BARS_MS),
    ("histogram, address", "/flows/histogram", BARS, by_address, BARS_MS),
    ("histogram, port", "/flows/histogram", BARS, by_port, BARS_MS),
    ("histogram, protocol", "/flows/histogram", BARS, by_protocol, BARS_MS),
    ("facets", "/flows/facets", {}, by_time, None),
    ("facets, address", "/flows/facets", {}, by_address, None),
    ("talkers", "/talkers", {}, by_time, None),
    ("completion", "/complete", {}, lambda _: {"q": "sport:"}, None),
    ("ICMP messages", "/icmp/messages", {"limit": LIST_ROWS}, nothing, None),
    ("ICMP, time", "/icmp/messages", {"limit": LIST_ROWS}, by_time, None),
    ("pings", "/icmp/pings", {"limit": LIST_ROWS}, nothing, None),
    ("pings, address", "/icmp/pings", {"limit": LIST_ROWS}, by_address, None),
]


def rows_of(answer):
    """How many things an answer tells of."""
    for key in ("flows", "messages", "pings", "items", "conversations", "turns"):
        if isinstance(answer.get(key), list):
            return len(answer[key])
    return answer.get("flows", answer.get("considered", 0))
