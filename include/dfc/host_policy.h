// How a receiving host settles fragments and segments that overlap, by subnet.
// Module: net
//
// When two copies of a byte differ, the stack of the receiver decides which of them the application
// reads, and stacks differ. The default is what Linux does today; the others are for hosts that are
// known to be something else. Built once at start, then only read: any thread may hold a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfc/packet.h"
#include "dfc/status.h"
#include "dfc/subnet.h"

namespace dfc {

// The names and rules below kLinux are those of Novak and Sturges, "Target-Based TCP Stream
// Reassembly" (2007), and Novak, "Target-Based Fragmentation Assembly" (2005).
enum class HostPolicy : uint8_t {
  kLinux,     // As measured on Linux 6.18.
  kFirst,     // The copy that came first stays.
  kLast,      // The copy that came last stays.
  kBsd,       // BSD, macOS.
  kLinuxNs,   // What the tables call Linux: version 2.4 and its time.
  kOldLinux,  // Linux 2.2 and before.
  kSolaris,
  kWindows,
  kVista,  // Windows Vista and later.
};
inline constexpr size_t kHostPolicyCount = static_cast<size_t>(HostPolicy::kVista) + 1;

// "linux", "first", "last", "bsd", "linux-ns", "old_linux", "solaris", "windows", "vista".
const char* HostPolicyName(HostPolicy policy);
std::optional<HostPolicy> ParseHostPolicy(std::string_view name);

class HostPolicies {
 public:
  static constexpr size_t kSubnetsMax = 256;

  // Takes "NAME", the policy of every host that no subnet names, or "NAME=SUBNET" with an address
  // or CIDR subnet of either IP version. kInvalidArgument, with the remedy in one line, when it
  // can't be read, has bits behind its prefix, or contradicts what was added before.
  absl::Status Add(const std::string& text);

  // The policy of the host that receives; of the subnets that hold it the longest prefix counts.
  HostPolicy Of(const IpAddress& receiver) const {
    return subnets_.empty() ? default_ : Look(receiver);
  }

 private:
  struct SubnetPolicy {
    Subnet subnet;
    HostPolicy policy;
  };

  absl::Status AddSubnet(const std::string& text, HostPolicy policy);
  HostPolicy Look(const IpAddress& receiver) const;

  std::vector<SubnetPolicy> subnets_;  // Longest prefix first.
  HostPolicy default_ = HostPolicy::kLinux;
  bool default_given_ = false;
};

}  // namespace dfc
