#!/usr/bin/python3
"""The page in a real browser, over `dfc serve` and the sample: each screen, keys, paging, find,
downloads, what arrives while one looks, and stores of both kinds."""

import contextlib
import hashlib
import pathlib
import time
import urllib.parse

from chromium import ALT, SHIFT, Browser
from harness import SAMPLE, case, check, check_equal, need, note, run_cases, wait_until
from packets import ACK, PSH, T0, URG, Tcp, ether, ip, pcap, tcp_header, udp_frame
from sample import replayed
from served import served as serving

SCREENS = ("/", "/?screen=icmp", "/?screen=icmp&by=errors", "/?screen=talkers", "/?screen=health")
LIST = "document.querySelectorAll('[id^=flow-]').length > 0"
# "Within 2 s of the packet" is asked of an idle machine; here others may be busy too.
LIVE_S = 20


class Common:
    def __init__(self, sample, browser, served):
        self.sample, self.browser, self.served = sample, browser, served
        self.store, self.dfc = sample.store, sample.bench
        self.flows = self.dfc.flows(self.store)

    def page(self, **how):
        return self.browser.page(self.served.address, **how)

    def flow(self, **wanted):
        """The largest flow with these values."""
        fitting = [flow for flow in self.flows
                   if all(flow[key] == value for key, value in wanted.items())]
        return max(fitting, key=lambda flow: flow["client_bytes"] + flow["server_bytes"])


@contextlib.contextmanager
def everything(bench):
    need("chromium", "bash")
    with replayed(bench) as sample, Browser() as browser, \
            serving(bench, sample.store) as served:
        yield Common(sample, browser, served)


def conversation(flow, **state):
    return "/?" + urllib.parse.urlencode({"screen": "flow", "id": flow["id"], **state})


# Flows -------------------------------------------------------------------------------------------

@case("the list has the store's flows, newest first, and the histogram their number")
def lists(bench):
    with bench.common.page() as page:
        page.open("/", LIST)
        check_equal(page.text(".histogram h2"), f"{len(bench.common.flows)} flows", "the histogram")
        wanted = sorted((flow["id"] for flow in bench.common.flows), reverse=True)
        shown = page.js("[...document.querySelectorAll('[id^=flow-]')].map((e) => e.id.slice(5))")
        check_equal(shown, wanted[:len(shown)], "the first flows")
        rows = page.texts("[id^=flow-]")
        first = max(bench.common.flows, key=lambda flow: flow["id"])
        check(f"[{first['client']}]:{first['client_port']}" in rows[0], rows[0])
        check(first["state"] in rows[0], rows[0])


@case("a click on a facet includes, with Shift it excludes, again it takes back")
def facets(bench):
    tcp = sum(flow["proto"] == "tcp" for flow in bench.common.flows)
    with bench.common.page() as page:
        page.open("/", LIST)
        page.click("aside button", "tcp")
        page.until(f"document.querySelector('.histogram h2').innerText === '{tcp} flows'")
        check_equal(page.search(), "?q=proto:tcp", "the address")
        page.click("aside button", "tcp", SHIFT)
        rest = len(bench.common.flows) - tcp
        page.until(f"document.querySelector('.histogram h2').innerText === '{rest} flows'")
        check_equal(page.search(), "?q=-proto:tcp", "the address")
        page.js("history.back()")
        page.until(f"document.querySelector('.histogram h2').innerText === '{tcp} flows'")


@case("a drag over the histogram zooms, a double click shows all again")
def brush(bench):
    with bench.common.page() as page:
        page.open("/", LIST)
        page.until("document.querySelector('.u-over') !== null")
        page.drag(".u-over", 0.1, 0.5)
        page.until("location.search.includes('from=') && location.search.includes('to=')")
        page.shows("drag to zoom, double-click for all")
        params = urllib.parse.parse_qs(page.search()[1:])
        start, end = int(params["from"][0]), int(params["to"][0])
        inside = sum(start <= int(flow["id"][:16], 16) < end for flow in bench.common.flows)
        check(0 < inside < len(bench.common.flows), f"{inside} flows in the brushed window")
        page.until(f"document.querySelector('.histogram h2').innerText === '{inside} flows'")
        page.click(".u-over", count=2)
        page.until("location.search === ''")
        page.until(f"document.querySelector('.histogram h2').innerText === "
                   f"'{len(bench.common.flows)} flows'")


