#!/usr/bin/python3
"""The page in a real browser while `dfc capture` watches a link between two namespaces: what goes
on there is on screen soon, and stays right when it has ended."""

import contextlib
import hashlib
import json
import random
import re
import socket
import statistics
import time
import urllib.parse

from chromium import Browser
from harness import case, check, check_equal, note, run_cases
from live_link import ADDRESSES, Capture, Link
from mariadb import MariaDb

SERVER, _ = ADDRESSES["b"]
PORT = 7777
SEEN_WITHIN_S = 2  # Of the packet, in the middle of several; a busy machine may take longer once.
SEEN_MAX_S = 20
HEAD = "document.querySelector('.histogram h2')?.innerText"


@contextlib.contextmanager
def watched(bench, store):
    """A capture that serves what it stores, and a browser beside it: its page and the link. The
    browser's own connections are on another device, and no part of the capture."""
    with Link(bench) as link, Browser(link.command("b")) as browser:
        capture = Capture(link, store, "--serve", "127.0.0.1:0", "ip")
        line = capture.process.stdout.readline()
        address = re.match(r"(http://127\.0\.0\.1:\d+)/ shows ", line)
        check(address, f"dfc capture says {line!r}")
        with browser.page(address[1]) as page:
            yield page, link
        capture.stop()


class Talk:
    """A TCP connection from a to b, both ends in this process."""

    def __init__(self, link):
        with link.sockets("b"):
            listener = socket.create_server((SERVER, PORT))
        with link.sockets("a"):
            self.client = socket.create_connection((SERVER, PORT), 10)
        self.server, _ = listener.accept()
        listener.close()

    def close(self):
        """Both sides say FIN, and have read all: what is left unread makes a RST."""
        for one, other in ((self.client, self.server), (self.server, self.client)):
            one.shutdown(socket.SHUT_WR)
            while other.recv(1 << 16):
                pass
        self.client.close()
        self.server.close()


def open_flow(page):
    """Shows the newest flow, which goes on."""
    page.open("/", "document.querySelector('[id^=flow-]')?.innerText.includes('open')")
    flow = page.js("document.querySelector('[id^=flow-]').id.slice(5)")
    page.open("/?" + urllib.parse.urlencode({"screen": "flow", "id": flow}))
    return flow


def watch_conversation(bench, store):
    """Both sides speak while the page is open; every word must be there at once."""
    with watched(bench, store) as (page, link):
        talk = Talk(link)
        talk.client.sendall(b"first words ")
        flow = open_flow(page)
        page.shows("first words")
        waits, sent = [], {"client": b"first words ", "server": b""}
        for n in range(7):
            side = ("server", "client")[n % 2]
            word = b"word-%d-of-the-%s " % (n, side.encode())
            getattr(talk, side).sendall(word)
            sent[side] += word
            waits.append(page.shows(word.decode().strip(), SEEN_MAX_S))
        note(f"seen after {statistics.median(waits):.2f} s, {max(waits):.2f} s at most")
        check(statistics.median(waits) < SEEN_WITHIN_S, f"seen after {waits} s")
        talk.close()
        page.until("document.querySelector('main header').innerText.includes('closed')", SEEN_MAX_S)
        check_downloads(page, flow, sent)
        page.open("/?screen=health")
        page.shows("Every packet is accounted for", SEEN_MAX_S)
        page.shows("Capturing now", SEEN_MAX_S)
        page.shows("rows a second", SEEN_MAX_S)


def check_downloads(page, flow, sent):
    for side, content in sent.items():
        digest = page.js(f"""fetch('/api/v1/flows/{flow}/content?side={side}')
            .then((answer) => answer.arrayBuffer())
            .then((bytes) => crypto.subtle.digest('SHA-256', bytes))
            .then((hash) => [...new Uint8Array(hash)]
                  .map((b) => b.toString(16).padStart(2, '0')).join(''))""")
        check_equal(digest, hashlib.sha256(content).hexdigest(), f"SHA-256 of the {side}'s bytes")


@case("an open connection is listed and read while it goes on, SQLite")
def sqlite(bench):
    watch_conversation(bench, bench.store())


@case("an open connection is listed and read while it goes on, MariaDB")
def mariadb(bench):
    with MariaDb(bench.dir / "mariadb") as server:
        watch_conversation(bench, server.store(bench, "live"))


@case("what a transfer carried is whole, though it was watched all the time")
def transfer(bench):
    body = random.Random(3).randbytes(5_000_000)
    with watched(bench, bench.store()) as (page, link):
        talk = Talk(link)
        talk.client.sendall(b"get it\n")
        flow = open_flow(page)
        for at in range(0, len(body), 50_000):
            part = body[at:at + 50_000]
            talk.server.sendall(part)
            check_equal(talk.client.recv(len(part), socket.MSG_WAITALL), part, "what arrived")
            if at % 1_000_000 == 0:
                page.key("j")
        talk.close()
        page.until("document.querySelector('main header').innerText.includes('closed')", SEEN_MAX_S)
        check_downloads(page, flow, {"client": b"get it\n", "server": body})


@case("pings, new flows and their counts arrive by themselves")
def arrives(bench):
    with watched(bench, bench.store()) as (page, link):
        page.open("/")
        for n in range(3):
            link.run("a", "ping", "-c", "2", "-i", "0.2", "-p", f"0{n}", SERVER)
            page.until(f"{HEAD} === {json.dumps(f'{n + 1} flow' + 's' * (n > 0))}", SEEN_MAX_S)
        page.open("/?screen=icmp", "document.querySelectorAll('tbody tr').length === 3")
        started = time.monotonic()
        link.run("a", "ping", "-c", "2", "-i", "0.2", SERVER)
        page.until("document.querySelectorAll('tbody tr').length === 4", SEEN_MAX_S)
        note(f"ping on screen {time.monotonic() - started:.1f} s after it began")


if __name__ == "__main__":
    run_cases()
