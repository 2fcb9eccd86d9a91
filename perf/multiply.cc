// Makes a large capture out of small ones: every frame many times over, each copy with addresses of
// its own, so that the flows multiply too. Checksums are carried along (RFC 1624).
//
// The files run side by side, frames in the order of their time since their file's beginning; each
// round of 8 copies begins where the last one ended.
#include <pcap/pcap.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "capture_file.h"
#include "wire_bytes.h"

namespace {

constexpr uint64_t kCopiesARound = 8;
// Odd, so that no two of 65,536 copies have the same salt; large, so that one network does not
// become another.
constexpr uint64_t kSaltStep = 0x3B1F;
constexpr uint64_t kCopiesMax = 1 << 16;

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
  if (transport_sum == nullptr) return;
  Carry(transport_sum, before, after);
  // Of UDP, 0 would mean that there is none; 0xFFFF is the same sum.
  if (Load16(transport_sum) == 0) Store16(transport_sum, 0xFFFF);
}

// The checksum behind an IP header of `header` bytes in a packet of `size`; nullptr where there is
// none, or it is cut off.
uint8_t* TransportSum(uint8_t protocol, uint8_t* ip, size_t header, size_t size, bool is_v6) {
  const size_t offset = protocol == 6 ? 16 : protocol == 17 ? 6 : protocol == 58 && is_v6 ? 2 : 0;
  if (offset == 0 || size < header || size - header < offset + 2) return nullptr;
  uint8_t* sum = ip + header + offset;
  return protocol == 17 && Load16(sum) == 0 ? nullptr : sum;
}

// Where the IP header begins, behind VLAN tags; 0 where there is none that is whole.
struct IpPlace {
  size_t at = 0;
  bool is_v6 = false;
};
IpPlace FindIp(const std::vector<uint8_t>& frame) {
  size_t at = 14;
  if (frame.size() < 34) return {};
  uint16_t type = Load16(frame.data() + 12);
  while ((type == 0x8100 || type == 0x88A8) && frame.size() >= at + 4) {
    type = Load16(frame.data() + at + 2);
    at += 4;
  }
  if (type == 0x0800 && frame.size() >= at + 20) return {at, false};
  if (type == 0x86DD && frame.size() >= at + 40) return {at, true};
  return {};
}

void Rewrite(std::vector<uint8_t>& frame, uint16_t salt) {
  const IpPlace place = FindIp(frame);
  if (place.at == 0) return;
  uint8_t* ip = frame.data() + place.at;
  const size_t size = frame.size() - place.at;
  if (place.is_v6) {
    uint8_t* sum = TransportSum(ip[6], ip, 40, size, true);
    Salt(ip + 14, salt, nullptr, sum);
    Salt(ip + 30, salt, nullptr, sum);
    return;
  }
  const bool later_fragment = (Load16(ip + 6) & 0x1FFF) != 0;
  uint8_t* sum = later_fragment ? nullptr : TransportSum(ip[9], ip, (ip[0] & 15u) * 4, size, false);
  Salt(ip + 12, salt, ip + 10, sum);
  Salt(ip + 16, salt, ip + 10, sum);
}

// Puts right the checksums of whole IPv4 packets of TCP or UDP: captures of hosts whose cards do
// that work have wrong ones, and whoever checks them would have less to do than whoever does not.
void Repair(std::vector<uint8_t>& frame) {
  const IpPlace place = FindIp(frame);
  if (place.at == 0 || place.is_v6) return;
  uint8_t* ip = frame.data() + place.at;
  const size_t header = (ip[0] & 15u) * 4, total = Load16(ip + 2);
  const size_t there = frame.size() - place.at;
  const bool fragment = (Load16(ip + 6) & 0x3FFF) != 0;
  if (header < 20 || total < header || there < total || fragment) return;
  Store16(ip + 10, 0);
  StoreSum(ip + 10, Sum(ip, header));
  const uint8_t protocol = ip[9];
  if (protocol != 6 && protocol != 17) return;
  uint8_t* sum = TransportSum(protocol, ip, header, total, false);
  if (sum == nullptr) return;
  Store16(sum, 0);
  const size_t size = total - header;
  const uint32_t pseudo = Sum(ip + 12, 8) + protocol + static_cast<uint32_t>(size);
  StoreSum(sum, Sum(ip + header, size, pseudo));
  if (Load16(sum) == 0) Store16(sum, 0xFFFF);
}

// False where it is no Ethernet or cannot be read.
bool ReadAll(const char* path, std::vector<Record>& records) {
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
  if (pcap == nullptr || pcap_datalink(pcap) != DLT_EN10MB) {
    std::fprintf(stderr, "%s: left out: %s\n", path, pcap == nullptr ? error : "not Ethernet");
    if (pcap != nullptr) pcap_close(pcap);
    return false;
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
    Repair(records.back().bytes);
  }
  pcap_close(pcap);
  return true;
}

}  // namespace

Multiplied Multiply(const std::vector<std::string>& inputs, uint64_t packets_min, uint64_t seed,
                    CaptureFile& out) {
  Multiplied result;
  std::vector<Record> records;
  for (const std::string& input : inputs) {
    if (!ReadAll(input.c_str(), records)) ++result.left_out;
  }
  if (records.empty()) Die(1, "mix: no frames in the captures given");
  std::stable_sort(records.begin(), records.end(),
                   [](const Record& a, const Record& b) { return a.since_ns < b.since_ns; });
  result.frames = records.size();
  result.copies = (packets_min + records.size() - 1) / records.size();
  if (result.copies > kCopiesMax) Die(2, "mix: PACKETS: too many for captures as small as these");

  std::vector<uint8_t> frame;
  int64_t round_us = 1'700'000'000'000'000;
  for (uint64_t copy = 0; copy < result.copies; copy += kCopiesARound) {
    const uint64_t end = std::min(copy + kCopiesARound, result.copies);
    for (const Record& record : records) {
      for (uint64_t n = copy; n < end; ++n) {
        frame = record.bytes;
        Rewrite(frame, static_cast<uint16_t>((seed + n) * kSaltStep));
        out.Add(round_us + record.since_ns / 1'000, frame, record.wire_bytes);
      }
    }
    round_us += records.back().since_ns / 1'000 + 1'000;
  }
  return result;
}
