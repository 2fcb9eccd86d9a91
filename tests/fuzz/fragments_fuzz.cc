// Scripts of fragments, put together by every policy.
//
//   p 3                 the policy of the receivers, by number
//   4a 1 0 24           IPv4, from source "a", datagram 1: bytes 0 to 24, more to come
//   6b 2 24 8 .         IPv6, from source "b", datagram 2: bytes 24 to 32, the last ones
//   +31000              milliseconds pass; "-" goes back
//
// The datagrams are echo requests. Behind their header each fragment has bytes of its own, so that
// a whole datagram tells which fragment each of its bytes is from: one that was sent for that
// place. By the policies "first" and "last" it is the first and the last one.
#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "dfc/decode.h"
#include "fuzz_text.h"

namespace dfc {
namespace {

constexpr size_t kFragmentsMax = 250;  // Each has a byte of its own.
constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kOutlived = 200'000 * kNsPerMs;  // More than any fragment waits.
constexpr uint32_t kEchoBytes = 8;
constexpr uint16_t kIdent = 7;
constexpr size_t kDatagramsMax = 8;

struct Fragment {
  bool is_ipv6, more;
  uint8_t source;
  uint32_t id, at, bytes;
  uint8_t fill;

  auto datagram() const { return std::tuple(is_ipv6, source, id); }
};

// As a raw IP packet. Checksums are left out, as the decoder is told not to look at them.
std::vector<uint8_t> Frame(const Fragment& fragment) {
  std::vector<uint8_t> ip;
  const auto put = [&ip](std::initializer_list<size_t> bytes) {
    for (const size_t byte : bytes) ip.push_back(static_cast<uint8_t>(byte));
  };
  const size_t place = fragment.at / 8 * (fragment.is_ipv6 ? 8 : 1);
  if (fragment.is_ipv6) {
    const size_t payload = 8 + fragment.bytes;
    put({0x60, 0, 0, 0, payload >> 8, payload, 44, 64});
    put({0xFD, 0, 0, 0, 0, 0, 0, fragment.source, 0, 0, 0, 0, 0, 0, 0, 1});
    put({0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9});
    put({58, 0, place >> 8, place | fragment.more, 0, 0, fragment.id >> 8, fragment.id});
  } else {
    const size_t total = 20 + fragment.bytes;
    const size_t flags = fragment.more ? 0x20 : 0;
    put({0x45, 0, total >> 8, total, fragment.id >> 8, fragment.id, flags | place >> 8, place});
    put({64, 1, 0, 0, 10, 0, 0, fragment.source, 10, 0, 1, 1});
  }
  const std::array<uint8_t, kEchoBytes> echo = {
      static_cast<uint8_t>(fragment.is_ipv6 ? 128 : 8), 0, 0, 0, 0, kIdent, 0, 1};
  for (size_t n = 0; n < fragment.bytes; ++n) {
    const size_t at = fragment.at + n;
    ip.push_back(at < echo.size() ? echo[at] : fragment.fill);
  }
  return ip;
}

// Where the fragment has bytes of its own; from a middle one of IPv4 the receiver cuts the rest of
// an 8.
bool Covers(const Fragment& fragment, uint32_t at) {
  const uint32_t bytes = fragment.more ? fragment.bytes / 8 * 8 : fragment.bytes;
  return fragment.at <= at && at - fragment.at < bytes;
}

// What was sent of a datagram since it was whole.
struct Sent {
  std::vector<Fragment> fragments;
  bool all_count = true;  // None was refused, or took the datagram with it.
};

class Run {
 public:
  explicit Run(HostPolicy policy) : policy_(policy), decoder_(Options(policy)) {}

  void Pass(int64_t ns) { t_ns_ += ns; }