@case("thousands of flows are paged as one scrolls, and few are in the document")
def pages(bench):
    store = bench.store()
    bench.replay(store, bench.common.sample.long())
    count = len(bench.flows(store))
    with serving(bench, store) as served, bench.common.browser.page(served.address) as page:
        page.open("/", LIST)
        wanted = "flow-" + min(flow["id"] for flow in bench.flows(store))
        seen, last, end = 0, "", time.monotonic() + 60
        while last != wanted:
            check(time.monotonic() < end, f"the last row is {last}: {page.text()[-300:]}")
            to_end(page, "[role=listbox][aria-label=Flows]")
            seen = max(seen, page.js("document.querySelectorAll('[id^=flow-]').length"))
            last = page.js("[...document.querySelectorAll('[id^=flow-]')].at(-1).id")
        page.shows(f"all {count:,} are here")
        check(seen < 100, f"{seen} rows in the document")


@case("a query is completed, asked, kept in the history, and its mistake shown at its column")
def queries(bench):
    with bench.common.page(watch=False) as page:
        page.open("/", LIST)
        page.key("/")
        page.type("pro")
        page.until("[...document.querySelectorAll('[role=option]')]"
                   ".some((e) => e.innerText.startsWith('proto:'))")
        page.key("Tab")
        page.until("document.querySelector('input').value === 'proto:'")
        page.type("udp")
        page.keys("Enter")
        udp = sum(flow["proto"] == "udp" for flow in bench.common.flows)
        page.until(f"document.querySelector('.histogram h2').innerText === '{udp} flows'")
        page.keys("/", "Backspace")
        page.type("sport:80 prot:x")
        page.key("Enter")
        page.shows("Column 10:")
        check_equal(page.text("mark"), "prot:x", "what is marked")
        check_equal(page.search(), "?q=proto:udp", "the address")
        page.keys("Backspace", "Escape", "ArrowUp")
        page.until("document.querySelector('input').value === 'proto:udp'")


@case("no flow, a mistake and an unknown flow say what to do next")
def empty(bench):
    with bench.common.page(watch=False) as page:
        page.open("/?q=sport:4711")
        page.shows("No flow matches")
        page.click("button", "Clear the query")
        page.until(LIST)
        page.open("/?q=nonsense:1")
        page.shows("The query can't be understood")
        page.open("/?screen=flow&id=" + "0" * 32)
        page.shows("There is no such flow")
        page.click("button", "Back to the flows")
        page.until(LIST)
    store = bench.store("empty.db")
    bench.run("init", "--store", store)
    with serving(bench, store) as served, bench.common.browser.page(served.address) as page:
        page.open("/")
        page.shows("No flows yet")
        page.shows("dfc replay --store")
        page.open("/?screen=health")
        page.shows("No sensor yet")


@case("keys go through the list, open a flow and come back to where one was")
def keys(bench):
    ids = sorted((flow["id"] for flow in bench.common.flows), reverse=True)
    with bench.common.page() as page:
        page.open("/", LIST)
        page.keys("j", "j", "j", "k")
        page.until(f"location.search === '?sel={ids[1]}'")
        page.shows("Open")
        page.key("Enter")
        page.until(f"location.search.includes('id={ids[1]}')")
        page.shows("Download")
        page.key("j")
        page.until(f"location.search.includes('id={ids[2]}')")
        page.key("Escape")
        page.until(f"location.search === '?sel={ids[2]}'")
        page.until(f"document.getElementById('flow-{ids[2]}')?.ariaSelected === 'true'")
        page.key("Escape")
        page.until("location.search === ''")
        dark = page.js("document.documentElement.dataset.theme")
        page.key("t")
        page.until(f"document.documentElement.dataset.theme !== '{dark}'")
        page.key("t")
        page.key("?")
        page.until("document.querySelector('dialog')?.open")
        page.key("Escape")
        page.until("document.querySelector('dialog') === null")
        page.key("2", ALT)
        page.until("location.search === '?screen=icmp'")


# Content -----------------------------------------------------------------------------------------

@case("text and hex show the stored bytes of each turn")
def content(bench):
    common = bench.common
    flow = common.flow(proto="tcp", server_port=25)
    with common.page() as page:
        page.open(conversation(flow, **{"as": "text", "side": "client"}))
        page.shows("MAIL FROM")
        stored = common.dfc.content(common.store, flow["id"], "client")
        turns = page.texts("section header")
        check(turns and all("client" in turn for turn in turns), turns)
        page.key("x")
        page.until("document.querySelector('.hex') !== null")
        page.js("document.querySelector('[aria-label=Content]').scrollTop = 0")
        rows = page.js("[...document.querySelector('section').querySelectorAll('.hex')]"
                       ".map((e) => e.children[1].textContent)")
        shown = bytes.fromhex(" ".join(rows))
        check(len(shown) >= 20, f"{len(shown)} bytes in hex")
        check_equal(shown, stored[:len(shown)], "the first turn in hex")


