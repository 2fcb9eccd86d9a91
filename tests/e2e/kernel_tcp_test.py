#!/usr/bin/python3
"""An application behind this machine's kernel reads the same TCP bytes as dfc restores.

Scripts (tcp_script.py) are played to the kernel through a TAP device; the frames of both directions
are the capture that dfc replays.

  kernel_tcp_test.py DFC                all families of scripts, and the recorded ones
  kernel_tcp_test.py DFC SEED           with other random scripts
  kernel_tcp_test.py --record           plays a share of each family and keeps it in recorded/
  kernel_tcp_test.py --play SCRIPT...   what the application reads, without dfc
"""

import contextlib
import gzip
import itertools
import os
import sys

import tcp_abuse
import tcp_families
from harness import HERE, Failed, Skip, case, check, check_equal, note, run_cases
from kernel_oracle import FILLER, Oracle, Outcome
from linux_queue import read_by_application
from packets import pcap
from restored import Side, read_flows
from tap import Tap, knows_md5_signatures
from tcp_script import parse

KERNEL = os.uname().release.split("-")[0]
SHOWN_MAX = 60
# The state of the flow in dfc by what the application saw in the end.
# Once it has read the end it does not learn that the kernel answered later data by a reset.
STATES = {"open": ("established", "closing"), "eof": ("closing", "closed", "reset"),
          "eof reset": ("reset",),
          "reset": ("reset", "rejected"),
          "none": ("attempt", "established", "closing", "reset", "rejected")}


class Live:
    """The kernel behind its TAP device, or why there is none; and what it has answered so far."""

    def __init__(self, tap, reason=None):
        self.tap, self.reason, self.outcomes = tap, reason, {}

    def play(self, family, scripts):
        """Returns the outcomes and the frames."""
        if self.reason:
            raise self.reason
        with contextlib.closing(Oracle(self.tap)) as oracle:
            self.outcomes[family] = [oracle.play(parse(text)) for text in scripts]
            return self.outcomes[family], oracle.frames


@contextlib.contextmanager
def kernel(_):
    with contextlib.ExitStack() as stack:
        try:
            live = Live(stack.enter_context(Tap()))
            note(f"Linux {KERNEL}")
        except Skip as reason:
            live = Live(None, reason)
        yield live


def differences(bench, outcomes, capture, *options):
    """What dfc makes of it otherwise, a few lines each."""
    bench.replay(bench.store(), "--quiet", "--checksums", "verify", *options, capture)
    flows = read_flows(bench.store())
    problems = []
    for outcome in outcomes:
        problem = compare(outcome, flows.get((outcome.host_port, outcome.kernel_port), []))
        if problem:
            problems.append(f"{outcome.script.text}\n{problem}")
    return problems


def compare(outcome, flows):
    """Empty, or what differs. Behind a hole that stays open the application reads nothing."""
    text = Side.text if outcome.filled else Side.text_before_gap
    read = outcome.read.decode("latin-1")
    said_to = [text(flow.side(outcome.host_port)) for flow in flows]
    ours = "".join(said_to)
    served = flows
    if outcome.connections > 1:  # The application accepts one of them.
        served = [flow for flow, said in zip(flows, said_to) if said == read][:1] or flows[:1]
        ours = text(served[0].side(outcome.host_port))
    theirs = "".join(flow.side(outcome.kernel_port).text() for flow in flows)
    said = outcome.said.decode("latin-1")
    if ours != read:
        return f"  application {shown(read)} ({outcome.end})\n  dfc         {shown(ours)}"
    if theirs != said:
        return f"  it wrote {shown(said)}\n  dfc has  {shown(theirs)}"
    accepted = [flow for flow in flows if flow.has_content() or flow.state not in
                ("rejected", "reset")]
    if len(accepted) > max(outcome.connections, 1):
        return f"  {len(accepted)} flows, {outcome.connections} connections"
    last = [flow for flow in served if flow in accepted][-1:] or served[-1:]
    if last and last[0].state not in STATES[outcome.end]:
        return f"  application {outcome.end}, flow {last[0].state}"
    return ""


def shown(text):
    return repr(text) if len(text) < 300 else f"{text[:140]!r}...{text[-140:]!r} ({len(text)})"


def must_be_none(problems, count):
    if problems:
        listed = "\n".join(problems[:SHOWN_MAX])
        raise Failed(f"{len(problems)} of {count} scripts differ; the first:\n{listed}")


