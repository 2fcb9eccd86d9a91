#!/usr/bin/python3
"""The systemd unit: how much it is exposed, and that systemd understands it."""

import pathlib
import re
import shutil
import subprocess

from harness import Skip, case, check, check_equal, run_cases

UNIT = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "systemd" / \
    "data-flow-collect.service"
EXPOSURE_MAX = 2.0


def analyze(*words):
    program = shutil.which("systemd-analyze")
    if not program:
        raise Skip("systemd-analyze is not installed")
    return subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)


@case("its exposure is at most 2.0")
def exposure(bench):
    ran = analyze("security", "--offline=true", UNIT)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", ran.stdout)
    check(found, f"systemd-analyze says {ran.stdout} {ran.stderr}")
    check(float(found[1]) <= EXPOSURE_MAX, ran.stdout)


@case("systemd understands each line of it")
def understood(bench):
    text = UNIT.read_text().replace("/usr/bin/dfc", bench.dfc)
    text = "\n".join(line for line in text.splitlines() if not line.startswith("Documentation="))
    path = bench.write(UNIT.name, text.encode())
    ran = analyze("verify", path)
    # Other units of the machine have faults of their own.
    about_it = [line for line in ran.stderr.splitlines() if UNIT.name in line]
    check_equal(about_it, [], "complaints")


if __name__ == "__main__":
    run_cases()
