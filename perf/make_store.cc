// Writes a capture that makes a store of many flows, or of one that is large.
//
// usage: make_store FLOWS DAYS SEED OUT.pcap     FLOWS flows that begin within DAYS days
//        make_store large BYTES OUT.pcap         one TCP connection whose server sends BYTES bytes
//
// Who talks to whom has a long tail: clients, servers and server ports are drawn by 1/rank. There
// is TCP that closes, resets, is rejected, is never answered or never ends; UDP with and without
// answers; echoes with losses, errors that quote a flow; IPv6, VLANs, gaps and contradictions. More
// begins by day than by night. The same arguments give the same bytes.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "wire_bytes.h"

namespace {

using Address = std::array<uint8_t, 16>;

constexpr int64_t kStartNs = 1'700'006'400'000'000'000;  // 2023-11-15T00:00:00Z
constexpr int64_t kMs = 1'000'000;
constexpr int64_t kDayNs = 86'400'000 * kMs;
constexpr uint64_t kClients = 60'000, kServers = 20'000;
constexpr uint8_t kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;
constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58;

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "make_store: %s\n", message.c_str());
  std::exit(2);
}

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  uint64_t Below(uint64_t limit) { return engine_() % limit; }
  bool Percent(double share) { return Unit() * 100 < share; }
  double Unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  // 0 is the most frequent, and each next one less so.
  uint64_t Rank(uint64_t count) {
    const double power = std::pow(static_cast<double>(count), Unit());
    return std::min(count, static_cast<uint64_t>(power)) - 1;
  }
  // A length with a long tail.
  size_t Length(double median, double spread, size_t most) {
    const double normal =
        std::sqrt(-2 * std::log(1 - Unit())) * std::cos(2 * std::numbers::pi * Unit());
    return std::min(most, static_cast<size_t>(median * std::exp(spread * normal)));
  }

 private:
  std::mt19937_64 engine_;
};

// Frames ------------------------------------------------------------------------------------------

struct Ends {
  Address source, destination;
  uint16_t source_port, destination_port;
  bool ipv6;
  uint16_t vlan;

  Ends Reversed() const { return {destination, source, destination_port, source_port, ipv6, vlan}; }
};

// Of the pseudo header too where `has_pseudo`; `sum_at` is where it goes, counted from the front.
void Check(const Ends& ends, uint8_t protocol, bool has_pseudo, size_t sum_at, Bytes& transport) {
  uint32_t sum = 0;
  if (has_pseudo) {  // The prefix of mapped addresses adds nothing: 0xFFFF is a zero here.
    sum = Sum(ends.source.data(), 16) + Sum(ends.destination.data(), 16) + protocol +
          static_cast<uint32_t>(transport.size());
  }
  StoreSum(&transport[sum_at], Sum(transport.data(), transport.size(), sum));
}

Bytes Datagram(const Ends& ends, uint8_t protocol, const Bytes& transport) {
  Bytes out;
  if (ends.ipv6) {
    Put32(out, 0x60000000);
    Put16(out, transport.size());
    out.insert(out.end(), {protocol, 64});
    Append(out, ends.source);
    Append(out, ends.destination);
  } else {
    Put16(out, 0x4500);
    Put16(out, 20 + transport.size());
    Put32(out, 0x00004000);
    out.insert(out.end(), {64, protocol, 0, 0});
    out.insert(out.end(), ends.source.begin() + 12, ends.source.end());
    out.insert(out.end(), ends.destination.begin() + 12, ends.destination.end());
    StoreSum(&out[10], Sum(out.data(), out.size()));
  }
  Append(out, transport);
  return out;
}

Bytes Frame(const Ends& ends, uint8_t protocol, const Bytes& transport) {
  Bytes frame = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
  if (ends.vlan != 0) Put32(frame, 0x81000000u | ends.vlan);
  Put16(frame, ends.ipv6 ? 0x86DD : 0x0800);
  Append(frame, Datagram(ends, protocol, transport));
  return frame;
}

Bytes Tcp(const Ends& ends, uint32_t seq, uint32_t ack, uint8_t flags, const Bytes& payload = {}) {
  Bytes out = TcpSegment(ends, seq, ack, flags, payload);
  Check(ends, kTcp, true, 16, out);
  return Frame(ends, kTcp, out);
}

Bytes UdpHeaderAnd(const Ends& ends, const Bytes& payload) {
  Bytes out = UdpDatagram(ends, payload);
  Check(ends, kUdp, true, 6, out);
  return out;
}