@case("find counts its hits and goes through them, also of bytes")
def find(bench):
    common = bench.common
    flow = common.flow(proto="tcp", server_port=80, client="10.1.0.2")
    stored = {side: common.dfc.content(common.store, flow["id"], side)
              for side in ("client", "server")}
    count = sum(text.lower().count(b"waits") for text in stored.values())
    ends = sum(text.count(b"\r\n\r\n") for text in stored.values())
    check(count > 10, f"{count} hits in {flow['id']}")
    with common.page() as page:
        page.open(conversation(flow))
        page.shows("GET ")
        page.key("f")
        page.type("WAITS")
        page.shows(f"1/{count}")
        page.until("document.querySelectorAll('.now').length === 1")
        page.keys("Enter", "Enter")
        page.shows(f"3/{count}")
        page.key("Escape")
        page.until("!location.search.includes('find')")
        page.open(conversation(flow, find="0x 0d0a 0d0a"))
        page.shows(f"1/{ends}")
        page.keys("N")
        page.shows(f"{ends}/{ends}")


def to_end(page, selector):
    page.js(f"{{ const e = document.querySelector('{selector}'); e.scrollTop = e.scrollHeight; }}")
    time.sleep(0.05)


def hex_row(page, n):
    """Where in its stream a row on screen begins, and its bytes."""
    at, row = page.js("(() => { const e = [...document.querySelectorAll('.hex')].at(%d);"
                      " return [e.children[0].textContent, e.children[1].textContent]; })()" % n)
    return int(at, 16), bytes.fromhex(row)


@case("a large flow opens at its start, goes to its end, and can be begun in the middle")
def large(bench):
    common = bench.common
    flow = common.flow(proto="tcp", server="10.2.0.2", server_port=80)
    with common.page() as page:
        page.open(conversation(flow, **{"as": "hex"}))
        page.shows("GET /")
        page.js("{ const i = document.querySelector('input[type=range]'); i.value = 20;"
                " i.dispatchEvent(new Event('change', {bubbles: true})); }")
        page.until("location.search.includes('at=20')")
        page.until("document.querySelector('section header')?.innerText.includes('server')")
        page.until("parseInt(document.querySelector('.at').textContent, 16) > 1e6")
        at, row = hex_row(page, 0)
        stored = common.dfc.content(common.store, flow["id"], "server")
        check_equal(row, stored[at:at + len(row)], f"bytes at {at}")
        end, at, row = time.monotonic() + 30, 0, b""
        while at + len(row) < len(stored):
            check(time.monotonic() < end, f"the last row is at {at} of {len(stored)}")
            to_end(page, "[aria-label=Content]")
            at, row = hex_row(page, -1)
        page.shows("end of what is stored")
        check_equal(row, stored[at:], "the last row")


@case("what was downloaded is what is stored")
def downloads(bench):
    common = bench.common
    folder = pathlib.Path(bench.path("downloads"))
    folder.mkdir()
    flow = common.flow(proto="tcp", server_port=80, client="10.1.0.2")
    with common.page() as page:
        common.browser.call("Browser.setDownloadBehavior", behavior="allow",
                            downloadPath=str(folder))
        page.open(conversation(flow))
        for side in ("client", "server"):
            stored = common.dfc.content(common.store, flow["id"], side)
            page.key("d")
            page.click("[role=menuitem]", side.capitalize())
            files = wait_until(lambda: [path for path in folder.iterdir()
                                        if not path.name.endswith(".crdownload")], "a download")
            check_equal(hashlib.sha256(files[0].read_bytes()).hexdigest(),
                        hashlib.sha256(stored).hexdigest(), f"{side}'s bytes")
            check(flow["id"] in files[0].name and side in files[0].name, files[0].name)
            files[0].unlink()


