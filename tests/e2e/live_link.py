"""Two network namespaces with a veth between them, and a `dfc capture` at one end of it.

    namespace a, 10.90.0.1, fd90::1     a0 ──────────── b0     namespace b, 10.90.0.2, fd90::2
    clients                                        ▲           servers, dfc capture -i b0
                                                   └ veth: frames are the kernel's own, joined and
                                                     without checksums unless offloads are off
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import threading

from harness import (CALL_TIMEOUT_S, DONE, Failed, Result, Skip, check, environment, need,
                     wait_until)

CLONE_NEWNET = 0x40000000
ADDRESSES = {"a": ("10.90.0.1", "fd90::1"), "b": ("10.90.0.2", "fd90::2")}
OFFLOADS = ("tx", "rx", "tso", "gso", "gro")
START_TIMEOUT_S = 60


def ip(*words):
    return subprocess.run(["ip", *words], check=True, capture_output=True)


class Link:
    """A context manager. `names` are the namespaces by end."""

    def __init__(self, bench, offloads=True, serial=0):
        need("ip")
        if os.geteuid() != 0:
            raise Skip("needs root: it makes network namespaces")
        self.bench = bench
        self.offloads = offloads
        self.names = {end: f"dfc-{os.getpid()}-{serial}{end}" for end in "ab"}
        self.running = []

    def __enter__(self):
        try:
            for name in self.names.values():
                ip("netns", "add", name)
            self.make_veth("a0", "b0")
            for end in "ab":
                four, six = ADDRESSES[end]
                self.ip(end, "link", "set", "lo", "up")
                self.ip(end, "address", "add", four + "/24", "dev", end + "0")
                self.ip(end, "address", "add", six + "/64", "dev", end + "0", "nodad")
        except subprocess.CalledProcessError as problem:
            self.__exit__()
            raise Skip(f"no namespaces: {problem.stderr.decode().strip()}") from None
        return self

    def __exit__(self, *_):
        for process in self.running:
            if process.poll() is None:
                process.kill()
            process.communicate()
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def ip(self, end, *words):
        return ip("-n", self.names[end], *words)

    def make_veth(self, one, other):
        """Between a and b, both up."""
        ip("link", "add", one, "netns", self.names["a"], "type", "veth", "peer", "name", other,
           "netns", self.names["b"])
        for end, device in (("a", one), ("b", other)):
            if not self.offloads:
                need("ethtool")
                words = [word for name in OFFLOADS for word in (name, "off")]
                self.run(end, "ethtool", "-K", device, *words, check=False)
            self.ip(end, "link", "set", device, "up")

    def command(self, end, *words):
        return ["ip", "netns", "exec", self.names[end], *map(str, words)]

    def run(self, end, *words, check=True):
        return subprocess.run(self.command(end, *words), capture_output=True, check=check,
                              timeout=CALL_TIMEOUT_S, cwd=self.bench.dir)

    def start(self, end, *words, **options):
        process = subprocess.Popen(self.command(end, *words), cwd=self.bench.dir, **options)
        self.running.append(process)
        return process

    @contextlib.contextmanager
    def sockets(self, end):
        """Sockets that this thread makes meanwhile are in that namespace."""
        with open("/proc/thread-self/ns/net") as own, \
                open(f"/run/netns/{self.names[end]}") as there:
            enter(there)
            try:
                yield
            finally:
                enter(own)


def enter(namespace):
    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Capture:
    """dfc capture at end b. Started when the constructor returns."""

    def __init__(self, link, store, *words, interfaces=("b0",), end="b"):
        self.bench, self.store, self.link, self.end = link.bench, store, link, end
        named = [word for name in interfaces for word in ("-i", name)]
        self.lines = []
        self.process = link.start(end, link.bench.dfc, "capture", "--store", store, *named, *words,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env=environment())
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        wait_until(lambda: self.says("event=started") or self.process.poll() is not None,
                   "dfc capture", START_TIMEOUT_S)
        check(self.process.poll() is None, "dfc capture ended: " + "".join(self.lines))

    def read(self):
        for line in self.process.stderr:
            self.lines.append(line)

    def says(self, *words):
        """The first line with all of these words."""
        return next((line for line in self.lines if all(word in line for word in words)), None)

    def tell(self, number):
        self.process.send_signal(number)

    def stop(self, how=signal.SIGTERM, status=DONE):
        """Ends it in good order, and demands that the store adds up. Returns what it said."""
        self.process.send_signal(how)
        try:
            self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed("dfc capture does not end: " + "".join(self.lines)) from None
        self.reader.join()
        said = "".join(self.lines)
        check(self.process.returncode == status, f"ended with {self.process.returncode}: {said}")
        if status == DONE:
            verified = self.link.run(self.end, self.bench.dfc, "verify", "--store", self.store,
                                     check=False)
            check(verified.returncode == DONE,
                  f"dfc verify: {verified.stdout.decode():.3000}{verified.stderr.decode()}\n{said}")
        return Result(self.process.returncode, b"", said)
