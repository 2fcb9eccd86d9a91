// Writes a capture of an attack, with honest conversations beside it.
//
// usage: make_attack KIND PACKETS SEED OUT.pcap OUT.tsv
//
// PACKETS attack frames go out at 100,000 a second of the capture's clock. The honest ones lose and
// reorder segments as real ones do: 100 TCP transfers for every second of attack, and as many
// questions with answers over UDP. OUT.tsv tells what each side of them sent: protocol, client,
// client port, server, server port, then bytes and SHA-256 of the client's and the server's
// content. The same arguments give the same bytes.
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "wire_bytes.h"

namespace {

constexpr int64_t kStartNs = 1'700'000'000'000'000'000;
constexpr int64_t kMs = 1'000'000;
constexpr int64_t kAttackGapNs = 10'000;
constexpr size_t kTransfersASecond = 100;
constexpr size_t kSegmentBytes = 1'400;
constexpr uint32_t kVictim = 0xC6336401;  // 198.51.100.1
constexpr uint8_t kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "make_attack: %s\n", message.c_str());
  std::exit(2);
}

struct Timed {
  int64_t t_ns;
  Bytes frame;
};

// Frames ------------------------------------------------------------------------------------------

struct Ends {
  uint32_t source, destination;
  uint16_t source_port, destination_port;

  Ends Reversed() const { return {destination, source, destination_port, source_port}; }
};

constexpr size_t kIpAt = 14, kTransportAt = 34;

// Ethernet and IPv4; `fragment` is the word of flags and offset.
Bytes Ip(const Ends& ends, uint8_t protocol, const Bytes& transport, uint16_t id,
         uint16_t fragment) {
  Bytes frame = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0};
  Put16(frame, 20 + transport.size());
  Put16(frame, id);
  Put16(frame, fragment);
  frame.insert(frame.end(), {64, protocol, 0, 0});
  Put32(frame, ends.source);
  Put32(frame, ends.destination);
  StoreSum(&frame[kIpAt + 10], Sum(frame.data() + kIpAt, 20));
  Append(frame, transport);
  return frame;
}

Bytes Checked(Bytes frame, uint8_t protocol, size_t sum_at) {
  const size_t size = frame.size() - kTransportAt;
  uint32_t sum = Sum(frame.data() + kIpAt + 12, 8) + protocol + static_cast<uint32_t>(size);
  sum = Sum(frame.data() + kTransportAt, size, sum);
  StoreSum(&frame[kTransportAt + sum_at], sum);
  return frame;
}

Bytes Tcp(const Ends& ends, uint32_t seq, uint32_t ack, uint8_t flags, const Bytes& payload = {}) {
  return Checked(Ip(ends, 6, TcpSegment(ends, seq, ack, flags, payload), 0, 0x4000), 6, 16);
}

Bytes Udp(const Ends& ends, const Bytes& payload) {
  return Checked(Ip(ends, 17, UdpDatagram(ends, payload), 0, 0x4000), 17, 6);
}

// Honest conversations ----------------------------------------------------------------------------

std::string Address(uint32_t ip) {
  return std::to_string(ip >> 24) + "." + std::to_string(ip >> 16 & 255) + "." +
         std::to_string(ip >> 8 & 255) + "." + std::to_string(ip & 255);
}

std::string Digest(const Bytes& bytes) {
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    Die("no SHA-256");
  }
  std::string text;
  for (const unsigned char byte : digest) {
    std::array<char, 3> hex{};
    std::snprintf(hex.data(), hex.size(), "%02x", byte);
    text += hex.data();
  }
  return text;
}

class Honest {
 public:
  Honest(uint64_t seed, int64_t duration_ns, std::FILE* truth) : random_(seed), truth_(truth) {
    const auto flows = static_cast<uint32_t>(std::max<int64_t>(duration_ns / (1000 * kMs), 1) *
                                             static_cast<int64_t>(kTransfersASecond));
    for (uint32_t n = 0; n < flows; ++n) {
      const int64_t begin_ns = kStartNs + static_cast<int64_t>(n) * duration_ns / flows;
      Transfer(n, begin_ns);
      Question(n, begin_ns);
    }
    std::stable_sort(frames.begin(), frames.end(),
                     [](const Timed& a, const Timed& b) { return a.t_ns < b.t_ns; });
  }