  void Send(const Fragment& fragment) {
    const std::vector<uint8_t> bytes = Frame(fragment);
    Packet packet{};
    const auto wire_bytes = static_cast<uint32_t>(bytes.size());
    const Verdict verdict = decoder_.Decode({t_ns_, bytes, wire_bytes, kLinkRaw, false}, packet);
    last_ns_ = std::max(last_ns_, t_ns_);
    t_ns_ += kNsPerMs;
    const bool is_whole = fragment.at == 0 && !fragment.more;
    Sent alone{{fragment}};
    Sent& sent = is_whole ? alone : sent_[fragment.datagram()];
    if (!is_whole) sent.fragments.push_back(fragment);
    if (verdict == Verdict::kOk) {
      Judge(sent, packet);
      sent = {};
    } else if (verdict != Verdict::kFragmentHeld && verdict != Verdict::kFragmentDuplicate) {
      sent.all_count = false;
    }
    CheckCounters();
  }

  // Everything is forgotten in the end.
  void Outlive() {
    t_ns_ = std::max(t_ns_, last_ns_) + kOutlived;
    Send({false, true, 255, 0xFFFF, 8, 8, 0});
    Expect(decoder_.fragments().unfinished == 1);
  }

 private:
  static DecodeOptions Options(HostPolicy policy) {
    DecodeOptions options{.checksums = Checksums::kIgnore, .fragment_datagrams_max = kDatagramsMax};
    Expect(options.host_policies.Add(HostPolicyName(policy)).ok());
    return options;
  }

  void Judge(const Sent& sent, const Packet& packet) const {
    Expect(IsIcmp(packet.tuple.protocol) && packet.icmp.ident == kIdent);
    const FragmentCounters& counters = decoder_.fragments();
    const uint64_t lost =
        counters.timed_out + counters.over_share + counters.pushed_out + counters.restarted;
    for (uint32_t n = 0; n < packet.payload_bytes; ++n) {
      const uint8_t byte = packet.payload[n];
      std::vector<uint8_t> copies;
      for (const Fragment& fragment : sent.fragments) {
        if (Covers(fragment, n + kEchoBytes)) copies.push_back(fragment.fill);
      }
      Expect(std::ranges::find(copies, byte) != copies.end());
      if (!sent.all_count || lost != 0) continue;
      if (policy_ == HostPolicy::kFirst) Expect(byte == copies.front());
      if (policy_ == HostPolicy::kLast) Expect(byte == copies.back());
    }
  }

  void CheckCounters() const {
    const FragmentCounters counters = decoder_.fragments();
    Expect(counters.started == counters.whole + counters.dropped + counters.timed_out +
                                   counters.over_share + counters.pushed_out + counters.unfinished);
    Expect(counters.unfinished <= kDatagramsMax);
  }

  const HostPolicy policy_;
  Decoder decoder_;
  int64_t t_ns_ = 0;
  int64_t last_ns_ = 0;
  std::map<std::tuple<bool, uint8_t, uint32_t>, Sent> sent_;
};

// "4a 1 0 24 ."
Fragment ParseFragment(std::string_view first, Words& words, size_t number) {
  Fragment fragment{};
  fragment.is_ipv6 = first[0] == '6';
  fragment.source = first.size() > 1 ? static_cast<uint8_t>(first[1] & 7) : uint8_t{0};
  fragment.id = words.Count<uint32_t>(100);
  fragment.at = words.Count<uint32_t>(65'536) / 8 * 8;
  fragment.bytes = words.Count<uint32_t>(2'000);
  fragment.more = words.Next() != ".";
  fragment.fill = static_cast<uint8_t>(number);
  return fragment;
}

void Play(std::string_view text) {
  std::string_view line;
  std::string_view rest = text;
  auto policy = HostPolicy::kLinux;
  if (TakeLine(rest, line) && line.starts_with("p ")) {
    policy = static_cast<HostPolicy>(Words(line.substr(2)).Count<size_t>(kHostPolicyCount));
    text = rest;
  }
  Run run(policy);
  for (size_t n = 1; n <= kFragmentsMax && TakeLine(text, line);) {
    Words words(line);
    const std::string_view first = words.Next();
    if (first.empty()) continue;
    if (first[0] == '+' || first[0] == '-') {
      run.Pass(NumberOf(first, 1'000'000) * kNsPerMs);
    } else {
      run.Send(ParseFragment(first, words, n++));
    }
  }
  run.Outlive();
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dfc::Play({dfc::AsChars(data), size});
  return 0;
}
