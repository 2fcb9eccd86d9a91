#!/usr/bin/python3
"""Captures dropped on the page, and what the page shows a viewer, in a real browser."""

import contextlib
import os
import pathlib
import socket

from chromium import Browser
from harness import SAMPLE, case, check, check_equal, need, run_cases
from sample import replayed
from served import API
from served import served as serving

VERA = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv"


class Common:
    def __init__(self, sample, browser):
        self.sample, self.browser = sample, browser


@contextlib.contextmanager
def everything(bench):
    need("chromium", "bash")
    with replayed(bench) as sample, Browser() as browser:
        yield Common(sample, browser)


@contextlib.contextmanager
def import_screen(bench, *options):
    store = bench.store()
    bench.run("init", "--store", store)
    with serving(bench, store, "--allow-import", *options) as server, \
            bench.common.browser.page(server.address) as page:
        page.open("/")
        page.click("nav a", "Import")
        page.shows("Drop files here")
        yield server, page


def drop(page, *paths):
    x, y, _, _ = page.place(".drop")
    data = {"items": [], "files": list(map(str, paths)), "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        page.call("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)


def choose(page, *paths):
    root = page.call("DOM.getDocument")["root"]["nodeId"]
    node = page.call("DOM.querySelector", nodeId=root, selector="input[type=file]")["nodeId"]
    page.call("DOM.setFileInputFiles", nodeId=node, files=list(map(str, paths)))


def cards(page):
    return page.texts(".job")


@case("a capture that is dropped is sent, read, and its flows are there")
def dropped(bench):
    with import_screen(bench) as (server, page):
        drop(page, SAMPLE)
        page.shows("stored")
        card, = cards(page)
        check("sample.pcap" in card and "2,8" in card and "delivered" in card, card)
        page.click(".job a", "Show the flows")
        page.until("document.querySelector('.histogram h2')?.innerText === '60 flows'")
        check_equal(len(server.json("/flows", limit=1000)["flows"]), 60, "flows")
        page.click("nav a", "Import")
        page.shows("Lately")
        check("sample.pcap" in cards(page)[0], cards(page))


@case("files are taken one after the other, and damage is told with its offset")
def several(bench):
    sample = SAMPLE.read_bytes()
    cut = bench.write("<img src=x onerror=alert(1)>.pcap", sample[:-100])
    text = bench.write("notes.txt", b"no capture at all")
    with import_screen(bench) as (_, page):
        choose(page, cut, text, SAMPLE)
        page.until("document.querySelectorAll('.job').length === 3")
        page.until("[...document.querySelectorAll('.job')].at(-1).innerText.includes('stored')")
        first, second, _ = cards(page)
        check("failed" in first, first)
        check("<img src=x onerror=alert(1)>.pcap: record cut short at offset 24" in first, first)
        check("failed" in second and "notes.txt: not a capture file" in second, second)
        page.click(".job button", "Try again")
        page.until("document.querySelectorAll('[role=alert]').length === 2")


@case("one that is too large is not sent, and the page says what allows it")
def too_large(bench):
    with import_screen(bench, "--import-max", "100K") as (server, page):
        page.shows("up to 102 kB")
        drop(page, SAMPLE)
        page.shows("--import-max")
        check_equal(server.json("/imports"), {"imports": []}, "imports")


@case("what another one imports is seen while it goes on, and can be stopped")
def watched(bench):
    with import_screen(bench) as (server, page):
        server.imported(SAMPLE.read_bytes(), "from afar.pcap")
        page.shows("Lately")
        page.shows("from afar.pcap")
        page.shows("stored")
        token = server.json("/about")["import_token"]
        head = (f"POST {API}/imports?name=slow HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                f"Origin: {server.address}\r\nX-Dfc-Token: {token}\r\nContent-Length: 99999\r\n\r\n")
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as peer:
            peer.sendall(head.encode() + b"x" * 33333)
            page.shows("is sent · 33 %")
            page.click(".job button", "Stop")
            # What is left has to come before there can be an answer.
            page.until("performance.getEntriesByType('resource').some("
                       "(e) => e.name.endsWith('/imports/2') && e.responseStatus === 200)")
            peer.sendall(b"x" * 66666)
            check(peer.recv(4096).startswith(b"HTTP/1.1 409"), "the sender's answer")
        page.shows("it was stopped while it was sent")


@case("the screen can be read and every control has a name, light and dark")
def accessible(bench):
    script = (pathlib.Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
    store = bench.store()
    bench.run("init", "--store", store)
    with serving(bench, store, "--allow-import") as server:
        server.imported(SAMPLE.read_bytes(), "whole.pcap")
        server.imported(SAMPLE.read_bytes()[:-100], "cut.pcap")
        for scheme in ("light", "dark"):
            with bench.common.browser.page(server.address, scheme=scheme) as page:
                page.open("/?screen=import")
                page.shows("cut short at offset")
                check_equal(page.js(script), [], f"contrast, {scheme}")
                nameless = [role for role, name in page.names() if not name.strip()]
                check(not nameless, f"nameless {nameless}")
                if folder := os.environ.get("DFC_PICTURES"):
                    page.screenshot(f"{folder}/import-{scheme}.png")


@case("without --allow-import the page says how to turn it on")
def off(bench):
    with serving(bench, bench.common.sample.store) as server, \
            bench.common.browser.page(server.address) as page:
        page.open("/?screen=import")
        page.shows("dfc serve --allow-import")


@case("a viewer is told why there is no content, and asks for none")
def viewer(bench):
    store = bench.common.sample.store
    flows = bench.flows(store)
    web = max((flow for flow in flows if flow["server_port"] == 80),
              key=lambda flow: flow["server_bytes"])["id"]
    ping = next(flow for flow in flows if flow["proto"] == "icmp")["id"]
    tokens = bench.write("tokens", f"vera viewer {VERA}\n".encode())
    os.chmod(tokens, 0o600)
    with serving(bench, store, "--token-file", tokens, "--allow-import") as server, \
            bench.common.browser.page(server.address) as page:
        page.call("Network.setExtraHTTPHeaders", headers={"Authorization": f"Bearer {VERA}"})
        page.open(f"/?sel={web}")
        page.shows("vera, viewer")
        page.shows("What it carried is for analysts.")
        page.open(f"/?screen=flow&id={web}&find=GET")
        page.shows("Content is for analysts")
        check_equal(page.js("document.body.innerText.includes('Download')"), False, "downloads")
        page.open(f"/?screen=flow&id={ping}&as=hex")
        page.until("document.querySelectorAll('tbody tr').length > 0")
        page.open("/?screen=import")
        page.shows("Importing is for analysts")


run_cases(everything)
