// What libnids makes of a capture: bytes of TCP restored, and of UDP. It follows streams in memory,
// IPv4 only, checks no checksum and writes nothing.
//
// usage: count_libnids FILE.pcap
#include <nids.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

// The library's callbacks have no argument of ours.
uint64_t tcp_bytes = 0, tcp_streams = 0, udp_bytes = 0;

void TakeTcp(tcp_stream* stream, void** /*unused*/) {
  if (stream->nids_state == NIDS_JUST_EST) {
    stream->client.collect = 1;
    stream->server.collect = 1;
    ++tcp_streams;
  } else if (stream->nids_state == NIDS_DATA) {
    tcp_bytes += static_cast<uint64_t>(stream->client.count_new + stream->server.count_new);
  }
}

void TakeUdp(tuple4* /*unused*/, char* /*unused*/, int size, ip* /*unused*/) {
  udp_bytes += static_cast<uint64_t>(size);
}

void TakeWarning(int /*unused*/, int /*unused*/, void* /*unused*/, void* /*unused*/) {}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: count_libnids FILE.pcap\n");
    return 2;
  }
  nids_params.filename = argv[1];
  nids_params.device = nullptr;
  nids_params.n_tcp_streams = 1 << 18;  // With its 1,040 it drops most of what goes on.
  nids_params.scan_num_hosts = 0;
  nids_params.syslog = reinterpret_cast<void (*)()>(TakeWarning);
  nids_chksum_ctl no_checksums{};
  no_checksums.netaddr = 0;
  no_checksums.mask = 0;
  no_checksums.action = NIDS_DONT_CHKSUM;
  nids_register_chksum_ctl(&no_checksums, 1);
  if (nids_init() == 0) {
    std::fprintf(stderr, "count_libnids: %s\n", nids_errbuf);
    return 1;
  }
  nids_register_tcp(reinterpret_cast<void*>(TakeTcp));
  nids_register_udp(reinterpret_cast<void*>(TakeUdp));
  nids_run();
  std::printf("tcp_streams\t%llu\ntcp_bytes\t%llu\nudp_bytes\t%llu\n",
              static_cast<unsigned long long>(tcp_streams),
              static_cast<unsigned long long>(tcp_bytes),
              static_cast<unsigned long long>(udp_bytes));
  return 0;
}
