#!/usr/bin/python3
"""Fragments: what dfc restores is what the kernel of this machine gives to its application.

Scripts of fragments (fragment_scripts.py) go to UDP sockets through a TAP, and the same packets to
dfc as a capture; each datagram must come out of both, after the same fragment, with the same bytes.
Without the right to a network namespace those cases are skipped; what Linux 6.18 gave to the scripts
in kernel_fragments.txt is compared in any case.

  tests/e2e/kernel_fragments_test.py --record     writes kernel_fragments.txt anew
"""

import collections
import contextlib
import itertools
import json
import pathlib
import random
import re
import sqlite3
import sys

import tap_fragments
from fragment_scripts import Piece, Wait, outcome_text, packet, parse, text_of, udp_bytes
from harness import Skip, case, check, note, run_cases
from packets import T0, ether, pcap
from tap_fragments import HOSTS, PORT

RECORD = pathlib.Path(__file__).resolve().parent / "kernel_fragments.txt"
DATAGRAM = 2  # The kind of a turn.
# Ends a script: a fragment without bytes, upon which nothing of the datagram is kept.
END = Piece("Z", 8, 8, True, {})
# The kernel's patience is set to 1 s for a script that waits; dfc's is that of the defaults.
PATIENCE_S = {4: 30, 6: 60}

NAMED = """
two pieces: A0-16+ B16-24
in reverse: C24-32 B16-24+ A0-16+
id reuse after completion: A0-16+ B16-24 C0-16+ D16-24
teardrop: A0-32+ B16-24 C0-16+ D16-40
crossing, then a clean resend: A0-24+ B16-32+ A0-16+ B16-24+ C24-32
covering, then a clean resend: B16-24+ A8-32+ A0-16+ B16-24+ C24-32
exact duplicates: A0-16+ A0-16+ B16-24+ B16-24+ C24-32
a duplicate with other bytes: A0-16+ B16-24+ X16-24+ C24-32
contained in the first: A0-24+ X8-16+ X16-24+ B24-32
contained in two that touch, in order: A0-8+ B8-16+ X0-16+ C16-24
contained in two that touch, in reverse: B8-16+ A0-8+ X0-16+ C16-24
duplicates after completion: A0-16+ B16-24 B16-24 X8-16+ A0-8+
no overlap left to see after completion: A0-16+ B16-24 X8-24 A0-16+ B16-24
bytes beyond the last: A0-16+ C16-24 X24-32+ A0-16+ C16-24
an end behind the last: A0-16+ C16-24+ C32-40 D32-48 A0-16+
an end before the last: C32-40 B16-24 A0-16+ B16-24
an end before what is there: C32-40+ B16-24 A0-16+
an end that repeats bytes: A8-24+ B16-24 C0-8+ D16-24
missing last: A0-16+ B16-24+ C24-32+
missing first: B16-24+ C24-32
without bytes, more: A0-16+ X16-16+ B16-24 A0-16+
without bytes, the end: A0-16+ B16-16 A0-16+ B16-24
the end without bytes: B16-24 X24-24 A0-16+
first without bytes: A0-0+ B16-24 A0-16+
first without bytes, late: B16-24 X0-0+ A0-16+
tiny first: A0-8+ B8-16+ C16-24
first of four bytes: A0-4+ B8-16 A0-8+
odd middle: A0-16+ B16-28+ C24-32 B16-24+
odd first: A0-20+ B16-24
odd and alone: B8-12+ A0-16+ C16-24
odd end: A0-16+ B16-23
ends with one byte: A0-16+ B16-17
ping of death: A0-32768+ B32768-65528+ C65528-66000
ping of death, in reverse: C65528-66000 B32768-65528+ A0-32768+
ping of death, then a clean resend: C65528-66000 A0-16+ B16-24
past 65535, more: A0-16+ X65528-65544+ B16-24 A0-16+ B16-24
the largest of IPv4: A0-32768+ B32768-65512+ C65512-65515
one byte more than the largest of IPv4: A0-32768+ B32768-65512+ C65512-65516
one byte too many for the options of the first: B32768-65512+ C65512-65515 A0-32768+opt=4
options of the last do not count: B32768-65512+ C65512-65515opt=4 A0-32768+
the largest of IPv6: A0-32768+ B32768-65520+ C65520-65535
one byte more than the largest of IPv6: A0-32768+ B32768-65520+ C65520-65536
the largest of IPv6 behind an extension: A0-32768+ext=60 B32768-65520+ext=60 C65520-65527ext=60
one byte more behind an extension: A0-32768+ext=60 B32768-65520+ext=60 C65520-65528ext=60
atomic: A0-24
atomic in between: A0-16+ X0-24 B16-24
other protocol in a later piece: A0-16+ B16-24proto=6 B16-24
other protocol in the first: B16-24 A0-16+proto=6 A0-16+
other protocol in all but the first: C24-32proto=99 B16-24+proto=6 A0-16+
extension in a later piece: A0-16+ B16-24ext=60
extension in the first: A0-16+ext=60 B16-24
short last behind an extension: A0-16+ext=60 B16-20ext=60
two identifications at a time: A0-16+ C0-16+id=1 B16-24 D16-24id=1
ttl differs: A0-16+ttl=3 B16-24ttl=200
ecn not and ect: A0-16+ B16-24ecn=1
ecn ect and not: A0-16+ecn=2 B16-24
ecn both kinds of ect: A0-16+ecn=1 B16-24ecn=2
ecn ce and ect: A0-16+ecn=3 B16-24ecn=1
ecn ce and not: A0-16+ecn=3 B16-24
ecn three: A0-16+ecn=1 B16-24+ecn=2 C24-32ecn=3
ecn four: A0-16+ecn=1 B16-24+ecn=2 C24-32+ecn=3 D32-40
ecn of a duplicate does not count: A0-16+ecn=1 A0-16+ B16-24ecn=1
ecn differs, then a clean resend: A0-16+ecn=1 B16-24 A0-16+ B16-24
no length in the header: A0-16+ X16-24+len=0 B16-24
no length in the header of the first: A0-16+len=0 B16-24 C0-16+
short for its udp length: A0-16+ B16-24 A0-8+ B8-32
long for its udp length: A0-16+udp=20 B16-24
"""