Bytes Icmp(const Ends& ends, uint8_t type, uint8_t code, uint32_t rest, const Bytes& payload) {
  Bytes out = {type, code, 0, 0};
  Put32(out, rest);
  Append(out, payload);
  const uint8_t protocol = ends.ipv6 ? kIcmp6 : kIcmp;
  Check(ends, protocol, ends.ipv6, 2, out);
  return Frame(ends, protocol, out);
}

// Output in the order of time ---------------------------------------------------------------------

class Capture {
 public:
  explicit Capture(const char* path) : file_(std::fopen(path, "wb")) {
    if (file_ == nullptr) Die(std::string("cannot write ") + path);
    const std::array<uint32_t, 6> header{0xA1B23C4D, 4u << 16 | 2, 0, 0, 262'144, 1};
    std::fwrite(header.data(), sizeof header, 1, file_);
  }
  void Add(int64_t t_ns, Bytes frame) { waiting_.push({t_ns, number_++, std::move(frame)}); }
  // Nothing before `t_ns` is added any more.
  void WriteUntil(int64_t t_ns) {
    for (; !waiting_.empty() && waiting_.top().t_ns < t_ns; waiting_.pop()) Write(waiting_.top());
  }
  bool Close() {
    WriteUntil(INT64_MAX);
    return std::ferror(file_) == 0 && std::fclose(file_) == 0;
  }

 private:
  struct Timed {
    int64_t t_ns;
    uint64_t number;
    Bytes frame;
    bool operator<(const Timed& other) const {
      return t_ns != other.t_ns ? t_ns > other.t_ns : number > other.number;
    }
  };

  void Write(const Timed& timed) {
    const auto size = static_cast<uint32_t>(timed.frame.size());
    const std::array<uint32_t, 4> header{static_cast<uint32_t>(timed.t_ns / 1'000'000'000),
                                         static_cast<uint32_t>(timed.t_ns % 1'000'000'000), size,
                                         size};
    std::fwrite(header.data(), sizeof header, 1, file_);
    std::fwrite(timed.frame.data(), 1, size, file_);
  }

  std::FILE* file_;
  std::priority_queue<Timed> waiting_;
  uint64_t number_ = 0;
};

// Flows -------------------------------------------------------------------------------------------

class Traffic {
 public:
  Traffic(uint64_t seed, Capture& out) : random_(seed), out_(out) {}

  void Flow(int64_t t_ns) {
    const double kind = random_.Unit();
    const bool ipv6 = random_.Percent(12);
    if (kind < 0.52) return TcpFlow(Draw(ipv6, kTcpPorts), t_ns);
    if (kind < 0.92) return UdpFlow(Draw(ipv6, kUdpPorts), t_ns);
    if (kind < 0.95) return Echo(Draw(ipv6, kUdpPorts), t_ns);
    if (kind < 0.97) return Unreachable(Draw(ipv6, kUdpPorts), t_ns);
    if (kind < 0.99) return Scan(t_ns);
    constexpr std::array<uint8_t, 3> kOthers = {50, 89, 103};  // ESP, OSPF, PIM
    out_.Add(t_ns, Frame(Draw(false, kUdpPorts), kOthers[random_.Below(3)], Text(60)));
  }

 private:
  static constexpr std::array<uint16_t, 8> kTcpPorts = {443, 80, 22, 25, 993, 8080, 3306, 445};
  static constexpr std::array<uint16_t, 8> kUdpPorts = {53, 443, 123, 161, 514, 5353, 1900, 500};

  // The n-th host of one kind: `net` tells them apart.
  static Address Host(bool ipv6, uint8_t net, uint64_t n) {
    Address address{};
    const uint64_t spread = n * 2'654'435'761u & 0xFFFFFF;  // Neighbours are no neighbours there.
    if (ipv6) {
      address = {0x20, 1, 0x0D, 0xB8, 0, net};
    } else {
      address[10] = address[11] = 0xFF;
      address[12] = net;
    }
    for (size_t at = 0; at < 3; ++at) {
      address[13 + at] = static_cast<uint8_t>(spread >> (16 - 8 * at));
    }
    return address;
  }

  // One of eight well-known ports three times in four, else one of a long tail.
  Ends Draw(bool ipv6, const std::array<uint16_t, 8>& ports) {
    const auto rare = static_cast<uint16_t>(1'024 + random_.Rank(40'000));
    return {Host(ipv6, 10, random_.Rank(kClients)),
            Host(ipv6, 198, random_.Rank(kServers)),
            static_cast<uint16_t>(32'768 + random_.Below(28'000)),
            random_.Percent(75) ? ports[random_.Rank(8)] : rare,
            ipv6,
            static_cast<uint16_t>(random_.Percent(5) ? 100 + random_.Below(8) : 0)};
  }

  Bytes Text(size_t size) {
    Bytes text(size);
    for (uint8_t& byte : text) byte = static_cast<uint8_t>('a' + random_.Below(26));
    return text;
  }
  int64_t RoundTrip() { return static_cast<int64_t>(random_.Length(20, 0.8, 900)) * kMs + 70'000; }

  void TcpFlow(const Ends& there, int64_t t_ns) {
    const Ends back = there.Reversed();
    const auto c = static_cast<uint32_t>(random_.Below(UINT32_MAX));
    const auto s = static_cast<uint32_t>(random_.Below(UINT32_MAX));
    const int64_t rtt_ns = RoundTrip();
    out_.Add(t_ns, Tcp(there, c, 0, kSyn));
    const double fate = random_.Unit();
    if (fate < 0.06) return;
    if (fate < 0.12) return out_.Add(t_ns + rtt_ns, Tcp(back, 0, c + 1, kRst | kAck));
    out_.Add(t_ns + rtt_ns, Tcp(back, s, c + 1, kSyn | kAck));
    out_.Add(t_ns + rtt_ns + kMs, Tcp(there, c + 1, s + 1, kAck));
    const Bytes question = Text(random_.Length(90, 0.6, 1'400));
    const Bytes answer = Text(random_.Length(160, 1.2, 30'000));
    out_.Add(t_ns + rtt_ns + 2 * kMs, Tcp(there, c + 1, s + 1, kAck | kPsh, question));
    const uint32_t asked = c + 1 + static_cast<uint32_t>(question.size());
    const uint32_t end = s + 1 + static_cast<uint32_t>(answer.size());
    t_ns = Answer(back, s + 1, asked, answer, t_ns + 2 * rtt_ns);
    out_.Add(t_ns, Tcp(there, asked, end, kAck));
    if (fate < 0.17) return;  // It never ends.
    const auto think_ns = static_cast<int64_t>(random_.Length(300, 2.5, 1'800'000)) * kMs;
    t_ns += think_ns;
    if (fate < 0.25) return out_.Add(t_ns, Tcp(there, asked, end, kRst | kAck));
    out_.Add(t_ns, Tcp(back, end, asked, kFin | kAck));
    out_.Add(t_ns + rtt_ns, Tcp(there, asked, end + 1, kFin | kAck));
    out_.Add(t_ns + rtt_ns + kMs, Tcp(back, end + 1, asked + 1, kAck));
  }

  // In segments, of which one in a hundred is missing, or comes again and differs.
  int64_t Answer(const Ends& back, uint32_t seq, uint32_t ack, const Bytes& answer, int64_t t_ns) {
    constexpr size_t kSegmentBytes = 1'400;
    for (size_t at = 0; at < answer.size(); at += kSegmentBytes, t_ns += kMs / 4) {
      const size_t size = std::min(kSegmentBytes, answer.size() - at);
      const auto from = answer.begin() + static_cast<std::ptrdiff_t>(at);
      const Bytes segment(from, from + static_cast<std::ptrdiff_t>(size));
      const uint32_t here = seq + static_cast<uint32_t>(at);
      if (at == 0 || !random_.Percent(1)) out_.Add(t_ns, Tcp(back, here, ack, kAck, segment));
      if (random_.Percent(0.5)) out_.Add(t_ns + 1, Tcp(back, here, ack, kAck, Bytes(size, '!')));
    }
    return t_ns;
  }

  void UdpFlow(const Ends& there, int64_t t_ns) {
    const uint64_t rounds = random_.Percent(90) ? 1 : 1 + random_.Below(20);
    const bool is_answered = random_.Percent(85);
    for (uint64_t n = 0; n < rounds; ++n, t_ns += 200 * kMs) {
      out_.Add(t_ns, Frame(there, kUdp, UdpHeaderAnd(there, Text(30 + random_.Below(40)))));
      if (!is_answered) continue;
      const Ends back = there.Reversed();
      const Bytes answer = Text(random_.Length(110, 0.6, 1'400));
      out_.Add(t_ns + RoundTrip(), Frame(back, kUdp, UdpHeaderAnd(back, answer)));
    }
  }

  void Echo(const Ends& there, int64_t t_ns) {
    const uint64_t ident = random_.Below(65'536);
    const uint64_t count = 1 + random_.Rank(30);
    const Bytes payload = Text(56);
    for (uint64_t n = 0; n < count; ++n, t_ns += 1'000 * kMs) {
      const auto rest = static_cast<uint32_t>(ident << 16 | n);
      out_.Add(t_ns, Icmp(there, there.ipv6 ? 128 : 8, 0, rest, payload));
      if (random_.Percent(6)) continue;
      out_.Add(t_ns + RoundTrip(), Icmp(there.Reversed(), there.ipv6 ? 129 : 0, 0, rest, payload));
    }
  }

  // A datagram that nobody takes, and the error that quotes it.
  void Unreachable(const Ends& there, int64_t t_ns) {
    const Bytes datagram = UdpHeaderAnd(there, Text(30));
    out_.Add(t_ns, Frame(there, kUdp, datagram));
    out_.Add(t_ns + RoundTrip(), Icmp(there.Reversed(), there.ipv6 ? 1 : 3, there.ipv6 ? 4 : 3, 0,
                                      Datagram(there, kUdp, datagram)));
  }

  // One of a few hosts tries a port of anybody.
  void Scan(int64_t t_ns) {
    Ends ends = Draw(false, kTcpPorts);
    ends.source = Host(false, 203, random_.Below(5));
    ends.destination = Host(false, 10, random_.Below(1 << 24));
    ends.destination_port = static_cast<uint16_t>(1 + random_.Below(65'535));
    out_.Add(t_ns, Tcp(ends, 1'000, 0, kSyn));
    if (random_.Percent(40)) out_.Add(t_ns + kMs, Tcp(ends.Reversed(), 0, 1'001, kRst | kAck));
  }

  Random random_;
  Capture& out_;
};

void WriteFlows(uint64_t flows, uint64_t days, uint64_t seed, Capture& out) {
  Traffic traffic(seed, out);
  Random random(seed + 1);
  // Times within the hours of the day: at noon three times as much as at midnight.
  std::vector<int64_t> starts;
  const uint64_t span_ns = days * static_cast<uint64_t>(kDayNs);
  while (starts.size() < flows) {
    const auto t_ns = static_cast<int64_t>(random.Below(span_ns));
    const double day = static_cast<double>(t_ns % kDayNs) / static_cast<double>(kDayNs);
    if (random.Unit() < (2 - std::cos(2 * std::numbers::pi * day)) / 3) starts.push_back(t_ns);
  }
  std::ranges::sort(starts);
  for (const int64_t start_ns : starts) {
    out.WriteUntil(kStartNs + start_ns);
    traffic.Flow(kStartNs + start_ns);
  }
}

// Lines of text from the server, as large as a datagram can be; the client says something after
// each hundredth.
void WriteLarge(uint64_t bytes, Capture& out) {
  constexpr size_t kSegmentBytes = 64'000;
  const Ends there{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 255, 0, 1},
                   {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 198, 255, 0, 1},
                   50'000,
                   873,
                   false,
                   0};
  const Ends back = there.Reversed();
  int64_t t_ns = kStartNs - kDayNs;
  uint32_t asked = 1'001, seq = 5'001;
  out.Add(t_ns, Tcp(there, 1'000, 0, kSyn));
  out.Add(t_ns + kMs, Tcp(back, 5'000, 1'001, kSyn | kAck));
  out.Add(t_ns + 2 * kMs, Tcp(there, 1'001, 5'001, kAck));
  Bytes segment;
  for (uint64_t sent = 0, n = 0; sent < bytes; sent += segment.size(), ++n) {
    t_ns += 10 * kMs;
    out.WriteUntil(t_ns);
    const auto size = static_cast<size_t>(std::min<uint64_t>(kSegmentBytes, bytes - sent));
    segment.clear();
    while (segment.size() < size) Append(segment, "line " + std::to_string(n) + " of many\n");
    segment.resize(size);
    out.Add(t_ns, Tcp(back, seq, asked, kAck, segment));
    seq += static_cast<uint32_t>(size);
    const Bytes reply = n % 100 == 0 ? Bytes{'o', 'k', '\n'} : Bytes{};
    out.Add(t_ns + kMs, Tcp(there, asked, seq, kAck, reply));
    asked += static_cast<uint32_t>(reply.size());
  }
  out.Add(t_ns + 5 * kMs, Tcp(back, seq, asked, kFin | kAck));
  out.Add(t_ns + 6 * kMs, Tcp(there, asked, seq + 1, kFin | kAck));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool is_large = words.size() == 3 && words[0] == "large";
  if (words.size() != 4 && !is_large) Die("usage: make_store FLOWS DAYS SEED | large BYTES, OUT");
  const auto number = [&](size_t at) { return std::strtoull(words[at].c_str(), nullptr, 10); };
  Capture out(words.back().c_str());
  if (is_large) {
    WriteLarge(number(1), out);
  } else {
    if (number(0) == 0 || number(1) == 0) Die("no flows, or no days");
    WriteFlows(number(0), number(1), number(2), out);
  }
  if (!out.Close()) Die("cannot write all of the output");
  return 0;
}