  std::vector<Timed> frames;

 private:
  Bytes Content(size_t size) {
    Bytes bytes(size);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_());
    return bytes;
  }

  void Tell(const char* protocol, const Ends& ends, const Bytes& client, const Bytes& server) {
    std::fprintf(truth_, "%s\t%s\t%u\t%s\t%u\t%zu\t%s\t%zu\t%s\n", protocol,
                 Address(ends.source).c_str(), unsigned{ends.source_port},
                 Address(ends.destination).c_str(), unsigned{ends.destination_port}, client.size(),
                 Digest(client).c_str(), server.size(), Digest(server).c_str());
  }

  // A request of 300 bytes and an answer, with a round trip of 40 ms. Of its segments one in ten
  // comes 50 to 250 ms late, as one does that was lost before it reached the sensor.
  void Transfer(uint32_t n, int64_t t_ns) {
    const Ends there{0x0A000000u + n, 0xC0000201, static_cast<uint16_t>(20'000 + n % 40'000), 443};
    const Ends back = there.Reversed();
    const auto isn = static_cast<uint32_t>(random_());
    const auto peer = static_cast<uint32_t>(random_());
    const Bytes request = Content(300);
    const Bytes answer = Content(2'000 + random_() % 60'000);
    Tell("tcp", there, request, answer);

    frames.push_back({t_ns, Tcp(there, isn, 0, kSyn)});
    frames.push_back({t_ns + 20 * kMs, Tcp(back, peer, isn + 1, kSyn | kAck)});
    frames.push_back({t_ns + 40 * kMs, Tcp(there, isn + 1, peer + 1, kAck)});
    frames.push_back({t_ns + 41 * kMs, Tcp(there, isn + 1, peer + 1, kAck, request)});
    t_ns += 60 * kMs;
    int64_t last_ns = t_ns;
    for (size_t at = 0; at < answer.size(); at += kSegmentBytes) {
      const size_t size = std::min(kSegmentBytes, answer.size() - at);
      const auto from = answer.begin() + static_cast<std::ptrdiff_t>(at);
      const auto seq = peer + 1 + static_cast<uint32_t>(at);
      const bool late = random_() % 10 == 0;
      const int64_t late_ns = late ? (50 + static_cast<int64_t>(random_() % 200)) * kMs : 0;
      frames.push_back(
          {t_ns + late_ns,
           Tcp(back, seq, isn + 301, kAck, Bytes(from, from + static_cast<std::ptrdiff_t>(size)))});
      last_ns = std::max(last_ns, t_ns + late_ns);
      t_ns += kMs;
    }
    const uint32_t end = peer + 1 + static_cast<uint32_t>(answer.size());
    frames.push_back({last_ns + kMs, Tcp(there, isn + 301, end, kAck)});
    frames.push_back({last_ns + 2 * kMs, Tcp(back, end, isn + 301, kFin | kAck)});
    frames.push_back({last_ns + 22 * kMs, Tcp(there, isn + 301, end + 1, kFin | kAck)});
    frames.push_back({last_ns + 42 * kMs, Tcp(back, end + 1, isn + 302, kAck)});
  }

  void Question(uint32_t n, int64_t t_ns) {
    const Ends there{0x0A000000u + n, 0xC0000235, static_cast<uint16_t>(10'000 + n % 50'000), 53};
    const Bytes question = Content(40);
    const Bytes answer = Content(120);
    Tell("udp", there, question, answer);
    frames.push_back({t_ns, Udp(there, question)});
    frames.push_back({t_ns + 20 * kMs, Udp(there.Reversed(), answer)});
  }

  std::mt19937_64 random_;
  std::FILE* truth_;
};

// Attacks: the n-th frame -------------------------------------------------------------------------

using Attack = std::function<Bytes(uint64_t n, std::mt19937_64& random)>;

