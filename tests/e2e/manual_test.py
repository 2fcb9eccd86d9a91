#!/usr/bin/python3
"""Manual pages and completions: they tell of what the program takes, all of it and nothing else."""

import os
import pathlib
import pty
import re
import select
import subprocess
import time

from harness import CALL_TIMEOUT_S, Failed, Skip, case, check, check_equal, need, run_cases

ANSWER_TIMEOUT_S = 30
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")


def built(bench, path):
    found = pathlib.Path(bench.dfc).parent / path
    if not found.exists():
        raise Skip(f"{path} is not built")
    return found


def commands(bench, *outer):
    """All commands, those of commands too, as lists of words."""
    said = bench.run(*outer, "--help").out.decode()
    _, _, listed = said.partition("\nSubcommands:\n")
    for word in re.findall(r"^  ([a-z]\w*)", listed, re.M):
        yield [*outer, word]
        yield from commands(bench, *outer, word)


def options(bench, *command):
    """The options that --help tells of, by the column in which they stand."""
    said = bench.run(*command, "--help").out.decode().partition("Options:\n")[2]
    heads = re.findall(r"^  (-\S+)", said, re.M)
    return {name for head in heads for name in OPTION.findall(head.replace(",", " "))}


def rendered(page):
    run = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page], capture_output=True,
                         env={**os.environ, "MANWIDTH": "80", "MANROFFOPT": "", "MAN_KEEP_FORMATTING":
                              "", "LC_ALL": "C.UTF-8"}, timeout=CALL_TIMEOUT_S, check=False)
    check_equal((run.returncode, run.stderr.decode()), (0, ""), f"what man says of {page.name}")
    return run.stdout.decode()


# Manual pages -------------------------------------------------------------------------------------

@case("each command has a page that renders without a warning and has all of its options")
def pages(bench):
    need("man")
    folder = built(bench, "docs/man/man1")
    known = list(commands(bench))
    top = {words[0] for words in known}
    check_equal({page.name for page in folder.iterdir()},
                {"dfc.1"} | {f"dfc-{word}.1" for word in top}, "pages")
    text = {word: rendered(folder / f"dfc-{word}.1") for word in top}
    for words in known:
        told = set(OPTION.findall(text[words[0]]))
        check_equal(sorted(options(bench, *words) - told - {"-h", "--help"}), [],
                    f"options that dfc-{words[0]}(1) lacks")
    front = rendered(folder / "dfc.1")
    check_equal(sorted(options(bench) - set(OPTION.findall(front))), [], "options dfc(1) lacks")
    check_equal(sorted(word for word in top if f"dfc-{word}(1)" not in front), [],
                "commands that dfc(1) lacks")


@case("each page of a command says more than its options")
def descriptions(bench):
    need("man")
    for page in built(bench, "docs/man/man1").iterdir():
        text = rendered(page)
        described = re.search(r"^DESCRIPTION\n(.*?)^[A-Z]", text, re.M | re.S)
        check(described and len(described[1].split()) >= 10, f"{page.name} describes nothing")


@case("dfc.toml(5) has a key for each long option")
def keys(bench):
    need("man")
    text = rendered(built(bench, "docs/man/man5/dfc.toml.5"))
    told = set(re.findall(r"^ +([a-z][a-z-]*) = ", text, re.M))
    for name in ("store", "sensor", "interface", "ring", "keep-bytes", "listen", "promiscuous"):
        check(name in told, f"key {name} is not in dfc.toml(5): {sorted(told)}")


# Completions --------------------------------------------------------------------------------------

def ask_bash(bench, *words):
    """What bash offers where the last word is being written; words as readline parts them."""
    script = ('source "$1"; shift; compopt() { :; }; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); '
              '_dfc; printf "%s\\n" "${COMPREPLY[@]}"')
    file = built(bench, "packaging/completions/dfc")
    run = subprocess.run(["bash", "--norc", "-c", script, "bash", file, "dfc", *words],
                         capture_output=True, cwd=bench.dir, timeout=CALL_TIMEOUT_S, check=False)
    check_equal(run.stderr.decode(), "", f"bash, asked for {words}")
    return run.stdout.decode().split()


@case("bash offers each command, and all options of each")
def bash_names(bench):
    known = list(commands(bench))
    top = sorted(words[0] for words in known if len(words) == 1)
    check_equal(sorted(ask_bash(bench, "")), top, "commands")
    common = options(bench) - {"--version", "-h", "--help"}
    for words in known:
        check_equal(set(ask_bash(bench, *words, "-")), options(bench, *words) | common,
                    f"options of {words}")


@case("bash offers values: words, files, interfaces, stores; also after = and :")
def bash_values(bench):
    bench.write("one.pcap", b"")
    for words, wanted in {
            ("capture", "--checksums", ""): ["auto", "verify", "ignore"],
            ("capture", "--checksums", "=", "v"): ["verify"],
            ("capture", "--spool-full", "="): ["drop-newest", "drop-oldest"],
            ("--store", "sqlite", ":", "flows", "spool", "re"): ["retry"],
            ("flows", "--format", "json", "--sort", "x", "--d"): ["--digest"],
            ("capture", "--interface", "lo"): ["lo"],
            ("capture", "-i", "l", "o", "--urg"): ["--urgent"],
            ("replay", "on"): ["one.pcap"],
            ("flows", "--store", "sq"): ["sqlite:"],
            ("flows", "--store", "sqlite", ":", "on"): ["one.pcap"],
            ("flows", "--sensor", "ca"): [],
            ("sp",): ["spool"]}.items():
        check_equal(ask_bash(bench, *words), wanted, f"offered after {words}")


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, bench, *command):
        self.child, self.screen = pty.fork()
        if self.child == 0:
            os.chdir(bench.dir)
            os.environ.update(TERM="dumb", LC_ALL="C.UTF-8", PS1="$ ", HOME=str(bench.dir))
            os.execvp(command[0], command)
        self.seen = ""

    def type(self, text):
        os.write(self.screen, text.encode())

    def wait_for(self, *words):
        """Reads until all of the words have come since the last call."""
        until = time.monotonic() + ANSWER_TIMEOUT_S
        seen = ""
        while not all(word in seen for word in words):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.screen], [], [], left)[0]:
                raise Failed(f"the terminal does not show {words}:\n{seen}")
            seen += os.read(self.screen, 65536).decode(errors="replace")

    def close(self):
        os.close(self.screen)
        os.waitpid(self.child, 0)


def at_terminal(bench, shell, setting_up):
    shell = Terminal(bench, *shell)
    try:
        shell.type(setting_up + "; echo re''ady\n")
        shell.wait_for("ready")
        shell.type("dfc capt\t")
        shell.wait_for("capture ")
        shell.type("--check\t")
        shell.wait_for("--checksums")
        shell.type("ver\t")
        shell.wait_for("verify ")
        shell.type("--spool-full \t\t\t")
        shell.wait_for("drop-newest", "drop-oldest")
    finally:
        shell.close()


@case("bash completes what is typed at a terminal")
def bash_terminal(bench):
    file = built(bench, "packaging/completions/dfc")
    at_terminal(bench, ("bash", "--norc", "--noprofile", "-i"), f"source '{file}'")


@case("zsh completes what is typed at a terminal")
def zsh_terminal(bench):
    need("zsh")
    folder = built(bench, "packaging/completions/_dfc").parent
    at_terminal(bench, ("zsh", "-f", "-i"), f"fpath=('{folder}' $fpath); autoload -U compinit; "
                "compinit -u -d zcompdump")


run_cases()