def named():
    for line in NAMED.strip().split("\n"):
        name, text = line.rsplit(": ", 1)
        yield name, parse(text)
    for others in (62, 63, 64, 65):
        yield f"{others} others in between", (
            [Piece("A", 0, 16, True, {})] +
            [Piece("X", 0, 16, True, {"id": 1})] * others +
            [Piece("B", 16, 24, False, {}), Piece("A", 0, 16, True, {})])


def waits():
    for name, text in (("within the time", "A0-16+ wait=50 B16-24"),
                       ("too late", "A0-16+ wait=150 B16-24 A0-16+"),
                       ("a duplicate gives no more time", "A0-16+ wait=60 A0-16+ wait=80 B16-24"),
                       ("no more does another fragment",
                        "A0-16+ wait=60 B16-24+ wait=80 C24-32 wait=20 A0-16+ B16-24+")):
        yield name, parse(text)


def pairs(units):
    """Every two pieces of a grid of `units` times 8 bytes, what is missing, then all anew."""
    ranges = [(8 * a, 8 * b) for a in range(units) for b in range(a + 1, units + 1)]
    fill = [Piece("F", 8 * n, 8 * n + 8, True, {}) for n in range(units)]
    end = Piece("E", 8 * units, 8 * units + 8, False, {})
    for (one, one_more), (two, two_more) in itertools.product(
            itertools.product(ranges, (True, False)), repeat=2):
        yield "pair", [Piece("A", *one, one_more, {}), Piece("B", *two, two_more, {}), *fill, end,
                       *fill, end]


