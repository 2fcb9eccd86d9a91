"""Plays scripts (tcp_script.py) to this machine's kernel and notes what an application reads."""

import collections
import contextlib
import errno
import socket
import struct

from packets import ACK, MS, RST, SYN, T0
from tap import HOST, KERNEL
from tcp_script import FIRST_TIMESTAMP, SYN_OFFSET, Application, Segment, frame, read_answer

FIRST_HOST_PORT, CONNECTIONS_MAX, FIRST_KERNEL_PORT = 1024, 60_000, 9000
FILLED_OFFSETS = range(0, 16_384)  # Where holes are filled in the end.
FILLER = b"."
RECEIVE_BYTES_MAX = 1 << 20

# What became of a script. `read` is what the application read, `end` how that ended: "open",
# "eof", "reset", or both, "eof reset"; "none" if there never was a connection. `said` is what it
# wrote. `filled`: no holes are left. `connections`: how many sequences the kernel itself began.
Outcome = collections.namedtuple(
    "Outcome", "script host_port kernel_port read end said filled connections")


class Oracle:
    """Plays scripts through `tap`. `frames`: all that passed, as (frame, time in ns)."""

    def __init__(self, tap):
        self.tap = tap
        self.listeners = {}  # (is IPv6, receive buffer, reads in line): socket
        self.frames = []
        self.now_ns = T0
        self.played = 0

    def close(self):
        for listener in self.listeners.values():
            listener.close()

    def play(self, script):
        assert self.played < CONNECTIONS_MAX, "a port of the host is never used twice"
        connection = Connection(self, script, FIRST_HOST_PORT + self.played)
        self.played += 1
        try:
            return connection.play()
        finally:
            connection.abort()

    def listener(self, script):
        key = (script.is_v6, script.receive_buffer, script.reads_inline)
        if key not in self.listeners:
            self.listeners[key] = listen(script, FIRST_KERNEL_PORT + len(self.listeners))
        return self.listeners[key]

    def record(self, captured):
        self.now_ns += MS
        self.frames.append((captured, self.now_ns))


def tcp_socket(script):
    made = socket.socket(socket.AF_INET6 if script.is_v6 else socket.AF_INET)
    # Accepted sockets have the options of their listener.
    if script.receive_buffer:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, script.receive_buffer)
    if script.reads_inline:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    made.setblocking(False)
    return made


def listen(script, port):
    listener = tcp_socket(script)
    listener.bind((KERNEL[script.is_v6], port))
    listener.listen(16)
    return listener


class Connection:
    def __init__(self, oracle, script, host_port):
        self.oracle, self.tap, self.script = oracle, oracle.tap, script
        self.listener = self.socket = None
        host, kernel = HOST[script.is_v6], KERNEL[script.is_v6]
        if script.kernel_is_client:
            self.socket = tcp_socket(script)
            self.socket.bind((kernel, 0))
            port = self.socket.getsockname()[1]
        else:
            self.listener = oracle.listener(script)
            port = self.listener.getsockname()[1]
        self.ends = ((host, host_port), (kernel, port))
        self.ack = self.echo = 0  # What a well-behaved host would acknowledge and echo.
        self.next = 0             # Offset that the kernel expects next.
        self.now = FIRST_TIMESTAMP
        self.reading = True
        self.first_seqs = set()  # That the kernel chose.
        self.read, self.said, self.end = b"", b"", "none"

    def play(self):
        if self.script.kernel_is_client:
            self.socket.connect_ex(self.ends[0])
            self.listen_to_kernel()
        for step in self.script.handshake() + self.script.steps:
            if isinstance(step, Segment):
                self.send(step)
            else:
                self.apply(step)
        self.reading = True
        self.run_application()
        filled = self.script.fill and self.fill()
        if self.end == "eof" and self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0:
            self.end = "eof reset"
        return Outcome(self.script, self.ends[0][1], self.ends[1][1], self.read, self.end,
                       self.said, filled, len(self.first_seqs))

    def send(self, segment):
        sent = frame(self.script, segment, self.ends, self.ack, self.now, self.echo)
        self.now += 1
        self.oracle.record(sent)
        self.tap.write(sent)
        self.listen_to_kernel()
        self.run_application()

    def listen_to_kernel(self, recording=True):
        for captured in self.tap.read_all():
            answer = read_answer(captured, self.ends)
            if answer is None or not recording:
                continue  # A late farewell of an earlier connection.
            self.oracle.record(captured)
            if answer.flags & RST:
                continue
            if answer.flags & SYN:
                self.first_seqs.add(answer.seq)
            if self.ack == 0 or 0 < (answer.end() - self.ack) & 0xFFFFFFFF < 1 << 31:
                self.ack = answer.end() & 0xFFFFFFFF
            if answer.flags & ACK:
                self.next = (answer.ack - self.script.isn - 1 + (1 << 31)) % (1 << 32) - (1 << 31)
            if answer.timestamp is not None:
                self.echo = answer.timestamp

    def run_application(self):
        if self.socket is None:
            self.accept()
        if self.socket is None or not self.reading or self.end in ("eof", "reset"):
            return
        try:
            while data := self.socket.recv(RECEIVE_BYTES_MAX):
                self.end = "open"
                self.read += data
            self.end = "eof"
        except BlockingIOError:
            if self.is_connected():
                self.end = "open"
        except OSError as problem:
            if problem.errno not in (errno.ECONNRESET, errno.ECONNREFUSED, errno.EPIPE):
                raise
            self.end = "reset"
        self.listen_to_kernel()  # The window may have opened.

    def is_connected(self):
        try:
            self.socket.getpeername()
        except OSError:
            return False
        return True

    def accept(self):
        while True:
            try:
                accepted, (_, port, *_) = self.listener.accept()
            except BlockingIOError:
                return
            if port == self.ends[0][1]:
                accepted.setblocking(False)
                self.socket = accepted
                return
            accepted.close()

    def apply(self, step: Application):
        if step.does in ("stop", "go"):
            self.reading = step.does == "go"
        elif self.socket is not None:
            with contextlib.suppress(OSError):  # Nobody listens any more.
                if step.does == "shut":
                    self.socket.shutdown(socket.SHUT_WR)
                else:
                    sent = self.socket.send(step.text)
                    self.said += step.text[:sent]
        self.listen_to_kernel()
        self.run_application()

    def fill(self):
        """Closes the holes, so that all that the kernel holds comes to the application. Bytes that
        some segment had are sent one by one: the kernel may have the next."""
        segments = [step for step in self.script.segments() if step.end() <= FILLED_OFFSETS.stop]
        touched = sorted({at for step in segments for at in range(max(step.offset, 0), step.end())})
        while self.end == "open" and touched and self.next <= touched[-1]:
            following = next(at for at in touched if at >= self.next)
            before = self.next
            self.send(Segment(before, FILLER * max(following - before, 1)))
            if self.next <= before and self.end == "open":
                return False
        return self.end == "open"

    def abort(self):
        """Leaves nothing behind in the kernel; not part of the capture."""
        if self.socket is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()
        reset = Segment(self.next if self.next > SYN_OFFSET else 0, flags=RST)
        self.tap.write(frame(self.script, reset, self.ends, self.ack, self.now, self.echo))
        self.listen_to_kernel(recording=False)
