#!/usr/bin/python3
"""The alert rules and the dashboard of packaging/: they can be read, they name figures that there
are, and the alerts fire when they should."""

import json
import pathlib
import re
import shutil
import subprocess

from harness import DONE, SAMPLE, case, check, check_equal, need, run_cases

TOP = pathlib.Path(__file__).resolve().parents[2]
PROMETHEUS = TOP / "packaging" / "prometheus"
DASHBOARD = TOP / "packaging" / "grafana" / "dfc.json"
NAME = re.compile(r"\bdfc_[a-z_]+\b")
# What /metrics and node_exporter add to the figures of a run.
OTHERS = {"dfc_last_seen_seconds"}


def promtool(*words):
    need("promtool")
    run = subprocess.run([shutil.which("promtool"), *map(str, words)], capture_output=True,
                         text=True, check=False)
    check(run.returncode == DONE, f"promtool {words[0]} {words[1]}: {run.stdout}{run.stderr}")


def queries():
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


def told(bench):
    """Names of all samples of a run."""
    path = bench.dir / "dfc.prom"
    bench.run("replay", "--store", bench.store(), "--stats-file", path, SAMPLE)
    return {line.partition("{")[0] for line in path.read_text().splitlines()
            if not line.startswith("#")} | OTHERS


@case("alert rules are well made and fire when they should")
def rules(bench):
    promtool("check", "rules", PROMETHEUS / "dfc.rules.yml")
    promtool("test", "rules", PROMETHEUS / "dfc.rules.test.yml")


@case("every query of the dashboard is one")
def dashboard(bench):
    need("promtool")
    words = {"$__rate_interval": "5m", "$__range": "1h", "$sensor": ".*"}
    records = []
    for title, query in queries():
        for word, value in words.items():
            query = query.replace(word, value)
        check("$" not in query, f"{title}: {query}")
        records.append({"record": f"panel:{len(records)}", "expr": query})
    check(len(records) > 20, f"{len(records)} queries")
    path = bench.write("r.yml", json.dumps({"groups": [{"name": "g", "rules": records}]}).encode())
    promtool("check", "rules", path)


@case("rules, dashboard and documentation name figures that there are")
def names(bench):
    there = told(bench)
    rules_text = "\n".join(line.partition("expr:")[2] or line
                           for line in (PROMETHEUS / "dfc.rules.yml").read_text().splitlines()
                           if "description" not in line)
    used = set(NAME.findall(rules_text)) | {name for _, query in queries()
                                            for name in NAME.findall(query)}
    check_equal(used - there, set(), "figures that no run tells")
    documented = set(NAME.findall((TOP / "docs" / "operations.md").read_text()))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in there - OTHERS}
    check_equal(families - documented, set(), "figures that docs/operations.md does not list")


if __name__ == "__main__":
    run_cases()
