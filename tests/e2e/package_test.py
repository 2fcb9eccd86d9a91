#!/usr/bin/python3
"""The Debian package in a clean system: installed, used, upgraded, removed and purged.

The system is a debootstrap of the suite that this machine runs, from the mirror that its apt uses.
apt inside sees nothing but a folder with the package and what it depends on. All of it lives in a
memory file system of a mount namespace of its own, so nothing of it outlives the test.
"""

import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

from harness import (CALL_TIMEOUT_S, Result, SAMPLE, Skip, case, check, check_equal, need, note,
                     run_cases)

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGE = "data-flow-collect"
CONFIG = "/etc/data-flow-collect/dfc.toml"
STATE = "/var/lib/data-flow-collect"
SPOOL = "/var/spool/data-flow-collect"
STORE = f"sqlite:{STATE}/dfc.db"
UNIT = "data-flow-collect.service"
# Where package managers write whatever they install.
APT_FOLDERS = ("/proc/", "/var/cache/", "/var/lib/apt/", "/var/log/", "/packages/", "/tmp/")

# Stands in for systemd, of which a chroot has none: tells what packages ask of it.
SYSTEMCTL = """#!/bin/sh
echo "$@" >> /run/asked
case "$*" in
  *is-enabled*) echo disabled; exit 1 ;;
  *is-active*) test -e /run/active ;;
esac
"""


def call(*command, **options):
    run = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True,
                         timeout=CALL_TIMEOUT_S, check=False, **options)
    return Result(run.returncode, run.stdout.decode(), run.stderr.decode(errors="replace"))


def call_well(*command, **options):
    result = call(*command, **options)
    words = " ".join(map(str, command))
    check_equal(result.status, 0, f"{words:.300}\n{(result.out + result.err)[-2500:]}\nexit status")
    return result.out


# Packages ----------------------------------------------------------------------------------------

def make_package(build, folder):
    """The package of what is built in `build`, as a path."""
    said = call_well(TOP / "scripts/make-deb", "--built", build, "--out", folder)
    return pathlib.Path(said.splitlines()[-1])


def next_version(package, folder):
    """The same package, a version later and with another default configuration."""
    call_well("dpkg-deb", "-R", package, folder)
    control = folder / "DEBIAN/control"
    text = control.read_text()
    version = re.search(r"^Version: (.*)$", text, re.M)[1]
    control.write_text(text.replace(f"Version: {version}", f"Version: {version}.1"))
    with open(folder / CONFIG[1:], "a", encoding="utf-8") as file:
        file.write("# Said by the next version.\n")
    later = package.parent / f"{PACKAGE}_{version}.1.deb"
    call_well("dpkg-deb", "-b", "-Znone", folder, later)
    return later


def mirror():
    """Suite and address from which this machine's apt takes Debian's main part."""
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', pathlib.Path(
        "/etc/os-release").read_text(encoding="utf-8"), re.M))
    suite = release.get("VERSION_CODENAME", "")
    form = "$(CODENAME) $(COMPONENT) $(REPO_URI)"
    for line in call("apt-get", "indextargets", "--format", form,
                     "Created-By: Packages").out.splitlines():
        if line.startswith(f"{suite} main "):
            return suite, line.split()[2]
    raise Skip("apt has no mirror of this system's suite")


# A clean system ----------------------------------------------------------------------------------

class CleanSystem:
    """A fresh minimal system in `root`, with the packages of `offer` to install from."""

    def __init__(self, root):
        self.root = root
        suite, address = mirror()
        made = call("debootstrap", "--variant=minbase", suite, root, address)
        if made.status != 0:
            last = (made.out.strip().splitlines() or [made.err])[-1]
            raise Skip(f"debootstrap could not make a system: {last}")
        call_well("mount", "-t", "proc", "proc", root / "proc")
        (root / "packages").mkdir()
        (root / "etc/apt/sources.list").write_text("deb [trusted=yes] file:/packages ./\n")

    def offer(self, package):
        """Puts a package and, once, what it needs in reach; this machine's apt fetches that."""
        shutil.copy(package, self.root / "packages")
        archives = self.root.parent / "archives"
        (archives / "partial").mkdir(parents=True, exist_ok=True)
        fetched = call("apt-get", "-o", f"Dir::State::status={self.root}/var/lib/dpkg/status",
                       "-o", f"Dir::Cache::archives={archives}", "-o", "Debug::NoLocking=1",
                       "-o", "APT::Sandbox::User=root", "-qq", "-y", "--no-install-recommends",
                       "--download-only", "install", package)
        if fetched.status != 0:
            raise Skip(f"what the package depends on cannot be had: {fetched.err[-300:]}")
        for each in archives.glob("*.deb"):
            shutil.move(each, self.root / "packages" / each.name)
        index = call_well("dpkg-scanpackages", "--multiversion", ".", cwd=self.root / "packages")
        (self.root / "packages/Packages").write_text(index)
        self.run("apt-get", "-qq", "update")

    def call(self, *command):
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
               "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
        return call("chroot", self.root, *command, env=env)

    def run(self, *command):
        """What a command says that has to end well."""
        result = self.call(*command)
        words = " ".join(command)
        said = (result.out + result.err)[-2500:]
        check_equal(result.status, 0, f"in the clean system: {words}\n{said}\nexit status")
        return result.out

    def install(self, *packages):
        self.run("apt-get", "-qq", "-y", "--no-install-recommends", "install",
                 "-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold",
                 *packages)

    def as_dfc(self, *command):
        return self.run("setpriv", "--reuid=dfc", "--regid=dfc", "--clear-groups", *command)

    def read(self, path):
        return (self.root / path[1:]).read_text(encoding="utf-8")

    def mode(self, path):
        return self.run("stat", "-c", "%a %U:%G", path).strip()

    def paths(self):
        found = self.run("find", "/", "-xdev", "-printf", "%p\\n").splitlines()
        return {path for path in found if not path.startswith(APT_FOLDERS)}

    def asked(self):
        """What was asked of systemd since the last call."""
        path = self.root / "run/asked"
        said = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return [line for line in said if UNIT in line]


