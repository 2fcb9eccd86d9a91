// Flows that are recorded without their content: by port or by network.
// Module: net
//
// Built once at start, then only read: any thread may hold a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dfc/packet.h"
#include "dfc/status.h"
#include "dfc/subnet.h"

namespace dfc {

class ContentExceptions {
 public:
  static constexpr size_t kRulesMax = 256;

  // Takes "443", a port of either end, "53/udp", the same of one protocol (tcp, udp, sctp), or an
  // address or subnet, which either end may be of. kInvalidArgument, with the remedy in one line,
  // when it can't be read or is one too many.
  absl::Status Add(const std::string& text);

  bool empty() const { return ports_.empty() && subnets_.empty(); }
  bool Has(const FiveTuple& tuple) const;

 private:
  struct Port {
    uint16_t number;
    uint8_t protocol;  // 0: of any that has ports.
  };

  absl::Status AddPort(const std::string& text);

  std::vector<Port> ports_;
  std::vector<Subnet> subnets_;
};

}  // namespace dfc
