#include "packet_script.h"

#include <fmt/format.h>

#include <algorithm>

#include "fuzz_text.h"

namespace dfc {
namespace {

constexpr size_t kFramesMax = 200;
constexpr size_t kLinkBytes = 14;
constexpr size_t kUrgentAt = 18;  // In a TCP header.
constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kStampStepNs = 1'000;  // More than what sets connections on one port apart.
constexpr int64_t kBytesMax = 2'000;
constexpr int64_t kOffsetMax = int64_t{1} << 32;

// "t0>": who speaks to whom.
struct Talk {
  uint64_t connection;
  bool to_client;

  explicit Talk(std::string_view word)
      : connection(word.size() > 1 ? static_cast<uint8_t>(word[1]) % 4u : 0),
        to_client(word.ends_with('<')) {}

  bool is_ipv6() const { return connection == 3; }
  std::string Host(bool client) const {
    if (is_ipv6()) return client ? "fd00::1" : "fd00::2";
    return client ? "10.0.0.1" : "10.0.0.2";
  }
  std::string End(bool client) const {
    const uint64_t port = client ? 1'000 + connection : 80;
    return fmt::format("{}{}{}:{}", is_ipv6() ? "[" : "", Host(client), is_ipv6() ? "]" : "", port);
  }
  std::string from() const { return End(!to_client); }
  std::string to() const { return End(to_client); }
};

// Of the first byte after SYN. The client's wrap within a script.
uint32_t FirstSeq(const Talk& talk, bool client, uint32_t later) {
  const uint32_t first = client ? 0xFFFFFF80u : 5'000u;
  return first + later * 1'000'000u + static_cast<uint32_t>(talk.connection) * 64u;
}

struct Segment {
  uint32_t later = 0, window = 65'535, window_scale = 0, timestamp = 0, urgent = 0, cut = 0;
  int64_t ack = 0;
  uint8_t variant = 0;
  bool has_scale = false, has_timestamp = false;
};

void TakeOption(std::string_view word, Segment& segment) {
  const int64_t value = NumberOf(word.substr(1), kOffsetMax);
  const auto number = static_cast<uint32_t>(value);
  switch (word[0]) {
    case 'a':
      segment.ack = value;
      break;
    case 'w':
      segment.window = number;
      break;
    case 'v':
      segment.variant = static_cast<uint8_t>(number % 4);
      break;
    case 'u':
      segment.urgent = number;
      break;
    case 'c':
      segment.cut = number;
      break;
    case 's':
      segment.timestamp = number;
      segment.has_timestamp = true;
      break;
    case 'k':
      segment.window_scale = number;
      segment.has_scale = true;
      break;
    case 'n':
      segment.later = number % 8;
      break;
    default:
      break;
  }
}

std::string Big32(uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

std::string OptionsOf(const Segment& segment) {
  std::string options;
  if (segment.has_timestamp) options += "\1\1\x08\x0a" + Big32(segment.timestamp) + Big32(0);
  if (segment.has_scale) options += std::string("\1\3\3") + static_cast<char>(segment.window_scale);
  return options;
}

FrameBytes TcpFrame(const Talk& talk, Words& words, uint32_t& cut) {
  std::string flags;
  for (const char letter : words.Next()) {
    if (letter == '.') flags += 'A';
    if (std::string_view("FSRPAU").find(letter) != std::string_view::npos) flags += letter;
  }
  const auto offset = static_cast<uint32_t>(words.Number(kOffsetMax));
  const auto bytes = words.Count<uint32_t>(kBytesMax);
  Segment segment;
  for (std::string_view word; !(word = words.Next()).empty();) TakeOption(word, segment);
  const uint32_t seq = FirstSeq(talk, !talk.to_client, segment.later) + offset;
  const uint32_t ack = FirstSeq(talk, talk.to_client, segment.later);
  const bool has_syn = flags.find('S') != std::string::npos;
  std::string data;
  for (uint32_t n = 0; n < bytes; ++n) {
    data += static_cast<char>(segment.variant << 6 | ((seq + has_syn + n) & 63));
  }
  FrameBytes frame = Tcp(talk.from(), talk.to())
                         .Flags(flags)
                         .Seq(seq)
                         .Ack(ack + static_cast<uint32_t>(segment.ack))
                         .Window(static_cast<uint16_t>(segment.window))
                         .TcpOptions(OptionsOf(segment))
                         .Data(data)
                         .Bytes();
  const size_t urgent_at = kLinkBytes + (talk.is_ipv6() ? 40 : 20) + kUrgentAt;
  frame[urgent_at] = static_cast<uint8_t>(segment.urgent >> 8);
  frame[urgent_at + 1] = static_cast<uint8_t>(segment.urgent);
  cut = segment.cut;
  return frame;
}

FrameBytes IcmpFrame(const Talk& talk, Words& words) {
  const auto type = words.Count<int>(256);
  const auto code = words.Count<int>(256);
  const auto ident = words.Count<uint16_t>(65'536);
  const auto seq = words.Count<uint16_t>(65'536);
  const auto bytes = words.Count<size_t>(kBytesMax);
  return Icmp(talk.Host(!talk.to_client), talk.Host(talk.to_client))
      .Type(type, code)
      .Echo(ident, seq)
      .Data(std::string(bytes, static_cast<char>('a' + seq % 26)))
      .Bytes();
}

FrameBytes ErrorFrame(const Talk& talk, Words& words) {
  const auto type = words.Count<int>(256);
  const auto code = words.Count<int>(256);
  const PacketBuilder quoted = Tcp(talk.from(), talk.to()).Data("quoted");
  return Icmp(talk.is_ipv6() ? "fd00::9" : "10.0.0.9", talk.Host(!talk.to_client))
      .Type(type, code)
      .Data(quoted.Datagram())
      .Bytes();
}

FrameBytes SctpFrame(const Talk& talk, Words& words) {
  constexpr size_t kChunkHeadBytes = 16;
  const auto chunks = words.Count<size_t>(20);
  const auto bytes = words.Count<size_t>(400);
  std::string packet("\x03\xE8\0\x50", 4);
  if (talk.to_client) packet = std::string("\0\x50\x03\xE8", 4);
  packet.append(8, '\0');
  for (size_t n = 0; n < chunks; ++n) {
    const size_t chunk_bytes = kChunkHeadBytes + bytes;
    packet += std::string("\0\3", 2);
    packet += static_cast<char>(chunk_bytes >> 8);
    packet += static_cast<char>(chunk_bytes);
    packet += std::string(12, '\0') + std::string(bytes, static_cast<char>('a' + n % 26));
    packet.resize((packet.size() + 3) / 4 * 4);
  }
  return PacketBuilder(talk.Host(!talk.to_client), talk.Host(talk.to_client), kSctp)
      .Data(packet)
      .Bytes();
}

FrameBytes RawFrame(std::string_view hex) {
  const FrameBytes ip = HexBytes(hex);
  FrameBytes frame;
  frame.reserve(kLinkBytes + ip.size());
  frame.assign(kLinkBytes, 2);
  const bool is_ipv6 = !ip.empty() && ip[0] >> 4 == 6;
  frame[kLinkBytes - 2] = is_ipv6 ? 0x86 : 0x08;
  frame[kLinkBytes - 1] = is_ipv6 ? 0xDD : 0x00;
  frame.insert(frame.end(), ip.begin(), ip.end());
  return frame;
}

FrameBytes ParseFrame(std::string_view first, Words& words, uint32_t& cut) {
  const Talk talk(first);
  switch (first[0]) {
    case 't':
      return TcpFrame(talk, words, cut);
    case 'u':
      return Udp(talk.from(), talk.to())
          .Data(std::string(words.Count<size_t>(kBytesMax), 'u'))
          .Bytes();
    case 'i':
      return IcmpFrame(talk, words);
    case 'e':
      return ErrorFrame(talk, words);
    case 's':
      return SctpFrame(talk, words);
    case 'x':
      return RawFrame(words.rest());
    default:
      return {};
  }
}

}  // namespace

PacketScript ParsePackets(std::string_view text) {
  PacketScript script;
  int64_t t_ms = 1'000'000'000'000;
  for (std::string_view line; script.frames.size() < kFramesMax && TakeLine(text, line);) {
    Words words(line);
    const std::string_view first = words.Next();
    if (first.empty()) continue;
    if (first[0] == 't')
      script.fins += Words(words.rest()).Next().find('F') != std::string_view::npos;
    if (first[0] == '+' || first[0] == '-') t_ms += NumberOf(first, 10'000'000);
    uint32_t cut = 0;
    FrameBytes frame = ParseFrame(first, words, cut);
    if (frame.empty()) continue;
    if (first[0] == 'x') script.bytes_tell = false;
    const auto wire_bytes = static_cast<uint32_t>(frame.size());
    frame.erase(frame.end() - static_cast<ptrdiff_t>(std::min<size_t>(cut, frame.size())),
                frame.end());
    const auto serial = static_cast<int64_t>(script.frames.size());
    script.frames.push_back(
        {t_ms * kNsPerMs + serial * kStampStepNs, std::move(frame), wire_bytes});
  }
  return script;
}

}  // namespace dfc
