// Any words as store URL, host policy, address, flow id, size and sensor's name: what is accepted
// comes back the same when it is written out and read again.
//
// Each line is tried as each of them; host policies gather line by line.
#include <algorithm>
#include <cctype>
#include <optional>

#include "dfc/host_policy.h"
#include "dfc/reader.h"
#include "dfc/store.h"
#include "fuzz_text.h"
#include "options.h"
#include "text.h"

namespace dfc {
namespace {

constexpr size_t kLinesMax = 300;

void TryUrl(const std::string& text) {
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(text);
  if (!url.ok()) return Expect(absl::IsInvalidArgument(url.status()));
  const absl::StatusOr<StoreUrl> again = ParseStoreUrl(url->Text());
  Expect(again.ok() && again->Text() == url->Text() && again->kind == url->kind);
  Expect(again->path == url->path && again->user == url->user && again->host == url->host);
  Expect(again->database == url->database && again->socket == url->socket);
  Expect(url->kind != StoreUrl::Kind::kMysql || url->host.empty() != url->socket.empty());
}

void TryAddress(const std::string& text) {
  IpAddress address;
  if (!ParseAddress(text, address)) return;
  IpAddress again;
  Expect(ParseAddress(FormatAddress(address), again) && again == address);
}

void TryFlowId(std::string text) {
  const std::optional<FlowId> id = ParseFlowId(text);
  if (!id) return;
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return std::tolower(letter); });
  Expect(FormatFlowId(*id) == text);
}

void TrySize(const std::string& text) {
  const std::optional<uint64_t> bytes = ParseSize(text);
  if (!bytes) return;
  Expect(ParseSize(std::to_string(*bytes)) == bytes);
}

void TrySensor(const std::string& text) {
  const bool sound = !text.empty() && text.size() <= kSensorNameBytesMax &&
                     std::ranges::none_of(text, [](unsigned char letter) {
                       return letter < 0x20 || letter == 0x7F;
                     });
  Expect(CheckSensorName(text).ok() == sound);
}

// Subnets in the slowest way: bit by bit, all of them each time.
class SlowPolicies {
 public:
  // REQUIRES: HostPolicies took it.
  void Add(const std::string& text) {
    const size_t equals = text.find('=');
    const std::optional<HostPolicy> policy = ParseHostPolicy(text.substr(0, equals));
    Expect(policy.has_value());
    if (equals == std::string::npos) {
      default_ = *policy;
      return;
    }
    const size_t slash = text.find('/');
    Subnet subnet{{}, 128, *policy};
    Expect(ParseAddress(text.substr(equals + 1, slash - equals - 1), subnet.address));
    if (slash != std::string::npos) {
      const bool is_ipv4 = subnet.address.IsIpv4();
      subnet.bits = static_cast<size_t>(NumberOf(text.substr(slash + 1), 1'000));
      subnet.bits += is_ipv4 ? 96 : 0;
    }
    subnets_.push_back(subnet);
  }

  void ExpectSame(const HostPolicies& policies) const {
    for (const Subnet& subnet : subnets_) {
      Expect(policies.Of(subnet.address) == Of(subnet.address));
      IpAddress near = subnet.address;
      near.bytes[15] ^= 1;
      Expect(policies.Of(near) == Of(near));
    }
    Expect(policies.Of(IpAddress{}) == Of(IpAddress{}));
  }

 private:
  struct Subnet {
    IpAddress address;
    size_t bits;
    HostPolicy policy;
  };

  static bool Holds(const Subnet& subnet, const IpAddress& address) {
    if (subnet.address.IsIpv4() != address.IsIpv4()) return false;
    for (size_t bit = 0; bit < subnet.bits; ++bit) {
      const int difference = subnet.address.bytes[bit / 8] ^ address.bytes[bit / 8];
      if ((difference >> (7 - bit % 8) & 1) != 0) return false;
    }
    return true;
  }
  HostPolicy Of(const IpAddress& address) const {
    const Subnet* best = nullptr;
    for (const Subnet& subnet : subnets_) {
      if (Holds(subnet, address) && (best == nullptr || best->bits < subnet.bits)) best = &subnet;
    }
    return best == nullptr ? default_ : best->policy;
  }

  std::vector<Subnet> subnets_;
  HostPolicy default_ = HostPolicy::kLinux;
};

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(dfc::AsChars(data), size);
  dfc::HostPolicies policies;
  dfc::SlowPolicies slow;
  std::string_view line;
  for (size_t n = 0; n < dfc::kLinesMax && dfc::TakeLine(rest, line); ++n) {
    const std::string text(line);
    dfc::TryUrl(text);
    dfc::TryAddress(text);
    dfc::TryFlowId(text);
    dfc::TrySize(text);
    dfc::TrySensor(text);
    const absl::Status added = policies.Add(text);
    dfc::Expect(added.ok() || absl::IsInvalidArgument(added));
    if (added.ok()) slow.Add(text);
  }
  slow.ExpectSame(policies);
  return 0;
}
