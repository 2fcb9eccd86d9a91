#include <fmt/format.h>

#include <random>

#include "traffic.h"

namespace dfc {

namespace {

constexpr int64_t kStart = 1'700'000'000'000'000'000;

// RFC 9260 appendix A, the slow way.
uint32_t Crc32cBitByBit(std::string_view bytes) {
  uint32_t sum = UINT32_MAX;
  for (const char byte : bytes) {
    sum ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum % 2 == 1 ? 0x82F63B78u : 0);
  }
  return ~sum;
}

// Some hosts that talk; each call makes the next frames of one of their conversations.
class Mixer {
 public:
  Mixer(uint64_t seed, bool copies_agree) : random_(seed), copies_agree_(copies_agree) {}

  std::vector<TimedFrame> Make(size_t count) {
    while (frames_.size() < count) {
      t_ns_ += static_cast<int64_t>(Below(20'000'000));
      if (Below(3'000) == 0) t_ns_ += static_cast<int64_t>(Below(400)) * 1'000'000'000;
      const uint64_t dice = Below(100);
      if (dice < 60) {
        AddTcp();
      } else if (dice < 80) {
        AddUdp();
      } else if (dice < 92) {
        AddIcmp();
      } else if (dice < 95) {
        AddSctp();
      } else {
        AddError();
      }
    }
    frames_.resize(count);
    return std::move(frames_);
  }

 private:
  static constexpr size_t kConnections = 40;

  struct Connection {
    uint32_t next[2];
    bool open = false;
  };

  uint64_t Below(uint64_t n) { return random_() % n; }
  std::string Text(uint64_t bytes_max) {
    const uint64_t bytes = Below(bytes_max);  // Before the letter, whatever the compiler.
    return std::string(bytes, static_cast<char>('a' + Below(26)));
  }
  void Push(FrameBytes bytes) {
    if (Below(200) == 0) bytes[bytes.size() - 1] ^= 0x55;  // Most often a bad checksum.
    if (Below(20) == 0) bytes = InTunnel(bytes);
    frames_.push_back({t_ns_, std::move(bytes)});
  }
  // The frame's IP packet in GRE, or the frame in VXLAN, which now and then comes in fragments.
  FrameBytes InTunnel(const FrameBytes& frame) {
    const auto number = static_cast<char>(Below(3));
    if (Below(2) == 0) {
      std::string gre("\x20\0\x08\0\0\0\0\0", 8);
      if (frame[12] == 0x86) gre.replace(2, 2, "\x86\xDD");
      gre[7] = number;
      gre.append(frame.begin() + 14, frame.end());
      return PacketBuilder("192.0.2.1", "192.0.2.2", kGre).Data(gre).Bytes();
    }
    std::string vxlan("\x08\0\0\0\0\0\0\0", 8);
    vxlan[6] = number;
    vxlan.append(frame.begin(), frame.end());
    PacketBuilder packet = Udp("192.0.2.1:50000", "192.0.2.2:4789").Id(++id_).Data(vxlan);
    if (Below(3) > 0) return packet.Bytes();
    frames_.push_back({t_ns_, packet.Fragment(0, 64)});
    return packet.Fragment(64, 65'000);
  }
  static std::string Client(uint64_t n) {
    return n % 5 == 4 ? fmt::format("[fd00::1:{}]:{}", n, 1'000 + n)
                      : fmt::format("10.0.{}.1:{}", n % 7, 1'000 + n);
  }
  static std::string Server(uint64_t n) { return n % 5 == 4 ? "[fd00::2]:80" : "10.1.0.2:80"; }

  void AddTcp() {
    const uint64_t n = Below(kConnections);
    Connection& connection = connections_[n];
    if (!connection.open) {
      connection = {{static_cast<uint32_t>(random_()), static_cast<uint32_t>(random_())}, true};
      Push(Tcp(Client(n), Server(n)).Flags("S").Seq(connection.next[0]++).Bytes());
      if (Below(20) == 0) return;
      Push(Tcp(Server(n), Client(n))
               .Flags("SA")
               .Seq(connection.next[1]++)
               .Ack(connection.next[0])
               .Bytes());
      return;
    }
    const size_t side = Below(2);
    PacketBuilder packet = side == 0 ? Tcp(Client(n), Server(n)) : Tcp(Server(n), Client(n));
    uint32_t& next = connection.next[side];
    std::string text = Text(Below(20) == 0 ? 1'400 : 60);
    const uint64_t dice = Below(100);
    const auto bytes = static_cast<uint32_t>(text.size());
    uint32_t seq = next;
    // Where Linux joins held segments FIN takes a byte's place, and what follows it moves by one.
    const bool fin = dice < 3 && !copies_agree_;
    if (fin) packet.Flags("FA");
    if (dice == 99) packet.Flags("RA");
    if (dice >= 3 && dice < 10) seq -= static_cast<uint32_t>(Below(50));
    if (dice >= 10 && dice < 20) seq += static_cast<uint32_t>(Below(50));
    for (uint32_t at = 0; copies_agree_ && at < bytes; ++at) {
      text[at] = static_cast<char>('a' + (seq + at) % 26);
    }
    packet.Seq(seq).Ack(connection.next[1 - side]).Data(text);
    if (dice < 95) next += bytes + (fin ? 1 : 0);
    if (dice == 99 || (fin && Below(2) == 0)) connection.open = false;
    Push(packet.Bytes());
  }

  void AddUdp() {
    const uint64_t n = Below(60);
    const bool there = Below(2) == 0;
    const PacketBuilder packet = (there ? Udp(Client(n), Server(n)) : Udp(Server(n), Client(n)))
                                     .Id(++id_)
                                     .Data(Text(Below(10) == 0 ? 3'000 : 100));
    if (Below(10) > 0) return Push(packet.Bytes());
    PacketBuilder other = packet;
    other.Data(std::string(packet.data().size(), '#'));
    for (size_t at = 0; at < packet.PayloadBytes(); at += 512) {
      Push(packet.Fragment(at, 512));
      const bool again = at + 512 < packet.PayloadBytes() && Below(2) == 0;
      if (again) Push(other.Fragment(at, 256));
    }
  }

  // Up to three chunks of data.
  void AddSctp() {
    const bool there = Below(2) == 0;
    std::string bytes(there ? "\x03\xE8\0\x50" : "\0\x50\x03\xE8", 4);
    bytes.append(8, '\0');
    for (uint64_t n = Below(4); n > 0; --n) {
      const std::string text = Text(60);
      bytes += std::string("\0\3\0", 3) + static_cast<char>(16 + text.size());
      bytes += std::string(12, '\0') + text;
      bytes.resize((bytes.size() + 3) / 4 * 4);
    }
    const uint32_t sum = Crc32cBitByBit(bytes);
    for (size_t at = 0; at < 4; ++at) bytes[8 + at] = static_cast<char>(sum >> (8 * at));
    const char* const from = there ? "10.0.0.1" : "10.1.0.2";
    Push(PacketBuilder(from, there ? "10.1.0.2" : "10.0.0.1", kSctp).Data(bytes).Bytes());
  }

  void AddIcmp() {
    const auto n = static_cast<uint16_t>(Below(10));
    const auto seq = static_cast<uint16_t>(Below(50));
    const bool v6 = n % 2 == 1;
    const char* const from = v6 ? "fd00::1" : "10.0.0.1";
    const char* const to = v6 ? "fd00::2" : "10.0.0.2";
    Push(Icmp(from, to).Echo(n, seq).Data(Text(60)).Bytes());
    if (Below(4) == 0) return;
    t_ns_ += static_cast<int64_t>(Below(1'000'000));
    Push(Icmp(to, from).Type(v6 ? 129 : 0).Echo(n, seq).Data(Text(60)).Bytes());
  }

  void AddError() {
    const uint64_t n = Below(40);
    const PacketBuilder quoted =
        Below(2) == 0 ? Tcp(Client(n), Server(n)) : Udp(Client(n), Server(n));
    const bool v6 = n % 5 == 4;
    const std::string client = v6 ? fmt::format("fd00::1:{}", n) : fmt::format("10.0.{}.1", n % 7);
    const char* const router = v6 ? "fd00::9" : "10.9.9.9";
    Push(Icmp(router, client).Type(v6 ? 1 : 3, 1).Data(quoted.Datagram()).Bytes());
  }

  std::mt19937_64 random_;
  const bool copies_agree_;
  int64_t t_ns_ = kStart;
  uint32_t id_ = 0;
  Connection connections_[kConnections] = {};
  std::vector<TimedFrame> frames_;
};

}  // namespace

std::vector<TimedFrame> MixedFrames(uint64_t seed, size_t count, bool copies_agree) {
  return Mixer(seed, copies_agree).Make(count);
}

}  // namespace dfc
