#include "dfc/host_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace dfc {

namespace {

constexpr std::array<const char*, kHostPolicyCount> kNames = {
    "linux", "first", "last", "bsd", "linux-ns", "old_linux", "solaris", "windows", "vista"};
constexpr uint32_t kAddressBits = 128;
constexpr uint32_t kIpv4PrefixBits = 96;  // Of an IPv4 address mapped into IPv6.

absl::Status Problem(std::string message) { return absl::InvalidArgumentError(std::move(message)); }

uint64_t MaskOf(uint32_t bits) { return bits == 0 ? 0 : ~uint64_t{0} << (64 - bits); }

// Digits alone, at most `most`.
std::optional<uint32_t> ParsePrefix(std::string_view text, uint32_t most) {
  uint32_t bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && bits <= most ? std::optional(bits) : std::nullopt;
}

// `number` in network order, as text without the prefix that maps IPv4.
std::string FormatNumber(uint64_t high, uint64_t low) {
  IpAddress address;
  for (size_t n = 0; n < 8; ++n) {
    address.bytes[n] = static_cast<uint8_t>(high >> (56 - 8 * n));
    address.bytes[n + 8] = static_cast<uint8_t>(low >> (56 - 8 * n));
  }
  return FormatAddress(address);
}

}  // namespace

const char* HostPolicyName(HostPolicy policy) { return kNames[static_cast<size_t>(policy)]; }

std::optional<HostPolicy> ParseHostPolicy(std::string_view name) {
  const auto* const at = std::find(kNames.begin(), kNames.end(), name);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<HostPolicy>(at - kNames.begin());
}

absl::Status HostPolicies::Add(const std::string& text) {
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const std::optional<HostPolicy> policy = ParseHostPolicy(name);
  if (!policy) {
    return Problem(fmt::format("'{}' is no host policy; take one of {}", name,
                               fmt::join(kNames.begin(), kNames.end(), " ")));
  }
  if (equals != std::string::npos) return AddSubnet(text.substr(equals + 1), *policy);
  if (default_given_ && default_ != *policy) {
    return Problem(
        fmt::format("two policies for all hosts, {} and {}; name a subnet for one: {}=...",
                    HostPolicyName(default_), name, name));
  }
  default_ = *policy;
  default_given_ = true;
  return absl::OkStatus();
}

absl::Status HostPolicies::AddSubnet(const std::string& text, HostPolicy policy) {
  const size_t slash = text.find('/');
  IpAddress address;
  const bool is_ipv4 = text.find(':') == std::string::npos;
  // IPv4 mapped into IPv6 is written as IPv4: its prefix would be counted from two ends.
  if (!ParseAddress(text.substr(0, slash), address) || address.IsIpv4() != is_ipv4) {
    return Problem(
        fmt::format("'{}' is no subnet; write it as 192.0.2.0/24 or 2001:db8::/32", text));
  }
  const uint32_t most = is_ipv4 ? kAddressBits - kIpv4PrefixBits : kAddressBits;
  const std::optional<uint32_t> bits =
      slash == std::string::npos ? most
                                 : ParsePrefix(std::string_view(text).substr(slash + 1), most);
  if (!bits) {
    return Problem(fmt::format("'{}' has no prefix from /0 to /{}; write it as {}", text, most,
                               is_ipv4 ? "192.0.2.0/24" : "2001:db8::/32"));
  }
  Subnet subnet{LoadBig64(address.bytes, 0), LoadBig64(address.bytes, 8), 0, 0, 0, is_ipv4, policy};
  subnet.prefix_bits = *bits + (is_ipv4 ? kIpv4PrefixBits : 0);
  subnet.high_mask = MaskOf(std::min(subnet.prefix_bits, 64u));
  subnet.low_mask = MaskOf(std::max(subnet.prefix_bits, 64u) - 64);
  const uint64_t high = subnet.high & subnet.high_mask;
  const uint64_t low = subnet.low & subnet.low_mask;
  if (high != subnet.high || low != subnet.low) {
    return Problem(fmt::format("'{}' has bits behind its prefix; the subnet is {}/{}", text,
                               FormatNumber(high, low), *bits));
  }
  const auto same = std::ranges::find_if(subnets_, [&](const Subnet& other) {
    return other.high == high && other.low == low && other.prefix_bits == subnet.prefix_bits;
  });
  if (same != subnets_.end()) {
    if (same->policy == policy) return absl::OkStatus();
    return Problem(fmt::format("two policies for {}, {} and {}; keep one", text,
                               HostPolicyName(same->policy), HostPolicyName(policy)));
  }
  if (subnets_.size() == kSubnetsMax) {
    return Problem(fmt::format("more than {} subnets have a policy; join some", kSubnetsMax));
  }
  const auto place = std::ranges::find_if(
      subnets_, [&](const Subnet& other) { return other.prefix_bits < subnet.prefix_bits; });
  subnets_.insert(place, subnet);
  return absl::OkStatus();
}

HostPolicy HostPolicies::Look(const IpAddress& receiver) const {
  const uint64_t high = LoadBig64(receiver.bytes, 0);
  const uint64_t low = LoadBig64(receiver.bytes, 8);
  const bool is_ipv4 = receiver.IsIpv4();
  for (const Subnet& subnet : subnets_) {
    const bool holds = (high & subnet.high_mask) == subnet.high &&
                       (low & subnet.low_mask) == subnet.low && subnet.is_ipv4 == is_ipv4;
    if (holds) return subnet.policy;
  }
  return default_;
}

}  // namespace dfc