class Shared:
    def __init__(self, build, folder):
        self.build = build
        self.package = make_package(build, folder / "packages")
        self.later = next_version(self.package, folder / "later")
        self.system = CleanSystem(folder / "root")
        self.system.offer(self.package)
        # With all that it depends on, but without itself: what is to be left in the end.
        needed = {line.split("_")[0] for line in os.listdir(self.system.root / "packages")
                  if line.endswith(".deb")} - {PACKAGE}
        self.system.install(*sorted(needed))
        self.before = self.system.paths()


@contextlib.contextmanager
def shared(bench):
    need("debootstrap", "dpkg-buildpackage", "dh", "dpkg-scanpackages", "meson", "ninja")
    build = pathlib.Path(bench.dfc).parent
    if not (build / "build.ninja").exists():
        raise Skip("dfc does not lie in its build folder")
    folder = bench.dir / "memory"
    folder.mkdir()
    call_well("mount", "-t", "tmpfs", "-o", "size=2G,mode=755", "none", folder)
    try:
        yield Shared(build, folder)
    finally:
        call("umount", "--recursive", "--lazy", folder)


# -------------------------------------------------------------------------------------------------

@case("lintian finds nothing wrong with it")
def lintian(bench):
    need("lintian")
    said = call("lintian", "--allow-root", bench.common.package).out
    check_equal([line for line in said.splitlines() if line.startswith(("E:", "W:"))], [],
                "what lintian says")


@case("a clean system takes it: program, user, folders, configuration, service not enabled")
def install(bench):
    system = bench.common.system
    system.install(PACKAGE)
    ours = call_well(bench.dfc, "--version")
    check_equal(system.run("dfc", "--version"), ours, "version")
    user = system.run("getent", "passwd", "dfc").strip().split(":")
    check_equal(user[5:], [STATE, "/usr/sbin/nologin"], "home and shell of user dfc")
    check_equal({path: system.mode(path) for path in (CONFIG, STATE, SPOOL, "/usr/bin/dfc")},
                {CONFIG: "644 root:root", STATE: "750 dfc:dfc", SPOOL: "700 dfc:dfc",
                 "/usr/bin/dfc": "755 root:root"}, "modes and owners")
    conffiles = system.run("dpkg-query", "-W", "-f", "${Conffiles}", PACKAGE)
    check_equal([line.split()[0] for line in conffiles.strip().splitlines()], [CONFIG],
                "conffiles")
    enabled = [path for path in system.paths() if path.endswith(".wants/" + UNIT)]
    check_equal(enabled, [], "places where the service is enabled")


@case("every file of a manual page, a completion and the documents is in it")
def files(bench):
    listed = set(bench.common.system.run("dpkg", "-L", PACKAGE).splitlines())
    said = call_well(bench.dfc, "--help").split("Subcommands:")[1]
    commands = re.findall(r"^  (\w+)", said, re.M)
    check(len(commands) >= 13, f"dfc --help lists {commands}")
    share = "/usr/share"
    wanted = [f"{share}/man/man1/dfc-{name}.1.gz" for name in commands] + [
        f"{share}/man/man1/dfc.1.gz", f"{share}/man/man5/dfc.toml.5.gz",
        f"{share}/bash-completion/completions/dfc", f"{share}/zsh/vendor-completions/_dfc",
        f"{share}/data-flow-collect/prometheus/dfc.rules.yml",
        f"{share}/data-flow-collect/grafana/dfc.json",
        f"{share}/doc/data-flow-collect/README.Debian", f"/lib/systemd/system/{UNIT}"]
    check_equal([path for path in wanted if path not in listed], [], "missing files")
    unit = bench.common.system.read(f"/lib/systemd/system/{UNIT}")
    check("/usr/bin/dfc " in unit and "/usr/local" not in unit, f"starts another dfc:\n{unit}")


