// A subnet of either IP version: "192.0.2.0/24", "2001:db8::/32", or one address.
// Module: net
#pragma once

#include <cstdint>
#include <string>

#include "dfc/packet.h"
#include "dfc/status.h"

namespace dfc {

struct Subnet {
  uint64_t high, low;  // The address as a number, and the mask of its prefix.
  uint64_t high_mask, low_mask;
  uint32_t prefix_bits;  // Of 128; an IPv4 prefix counts 96 more.
  bool is_ipv4;          // So that ::/0 does not hold IPv4.

  bool Has(const IpAddress& address) const {
    return (LoadBig64(address.bytes, 0) & high_mask) == high &&
           (LoadBig64(address.bytes, 8) & low_mask) == low && address.IsIpv4() == is_ipv4;
  }
  bool operator==(const Subnet&) const = default;
};

// kInvalidArgument, with the remedy in one line, when it can't be read or has bits behind its
// prefix.
absl::StatusOr<Subnet> ParseSubnet(const std::string& text);

}  // namespace dfc
