#!/usr/bin/python3
"""The committed page is what its sources make: web/dist against a build of its own; and the
sources' types and unit tests. Needs Node and the packages of web/package-lock.json; without, it is
skipped, for a user needs neither."""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess

from harness import HERE, Failed, Skip, case, check, check_equal, need, run_cases

WEB = HERE.parent.parent / "web"
NODE_MIN = (20, 19)
INSTALL_TIMEOUT_S = 240
RUN_TIMEOUT_S = 240


def node_version():
    need("node", "npm")
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2]))


def npm(where, *args, timeout=RUN_TIMEOUT_S):
    return subprocess.run(["npm", *args], cwd=where, capture_output=True, text=True, check=False,
                          timeout=timeout, stdin=subprocess.DEVNULL,
                          env={**os.environ, "NO_COLOR": "1"})


@contextlib.contextmanager
def sources(bench):
    """A copy of web/ without what is built, and with the packages that it needs."""
    if node_version() < NODE_MIN:
        raise Skip(f"node is older than {'.'.join(map(str, NODE_MIN))}")
    copy = pathlib.Path(bench.path("web"))
    shutil.copytree(WEB, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    try:
        run = npm(copy, "ci", "--ignore-scripts", "--no-audit", "--no-fund",
                  timeout=INSTALL_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        raise Skip("npm can't fetch the packages in time") from None
    if run.returncode != 0:
        # A lock file that does not fit package.json is our mistake, an absent registry is not.
        if "EUSAGE" in run.stderr or "Invalid" in run.stderr:
            raise Failed(run.stderr)
        raise Skip("npm can't fetch the packages")
    yield copy


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file()}


@case("a build of web/src gives web/dist, byte by byte")
def rebuilt(bench):
    run = npm(bench.common, "run", "--silent", "build")
    check_equal(run.returncode, 0, run.stdout + run.stderr)
    built, kept = files(bench.common / "dist"), files(WEB / "dist")
    check_equal(sorted(built), sorted(kept), "files of web/dist; scripts/web makes them")
    differing = [name for name in built if built[name] != kept[name]]
    check(not differing, f"{differing} of web/dist are older than web/src; scripts/web makes them")


@case("the sources have no type errors")
def types(bench):
    run = npm(bench.common, "run", "--silent", "check")
    check_equal(run.returncode, 0, run.stdout[-3000:] + run.stderr)


@case("the sources' unit tests pass")
def unit_tests(bench):
    run = npm(bench.common, "test", "--silent")
    check_equal(run.returncode, 0, run.stdout[-3000:] + run.stderr)
    check(re.search(r"Tests\s.*\b[1-9]\d* passed", run.stdout), f"ran no test:\n{run.stdout}")


@case("the lock file names no registry")
def lock_file(_):
    text = (WEB / "package-lock.json").read_text(encoding="utf-8")
    check('"resolved"' not in text, "package-lock.json has addresses")


@case("the page has no inline script, style or foreign address")
def strict(_):
    page = (WEB / "dist" / "index.html").read_text(encoding="utf-8")
    check(not re.search(r"<style|\sstyle=|\son\w+=|javascript:|data:", page), page)
    check(re.search(r'<script type="module"[^>]* src="/[\w.-]+"></script>', page), page)
    for address in re.findall(r'(?:src|href)="([^"]*)"', page):
        check(address.startswith("/") and not address.startswith("//"), address)
    script = (WEB / "dist" / "app.js").read_text(encoding="utf-8")
    foreign = set(re.findall(r"https?://[\w.-]+", script))
    # Names of XML, and where a message of the framework points; nothing is fetched from there.
    check(foreign <= {"http://www.w3.org", "https://svelte.dev"}, foreign)


if __name__ == "__main__":
    run_cases(sources)