@case("HTTP is decoded: chunks joined, gzip undone")
def decoded(bench):
    common = bench.common
    story = next(flow for flow in common.flows if flow["proto"] == "tcp" and b"/story.txt " in
                 common.dfc.content(common.store, flow["id"], "client"))
    with common.page() as page:
        page.open(conversation(story, **{"as": "decoded"}))
        page.shows("GET /story.txt HTTP/1.1")
        page.shows("chunks joined, gzip undone")
        tls = common.flow(proto="tcp", server_port=443)
        page.open(conversation(tls, **{"as": "decoded"}))
        page.shows("TLS: what the client says in the clear")
        mail = common.flow(proto="tcp", server_port=25)
        page.open(conversation(mail, **{"as": "decoded"}))
        page.shows("Nothing here can be decoded")
        page.click("button", "Show as text")
        page.shows("MAIL FROM")


@case("each datagram is a row, and DNS can be read")
def datagrams(bench):
    common = bench.common
    asked = [flow for flow in common.flows if flow["proto"] == "udp" and flow["server_port"] == 53]
    with common.page() as page:
        page.open(conversation(asked[0]))
        page.shows("? A www.example.test")
        page.shows("= A www.example.test: A ")
        check_equal(len(page.texts("[role=option]")),
                    asked[0]["client_packets"] + asked[0]["server_packets"], "rows")
        page.click("[role=option]", "server")
        page.until("document.querySelectorAll('.opened .hex').length > 2")


def with_marks(start=T0):
    """A connection with a gap, another version of some bytes, and an urgent byte."""
    tcp = Tcp()
    (client, cport), (server, sport) = tcp.ends
    urgent = ether(ip(client, server, 6, tcp_header(
        client, cport, server, sport, 1001 + 6, 9001, ACK | PSH | URG, b"gh!ij", urgent=3)))
    return pcap([*tcp.open(), tcp.client(3, b"def"), tcp.client(3, b"DEF"), tcp.client(0, b"abc"),
                 urgent, tcp.server(0, b"hello"), tcp.server(1465, b"after", ack=11),
                 tcp.client(11, b"", flags=ACK, ack=1470), *tcp.close(11, 1470)], start=start)


@case("gaps, other versions and urgent bytes have bars of their own")
def marks(bench):
    store = bench.store()
    bench.replay(store, bench.write("marks.pcap", with_marks()))
    flow = bench.flows(store)[0]
    with serving(bench, store) as served, bench.common.browser.page(served.address) as page:
        page.open(conversation(flow, **{"as": "text"}))
        page.shows("1,460 B missing")
        page.shows("2 versions")
        page.shows("urgent")
        page.shows("after")
        page.open("/", LIST)
        page.key("j")
        page.shows("conflict Some bytes came twice and differed")


# ICMP, talkers, health ---------------------------------------------------------------------------

@case("pings have round trips and losses, errors lead to their flow and back")
def icmp(bench):
    common = bench.common
    pings = common.dfc.lines("icmp", "--store", common.store, "--pings")
    errors = [m for m in common.dfc.icmp(common.store) if m["quoted_flow"]]
    with common.page() as page:
        page.open("/?screen=icmp", "document.querySelectorAll('tbody tr').length > 0")
        check_equal(len(page.texts("tbody tr")), len(pings), "pings")
        answered = max(pings, key=lambda ping: ping["replies"])
        page.click("tbody tr td:nth-child(5)", str(answered["ident"]))
        page.until(f"document.querySelectorAll('section circle').length === {answered['replies']}")
        page.open("/?screen=icmp&by=errors", "document.querySelectorAll('tbody tr').length > 0")
        about = next(m for m in errors if m["type_name"] == "Destination Unreachable"
                     and m["quoted"].startswith("udp"))
        page.click("tbody a", about["quoted"])
        page.until(f"location.search.includes('id={about['quoted_flow']}')")
        page.shows("1 ICMP error about this flow:")
        page.click("header a", "port unreachable")
        page.until(f"location.search.includes('id={about['flow']}')")


@case("talkers and health add up to what is stored")
def sums(bench):
    common = bench.common
    ledger = {}
    for row in common.sample.rows["ledger"]:
        ledger[row[3]] = ledger.get(row[3], 0) + row[4]
    with common.page() as page:
        page.open("/?screen=talkers", "document.querySelectorAll('tbody tr').length > 3")
        sizes = {}
        for flow in common.flows:
            ends = flow["client"], flow["server"]
            sizes[ends] = sizes.get(ends, 0) + flow["client_bytes"] + flow["server_bytes"]
        pair = max(sizes, key=sizes.get)
        first = page.texts(".pairs tbody tr")[0]
        check(first.startswith(" ".join(pair)), f"{first}, must be {pair}")
        page.click(".pairs tbody tr:first-child td:nth-child(2) a")
        page.until(LIST)
        count = sum((flow["client"], flow["server"]) == pair for flow in common.flows)
        page.until(f"document.querySelector('.histogram h2').innerText.startsWith('{count} flow')")
        page.open("/?screen=health")
        page.shows("Every packet is accounted for")
        check_equal(page.texts(".sums b")[:2],
                    [f"{ledger['captured']:,}", f"{ledger['delivered']:,}"], "captured, delivered")
        page.shows("arp")


