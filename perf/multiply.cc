// Makes a large capture out of small ones: every frame many times over, each copy with addresses of
// its own, so that the flows multiply too. Checksums are carried along (RFC 1624).
//
// usage: multiply OUT.pcap MEGABYTES IN.pcap...
//
// The files run side by side, frames in the order of their time since their file's beginning; each
// round of 8 copies begins where the last one ended. The same inputs give the same bytes.
#include <pcap/pcap.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr int kCopiesARound = 8;

struct Record {
  int64_t since_ns;
  uint32_t wire_bytes;
  std::vector<uint8_t> bytes;
};

uint16_t Load16(const uint8_t* at) { return static_cast<uint16_t>(at[0] << 8 | at[1]); }

void Store16(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

// HC' = ~(~HC + ~m + m'), RFC 1624 equation 3.
void Carry(uint8_t* checksum, uint16_t before, uint16_t after) {
  uint32_t sum = static_cast<uint16_t>(~Load16(checksum));
  sum += static_cast<uint16_t>(~before) + uint32_t{after};
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  Store16(checksum, static_cast<uint16_t>(~sum));
}

// Adds `salt` to the 16-bit word at `word` and to every checksum that covers it.
void Salt(uint8_t* word, uint16_t salt, uint8_t* header_sum, uint8_t* transport_sum) {
  const uint16_t before = Load16(word);
  const auto after = static_cast<uint16_t>(before + salt);
  Store16(word, after);
  if (header_sum != nullptr) Carry(header_sum, before, after);
  if (transport_sum != nullptr) Carry(transport_sum, before, after);
}

uint8_t* TransportSum(uint8_t protocol, uint8_t* transport, const uint8_t* end, bool ipv6) {
  const size_t offset = protocol == 6 ? 16 : protocol == 17 ? 6 : protocol == 58 && ipv6 ? 2 : 0;
  if (offset == 0 || transport + offset + 2 > end) return nullptr;
  const bool none = protocol == 17 && Load16(transport + offset) == 0;
  return none ? nullptr : transport + offset;
}

void Rewrite(std::vector<uint8_t>& frame, uint16_t salt) {
  if (frame.size() < 34) return;
  size_t at = 14;
  uint16_t type = Load16(frame.data() + 12);
  while ((type == 0x8100 || type == 0x88A8) && frame.size() >= at + 4) {
    type = Load16(frame.data() + at + 2);
    at += 4;
  }
  uint8_t* ip = frame.data() + at;
  const uint8_t* end = frame.data() + frame.size();
  if (type == 0x0800 && ip + 20 <= end) {
    const bool later_fragment = (Load16(ip + 6) & 0x1FFF) != 0;
    uint8_t* sum =
        later_fragment ? nullptr : TransportSum(ip[9], ip + (ip[0] & 15) * 4, end, false);
    Salt(ip + 12, salt, ip + 10, sum);
    Salt(ip + 16, salt, ip + 10, sum);
  } else if (type == 0x86DD && ip + 40 <= end) {
    uint8_t* sum = TransportSum(ip[6], ip + 40, end, true);
    Salt(ip + 14, salt, nullptr, sum);
    Salt(ip + 30, salt, nullptr, sum);
  }
}

void ReadAll(const char* path, std::vector<Record>& records) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
  if (pcap == nullptr || pcap_datalink(pcap) != DLT_EN10MB) {
    std::fprintf(stderr, "%s: left out: %s\n", path, pcap == nullptr ? error : "not Ethernet");
    return;
  }
  pcap_pkthdr* header = nullptr;
  const u_char* bytes = nullptr;
  int64_t first_ns = -1, last_ns = 0;
  while (pcap_next_ex(pcap, &header, &bytes) == 1) {
    const int64_t t_ns = header->ts.tv_sec * 1'000'000'000 + header->ts.tv_usec;
    if (first_ns < 0) first_ns = t_ns;
    // At most a minute a file, so that one long silence does not stretch all the others.
    last_ns = std::clamp<int64_t>(t_ns - first_ns, last_ns, 60'000'000'000);
    records.push_back({last_ns, header->len, {bytes, bytes + header->caplen}});
  }
  pcap_close(pcap);
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) {
    std::fprintf(stderr, "usage: multiply OUT.pcap MEGABYTES IN.pcap...\n");
    return 2;
  }
  std::vector<Record> records;
  for (int n = 3; n < count; ++n) ReadAll(words[n], records);
  if (records.empty()) return 1;
  std::stable_sort(records.begin(), records.end(),
                   [](const Record& a, const Record& b) { return a.since_ns < b.since_ns; });
  pcap_t* dead =
      pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 262'144, PCAP_TSTAMP_PRECISION_NANO);
  pcap_dumper_t* out = pcap_dump_open(dead, words[1]);
  if (out == nullptr) {
    std::fprintf(stderr, "%s\n", pcap_geterr(dead));
    return 1;
  }
  const uint64_t bytes_max = std::strtoull(words[2], nullptr, 10) * 1'000'000;
  uint64_t written = 0, frames = 0;
  int64_t round_ns = 1'700'000'000'000'000'000;
  for (uint16_t salt = 1; written < bytes_max; salt = static_cast<uint16_t>(salt + kCopiesARound)) {
    for (const Record& record : records) {
      for (uint16_t copy = 0; copy < kCopiesARound; ++copy) {
        std::vector<uint8_t> frame = record.bytes;
        Rewrite(frame, static_cast<uint16_t>(salt + copy));
        const int64_t t_ns = round_ns + record.since_ns + copy;
        pcap_pkthdr header{};
        header.ts.tv_sec = t_ns / 1'000'000'000;
        header.ts.tv_usec = t_ns % 1'000'000'000;
        header.caplen = static_cast<uint32_t>(frame.size());
        header.len = record.wire_bytes;
        pcap_dump(static_cast<u_char*>(static_cast<void*>(out)), &header, frame.data());
        written += frame.size() + 16;
        ++frames;
      }
    }
    round_ns += records.back().since_ns + 1'000'000;
  }
  pcap_dump_close(out);
  pcap_close(dead);
  std::printf("%s: %lu frames, %lu bytes\n", words[1], frames, written);
}
