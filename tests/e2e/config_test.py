#!/usr/bin/python3
"""The configuration file, the environment and the command line, in the program itself.

  DFC_WRITE_CONFIG=1 config_test.py DFC    writes packaging/dfc.toml anew, with what is set in it
"""

import os
import pathlib
import re
import socket

from harness import (DONE, FAILED, USAGE, SAMPLE, case, check, check_equal, one_line, run_cases)
from live_link import ADDRESSES, Capture, Link

PACKAGED = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "dfc.toml"


def show(bench, *args, env=None):
    return bench.run("config", "show", *args, env=env).out.decode()


def faults(bench, text):
    """What `config check` says of a file with this text, a line each."""
    path = bench.write("faulty.toml", text.encode("latin-1"))
    result = bench.run("config", "check", path, status=FAILED)
    lines = result.err.strip().split("\n")
    for line in lines:
        check(line.startswith(f"dfc: {path}:"), line)
    return [line.removeprefix(f"dfc: {path}:") for line in lines]


def in_effect(text):
    return [line for line in text.split("\n") if re.match(r"[a-z]", line)]


@case("the packaged file is what `config show` prints of it")
def packaged(bench):
    ours = show(bench, str(PACKAGED))
    if os.environ.get("DFC_WRITE_CONFIG"):
        PACKAGED.write_text(ours)
    check(ours == PACKAGED.read_text(), "write it anew: DFC_WRITE_CONFIG=1 config_test.py DFC")
    check_equal(in_effect(PACKAGED.read_text()),
                ['store = "sqlite:/var/lib/data-flow-collect/dfc.db"'], "what it sets")


@case("each option that a command has is in the file, with its default")
def complete(bench):
    text = show(bench)
    about_one_call = {"help", "version", "config", "progress", "dry-run", "print-grants"}
    commands = re.findall(r"^  (\w+) ", bench.run("--help").out.decode().split("Subcommands:")[1],
                          re.M)
    check("capture" in commands, commands)
    for command in ("", *commands):
        page = bench.run(*([command] if command else []), "--help").out.decode()
        options = set(re.findall(r"^  (?:-\w,)?--([\w-]+)", page, re.M)) - about_one_call
        table = text.partition(f"\n[{command}]\n")[2] if command else text
        keys = set(re.findall(r"^#([a-z-]+) = ", table.partition("\n[")[0], re.M))
        check_equal(keys, set() if command == "show" else options, command or "all commands")


@case("every default is accepted where it stands uncommented, and changes nothing")
def defaults(bench):
    text = show(bench)
    blocks = [block for block in text.split("\n\n") if "Default: none" not in block
              and "(default:" not in block]
    set_all = re.sub(r"^#([a-z-]+ = )", r"\1", "\n\n".join(blocks), flags=re.M)
    check(len(in_effect(set_all)) > 30, f"only {len(in_effect(set_all))} defaults")
    path = bench.write("all.toml", set_all.encode())
    check_equal(bench.run("config", "check", path).out.decode(), f"{path}: ok\n", "check")
    check_equal(in_effect(show(bench, path)), in_effect(set_all), "what is in effect")


@case("the command line goes before the environment, and that before the file")
def precedence(bench):
    path = bench.write("dfc.toml", b'sensor = "file"\n[capture]\nkeep = 3\ninterface = ["a", "b"]\n')
    env = {"DFC_CONFIG": path}
    said = lambda *args, **more: in_effect(show(bench, *args, env=env | more))
    check_equal(said(), ['sensor = "file"', 'interface = ["a", "b"]', "keep = 3"], "file")
    check_equal(said(DFC_SENSOR="env", DFC_CAPTURE_INTERFACE="c,d", DFC_CAPTURE_KEEP="4"),
                ['sensor = "env"', 'interface = ["c", "d"]', "keep = 4"], "environment")
    check_equal(said("--sensor", "typed", DFC_SENSOR="env")[0], 'sensor = "typed"', "typed")


@case("a replay takes store, sensor and options from the file")
def drives_replay(bench):
    path = bench.write("dfc.toml", f"""
store = "sqlite:{bench.path('of-file.db')}"
[replay]
workers = 2
filter = "icmp"
quiet = true
[flows]
format = "tsv"
""".encode())
    check_equal(bench.run("--config", path, "replay", str(SAMPLE)).err, "", "quiet")
    check(os.path.exists(bench.path("of-file.db")), "no store there")
    rows = bench.run("flows", env={"DFC_CONFIG": path}).out.decode().split("\n")
    protocols = {row.split("\t")[1] for row in rows[1:] if row}
    check_equal(protocols, {"icmp", "icmp6"} & protocols, "protocols")
    check(protocols, "no flows")


