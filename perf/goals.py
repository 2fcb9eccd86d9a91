"""What dfc is to reach against floors and peers, and whether it did: lines of a table."""

import statistics

KINDS = ("bulk", "mix", "small")
FLOOR = "floor: copy"
NULL, SQLITE, MARIADB = "dfc into null:", "dfc into SQLite", "dfc into MariaDB"
BUSY = "dfc into null:, beside a busy process"
BARE = "bare inserts of the same rows"
LIBNIDS, LIBTINS, TCPFLOW = "libnids", "libtins", "tcpflow"
TENTH = "small, a tenth"  # A workload of a tenth of small's packets.
FULL_FLOWS = 900_000  # Of small, from which on its memory tells something.

# Seconds of programs that are not at hand, measured once, elsewhere, and those of libnids beside
# them with the same files: what it takes here says how they would do here.
ELSEWHERE = {
    LIBNIDS: {"bulk": 0.47, "mix": 1.72, "small": 0.865},
    "PcapPlusPlus, counts": {"bulk": 0.60, "mix": 2.85, "small": 2.72},
    "Suricata, flow log": {"mix": 20.3},
    "Arkime, dry run": {"mix": 21.5},
}

HEAD = ("| goal | replay of | against | must | ambitious | measured | | by CPU s |\n"
        "|---|---|---|---|---|---|---|---|")


class Goals:
    """`results` of (workload, program), `truths` of each workload. "By CPU s" is the same ratio of
    what all threads used: it tells where others use the processors too, and is harder on dfc, which
    has several threads, than on its rivals."""

    def __init__(self, results, truths, instructions):
        self.results, self.truths, self.instructions = results, truths, instructions
        self.lines, self.missed = [], []

    def seconds(self, kind, name):
        result = self.results.get((kind, name))
        return statistics.median(result.seconds) if result and not result.failed else None

    def busy(self, kind, name):
        result = self.results.get((kind, name))
        return statistics.median(result.busy) if result and not result.failed else None

    def ratio(self, above, below):
        return above / below if above and below else None

    def elsewhere(self, kind, name):
        """What it would take here, from what it took elsewhere."""
        here = self.seconds(kind, LIBNIDS)
        return here and ELSEWHERE[name][kind] * here / ELSEWHERE[LIBNIDS][kind]

    def add(self, number, of, against, must, ambitious, measured, most=True, unit="", busy=None):
        """`most`: the measured value is to be so much at most; else at least."""
        sign = "<=" if most else ">="

        def said(limit):
            return "" if limit is None else f"{sign} {limit:,}{unit}"

        def holds(limit):
            return limit is not None and (measured <= limit if most else measured >= limit)

        def shown(value):
            return "" if value is None else f"{value:,.{2 if value < 100 else 0}f}{unit}"
        verdict = "not measured"
        if measured is not None:
            verdict = ("ambitious met" if holds(ambitious) else "must met" if holds(must) else
                       "ambitious missed" if must is None else "missed")
            if verdict == "missed":
                self.missed.append(f"{number}, {of}: {shown(measured)} is not {said(must)} "
                                   f"({against})")
        self.lines.append(f"| {number} | {of} | {against} | {said(must)} | {said(ambitious)} | "
                          f"{shown(measured)} | {verdict} | {shown(busy)} |")

    def faster(self, number, kind, ours, rival, must, ambitious):
        """At least so many times as fast as a rival."""
        self.add(number, f"{kind} {ours.removeprefix('dfc ')}", f"{rival}, speed", must, ambitious,
                 self.ratio(self.seconds(kind, rival), self.seconds(kind, ours)), False,
                 busy=self.ratio(self.busy(kind, rival), self.busy(kind, ours)))

    def all(self):
        for kind in KINDS:
            self.in_memory(kind)
        for name in ("Suricata, flow log", "Arkime, dry run"):
            self.add(5, "mix into null:", f"{name}, speed, from elsewhere", 15, 20,
                     self.ratio(self.elsewhere("mix", name), self.seconds("mix", NULL)), False)
        for kind in KINDS:
            self.add(6, f"{kind} into null:", "instructions a packet", 1_200, 800,
                     self.instructions.get(kind))
        for kind, must, ambitious in (("mix", 3, 6), ("small", 3, 8), ("bulk", 0.8, 1)):
            self.faster(7, kind, SQLITE, TCPFLOW, must, ambitious)
        for kind in KINDS:
            self.into_sqlite(kind)
        self.lines.append("| 9 | into MariaDB | LOAD DATA LOCAL | 0.9; 3 | | | `perf/store` | |")
        self.add(10, "mix into null:", "beside a busy process / quiet, wall", 3, 2,
                 self.ratio(self.seconds("mix", BUSY), self.seconds("mix", NULL)),
                 busy=self.ratio(self.busy("mix", BUSY), self.busy("mix", NULL)))
        self.memory()
        return self.lines

    def in_memory(self, kind):
        ours, of = self.seconds(kind, NULL), f"{kind} into null:"
        self.add(1, of, "F, wall", 2.0, 1.25, self.ratio(ours, self.seconds(kind, FLOOR)),
                 busy=self.ratio(self.busy(kind, NULL), self.busy(kind, FLOOR)))
        self.add(2, of, "F, CPU", 3.0, 2.0,
                 self.ratio(self.busy(kind, NULL), self.busy(kind, FLOOR)))
        self.faster(3, kind, NULL, LIBNIDS, 1.1, 1.6)
        self.faster(4, kind, NULL, LIBTINS, 1.7, 2.8)
        self.add(4, of, "PcapPlusPlus, speed, from elsewhere", 1.7, 2.8,
                 self.ratio(self.elsewhere(kind, "PcapPlusPlus, counts"), ours), False)

    def into_sqlite(self, kind):
        bare = self.seconds(kind, BARE)
        stored, null = self.seconds(kind, SQLITE), self.seconds(kind, NULL)
        self.faster(8, kind, SQLITE, BARE, 0.8, None)
        self.add(8, f"{kind} into SQLite", "the slower of replay and bare inserts, wall", None,
                 1.15, self.ratio(stored, bare and null and max(bare, null)))

    def memory(self):
        def peak(kind):
            result = self.results.get((kind, NULL))
            return result.peak_bytes / 1e6 if result and not result.failed else None
        self.add(11, "bulk into null:", "peak memory", 64, 32, peak("bulk"), unit=" MB")
        flows = self.truths.get("small", {}).get("flows", 0)
        self.add(11, "small into null:", f"peak memory, {flows:,} flows", 400,
                 round(flows * 260 / 1e6), peak("small") if flows >= FULL_FLOWS else None,
                 unit=" MB")

        def a_packet(figure, kind):
            return self.ratio(figure(kind, NULL), self.truths.get(kind, {}).get("packets"))

        def grown(figure):
            return self.ratio(a_packet(figure, "small"), a_packet(figure, TENTH))
        self.add(12, "small into null:", "a tenth of its flows, a packet", 1.5, 1.2,
                 grown(self.seconds), busy=grown(self.busy))
