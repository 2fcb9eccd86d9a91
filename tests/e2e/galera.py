"""A Galera cluster of three nodes on this machine."""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from harness import CALL_TIMEOUT_S, Skip, check, need

PROVIDERS = ("/usr/lib/galera/libgalera_smm.so", "/usr/lib64/galera/libgalera_smm.so",
             "/usr/lib64/galera-4/libgalera_smm.so")
START_TIMEOUT_S = 120


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def server_user():
    """Started by root, rsync's daemon gives root's rights up: the files must be another user's."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("mysql")
    except KeyError:
        raise Skip("needs a user mysql") from None


class Node:
    def __init__(self, cluster, number):
        self.cluster, self.number = cluster, number
        self.folder = cluster.folder / f"n{number}"
        self.socket = f"{cluster.folder}/{number}"
        self.port, self.group, self.ist, self.sst = free_ports(4)
        self.process = None

    def environment(self):
        """Its own folder of temporary tables: a server that starts removes those of all others."""
        folder = self.folder / "tmp"
        if not folder.exists():
            folder.mkdir()
            self.cluster.own(folder)
        return {**os.environ, "TMPDIR": str(folder)}

    def install(self):
        run = subprocess.run(
            ["mariadb-install-db", "--no-defaults", *self.cluster.as_user, "--skip-test-db",
             "--auth-root-authentication-method=normal", f"--datadir={self.folder}/data"],
            capture_output=True, text=True, timeout=CALL_TIMEOUT_S, env=self.environment())
        check(run.returncode == 0, f"mariadb-install-db: {run.stdout[-500:]}{run.stderr[-500:]}")

    def start(self, *options):
        members = ",".join(f"127.0.0.1:{node.group}" for node in self.cluster.nodes)
        path = shutil.which("mariadbd") or "/usr/sbin/mariadbd"
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [path, "--no-defaults", *self.cluster.as_user, f"--datadir={self.folder}/data",
             f"--socket={self.socket}", f"--pid-file={self.folder}/pid", f"--port={self.port}",
             "--bind-address=127.0.0.1", "--skip-name-resolve", "--binlog-format=ROW",
             "--innodb-autoinc-lock-mode=2", "--innodb-flush-log-at-trx-commit=2",
             "--innodb-buffer-pool-size=64M", "--innodb-log-file-size=48M", "--wsrep-on=ON",
             f"--wsrep-provider={self.cluster.provider}", "--wsrep-cluster-name=dfc-test",
             f"--wsrep-node-name=n{self.number}", f"--wsrep-node-address=127.0.0.1:{self.group}",
             f"--wsrep-cluster-address=gcomm://{members}", "--wsrep-sst-method=rsync",
             f"--wsrep-sst-receive-address=127.0.0.1:{self.sst}",
             f"--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:{self.group};"
             f"ist.recv_addr=127.0.0.1:{self.ist};gcache.size=64M;evs.keepalive_period=PT0.5S;"
             "evs.suspect_timeout=PT2S;evs.inactive_timeout=PT4S", *options],
            stdout=log, stderr=log, env=self.environment())
        log.close()

    def kill(self, how=signal.SIGKILL):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)
        self.process = None

    def sql(self, text, database="", must=True):
        run = subprocess.run(["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root",
                              "--batch", "--skip-column-names", database], input=text.encode(),
                             capture_output=True, timeout=CALL_TIMEOUT_S)
        check(run.returncode == 0 or not must, f"{text:.300}: {run.stderr.decode()}")
        return [line.split("\t") for line in run.stdout.decode().splitlines()]

    def is_synced(self):
        state = self.sql("SHOW STATUS LIKE 'wsrep_local_state_comment'", must=False)
        ready = self.sql("SHOW STATUS LIKE 'wsrep_ready'", must=False)
        return bool(state and ready) and state[0][1] == "Synced" and ready[0][1] == "ON"

    def wait_synced(self):
        end = time.monotonic() + START_TIMEOUT_S
        while not self.is_synced():
            log = (self.folder / "log").read_text(errors="replace")[-1500:]
            check(self.process.poll() is None, f"node {self.number} ended: {log}")
            check(time.monotonic() < end, f"node {self.number} does not come: {log}")
            time.sleep(0.2)


class Galera:
    """A context manager; the nodes are running and in step when it is entered."""

    def __init__(self):
        need("mariadbd", "mariadb-install-db", "mariadb", "rsync", "lsof")
        self.provider = next((path for path in PROVIDERS if os.path.exists(path)), None)
        if not self.provider:
            raise Skip("galera-4 is not installed")
        self.user = server_user()
        self.as_user = ["--user=mysql"] if self.user else []
        # A socket's path has at most 107 bytes.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dfc-", dir="/tmp"))
        self.own(self.folder)
        self.nodes = [Node(self, number) for number in (1, 2, 3)]

    def own(self, path):
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def __enter__(self):
        try:
            for node in self.nodes:
                node.folder.mkdir()
                self.own(node.folder)
                node.install()
            self.nodes[0].start("--wsrep-new-cluster")
            self.nodes[0].wait_synced()
            for node in self.nodes[1:]:
                node.start()
                node.wait_synced()
            self.nodes[0].sql("CREATE USER net@'127.0.0.1'; GRANT ALL ON *.* TO net@'127.0.0.1'")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database, first=0):
        order = self.nodes[first:] + self.nodes[:first]
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in order)
        return f"mysql://net@{hosts}/{database}?connect-timeout=2&read-timeout=5&write-timeout=5"

    def restart(self, *numbers):
        """Nodes that were killed join those that run."""
        for number in numbers:
            self.nodes[number].start()
            self.nodes[number].wait_synced()

    def checksums(self, database, tables):
        """Of each node, all the same; fails where they are not."""
        sums = []
        for node in self.nodes:
            node.sql("SET SESSION wsrep_sync_wait = 1; SELECT 1")
            sums.append({table: (node.sql(f"SELECT COUNT(*) FROM {table}", database),
                                 node.sql(f"CHECKSUM TABLE {table}", database)[0][1])
                         for table in tables})
        check(sums[0] == sums[1] == sums[2], f"nodes differ: {sums}")
        return sums[0]