# Live --------------------------------------------------------------------------------------------

def growing(count, first=0):
    """Datagrams of a connection each, an hour later than the sample."""
    start = 1_795_403_000 * 10**9
    return pcap([(udp_frame("10.9.0.1", 2000 + n, "10.9.0.2", 9, b"live %d" % n), start + n * 10**6)
                 for n in range(first, first + count)])


@case("what is stored while one looks appears by itself, and waits while one reads below")
def live(bench):
    store = bench.store()
    bench.replay(store, SAMPLE)
    with serving(bench, store) as served, bench.common.browser.page(served.address) as page:
        page.open("/", LIST)
        page.until("document.querySelector('.live').innerText.trim() === 'Live'")
        bench.replay(store, bench.write("1.pcap", growing(3)))
        first = "document.querySelector('[id^=flow-]').innerText"
        note(f"listed {page.until(first + '.includes(`10.9.0.1`)', LIVE_S):.1f} s after")
        page.until("document.querySelector('.histogram h2').innerText === '63 flows'", LIVE_S)
        page.js("document.querySelector('[role=listbox][aria-label=Flows]').scrollTop = 400")
        page.js("new Promise((done) => setTimeout(done, 300))")
        bench.replay(store, bench.write("2.pcap", growing(5, first=10)))
        page.until("document.querySelector('.pill')?.innerText.includes('5 new')", LIVE_S)
        page.click(".pill")
        page.until("document.querySelector('[id^=flow-]').innerText.includes(':2014')")
        page.key(".")
        page.until("document.querySelector('.live').innerText.trim() === 'Paused'")


@case("an open flow grows while one reads it")
def grows(bench):
    store = bench.store()
    tcp = Tcp()
    frames = [*tcp.open(), tcp.client(0, b"first words\n")]
    bench.replay(store, bench.write("1.pcap", pcap(frames)))
    flow = bench.flows(store)[0]
    with serving(bench, store) as served, bench.common.browser.page(served.address) as page:
        page.open(conversation(flow))
        page.shows("first words")
        page.until("document.querySelector('.live').innerText.trim() === 'Live'")
        # The same packets and more of them are the same flow, further along.
        frames.append(tcp.server(0, b"later words\n", ack=12))
        bench.replay(store, bench.write("2.pcap", pcap(frames)), in_order=False)
        note(f"seen {page.shows('later words', LIVE_S):.1f} s after it was stored")


# Safe, seen by everybody, both stores ------------------------------------------------------------

