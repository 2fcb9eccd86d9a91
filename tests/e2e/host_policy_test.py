#!/usr/bin/python3
"""--host-policy: whose copy of a byte is stored where fragments overlap, by the receiver's subnet."""

from fragment_scripts import packet, parse, udp_bytes
from harness import USAGE, case, check_equal, one_line, run_cases
from packets import ether, pcap

# A piece that crosses the one before on its left, and an end.
CROSSING = "A16-32+ B8-24+ H0-8+ C32-40"
SENDERS = {4: "10.0.0.9", 6: "fd00::9"}


def content(bench, receiver, *options, script=CROSSING):
    """What is stored of the datagram that comes out of the script, a letter for each 8 bytes."""
    version = 6 if ":" in receiver else 4
    steps = parse(script)
    frames = [ether(packet(version, SENDERS[version], receiver, 1000, 2000, 7, udp_bytes(steps),
                           step)) for step in steps]
    capture = bench.write("t.pcap", pcap(frames))
    (bench.dir / "t.db").unlink(missing_ok=True)
    bench.run("replay", "--store", bench.store(), *options, capture)
    flows = bench.flows(bench.store())
    return bench.content(bench.store(), flows[0]["id"], "client")[::8].decode() if flows else None


@case("each policy stores the copy that its receivers would read")
def each_policy(bench):
    wanted = {"linux": None, "first": "BAAC", "last": "BBAC", "bsd": "BBAC", "linux-ns": "BBAC",
              "old_linux": "BBAC", "solaris": "BAAC", "windows": "BAAC", "vista": "BAAC"}
    for receiver in ("10.0.0.2", "fd00::2"):
        for policy, text in wanted.items():
            ours = content(bench, receiver, "--host-policy", policy)
            check_equal(ours, text, f"{policy}, {receiver}")


@case("without the option a datagram of crossing fragments is dropped, as Linux does")
def by_default(bench):
    check_equal(content(bench, "10.0.0.2"), None, "content")


@case("the subnet of the receiver decides, the longest prefix first")
def by_subnet(bench):
    options = []
    for text in ("first", "bsd=10.0.0.0/8", "windows=10.1.0.0/16", "last=fd00::/64"):
        options += ["--host-policy", text]
    for receiver, text in (("10.0.0.2", "BBAC"), ("10.1.0.2", "BAAC"), ("fd00::2", "BBAC"),
                           ("fd01::2", "BAAC")):
        check_equal(content(bench, receiver, *options), text, receiver)


@case("the option can stand in the configuration file")
def in_config(bench):
    path = bench.write("dfc.toml", b'[replay]\nhost-policy = ["first", "bsd=10.0.0.0/8"]\n')
    check_equal(content(bench, "10.0.0.2", "--config", path), "BBAC", "of the subnet")
    check_equal(content(bench, "11.0.0.2", "--config", path), "BAAC", "of the others")


@case("what can't be read is refused in one line with the remedy")
def refused(bench):
    capture = bench.write("t.pcap", pcap([]))
    for texts, words in ((["beos"], ["'beos' is no host policy", "linux first last bsd"]),
                         (["bsd=10.0.0/8"], ["'10.0.0/8' is no subnet", "192.0.2.0/24"]),
                         (["bsd=10.0.0.0/33"], ["no prefix from /0 to /32"]),
                         (["bsd=10.0.0.1/8"], ["the subnet is 10.0.0.0/8"]),
                         (["bsd=fd00::1/8"], ["the subnet is fd00::/8"]),
                         (["bsd="], ["'' is no subnet"]),
                         (["bsd", "last"], ["two policies for all hosts, bsd and last"]),
                         (["bsd=::/0", "last=::/0"], ["two policies for ::/0, bsd and last"])):
        options = [word for text in texts for word in ("--host-policy", text)]
        one_line(bench.run("replay", "--store", "null:", *options, capture, status=USAGE),
                 "--host-policy", *words)


run_cases()
