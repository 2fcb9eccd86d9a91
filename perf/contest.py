"""Programs that take turns with the same file: what each took, a line of a table each."""

import collections
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import threading
import time

# `failed` is None, or why there are no figures. `seconds` and `busy` have one for each round.
Result = collections.namedtuple("Result", "seconds busy peak_bytes failed")
Turn = collections.namedtuple("Turn", "seconds busy peak_bytes failed")


class Program:
    """`words` make one run over a capture; `folder` is empty before each. What it tells of its own
    time, where `tells_seconds`, counts instead of the whole process's. `beside` runs meanwhile."""

    def __init__(self, name, delivers, words, tells_seconds=False, beside=None, fresh=None):
        self.name, self.delivers, self.words = name, delivers, words
        self.tells_seconds, self.beside = tells_seconds, beside
        self.fresh = fresh or (lambda folder: None)


def last_line(text):
    lines = text.strip().splitlines()
    return lines[-1][:100].replace("|", "/") if lines else "no word"


def take_turn(program, folder, limit_s, environment):
    work = folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    log, told = folder / "log", folder / "told"
    try:
        words = [str(word) for word in program.words(work)]
        program.fresh(work)
    except (OSError, RuntimeError) as problem:
        return Turn(0, 0, 0, f"failed: {problem}")
    beside = subprocess.Popen(program.beside) if program.beside else None
    try:
        with open(told, "wb") as out, open(log, "wb") as errors:
            turn = run_bounded(words, out, errors, work, limit_s, environment)
    finally:
        if beside:
            beside.kill()
            beside.wait()
        shutil.rmtree(work, ignore_errors=True)
    if turn.failed and turn.failed.startswith("status"):
        said = last_line(log.read_text(errors="replace"))
        return turn._replace(failed=f"failed: {turn.failed}: {said}")
    if program.tells_seconds and not turn.failed:
        seconds, busy = map(float, told.read_text().split())
        return turn._replace(seconds=seconds, busy=busy)
    return turn


def run_bounded(words, out, errors, work, limit_s, environment):
    started = time.monotonic()
    try:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
                                   cwd=work, env=environment, start_new_session=True)
    except OSError as problem:
        return Turn(0, 0, 0, f"failed: {problem.strerror}")
    late = threading.Event()

    def stop():
        late.set()
        os.killpg(process.pid, signal.SIGKILL)
    timer = threading.Timer(limit_s, stop)
    timer.start()
    try:
        _, status, used = os.wait4(process.pid, 0)
    except BaseException:  # Whoever interrupts this leaves nothing running.
        os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        timer.cancel()
    seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    failed = None
    if late.is_set():
        failed = f"more than {limit_s:g} s"
    elif process.returncode != 0:
        failed = f"status {process.returncode}"
    return Turn(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, failed)


def take_turns(programs, rounds, folder, limit_s, environment, say=lambda text: None):
    """Each round runs every program once, and begins with another one. What failed once is not
    tried again. Results by name, and whether Ctrl-C ended it: then not all may have one."""
    turns, stopped = {program.name: [] for program in programs}, False
    try:
        for number in range(rounds):
            start = number % len(programs)
            for program in programs[start:] + programs[:start]:
                taken = turns[program.name]
                if not (taken and taken[-1].failed):
                    say(f"round {number + 1} of {rounds}: {program.name}")
                    taken.append(take_turn(program, pathlib.Path(folder), limit_s, environment))
    except KeyboardInterrupt:
        stopped = True
    return {name: Result([turn.seconds for turn in taken], [turn.busy for turn in taken],
                         max(turn.peak_bytes for turn in taken), taken[-1].failed)
            for name, taken in turns.items() if taken}, stopped


HEAD = ("| program | delivers | seconds, median | of all rounds | CPU s | peak MB | "
        "million packets/s | Gbit/s |\n|---|---|---|---|---|---|---|---|")


def line(program, result, packets, octets):
    if result.failed:
        return f"| {program.name} | {program.delivers} | {result.failed} | | | | | |"
    middle = max(statistics.median(result.seconds), 1e-6)
    return (f"| {program.name} | {program.delivers} | {middle:.3f} | {min(result.seconds):.3f} to "
            f"{max(result.seconds):.3f} | {statistics.median(result.busy):.2f} | "
            f"{result.peak_bytes / 1e6:,.0f} | {packets / middle / 1e6:.2f} | "
            f"{octets * 8 / middle / 1e9:.2f} |")
