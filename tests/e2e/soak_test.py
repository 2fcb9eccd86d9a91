#!/usr/bin/python3
"""A capture under mixed load of real programs for a while, its database restarted twice meanwhile:
memory and descriptors stay where they are, nothing is dropped, every minute adds up.

$DFC_SOAK_S is how long (30); from LONG_S on the slope of memory must be under a mebibyte an hour.
"""

import os
import shutil
import subprocess
import threading
import time

from harness import case, check, check_equal, need, note, run_cases, wait_until
from live_link import ADDRESSES, Capture, Link
from mariadb import MariaDb

SOAK_S = float(os.environ.get("DFC_SOAK_S", "30"))
LONG_S = 1200
SLOPE_KIB_MAX = 1024  # An hour.
MEMORY_MAX_MIB = 192
BESIDE_MIB = 64  # What takes memory beside the buffers: program, connections, ring.
SERVER4, SERVER6 = ADDRESSES["b"]
NGINX = """
user root; daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{ access_log off; server {{ listen {four}:80; listen [{six}]:80; root {folder}/www; }} }}
"""
# By end; each again and again.
LOADS = (
    ("a", f"curl -s -o /dev/null http://{SERVER4}/large.bin; sleep 0.5"),
    ("a", f"curl -s -o /dev/null http://[{SERVER6}]/small.bin; sleep 0.05"),
    ("a", f"dig +tries=1 +time=1 @{SERVER4} host.test A >/dev/null; sleep 0.1"),
    ("a", f"ping -c 20 -i 0.2 {SERVER4} >/dev/null"),
    ("a", f"ping -6 -c 20 -i 0.2 {SERVER6} >/dev/null"),
    ("a", f"iperf3 -c {SERVER4} -t 5 -b 20M >/dev/null; iperf3 -c {SERVER6} -u -t 5 -b 5M"
          " >/dev/null"),
)


def start_servers(bench, link):
    need("nginx", "curl", "dnsmasq", "dig", "ping", "iperf3")
    (bench.dir / "www").mkdir()
    bench.write("www/large.bin", os.urandom(2_000_000))
    bench.write("www/small.bin", os.urandom(700))
    configuration = NGINX.format(folder=bench.dir, four=SERVER4, six=SERVER6)
    quietly = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    link.start("b", shutil.which("nginx") or "/usr/sbin/nginx", "-c",
               bench.write("nginx.conf", configuration.encode()), **quietly)
    link.start("b", shutil.which("dnsmasq") or "/usr/sbin/dnsmasq", "--keep-in-foreground",
               "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--user=root", "--pid-file",
               f"--listen-address={SERVER4}", "--bind-interfaces",
               "--address=/host.test/192.0.2.1", **quietly)
    link.start("b", "iperf3", "--server", **quietly)
    for end, command in LOADS:
        link.start(end, "sh", "-c", f"while :; do {command}; done", **quietly)


class Watch:
    """Memory, descriptors and threads of a process, twice a second until the block ends."""

    def __init__(self, process):
        self.folder = f"/proc/{process.pid}"
        self.samples = []  # Of seconds since the start, KiB, descriptors and threads.
        self.over = threading.Event()

    def __enter__(self):
        self.started = time.monotonic()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def look(self):
        while not self.over.wait(0.5):
            with open(self.folder + "/status", encoding="ascii") as status:
                facts = dict(line.split(":", 1) for line in status)
            self.samples.append((time.monotonic() - self.started, int(facts["VmRSS"].split()[0]),
                                 len(os.listdir(self.folder + "/fd")), int(facts["Threads"])))

    def between(self, since_s, until_s):
        return [sample for sample in self.samples if since_s <= sample[0] < until_s]


def slope_kib(samples):
    """By least squares, an hour."""
    count = len(samples)
    mean_t = sum(sample[0] for sample in samples) / count
    mean = sum(sample[1] for sample in samples) / count
    above = sum((sample[0] - mean_t) * (sample[1] - mean) for sample in samples)
    return 3600 * above / sum((sample[0] - mean_t) ** 2 for sample in samples)


def restart(server, capture, times):
    """And waits until the capture writes into it again."""
    server.stop()
    time.sleep(2)
    server.start()
    wait_until(lambda: sum("event=store-back" in line for line in capture.lines) == times,
               "the store is back")


@case(f"{SOAK_S:.0f} s of mixed load: no growth, no drops, every minute adds up")
def soak(bench):
    with MariaDb(bench.dir / "mariadb") as server, Link(bench) as link:
        store = server.create("soak")
        bench.run("init", "--store", store)
        capture = Capture(link, store, "--spool-dir", bench.path("spool"), "--memory-max",
                          f"{MEMORY_MAX_MIB}M")
        start_servers(bench, link)
        with Watch(capture.process) as watch:
            for times in (1, 2):
                time.sleep(SOAK_S / 3)
                restart(server, capture, times)
            time.sleep(SOAK_S / 3)
        said = capture.stop().err
        note(next(line for line in said.splitlines() if "packets" in line).strip())
        check_equal(server.sql("SELECT DISTINCT outcome FROM v_ledger WHERE outcome LIKE 'dropped%'"
                               " AND packets > 0", "soak"), [], "drops")
    # The warm-up ends before the first restart.
    cold, warm = watch.between(0, SOAK_S / 3), watch.between(SOAK_S / 3, 2 * SOAK_S)
    note(f"memory: {warm[0][1]} KiB after a third, {warm[-1][1]} at the end,"
         f" slope {slope_kib(warm):.0f} KiB an hour")
    note("memory over time, KiB: " +
         " ".join(str(sample[1]) for sample in warm[::max(1, len(warm) // 16)]))
    for what, at in (("descriptors", 2), ("threads", 3)):
        before, last = max(sample[at] for sample in cold), warm[-1][at]
        note(f"{what}: {before} at most in the first third, {last} at the end")
        check(last <= before, f"{what} grow: {before}, then {last}")
    check(warm[-1][1] < (MEMORY_MAX_MIB + BESIDE_MIB) << 10, "more memory than it may have")
    # A short run is warm-up for its most part: buffers are touched for the first time.
    check(SOAK_S < LONG_S or slope_kib(warm) < SLOPE_KIB_MAX,
          f"memory grows by {slope_kib(warm):.0f} KiB an hour")


run_cases()