// Not among the honest: 11.0.0.0 and up.
uint32_t AnySource(std::mt19937_64& random) {
  return 0x0B000000u + static_cast<uint32_t>(random() % 0x80000000u);
}
uint16_t AnyPort(std::mt19937_64& random) { return static_cast<uint16_t>(1 + random() % 65'535); }
uint32_t Any32(std::mt19937_64& random) { return static_cast<uint32_t>(random()); }

// The connections that take turns: each has `steps` frames, `open` of them at a time.
Bytes Step(uint64_t n, uint64_t open, uint64_t steps,
           const std::function<Bytes(const Ends&, uint64_t step)>& frame) {
  const uint64_t round = n / (open * steps);
  const uint64_t step = n / open % steps;
  const uint64_t flow = round * open + n % open;
  const Ends ends{0x0B000000u + static_cast<uint32_t>(flow), kVictim,
                  static_cast<uint16_t>(1'024 + flow % 60'000), 80};
  return frame(ends, step);
}

// SYN, SYN+ACK, ACK with fixed numbers: the client's first byte is 1'001, the server's 5'001.
Bytes Handshake(const Ends& ends, uint64_t step) {
  if (step == 0) return Tcp(ends, 1'000, 0, kSyn);
  if (step == 1) return Tcp(ends.Reversed(), 5'000, 1'001, kSyn | kAck);
  return Tcp(ends, 1'001, 5'001, kAck);
}

Bytes HoleFrame(const Ends& ends, uint64_t step) {
  if (step < 3) return Handshake(ends, step);
  const auto seq = static_cast<uint32_t>(1'002 + (step - 3) * kSegmentBytes);
  return Tcp(ends, seq, 5'001, kAck, Bytes(kSegmentBytes, 'h'));
}

Bytes TinyFrame(const Ends& ends, uint64_t step) {
  if (step < 3) return Handshake(ends, step);
  return Tcp(ends, static_cast<uint32_t>(50'000 - 2 * step), 5'001, kAck, Bytes(1, 't'));
}

// Behind the window of 65,535 bytes that the victim has offered.
Bytes AsideFrame(const Ends& ends, uint64_t step) {
  if (step < 3) return Handshake(ends, step);
  const auto seq = static_cast<uint32_t>(100'000 + step * kSegmentBytes);
  return Tcp(ends, seq, 5'001, kAck, Bytes(kSegmentBytes, 'a'));
}

const std::map<std::string, Attack> kAttacks = {
    {"syn",
     [](uint64_t, std::mt19937_64& random) {
       return Tcp({AnySource(random), kVictim, AnyPort(random), 80}, Any32(random), 0, kSyn);
     }},
    {"syn-answered",
     [](uint64_t n, std::mt19937_64&) {
       return Step(n, 1'000, 2,
                   [](const Ends& ends, uint64_t step) { return Handshake(ends, step); });
     }},
    {"syn-anywhere",
     [](uint64_t, std::mt19937_64& random) {
       const Ends ends{AnySource(random), AnySource(random), AnyPort(random), AnyPort(random)};
       return Tcp(ends, Any32(random), 0, kSyn);
     }},
    {"scan",
     [](uint64_t n, std::mt19937_64&) {
       const auto target = static_cast<uint32_t>(n / 2);
       const Ends ends{0x0B000001, kVictim + (target >> 16), 40'000,
                       static_cast<uint16_t>(target % 65'535 + 1)};
       return n % 2 == 0 ? Tcp(ends, 1'000, 0, kSyn) : Tcp(ends.Reversed(), 0, 1'001, kRst | kAck);
     }},
    {"udp",
     [](uint64_t, std::mt19937_64& random) {
       return Udp({AnySource(random), kVictim, AnyPort(random), 53}, Bytes(100, 'u'));
     }},
    {"holes", [](uint64_t n, std::mt19937_64&) { return Step(n, 2'000, 100, HoleFrame); }},
    {"tiny", [](uint64_t n, std::mt19937_64&) { return Step(n, 200, 2'000, TinyFrame); }},
    {"refused", [](uint64_t n, std::mt19937_64&) { return Step(n, 2'000, 90, AsideFrame); }},
    {"fragments",
     [](uint64_t n, std::mt19937_64& random) {
       const Ends ends{AnySource(random), kVictim, 0, 0};
       return Ip(ends, 17, Bytes(1'480, 'f'), static_cast<uint16_t>(n), 0x2000);
     }},
    {"fragments-tiny",
     [](uint64_t n, std::mt19937_64&) {
       const Ends ends{0x0B000000u + static_cast<uint32_t>(n / 200 % 5'000), kVictim, 0, 0};
       const auto at = static_cast<uint16_t>(2 * (n % 200) + 1);
       return Ip(ends, 17, Bytes(8, 'f'), static_cast<uint16_t>(n / 1'000'000), 0x2000 | at);
     }},
    // Half a million flows again and again: at random, and such that the XOR of all words of the
    // tuple, and their sum, is the same for each.
    {"flows",
     [](uint64_t n, std::mt19937_64&) {
       std::mt19937_64 random(n % 100'000);
       const Ends ends{AnySource(random), AnySource(random), AnyPort(random), AnyPort(random)};
       return Udp(n / 100'000 % 2 == 0 ? ends : ends.Reversed(), Bytes(100, 'u'));
     }},
    {"flows-colliding",
     [](uint64_t n, std::mt19937_64&) {
       const auto flow = static_cast<uint32_t>(n % 100'000);
       const Ends ends{0x0B000000u + flow, 0x8B000000u - flow, static_cast<uint16_t>(flow),
                       static_cast<uint16_t>(flow)};
       return Udp(n / 100'000 % 2 == 0 ? ends : ends.Reversed(), Bytes(100, 'u'));
     }},
};

// Output ------------------------------------------------------------------------------------------

class Pcap {
 public:
  explicit Pcap(const char* path) : file_(std::fopen(path, "wb")) {
    if (file_ == nullptr) Die(std::string("cannot write ") + path);
    const std::array<uint32_t, 6> header{0xA1B23C4D, 4u << 16 | 2, 0, 0, 262'144, 1};
    std::fwrite(header.data(), sizeof header, 1, file_);
  }
  void Add(int64_t t_ns, const Bytes& frame) {
    const auto size = static_cast<uint32_t>(frame.size());
    const std::array<uint32_t, 4> header{static_cast<uint32_t>(t_ns / 1'000'000'000),
                                         static_cast<uint32_t>(t_ns % 1'000'000'000), size, size};
    std::fwrite(header.data(), sizeof header, 1, file_);
    std::fwrite(frame.data(), 1, size, file_);
  }
  bool Close() { return std::ferror(file_) == 0 && std::fclose(file_) == 0; }

 private:
  std::FILE* file_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) Die("usage: make_attack KIND PACKETS SEED OUT.pcap OUT.tsv");
  const auto attack = kAttacks.find(argv[1]);
  if (attack == kAttacks.end()) {
    std::string kinds;
    for (const auto& [name, unused] : kAttacks) kinds += " " + name;
    Die(std::string("no attack '") + argv[1] + "'; there are:" + kinds);
  }
  const uint64_t packets = std::strtoull(argv[2], nullptr, 10);
  const uint64_t seed = std::strtoull(argv[3], nullptr, 10);
  std::FILE* const truth = std::fopen(argv[5], "w");
  if (packets == 0 || truth == nullptr) Die("no packets, or cannot write OUT.tsv");

  const Honest honest(seed, static_cast<int64_t>(packets) * kAttackGapNs, truth);
  Pcap out(argv[4]);
  std::mt19937_64 random(seed + 1);
  auto next = honest.frames.begin();
  for (uint64_t n = 0; n < packets; ++n) {
    const int64_t t_ns = kStartNs + static_cast<int64_t>(n) * kAttackGapNs;
    for (; next != honest.frames.end() && next->t_ns <= t_ns; ++next)
      out.Add(next->t_ns, next->frame);
    out.Add(t_ns, attack->second(n, random));
  }
  for (; next != honest.frames.end(); ++next) out.Add(next->t_ns, next->frame);
  if (!out.Close() || std::fclose(truth) != 0) Die("cannot write all of the output");
  return 0;
}
