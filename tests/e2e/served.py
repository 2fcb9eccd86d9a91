"""`dfc serve` over a store, for the tests that look at it from a browser."""

import os
import re
import select
import signal
import subprocess
import time

from harness import check, environment

START_TIMEOUT_S = 60


class Served:
    """A server at a free port of this machine; `address` begins every URL of it."""

    def __init__(self, bench, store, *args, env=None):
        self.process = subprocess.Popen(
            [bench.dfc, "serve", "--listen", "127.0.0.1:0", "--store", store, *args],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=bench.dir,
            env=environment(env))
        said, end = b"", time.monotonic() + START_TIMEOUT_S
        while not (match := re.search(rb"http://127\.0\.0\.1:\d+", said)):
            ready, _, _ = select.select([self.process.stdout], [], [], end - time.monotonic())
            data = os.read(self.process.stdout.fileno(), 4096) if ready else b""
            said += data
            check(data, f"dfc serve does not start: {said.decode()}")
        self.address = match[0].decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
