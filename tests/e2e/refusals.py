"""How bad input is refused."""

from harness import check, check_equal, dump, note, one_line
from packets import Tcp, pcap, udp_frame


def small_capture():
    tcp = Tcp()
    return pcap([*tcp.open(), tcp.client(0, b"hello"), tcp.server(0, b"you", ack=5),
                 *tcp.close(5, 3), udp_frame("10.0.0.1", 5, "10.0.0.2", 6, b"datagram")])


def refused(bench, status, *args, says=(), env=None, store="t.db"):
    """Demands a refusal in one line, and that a good run with the same store works afterwards."""
    result = bench.run(*args, status=status, env=env)
    check_equal(result.out, b"", "standard output")
    line = one_line(result, *says)
    note(line)
    if store:
        good_run(bench, store)
    return line


def good_run(bench, store="t.db"):
    bench.write("good.pcap", small_capture())
    bench.replay(bench.store(store), "good.pcap")
    check(len(dump(bench.store(store))["flow"]) >= 2, "the good run stored nothing")
