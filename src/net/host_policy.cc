#include "dfc/host_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dfc {

namespace {

constexpr std::array<const char*, kHostPolicyCount> kNames = {
    "linux", "first", "last", "bsd", "linux-ns", "old_linux", "solaris", "windows", "vista"};

absl::Status Problem(std::string message) { return absl::InvalidArgumentError(std::move(message)); }

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
  DFC_ASSIGN_OR_RETURN(const Subnet subnet, ParseSubnet(text));
  const auto same = std::ranges::find(subnets_, subnet, &SubnetPolicy::subnet);
  if (same != subnets_.end()) {
    if (same->policy == policy) return absl::OkStatus();
    return Problem(fmt::format("two policies for {}, {} and {}; keep one", text,
                               HostPolicyName(same->policy), HostPolicyName(policy)));
  }
  if (subnets_.size() == kSubnetsMax) {
    return Problem(fmt::format("more than {} subnets have a policy; join some", kSubnetsMax));
  }
  const auto place = std::ranges::find_if(subnets_, [&](const SubnetPolicy& other) {
    return other.subnet.prefix_bits < subnet.prefix_bits;
  });
  subnets_.insert(place, {subnet, policy});
  return absl::OkStatus();
}

HostPolicy HostPolicies::Look(const IpAddress& receiver) const {
  for (const SubnetPolicy& each : subnets_) {
    if (each.subnet.Has(receiver)) return each.policy;
  }
  return default_;
}

}  // namespace dfc