if len(sys.argv) == 3 and sys.argv[2].isdigit():
    tcp_families.SEED = int(sys.argv.pop())
OVERLAP_FAMILIES = 4  # The first, which have overlaps and nothing else.
FAMILIES = {**tcp_families.FAMILIES, **tcp_abuse.FAMILIES}


def family_case(name, scripts, *options):
    @case(f"{name}: dfc restores what the application reads")
    def played(bench):
        if name == tcp_abuse.SIGNATURES and not knows_md5_signatures():
            raise Skip("this kernel does not know them")
        outcomes, frames = bench.common.play(name, scripts())
        note(f"{len(outcomes)} scripts, {len(frames)} frames")
        check(any(outcome.read for outcome in outcomes), "the kernel has answered nothing")
        capture = bench.write("t.pcap", pcap(frames))
        must_be_none(differences(bench, outcomes, capture, *options), len(outcomes))


for family, scripts_of in FAMILIES.items():
    family_case(family, scripts_of)
family_case("urgent bytes, dropped", FAMILIES["urgent bytes"], "--urgent", "drop")
family_case("urgent bytes, read in line", tcp_abuse.urgent_in_line, "--urgent", "inline")


@case("what the kernel does with overlaps is what linux_queue.py says")
def model(bench):
    if bench.common.reason:
        raise bench.common.reason
    for family in itertools.islice(FAMILIES, OVERLAP_FAMILIES):
        for outcome in bench.common.outcomes[family]:
            segments = [(step.offset, step.payload) for step in outcome.script.segments()]
            check_equal(read_by_application(segments, FILLER), outcome.read,
                        f"{outcome.script.text}: model and kernel")


# Recorded ----------------------------------------------------------------------------------------

RECORDED = HERE / "recorded" / "kernel_tcp.pcap.gz"
LINES = RECORDED.with_name("kernel_tcp.tsv")
# Of the large families one script in so many.
RECORDED_ONE_IN = dict(zip(tcp_families.FAMILIES, (10, 20, 12, 40, 10)))
COLUMNS = ("script", "host_port", "kernel_port", "read", "end", "said", "filled", "connections")


@case("recorded: dfc restores what applications read then")
def recorded(bench):
    kernel_then, *lines = [line.split("\t") for line in LINES.read_text().splitlines()]
    check_equal(lines[0], list(COLUMNS), "columns")
    outcomes = [outcome_of(line) for line in lines[1:]]
    note(f"{len(outcomes)} scripts, {kernel_then[0]}")
    check(len(outcomes) > 500, "the record is not whole")
    must_be_none(differences(bench, outcomes, RECORDED), len(outcomes))


def line_of(outcome):
    return [outcome.script.text, outcome.host_port, outcome.kernel_port,
            outcome.read.decode("latin-1").encode("unicode_escape").decode(), outcome.end,
            outcome.said.decode("latin-1"), int(outcome.filled), outcome.connections]


def outcome_of(line):
    text, host_port, kernel_port, read, end, said, filled, connections = line
    return Outcome(parse(text), int(host_port), int(kernel_port),
                   read.encode().decode("unicode_escape").encode("latin-1"), end,
                   said.encode("latin-1"), filled == "1", int(connections))


def record():
    with Tap() as tap, contextlib.closing(Oracle(tap)) as oracle:
        outcomes = [oracle.play(parse(text)) for name, scripts in FAMILIES.items()
                    for text in scripts()[::RECORDED_ONE_IN.get(name, 1)]]
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_bytes(gzip.compress(pcap(oracle.frames), mtime=0))
    lines = [[f"Linux {KERNEL}"], COLUMNS, *map(line_of, outcomes)]
    LINES.write_text("".join("\t".join(map(str, line)) + "\n" for line in lines))
    print(f"{len(outcomes)} scripts, {len(oracle.frames)} frames, "
          f"{RECORDED.stat().st_size} and {LINES.stat().st_size} bytes")


# What the command line asks for -----------------------------------------------------------------

def play(texts):
    with Tap() as tap, contextlib.closing(Oracle(tap)) as oracle:
        for text in texts:
            outcome = oracle.play(parse(text))
            print(text, shown(outcome.read.decode("latin-1")), outcome.end, sep="\t")


if sys.argv[1:2] == ["--play"]:
    play(sys.argv[2:])
elif sys.argv[1:2] == ["--record"]:
    record()
else:
    run_cases(kernel)