@case("user dfc replays the sample into the service's store, and others cannot read it")
def replay(bench):
    system = bench.common.system
    shutil.copy(SAMPLE, system.root / "tmp/sample.pcap")
    system.as_dfc("dfc", "replay", "--quiet", "--store", STORE, "/tmp/sample.pcap")
    note(system.as_dfc("dfc", "verify", "--store", STORE).strip())
    nobody = system.call("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
                         "dfc", "flows", "--store", STORE)
    check_equal(nobody.status, 1, "exit status of a reader who is not dfc")


@case("an upgrade keeps a changed configuration and the store, and restarts a service that runs")
def upgrade(bench):
    system = bench.common.system
    own = "# Mine.\n" + system.read(CONFIG)
    (system.root / CONFIG[1:]).write_text(own)
    flows = system.as_dfc("dfc", "flows", "--store", STORE, "--format", "tsv")
    (system.root / "run/systemd/system").mkdir(parents=True)
    program = system.root / "usr/bin/systemctl"
    program.rename(f"{program}.real")
    program.write_text(SYSTEMCTL)
    program.chmod(0o755)
    (system.root / "run/active").touch()
    system.offer(bench.common.later)
    system.install(PACKAGE)
    version = system.run("dpkg-query", "-W", "-f", "${Version}", PACKAGE)
    check(bench.common.later.name == f"{PACKAGE}_{version}.deb", f"version {version} is installed")
    check_equal(system.read(CONFIG), own, "configuration after the upgrade")
    check("next version" in system.read(CONFIG + ".dpkg-dist"), "the new default is not beside it")
    after = system.as_dfc("dfc", "flows", "--store", STORE, "--format", "tsv")
    check_equal(after, flows, "flows after the upgrade")
    check(any(" restart " in f" {line} " for line in system.asked()), "the service did not restart")


@case("removing stops the service and keeps store and configuration; installing starts nothing")
def remove(bench):
    system = bench.common.system
    system.run("apt-get", "-qq", "-y", "remove", PACKAGE)
    check(any(" stop " in f" {line} " for line in system.asked()), "the service was not stopped")
    check(not (system.root / "usr/bin/dfc").exists(), "the program is still there")
    for path in (CONFIG, STATE + "/dfc.db"):
        check((system.root / path[1:]).exists(), f"{path} went with the package")
    (system.root / "run/active").unlink()
    system.install(PACKAGE)
    started = [line for line in system.asked()
               if re.search(r"\b(start|restart|enable|preset)\b", line)]
    check_equal(started, [], "asked of systemd while installing")
    check(system.read(CONFIG).startswith("# Mine.\n"), "the configuration is another")


@case("a purge leaves nothing but the user's number")
def purge(bench):
    system = bench.common.system
    (system.root / SPOOL[1:] / "left.seg").write_bytes(b"x")
    system.run("apt-get", "-qq", "-y", "purge", PACKAGE)
    program = system.root / "usr/bin/systemctl"
    program.with_suffix(".real").rename(program)
    (system.root / "run/asked").unlink(missing_ok=True)
    (system.root / "run/systemd/system").rmdir()
    left = sorted(path for path in system.paths() - bench.common.before
                  if not re.fullmatch(r"/var/lib/dpkg/.*-old|/etc/(passwd|group|g?shadow)-", path))
    check_equal(left, [], "paths that were not there before")
    gone = sorted(bench.common.before - system.paths())
    check_equal(gone, [], "paths that were there before")
    check(system.run("getent", "passwd", "dfc").startswith("dfc:"), "the user is gone")
    check_equal(system.call("dpkg-query", "-W", PACKAGE).status, 1, "exit status of dpkg-query")


@case("scripts/install refuses other systems and other users in one line")
def refusals(bench):
    script = TOP / "scripts/install"
    other = bench.write("os-release", b'NAME="Other"\nID=other\nID_LIKE="else"\n')
    line = one_line_of(call("unshare", "-m", "sh", "-c",
                            f"mount --bind {other} /etc/os-release && exec {script}"))
    check("not for 'other else'" in line and "meson install" in line, line)
    line = one_line_of(call("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", script))
    check("sudo scripts/install" in line, line)


def one_line_of(result):
    check_equal(result.status, 1, result.err + "exit status")
    check_equal(len(result.err.splitlines()), 1, f"lines of {result.err!r}")
    return result.err


# Whatever is mounted is gone when the last process of this namespace is.
if len(sys.argv) == 2 and "DFC_PACKAGE_NAMESPACE" not in os.environ:
    if os.geteuid() != 0:
        print("1..0 # SKIP needs root")
        sys.exit(0)
    os.environ["DFC_PACKAGE_NAMESPACE"] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                          sys.executable, os.path.abspath(__file__), sys.argv[1]])
run_cases(shared)