def one_random(chance):
    """Mostly the pieces of one datagram in any order; with repeats, overlaps and lies."""
    units = chance.randint(2, 7)
    total = 8 * units - chance.choice((0, 0, 1, 5))
    cuts = sorted(chance.sample(range(1, units), chance.randint(1, min(units - 1, 4))))
    edges = [0, *(8 * cut for cut in cuts), total]
    honest = [Piece("A", a, b, b != total, {}) for a, b in zip(edges, edges[1:])]
    steps = honest * chance.choice((1, 1, 2))
    chance.shuffle(steps)
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        begin = 8 * chance.randrange(units)
        size = chance.choice((0, 4, 8, 8, 16, 16, 24, 40, chance.randrange(60)))
        steps.insert(chance.randrange(len(steps) + 1),
                     Piece("A", begin, begin + size, chance.random() < 0.7, {}))
    return [step._replace(letter=chr(65 + n % 25), fields=random_fields(chance))
            for n, step in enumerate(steps)]


def random_fields(chance):
    fields = {}
    if chance.random() < 0.02:
        fields["ecn"] = chance.randrange(4)
    if chance.random() < 0.02:
        fields["ttl"] = chance.randrange(1, 256)
    if chance.random() < 0.01:
        fields["proto"] = 6
    if chance.random() < 0.03:
        fields["ext"] = 60
    if chance.random() < 0.03:
        fields["opt"] = 4 * chance.randrange(11)
    if chance.random() < 0.02:
        fields["id"] = 1
    return fields


def random_scripts(count, seed):
    chance = random.Random(seed)
    for n in range(count):
        yield f"random {seed}/{n}", one_random(chance)


# Running -----------------------------------------------------------------------------------------

Sent = collections.namedtuple("Sent", ["name", "version", "steps", "port", "packets"])


def prepared(version, scripts):
    """Each script with packets of its own: source, port and identification differ."""
    for n, (name, steps) in enumerate(scripts):
        source = (f"10.79.{1 + n // 250 % 250}.{1 + n % 250}" if version == 4
                  else f"fd79::{1 + n // 250 % 250:x}:{2 + n % 250:x}")
        port, ident = 1024 + n % 60000, n * 8 % 65536
        steps = [*steps, END, END._replace(fields={"id": 1}), END._replace(fields={"id": 2}),
                 END._replace(fields={"id": 3}), END._replace(fields={"proto": 6})]
        packets = [None if isinstance(step, Wait) else
                   packet(version, source, HOSTS[version], port, PORT, ident, udp_bytes(steps), step)
                   for step in steps]
        yield Sent(name, version, steps, port, packets)


def of_kernel(tap, script):
    """What the application read: a list of (index of the step, bytes)."""
    patience = PATIENCE_S[script.version]
    if any(isinstance(step, Wait) for step in script.steps):
        tap.set(tap_fragments.TIMES[script.version], 1)
    outcome = []
    for index, (step, data) in enumerate(zip(script.steps, script.packets)):
        if data is None:
            tap.wait(step.percent / 100)
            continue
        outcome += [(index, body) for _, body in tap.send(data)]
    tap.set(tap_fragments.TIMES[script.version], patience)
    return [(index, body) for index, body in outcome if body]


