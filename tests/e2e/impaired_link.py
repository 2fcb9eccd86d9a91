"""File transfers between two network namespaces over a link that loses, delays and damages frames.

    namespace A, 10.80.0.1, fd80::1      tests/tools/impair      namespace B, 10.80.0.2, fd80::2
    sender -- kernel -- TAP a0 ----------- impairment ----------- TAP b0 -- kernel -- receiver
                                                        |
                                                   the capture: all that the receiver's kernel got,
                                                   and what it sent
TAP devices have no offloads: frames are as they would be on a wire.
"""

import collections
import ctypes
import os
import random
import select
import signal
import socket
import subprocess
import threading
import time

from harness import Failed, Skip, need

CLONE_NEWNET = 0x40000000
ADDRESSES = {"a": ("10.80.0.1", "fd80::1"), "b": ("10.80.0.2", "fd80::2")}  # By "is IPv6".
TRANSFER_TIMEOUT_S = 90
SEND_BYTES = 1 << 16

# Each end knows the other's address and does not wait long before it sends again.
SETUP = """
-n {own} tuntap add dev {end}0 mode tap
-n {own} link set {end}0 address 02:00:00:00:00:0{end}
-n {own} link set lo up
-n {own} link set {end}0 up
-n {own} address add {own4}/24 dev {end}0
-n {own} address add {own6}/64 dev {end}0 nodad
-n {own} neighbour replace {peer4} lladdr 02:00:00:00:00:0{peer} dev {end}0 nud permanent
-n {own} neighbour replace {peer6} lladdr 02:00:00:00:00:0{peer} dev {end}0 nud permanent
-n {own} route replace {peer4} dev {end}0 quickack 1 rto_min 10ms
-n {own} route replace {peer6} dev {end}0 quickack 1 rto_min 10ms
"""

# What crosses the link in one transfer, all decided by the seed. `rates` are per mille, as impair
# takes them: loss, reorder, duplicate, corrupt; from A to B, and back.
Transfer = collections.namedtuple("Transfer", "seed is_v6 is_upload port rates data")


def transfer_of(seed):
    """From 200 KiB to 2 MiB, smaller ones more often. An upload's client is the sender."""
    dice = random.Random(seed)
    rates = ["/".join(str(dice.randint(0, most)) for _ in "ab") for most in (40, 100, 30, 15)]
    data = dice.randbytes(int(200 * 1024 * 10 ** dice.random()))
    return Transfer(seed, seed % 2 == 0, seed // 2 % 2 == 0, 10_000 + seed, rates, data)


def ip(*words):
    subprocess.run(["ip", *words], check=True, capture_output=True)


def enter(namespace):
    """This thread's new sockets are in the namespace."""
    handle = os.open(namespace, os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(handle, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(handle)


class Link:
    """Two namespaces of its own. A context manager."""

    def __init__(self, impair, number):
        self.impair = impair
        self.names = {end: f"dfc-{os.getpid()}-{number}{end}" for end in "ab"}

    def __enter__(self):
        try:
            for name in self.names.values():
                ip("netns", "add", name)
            for end, peer in ("ab", "ba"):
                own4, own6 = ADDRESSES[end]
                peer4, peer6 = ADDRESSES[peer]
                commands = SETUP.format(own=self.names[end], end=end, peer=peer, own4=own4,
                                        own6=own6, peer4=peer4, peer6=peer6)
                for command in commands.strip().split("\n"):
                    ip(*command.split())
        except subprocess.CalledProcessError as problem:
            self.__exit__()
            raise Skip(f"no namespaces: {problem.stderr.decode().strip()}") from None
        return self

    def __exit__(self, *_):
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def carry(self, transfer, capture):
        """Sends the file from A to B, records it in the file `capture` and checks what arrives."""
        seed = str(transfer.seed)
        command = [self.impair, self.names["a"], "a0", self.names["b"], "b0", *transfer.rates, seed,
                   capture]
        with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
            try:
                if running.stderr.readline() != b"ready\n":
                    raise Failed(f"impair did not start: {running.stderr.read().decode()}")
                received = self.exchange(transfer)
            finally:
                running.send_signal(signal.SIGTERM)
                running.communicate()
        if received != transfer.data:
            raise Failed(f"seed {seed}: the receiver itself got other bytes")

    def exchange(self, transfer):
        sender, receiver = self.connect(transfer)
        with sender, receiver:
            return pump(sender, receiver, transfer.data)

    def connect(self, transfer):
        """The sender's and the receiver's socket, each in its namespace."""
        server_end = "b" if transfer.is_upload else "a"
        client_end = "a" if transfer.is_upload else "b"
        family = socket.AF_INET6 if transfer.is_v6 else socket.AF_INET
        enter(f"/run/netns/{self.names[server_end]}")
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((ADDRESSES[server_end][transfer.is_v6], transfer.port))
            listener.listen(1)
            listener.settimeout(TRANSFER_TIMEOUT_S)
            enter(f"/run/netns/{self.names[client_end]}")
            client = socket.create_connection(listener.getsockname()[:2], TRANSFER_TIMEOUT_S)
            server, _ = listener.accept()
        return (client, server) if transfer.is_upload else (server, client)


def pump(sender, receiver, data):
    """Sends all of `data`, then FIN both ways; returns what arrived."""
    for end in (sender, receiver):
        end.setblocking(False)
    rest, arrived = memoryview(data), bytearray()
    deadline = time.monotonic() + TRANSFER_TIMEOUT_S
    waiting = {sender, receiver}  # For the other's FIN.
    while waiting:
        readable, writable, _ = select.select(list(waiting), [sender] if rest else [], [], 1)
        if time.monotonic() > deadline:
            raise Failed(f"nothing moves after {len(arrived)} of {len(data)} bytes")
        if writable:
            rest = rest[sender.send(rest[:SEND_BYTES]):]
            if not rest:
                sender.shutdown(socket.SHUT_WR)
        for end in readable:
            got = end.recv(SEND_BYTES)
            if end is receiver:
                arrived += got
            if not got:
                waiting.discard(end)
                if end is receiver:
                    receiver.shutdown(socket.SHUT_WR)
    return bytes(arrived)


def carry_all(impair, seeds, folder, links):
    """The transfers of all seeds, `links` at a time. Returns {seed: (transfer, capture's path)}."""
    need("ip")
    if os.geteuid() != 0:
        raise Skip("needs root: it makes network namespaces")
    waiting, done, problems = list(seeds), {}, []

    def work(link):
        try:
            while waiting and not problems:
                transfer = transfer_of(waiting.pop(0))
                capture = str(folder / f"{transfer.seed}.pcap")
                link.carry(transfer, capture)
                done[transfer.seed] = transfer, capture
        except Exception as problem:  # Raised again in the main thread.
            problems.append(problem)

    opened = []
    try:
        for number in range(links):
            opened.append(Link(impair, number).__enter__())
        threads = [threading.Thread(target=work, args=(link,)) for link in opened]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for link in opened:
            link.__exit__()
    if problems:
        raise problems[0]
    return dict(sorted(done.items()))