@case("a capture runs from the file alone")
def drives_capture(bench):
    store = bench.store()
    path = bench.write("dfc.toml", b"""
[capture]
interface = ["b0"]
filter = "udp port 9999"
flush-interval = 500
""")
    with Link(bench) as link:
        capture = Capture(link, store, "--config", path, interfaces=())
        with link.sockets("a"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for port in (9999, 9998):
                sender.sendto(b"hello", (ADDRESSES["b"][0], port))
        capture.stop()
    check_equal([flow["server_port"] for flow in bench.flows(store)], [9999], "ports")


@case("all mistakes of a file are told at once, each with its line")
def all_faults(bench):
    lines = faults(bench, """store = "oracle:x"
workers = 4
sensor = 5
[capture]
interface = ["eth0"]
flush-interval = 5
flush-intervall = 500
ring = "lots"
durable = "yes"
keep = "3"
snaplen = [64, 128]
host-policy = ["first", "last"]
spool-full = 1979-05-27
[capture.x]
[bogus]
x = 1
""")
    wanted = ((1, "store: store URL: 'oracle:'"), (2, "workers: unknown key here; it goes under"),
              (3, "sensor: takes a text"), (6, "flush-interval: Value 5 not in range"),
              (7, "flush-intervall: unknown key"), (8, "ring: 'lots' is no size"),
              (9, "durable: takes true or false"), (10, "keep: takes a whole number"),
              (11, "snaplen: takes one value"), (12, "host-policy: two policies for all hosts"),
              (13, "spool-full: "), (14, "[capture.x]: "), (15, "[bogus]: unknown table"))
    check_equal([line.split(": ")[0] for line in lines], [str(at) for at, _ in wanted], "lines")
    for line, (at, says) in zip(lines, wanted):
        check(line.startswith(f"{at}: {says}"), f"{line}\nmust say {says}")


@case("broken syntax and a key that is there twice have their line")
def syntax(bench):
    for text, at in (('[capture]\ninterface = "x\n', 2), ("a = 1\na = 2\n", 2), ("[serve\n", 1),
                     ("\n\nsensor\n", 3), ("[serve]\n[flows]\n[serve]\n", 3),
                     ('\nsensor = "\xff"\n', 2), ("sensor = \0\n", 1),
                     ("a = " + "[" * 10_000 + "\n", 1)):
        lines = faults(bench, text)
        check_equal([line.split(":")[0] for line in lines], [str(at)], repr(text))


@case("a faulty file stops every command, with status 1; help is still given")
def stops(bench):
    path = bench.write("dfc.toml", b"[serve]\nlissten = 1\n")
    for command in (["flows"], ["replay", str(SAMPLE)], ["verify"]):
        one_line(bench.run("--config", path, *command, status=FAILED), f"{path}:2: lissten: ")
    bench.run("--config", path, "flows", "--help", status=DONE)
    one_line(bench.run("flows", env={"DFC_CONFIG": path}, status=FAILED), "lissten")


@case("a file that is named has to be there")
def missing(bench):
    for args, env in ((["--config", "absent.toml", "flows"], {}),
                      (["config", "check", "absent.toml"], {}),
                      (["flows"], {"DFC_CONFIG": "absent.toml"})):
        one_line(bench.run(*args, env=env, status=USAGE), "absent.toml", "run dfc --help")
    one_line(bench.run("config", "check", str(bench.dir), status=USAGE), str(bench.dir))
    big = bench.write("big.toml", b"# 34567890123456\n" * 20_000)
    one_line(bench.run("config", "check", big, status=USAGE), "more than 262144 bytes")


@case("what the environment has wrong is told with the variable's name")
def environment(bench):
    for name, value in (("DFC_CAPTURE_KEEP", "0"), ("DFC_STORE", "oracle:x"),
                        ("DFC_REPLAY_PACE", "yes"), ("DFC_CAPTURE_RING", "1")):
        one_line(bench.run("flows", env={name: value}, status=FAILED), f"${name}: ")
    bench.run("flows", env={"DFC_CAPTURE_KEEP": "", "DFC_STORE": "null:"}, status=None)


@case("secrets do not go into the file; where they would, the remedy is told and they are not")
def secrets(bench):
    for table in ("", "[serve]\n"):
        for key in ("password", "db-Password", "token", "secret"):
            line, = faults(bench, f'{table}{key} = "hunter2"\n')
            check("0600" in line and "password-file" in line, line)
            check("hunter2" not in line, line)
    line, = faults(bench, 'store = "mysql://dfc:hunter2@localhost:3306/dfc"\n')
    check("hunter2" not in line, line)


@case("a file with a secret is its user's alone, or refused")
def secret_files(bench):
    store = f"sqlite:{bench.path('t.db')}"
    bench.run("init", "--store", store)
    token = bench.write("tokens", b"analyst 0123456789abcdef0123456789abcdef\n")
    config = bench.write("dfc.toml", f'[serve]\ntoken-file = "{token}"\n'.encode())
    for mode in (0o644, 0o640, 0o602, 0o610):
        os.chmod(token, mode)
        one_line(bench.run("--config", config, "serve", "--store", store, status=FAILED), token,
                 "chmod 600")
    os.chmod(token, 0o600)
    if os.geteuid() == 0:
        os.chown(token, 12345, 12345)
        one_line(bench.run("--config", config, "serve", "--store", store, status=FAILED), token,
                 "chown 0")


@case("the password's file may be named on the command line and in the file")
def password_file(bench):
    secret = bench.write("secret", b"hunter2\n")
    os.chmod(secret, 0o644)
    config = bench.write("dfc.toml", f'password-file = "{secret}"\n'.encode())
    store = ["--store", "mysql://dfc@127.0.0.1:1/dfc"]
    for args, env in ((["--password-file", secret], {"DFC_PASSWORD": "x"}),
                      (["--config", config], {}), ([], {"DFC_PASSWORD_FILE": secret})):
        one_line(bench.run("init", *store, *args, env=env, status=FAILED), secret, "chmod 600")
    result = bench.run("init", *store, "--config", config, env={"DFC_PASSWORD": "x"}, status=FAILED)
    check("chmod" not in result.err, f"the file went before the environment: {result.err}")


run_cases()