def of_dfc(bench, scripts):
    """The same of dfc, for all scripts, from one capture."""
    frames, owner, at = [], {}, T0
    for number, script in enumerate(scripts):
        for index, (step, data) in enumerate(zip(script.steps, script.packets)):
            at += 1000
            if data is None:
                at += step.percent * 10**7 * PATIENCE_S[script.version]
                continue
            owner[at] = (number, index)
            frames.append((ether(data), at))
    capture = bench.write("fragments.pcap", pcap(frames))
    name = f"IPv{scripts[0].version}.db"
    bench.replay(bench.store(name), capture)
    outcomes = collections.defaultdict(list)
    with contextlib.closing(sqlite3.connect(bench.path(name))) as database:
        for start, turns, content in database.execute(
                "SELECT t_start, turns, content FROM chunk ORDER BY t_start, flow_hash, n"):
            for _, after, _, length, kind, place in json.loads(turns):
                if kind != DATAGRAM:  # A copy that lost, kept beside.
                    continue
                number, index = owner[start + after]
                outcomes[number].append((index, content[place:place + length]))
    return [sorted((index, body) for index, body in outcomes[number] if body)
            for number in range(len(scripts))]


def compare(bench, scripts, wanted):
    ours = of_dfc(bench, scripts)
    wrong = [(script, kernel, dfc) for script, kernel, dfc in zip(scripts, wanted, ours)
             if kernel != dfc]
    datagrams = sum(map(len, wanted))
    note(f"{len(scripts)} scripts, {datagrams} datagrams, {len(wrong)} scripts differ")
    check(datagrams > len(scripts) // 4, "hardly any datagram came out of the kernel")
    check(not wrong, "\n".join(
        f"{script.name} (IPv{script.version}): {text_of(script.steps)}\n"
        f"  kernel {outcome_text(kernel)}\n  dfc    {outcome_text(dfc)}"
        for script, kernel, dfc in wrong[:10]))


def live(bench, version, scripts):
    tap = bench.common.tap()
    scripts = list(prepared(version, scripts))
    compare(bench, scripts, [of_kernel(tap, script) for script in scripts])


class Common:
    """Opens the TAP for the first case that needs it."""

    def __init__(self):
        self.opened = None

    def tap(self):
        if isinstance(self.opened, Skip):
            raise self.opened
        if self.opened is None:
            try:
                self.opened = tap_fragments.Tap()
            except Skip as reason:
                self.opened = reason
                raise
        return self.opened


def recorded():
    """The scripts for the record: few enough to be read."""
    for version in (4, 6):
        yield version, [*named(), *pairs(2), *random_scripts(60, version)]


@case("as the record of Linux 6.18 has it")
def as_recorded(bench):
    lines = collections.defaultdict(list)
    for line in RECORD.read_text(encoding="ascii").splitlines():
        version, name, text, outcome = re.fullmatch(r"IPv(.) (.*): (.*) => (.*)", line).groups()
        lines[int(version)].append((name, parse(text), outcome))
    for version, entries in lines.items():
        scripts = list(prepared(version, [(name, steps) for name, steps, _ in entries]))
        ours = map(outcome_text, of_dfc(bench, scripts))
        wrong = [f"IPv{version} {name}: {text_of(steps)}\n  record {kernel}\n  dfc    {dfc}"
                 for (name, steps, kernel), dfc in zip(entries, ours) if kernel != dfc]
        note(f"IPv{version}: {len(entries)} scripts, {len(wrong)} differ")
        check(len(entries) > 100, "the record is short")
        check(not wrong, "\n".join(wrong[:10]))


def live_case(name, version, make):
    @case(f"IPv{version}, {name}")
    def run(bench):
        live(bench, version, make())
    return run


for number in (4, 6):
    live_case("named scripts", number, named)
    live_case("late fragments", number, waits)
    live_case("all pairs on a grid of four", number, lambda: pairs(4))
    live_case("3,000 random scripts", number, lambda: random_scripts(3000, 7))


def record():
    tap = tap_fragments.Tap()
    with RECORD.open("w", encoding="ascii") as out:
        for version, scripts in recorded():
            for script, (name, steps) in zip(prepared(version, scripts), scripts):
                outcome = outcome_text(of_kernel(tap, script))
                out.write(f"IPv{version} {name}: {text_of(steps)} => {outcome}\n")


if sys.argv[1:] == ["--record"]:
    record()
else:
    run_cases(lambda _: contextlib.nullcontext(Common()))
