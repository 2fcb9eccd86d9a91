"""A TAP device in a network namespace of its own: this kernel at one end, the test at the other.

    this process in its namespace                the test, which is the host 10.79.0.2, fd79::2
    application sockets -- kernel 10.79.0.1, fd79::1 -- k0 <== write(), read() of raw frames

A frame that is written has gone all the way up the kernel's stack before write() returns, and
every answer that does not need a timer can be read then. Nothing has to wait.
"""

import ctypes
import errno
import fcntl
import os
import socket
import struct
import subprocess

from harness import Skip, need

KERNEL, HOST = ("10.79.0.1", "fd79::1"), ("10.79.0.2", "fd79::2")  # By "is IPv6".
FRAME_BYTES_MAX = 65536

CLONE_NEWNET = 0x40000000
TCP_MD5SIG, TCP_MD5SIG_BYTES = 14, 216
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000

# Answers at once and to everything, and no window that grows by the machine's mood.
SETTINGS = {
    "ipv4/tcp_syncookies": 0, "ipv4/tcp_fastopen": 0, "ipv4/tcp_moderate_rcvbuf": 0,
    "ipv4/tcp_invalid_ratelimit": 0, "ipv4/tcp_sack": 1, "ipv4/tcp_timestamps": 1,
    "ipv4/tcp_window_scaling": 1, "ipv6/conf/k0/accept_ra": 0, "ipv6/conf/k0/accept_dad": 0,
    "ipv6/conf/k0/addr_gen_mode": 1,
}

# The addresses are those of the frames that packets.ether() makes.
COMMANDS = """
link set lo up
link set k0 address 02:00:00:00:00:02 up
address add 10.79.0.1/24 dev k0
address add fd79::1/64 dev k0 nodad
neighbour replace 10.79.0.2 lladdr 02:00:00:00:00:01 dev k0 nud permanent
neighbour replace fd79::2 lladdr 02:00:00:00:00:01 dev k0 nud permanent
route replace 10.79.0.2 dev k0 quickack 1
route replace fd79::2 dev k0 quickack 1
"""


def enter_new_namespace():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise Skip(f"no network namespace: {os.strerror(ctypes.get_errno())}")


def leave_namespace(former_fd):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(former_fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


class Tap:
    """A context manager. Inside of it this thread is in the namespace."""

    def __init__(self):
        need("ip")
        if os.geteuid() != 0:
            raise Skip("needs root: it makes a network namespace")
        if not os.path.exists("/dev/net/tun"):
            raise Skip("needs /dev/net/tun")

    def __enter__(self):
        self.former = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.device = -1
        enter_new_namespace()
        try:
            self.device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
            fcntl.ioctl(self.device, TUNSETIFF, struct.pack("16sH22x", b"k0", IFF_TAP | IFF_NO_PI))
            self.configure()
        except (OSError, subprocess.CalledProcessError) as problem:
            self.__exit__()
            raise Skip(f"no TAP device: {problem}") from None
        return self

    def __exit__(self, *_):
        leave_namespace(self.former)
        os.close(self.former)
        if self.device >= 0:
            os.close(self.device)

    def configure(self):
        for key, value in SETTINGS.items():
            try:
                with open("/proc/sys/net/" + key, "w") as setting:
                    setting.write(str(value))
            except FileNotFoundError:
                pass  # An older kernel, which has nothing of the kind to turn off.
        for command in COMMANDS.strip().split("\n"):
            subprocess.run(["ip", *command.split()], check=True, capture_output=True)

    def write(self, frame):
        os.write(self.device, frame)

    def read_all(self):
        """The frames that the kernel has sent to the host since the last time."""
        frames = []
        while True:
            try:
                frame = os.read(self.device, FRAME_BYTES_MAX)
            except BlockingIOError:
                return frames
            if frame[:6] == bytes.fromhex("020000000001"):  # No multicast of its own accord.
                frames.append(frame)


def knows_md5_signatures():
    """Whether this kernel was built with RFC 2385; one without takes them for unknown options."""
    with socket.socket() as probe:
        try:
            probe.setsockopt(socket.IPPROTO_TCP, TCP_MD5SIG, bytes(TCP_MD5SIG_BYTES))
        except OSError as problem:
            return problem.errno != errno.ENOPROTOOPT
    return True
