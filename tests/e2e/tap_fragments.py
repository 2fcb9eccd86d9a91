"""A kernel to send fragments to: a network namespace of this process, a TAP in it, UDP sockets.

What is written to the TAP has gone all the way to the socket when the write returns, so that a read
that does not wait tells what this one fragment made the application see.
"""

import ctypes
import fcntl
import os
import socket
import struct
import subprocess
import time

from harness import Skip, need
from packets import ether

HOSTS = {4: "10.79.0.1", 6: "fd79::1"}
PORT = 7777
CLONE_NEWNET = 0x40000000
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
UDP_NO_CHECK6_RX = 102  # A UDP checksum of zero is taken over IPv6, too.
# Names of the per-namespace settings, by IP version: time in seconds, bytes held.
TIMES = {4: "ipv4/ipfrag_time", 6: "ipv6/ip6frag_time"}
ROOM = {4: "ipv4/ipfrag_high_thresh", 6: "ipv6/ip6frag_high_thresh"}


class Tap:
    """Opened once a process: the process stays in the namespace."""

    def __init__(self):
        need("ip")
        if os.geteuid() != 0 or not os.path.exists("/dev/net/tun"):
            raise Skip("no right to a network namespace, or no /dev/net/tun")
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise Skip("no network namespace: " + os.strerror(ctypes.get_errno()))
        try:
            self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH", b"k0", IFF_TAP | IFF_NO_PI))
        except OSError as problem:
            raise Skip(f"no TAP: {problem}") from problem
        for words in (f"addr add {HOSTS[4]}/16 dev k0", f"-6 addr add {HOSTS[6]}/64 dev k0 nodad",
                      "link set k0 address 02:00:00:00:00:02", "link set k0 up"):
            subprocess.run(["ip", *words.split()], check=True)
        for setting in ROOM.values():
            self.set(setting, 64 << 20)
        self.sockets = {4: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
                        6: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)}
        self.sockets[6].setsockopt(socket.IPPROTO_UDP, UDP_NO_CHECK6_RX, 1)
        for version, listener in self.sockets.items():
            listener.setblocking(False)
            listener.bind((HOSTS[version], PORT))

    def set(self, name, value):
        with open("/proc/sys/net/" + name, "w", encoding="ascii") as setting:
            setting.write(str(value))

    def send(self, packet):
        """Gives the IP packet to the kernel; returns the datagrams that came out, each with the
        port of its sender."""
        os.write(self.tap, ether(packet))
        try:
            while True:  # What the kernel says to it: neighbour solicitations, ICMP errors.
                os.read(self.tap, 65536)
        except BlockingIOError:
            pass
        return self.read(6 if packet[0] >> 4 == 6 else 4)

    def read(self, version):
        got = []
        try:
            while True:
                data, sender = self.sockets[version].recvfrom(65536)
                got.append((sender[1], data))
        except BlockingIOError:
            return got

    def wait(self, seconds):
        time.sleep(seconds)