@case("each screen can be read and every control has a name, light and dark")
def accessible(bench):
    script = (pathlib.Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
    common = bench.common
    tcp = common.flow(proto="tcp", server_port=80, client="10.1.0.2")
    udp = common.flow(proto="udp", server_port=53)
    screens = [*SCREENS, f"/?sel={tcp['id']}", conversation(tcp, find="waits"),
               conversation(tcp, **{"as": "hex"}), conversation(tcp, **{"as": "decoded"}),
               conversation(udp)]
    for scheme in ("light", "dark"):
        with common.page(scheme=scheme) as page:
            for screen in screens:
                page.open(screen)
                page.until("document.querySelector("
                           "'main :is(a, section, article, td, [role=option])') !== null")
                page.js("new Promise((done) => setTimeout(done, 400))")
                check_equal(page.js(script), [], f"contrast of {screen}, {scheme}")
                nameless = [role for role, name in page.names() if not name.strip()]
                check(not nameless, f"{screen}: nameless {nameless}")
                wide = page.js("document.documentElement.scrollWidth")
                check(wide <= 1280, f"{screen} is {wide} wide")


def hostile_strings():
    """Markup and scripts in the ways that have run somewhere, each with a mark of its own."""
    tags = ["img src=x onerror=alert({})", "svg onload=alert({})", "script>alert({})</script",
            "iframe srcdoc='&lt;script&gt;alert({})&lt;/script&gt;'", "body onload=alert({})",
            "a href=javascript:alert({})", "input autofocus onfocus=alert({})",
            "details open ontoggle=alert({})", "video><source onerror=alert({})",
            "math><mtext><style><img src onerror=alert({})>", "base href=//x.example/{}",
            "link rel=stylesheet href=//x.example/{}", "meta http-equiv=refresh content=0;//x/{}",
            "object data=javascript:alert({})",
            "form action=javascript:alert({})><button autofocus",
            "template><img src=x onerror=alert({})></template"]
    around = ["<{}>", "\"><{}>", "'><{}>", "--><{}>", "</textarea><{}>", "</script><{}>",
              "</title><{}>", "{{{{constructor.constructor('alert(1)')()}}}}<{}>", "]]><{}>",
              "\u202e<{}>\u2066", "\0<{}>", "\x1b]0;<{}>\x07", "%3C{}%3E<{}>"]
    out = [text.replace("{}", tag) for tag in tags for text in around]
    return [text.replace("{}", str(n)).encode() for n, text in enumerate(out)]


def hostile_capture():
    frames = []
    for n, text in enumerate(hostile_strings()):
        frames.append(udp_frame("10.0.0.1", 1000 + n, "10.0.0.2", 9, text))
        name = text[:60]
        question = (b"\x12\x34\x01\x00\0\1\0\0\0\0\0\0" + bytes([len(name)]) + name + b"\0\0\1\0\1")
        frames.append(udp_frame("10.0.0.1", 1000 + n, "10.0.0.3", 53, question))
    tcp = Tcp(sport=80)
    lines = [b"X-%d: %s" % (n, text.replace(b"\n", b"")) for n, text in
             enumerate(hostile_strings())][:150]
    request = b"GET /<script>alert(1)</script> HTTP/1.1\r\n" + b"\r\n".join(lines) + b"\r\n\r\n"
    body = b"\n".join(hostile_strings())
    answer = (b"HTTP/1.1 200 <img/src/onerror=alert(2)>\r\nContent-Type: text/html\r\n"
              b"Content-Length: %d\r\n\r\n" % len(body)) + body
    frames += tcp.open()
    for side, data in ((0, request), (1, answer)):
        for at in range(0, len(data), 1400):
            send = tcp.server if side else tcp.client
            frames.append(send(at, data[at:at + 1400], ack=len(request) if side else 0))
    return pcap(frames)


@case("hostile content is shown and never runs, in every place")
def hostile(bench):
    store = bench.store()
    strings = hostile_strings()
    check(len(strings) >= 200, f"{len(strings)} strings")
    bench.replay(store, bench.write("hostile.pcap", hostile_capture()))
    flows = bench.flows(store)
    web = next(flow for flow in flows if flow["proto"] == "tcp")
    with serving(bench, store) as served, bench.common.browser.page(served.address) as page:
        for view in ("text", "hex", "decoded"):
            page.open(conversation(web, **{"as": view, "find": "<img src=x onerror=alert(0)>"}))
            page.until("document.querySelectorAll('section, article').length > 0")
        page.click("button", "header fields")
        page.shows("<img src=x onerror=alert(0)>")
        page.click("button", "more of the body")
        page.shows("</textarea><svg onload=alert(")
        udp = [flow for flow in flows if flow["proto"] == "udp"]
        for flow in udp[::7]:
            page.open(f"/?sel={flow['id']}",
                      "document.querySelector('[aria-label=Preview]') !== null")
            page.open(conversation(flow))
            page.until("document.querySelectorAll('[role=option]').length > 0")
        made = page.js("document.querySelectorAll('main img, main iframe, main script, main object,"
                       " main base, main link, main meta, main style').length")
        check_equal(made, 0, "elements that content made")
        sharp = "<img src=x onerror=alert(1)>"
        page.open("/?" + urllib.parse.urlencode({"q": sharp, "screen": "flows"}))
        page.js("new Promise((done) => setTimeout(done, 500))")
        page.browser.events.clear()  # The server refuses that query, which the log has.


@case("a MariaDB store shows the same")
def mariadb(bench):
    common = bench.common
    server = common.sample.mariadb()
    store = server.store(bench, "browser")
    bench.replay(store, SAMPLE)
    flow = common.flow(proto="tcp", server_port=25)
    with serving(bench, store) as served, common.browser.page(served.address) as page:
        page.open("/", LIST)
        page.until(f"document.querySelector('.histogram h2').innerText === "
                   f"'{len(common.flows)} flows'")
        page.open(conversation(flow))
        page.shows("MAIL FROM")
        page.open("/?screen=health")
        page.shows("Every packet is accounted for")
        page.shows("MariaDB or MySQL store")


if __name__ == "__main__":
    run_cases(everything)
