// What libtins' StreamFollower makes of a capture: bytes of TCP restored. It follows streams in
// memory and writes nothing.
//
// usage: count_libtins FILE.pcap
#include <tins/sniffer.h>
#include <tins/tcp_ip/stream_follower.h>

#include <cstdint>
#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: count_libtins FILE.pcap\n");
    return 2;
  }
  uint64_t tcp_bytes = 0, tcp_streams = 0;
  Tins::TCPIP::StreamFollower follower;
  follower.new_stream_callback([&](Tins::TCPIP::Stream& opened) {
    ++tcp_streams;
    opened.client_data_callback(
        [&](Tins::TCPIP::Stream& stream) { tcp_bytes += stream.client_payload().size(); });
    opened.server_data_callback(
        [&](Tins::TCPIP::Stream& stream) { tcp_bytes += stream.server_payload().size(); });
  });
  try {
    Tins::FileSniffer(argv[1]).sniff_loop([&](Tins::PDU& frame) {
      follower.process_packet(frame);
      return true;
    });
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "count_libtins: %s\n", problem.what());
    return 1;
  }
  std::printf("tcp_streams\t%llu\ntcp_bytes\t%llu\n", static_cast<unsigned long long>(tcp_streams),
              static_cast<unsigned long long>(tcp_bytes));
  return 0;
}
