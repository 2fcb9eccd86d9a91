"""A MariaDB server of the tests' own."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import CALL_TIMEOUT_S, check, need


class MariaDb:
    """A server of our own in `folder`, reached by its socket only; "root" has no password there."""

    def __init__(self, folder):
        need("mariadbd", "mariadb-install-db", "mariadb")
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        # A socket's path has at most 107 bytes, and the test's folder may be deep.
        self.short = tempfile.mkdtemp(prefix="dfc-", dir="/tmp")
        self.socket = self.short + "/s"
        self.process = None

    def __enter__(self):
        try:
            self.install()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.short, ignore_errors=True)

    def environment(self):
        """Its own folder of temporary tables: a server that starts removes those of all others."""
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True)
        return {**os.environ, "TMPDIR": str(folder)}

    def install(self):
        run = subprocess.run(
            ["mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db",
             "--auth-root-authentication-method=normal", f"--datadir={self.folder}/data"],
            capture_output=True, text=True, timeout=CALL_TIMEOUT_S, env=self.environment())
        check(run.returncode == 0, f"mariadb-install-db: {run.stdout[-1000:]}{run.stderr[-1000:]}")

    def start(self, *options):
        path = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [path, "--no-defaults", "--user=root", f"--datadir={self.folder}/data",
             f"--socket={self.socket}", f"--pid-file={self.folder}/pid", "--skip-networking",
             "--innodb-flush-log-at-trx-commit=2", *options], stdout=log, stderr=log,
            env=self.environment())
        log.close()
        end = time.monotonic() + 120
        while not self.answers():
            check(self.process.poll() is None and time.monotonic() < end,
                  "mariadbd does not start: " + (self.folder / "log").read_text()[-2000:])
            time.sleep(0.1)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(self.socket)
                return len(probe.recv(1)) == 1
            except OSError:
                return False

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def url(self, database, user="root"):
        return f"mysql://{user}@/{database}?socket={self.socket}"

    def sql(self, text, database=""):
        """The rows of an answer as lists of text."""
        run = subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root",
                              "--batch", "--skip-column-names", "--default-character-set=utf8mb4",
                              database], input=text.encode(), capture_output=True,
                             timeout=CALL_TIMEOUT_S)
        check(run.returncode == 0, f"{text:.300}: {run.stderr.decode()}")
        return [line.split("\t") for line in run.stdout.decode().splitlines()]

    def create(self, database):
        self.sql(f"DROP DATABASE IF EXISTS {database}; CREATE DATABASE {database}")
        return self.url(database)

    def store(self, bench, database):
        """A new database with dfc's tables."""
        url = self.create(database)
        bench.run("init", "--store", url)
        return url

    def checksums(self, database, tables):
        """Rows and checksum by table."""
        return {table: (self.sql(f"SELECT COUNT(*) FROM {table}", database),
                        self.sql(f"CHECKSUM TABLE {table}", database)[0][1])
                for table in tables}
