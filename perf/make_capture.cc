// Writes one of the workloads that perf/run measures with, and prints what is in it.
//
// usage: make_capture bulk|small PACKETS SEED OUT.pcap
//        make_capture mix PACKETS SEED OUT.pcap IN.pcap...
//
//   bulk   8 long downloads side by side; a segment in a thousand comes late or twice
//   small  questions (DNS), clocks (NTP), pings and TCP connections of two small messages
//   mix    the captures given, each frame many times over, each copy with addresses of its own
//
// There are PACKETS frames, or as many more as end what is begun. The same arguments give the same
// bytes. It prints a line for each thing known: its name, a tab, a number.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture_file.h"

namespace {

constexpr int64_t kStartUs = 1'700'000'000'000'000;
// What a conversation's number can tell of its addresses and ports, below.
constexpr uint64_t kConversationsMax = 1 << 24;

// A number that looks like chance and is a fact of (seed, n): SplitMix64.
uint64_t Draw(uint64_t seed, uint64_t n) {
  uint64_t z = (seed + n + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

// Where content is taken from, so that what is sent again has the same bytes.
class Pool {
 public:
  explicit Pool(uint64_t seed) : bytes_(1 << 20) {
    std::mt19937_64 random(seed);
    for (uint8_t& byte : bytes_) byte = static_cast<uint8_t>(random());
  }
  std::span<const uint8_t> Take(uint64_t drawn, size_t size) const {
    return std::span(bytes_).subspan(drawn % (bytes_.size() - size), size);
  }

 private:
  std::vector<uint8_t> bytes_;
};

// Bulk --------------------------------------------------------------------------------------------

constexpr size_t kSegmentBytes = 1'448;
constexpr size_t kRequestBytes = 120;
constexpr size_t kDownloads = 8;
constexpr int64_t kFrameGapUs = 8;  // About 1 Gbit/s.

// All frames of one bulk file, one after the other.
struct Line {
  CaptureFile& out;
  Truth& truth;
  FrameMaker maker{};
  int64_t t_us = kStartUs;

  void Send(const Ends& ends, uint32_t seq, uint32_t ack, uint8_t flags,
            std::span<const uint8_t> payload = {}) {
    const auto now_ms = static_cast<uint32_t>((t_us - kStartUs) / 1'000 + 1'000);
    out.Add(t_us, maker.Tcp(ends, {seq, ack, flags, now_ms, now_ms}, payload));
    t_us += kFrameGapUs;
    truth.tcp_payload_bytes += payload.size();
  }
};

// A client asks once, a server answers for ever. Of a thousand segments, a half is overtaken by
// three others, a half comes once more behind five others.
class Download {
 public:
  Download(Line& line, const Pool& pool, uint64_t seed, uint32_t number)
      : line_(line),
        pool_(pool),
        seed_(Draw(seed, number)),
        client_{0x0A000001u + number, 0xC0000201, static_cast<uint16_t>(40'000 + number * 7), 443},
        client_seq_(static_cast<uint32_t>(seed_)),
        server_seq_(static_cast<uint32_t>(seed_ >> 32)) {
    line_.Send(client_, client_seq_++, 0, kSyn);
    line_.Send(client_.Reversed(), server_seq_++, client_seq_, kSyn | kAck);
    line_.Send(client_, client_seq_, server_seq_, kAck);
    line_.Send(client_, client_seq_, server_seq_, kAck | kPush, pool_.Take(seed_, kRequestBytes));
    client_seq_ += kRequestBytes;
  }

  // Sends at most one segment, and what acknowledges it.
  void Advance() {
    if (waiting_ && segments_ >= due_) return SendWaiting();
    const uint64_t drawn = waiting_ ? 2 : Draw(seed_, segments_) % 2'000;
    if (drawn < 2) {
      waiting_ = true;
      held_back_ = drawn == 0;
      waiting_segment_ = segments_;
      due_ = segments_ + (held_back_ ? 3 : 5);
    }
    ++segments_;
    if (drawn != 0) Send(segments_ - 1);
  }

  void Finish() {
    if (waiting_) SendWaiting();
    const Ends server = client_.Reversed();
    const uint32_t end = SeqOf(segments_);
    line_.Send(server, end, client_seq_, kFin | kAck);
    line_.Send(client_, client_seq_, end + 1, kFin | kAck);
    line_.Send(server, end + 1, client_seq_ + 1, kAck);
    line_.truth.tcp_bytes += kRequestBytes + segments_ * kSegmentBytes;
    ++line_.truth.flows;
  }

 private:
  uint32_t SeqOf(uint64_t segment) const {
    return server_seq_ + static_cast<uint32_t>(segment * kSegmentBytes);
  }

  void SendWaiting() {
    waiting_ = held_back_ = false;
    Send(waiting_segment_);
  }

  // Every second segment is acknowledged, up to the one that is held back.
  void Send(uint64_t segment) {
    line_.Send(client_.Reversed(), SeqOf(segment), client_seq_, kAck,
               pool_.Take(Draw(~seed_, segment), kSegmentBytes));
    if (++unacknowledged_ < 2) return;
    unacknowledged_ = 0;
    line_.Send(client_, client_seq_, SeqOf(held_back_ ? waiting_segment_ : segments_), kAck);
  }

  Line& line_;
  const Pool& pool_;
  uint64_t seed_;
  Ends client_;
  uint32_t client_seq_, server_seq_;
  uint64_t segments_ = 0;
  unsigned unacknowledged_ = 0;
  bool waiting_ = false;    // `waiting_segment_` is to be sent before segment `due_`,
  bool held_back_ = false;  // for the first time.
  uint64_t waiting_segment_ = 0;
  uint64_t due_ = 0;
};

void MakeBulk(uint64_t packets, uint64_t seed, CaptureFile& out, Truth& truth) {
  const Pool pool(seed);
  Line line{out, truth};
  std::vector<Download> downloads;
  downloads.reserve(kDownloads);
  for (uint32_t n = 0; n < kDownloads; ++n) downloads.emplace_back(line, pool, seed, n);
  for (uint64_t n = 0; out.packets() + 3 * kDownloads < packets; ++n) {
    downloads[Draw(seed, n) % kDownloads].Advance();
  }
  for (Download& download : downloads) download.Finish();
}

// Small -------------------------------------------------------------------------------------------

// Conversation n takes its step k at slot n + k * kStepSlots: so the file needs no queue, and some
// thousand conversations are under way at a time.
constexpr int64_t kSlotUs = 30;
constexpr uint64_t kStepSlots = 300;
constexpr size_t kPingBytes = 56, kNtpBytes = 48;

class Small {
 public:
  Small(uint64_t seed, CaptureFile& out, Truth& truth)
      : pool_(seed), seed_(seed), out_(out), truth_(truth) {}

  void Make(uint64_t packets) {
    uint64_t conversations = 0;
    for (uint64_t planned = 0; planned < packets; ++conversations) {
      if (conversations == kConversationsMax) Die(2, "PACKETS: too many for small");
      planned += StepsOf(conversations);
    }
    truth_.flows += conversations;
    for (uint64_t slot = 0; slot < conversations + kStepsMax * kStepSlots; ++slot) {
      t_us_ = kStartUs + static_cast<int64_t>(slot) * kSlotUs;
      for (size_t k = 0; k < kStepsMax && k * kStepSlots <= slot; ++k, ++t_us_) {
        const uint64_t n = slot - k * kStepSlots;
        if (n < conversations && k < StepsOf(n)) Step(n, k);
      }
    }
  }

 private:
  enum class Kind { kDns, kNtp, kPing, kTcp };
  static constexpr size_t kStepsMax = 10;

  uint64_t DrawFor(uint64_t n) const { return Draw(seed_, n); }

  Kind KindOf(uint64_t n) const {
    const uint64_t percent = DrawFor(n) % 100;
    return percent < 60   ? Kind::kDns
           : percent < 70 ? Kind::kNtp
           : percent < 85 ? Kind::kPing
                          : Kind::kTcp;
  }

  size_t StepsOf(uint64_t n) const {
    switch (KindOf(n)) {
      case Kind::kTcp:
        return kStepsMax;
      case Kind::kPing:
        return 4;
      default:
        return 2;
    }
  }

  // 16,384 clients of 1,024 ports each, all 2^24 of them before one comes again.
  Ends EndsOf(uint64_t n, uint16_t server_port) const {
    const uint64_t place = n * 0x9E3779B1 % kConversationsMax;
    const auto port = static_cast<uint16_t>(2'000 + 61 * (place >> 14));
    const auto server = static_cast<uint32_t>(DrawFor(n) >> 20 & 0x3FF);
    return {0x0A000000u + static_cast<uint32_t>(place & 0x3FFF), 0xC6120000u + server, port,
            server_port};
  }

  void Step(uint64_t n, size_t k) {
    switch (KindOf(n)) {
      case Kind::kDns:
        return Udp(EndsOf(n, 53), k, DnsMessage(DrawFor(n), k == 1));
      case Kind::kNtp:
        return Udp(EndsOf(n, 123), k, NtpMessage(DrawFor(n), k == 1));
      case Kind::kPing:
        return Ping(n, k);
      case Kind::kTcp:
        return Tcp(n, k);
    }
  }

  void Udp(const Ends& ends, size_t k, std::span<const uint8_t> message) {
    out_.Add(t_us_, maker_.Udp(k == 0 ? ends : ends.Reversed(), message));
    truth_.udp_bytes += message.size();
  }

  // A host's name of eight digits in example.net, and one to three addresses (RFC 1035 section 4).
  std::span<const uint8_t> DnsMessage(uint64_t drawn, bool answer) {
    const auto answers = static_cast<uint8_t>(answer ? 1 + (drawn >> 32) % 3 : 0);
    message_ = {static_cast<uint8_t>(drawn >> 40),
                static_cast<uint8_t>(drawn >> 48),
                static_cast<uint8_t>(answer ? 0x81 : 1),
                static_cast<uint8_t>(answer ? 0x80 : 0),
                0,
                1,
                0,
                answers,
                0,
                0,
                0,
                0,
                8};
    for (int digit = 0; digit < 8; ++digit) {
      message_.push_back(static_cast<uint8_t>('0' + (drawn >> (4 * digit) & 7)));
    }
    for (const char letter : std::string_view("\7example\3net\0\0\1\0\1", 17)) {
      message_.push_back(static_cast<uint8_t>(letter));
    }
    for (uint8_t n = 0; n < answers; ++n) {
      message_.insert(message_.end(), {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, n});
    }
    return message_;
  }

  // Version 4, mode 3 asks and mode 4 answers (RFC 5905 section 7.3).
  std::span<const uint8_t> NtpMessage(uint64_t drawn, bool answer) {
    const auto from = pool_.Take(drawn, kNtpBytes);
    message_.assign(from.begin(), from.end());
    message_[0] = answer ? 0x24 : 0x23;
    return message_;
  }

  void Ping(uint64_t n, size_t k) {
    const Ends ends = EndsOf(n, 0);
    const bool answer = k % 2 != 0;
    out_.Add(t_us_, maker_.Echo(answer ? ends.Reversed() : ends, answer ? 0 : 8, ends.source_port,
                                static_cast<uint16_t>(1 + k / 2),
                                pool_.Take(DrawFor(n) + k / 2, kPingBytes)));
    truth_.icmp_bytes += kPingBytes;
  }

  // Handshake, a request and its acknowledgement, an answer and its, both ends.
  void Tcp(uint64_t n, size_t k) {
    const uint64_t drawn = DrawFor(n);
    const auto request = pool_.Take(drawn, 60 + (drawn >> 8) % 80);
    const auto answer = pool_.Take(~drawn, 100 + (drawn >> 16) % 400);
    const Ends there = EndsOf(n, 80);
    const auto from = static_cast<uint32_t>(drawn), to = static_cast<uint32_t>(drawn >> 32);
    const auto asked = static_cast<uint32_t>(from + 1 + request.size());
    const auto said = static_cast<uint32_t>(to + 1 + answer.size());
    struct Segment {
      bool from_server;
      uint32_t seq, ack;
      uint8_t flags;
      std::span<const uint8_t> payload;
    };
    const std::array<Segment, kStepsMax> segments{{
        {false, from, 0, kSyn, {}},
        {true, to, from + 1, kSyn | kAck, {}},
        {false, from + 1, to + 1, kAck, {}},
        {false, from + 1, to + 1, kAck | kPush, request},
        {true, to + 1, asked, kAck, {}},
        {true, to + 1, asked, kAck | kPush, answer},
        {false, asked, said, kAck, {}},
        {true, said, asked, kFin | kAck, {}},
        {false, asked, said + 1, kFin | kAck, {}},
        {true, said + 1, asked + 1, kAck, {}},
    }};
    const Segment& segment = segments[k];
    const auto now_ms = static_cast<uint32_t>((t_us_ - kStartUs) / 1'000 + 1'000);
    out_.Add(t_us_, maker_.Tcp(segment.from_server ? there.Reversed() : there,
                               {segment.seq, segment.ack, segment.flags, now_ms, now_ms},
                               segment.payload));
    truth_.tcp_bytes += segment.payload.size();
    truth_.tcp_payload_bytes += segment.payload.size();
  }

  const Pool pool_;
  const uint64_t seed_;
  CaptureFile& out_;
  Truth& truth_;
  FrameMaker maker_;
  std::vector<uint8_t> message_;
  int64_t t_us_ = 0;
};

// Command line ------------------------------------------------------------------------------------

uint64_t Number(std::string_view name, std::string_view text, uint64_t least) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least) {
    Die(2, std::string(name) + " '" + std::string(text) + "' is not a number of " +
               std::to_string(least) + " or more");
  }
  return value;
}

void Tell(const char* name, uint64_t value) {
  std::printf("%s\t%llu\n", name, static_cast<unsigned long long>(value));
}

void TellMultiplied(const Multiplied& multiplied, const CaptureFile& out) {
  Tell("packets", out.packets());
  Tell("file_bytes", out.bytes());
  Tell("copies", multiplied.copies);
  Tell("packets_a_copy", multiplied.frames);
  Tell("files_left_out", multiplied.left_out);
}

void TellTruth(const Truth& truth, const CaptureFile& out) {
  Tell("packets", out.packets());
  Tell("file_bytes", out.bytes());
  Tell("flows", truth.flows);
  Tell("tcp_bytes", truth.tcp_bytes);
  Tell("udp_bytes", truth.udp_bytes);
  Tell("icmp_bytes", truth.icmp_bytes);
  Tell("tcp_payload_bytes", truth.tcp_payload_bytes);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const std::string kind = words.empty() ? "" : words[0];
  const bool is_mix = kind == "mix";
  if (!(is_mix ? words.size() > 4 : (kind == "bulk" || kind == "small") && words.size() == 4)) {
    Die(2,
        "usage: make_capture bulk|small PACKETS SEED OUT.pcap | "
        "mix PACKETS SEED OUT.pcap IN.pcap...");
  }
  const uint64_t packets = Number("PACKETS", words[1], 1);
  const uint64_t seed = Number("SEED", words[2], 0);
  CaptureFile out(words[3]);
  if (is_mix) {
    const Multiplied multiplied = Multiply({words.begin() + 4, words.end()}, packets, seed, out);
    out.Close();
    TellMultiplied(multiplied, out);
    return 0;
  }
  Truth truth;
  if (kind == "bulk") {
    MakeBulk(packets, seed, out, truth);
  } else {
    Small(seed, out, truth).Make(packets);
  }
  out.Close();
  TellTruth(truth, out);
  return 0;
}
