// The network interfaces of this machine, as `dfc interfaces` lists them.
// Module: capture
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dfc/status.h"

namespace dfc {

struct NetworkInterface {
  std::string name;
  bool up = false;           // Switched on.
  bool has_carrier = false;  // And something is at the other end.
  std::optional<uint32_t> speed_mbit;
  // Since it was made.
  uint64_t received_packets = 0;
  uint64_t received_bytes = 0;
  uint64_t sent_packets = 0;
  uint64_t sent_bytes = 0;
  // What is switched on of that which makes captured frames differ from those on the wire: "gro",
  // "lro", "gso", "tso" (joined frames), "rx-checksum", "tx-checksum" (unfilled ones).
  std::vector<std::string> offloads;
};

// By name. What an interface does not tell is left at its default.
absl::StatusOr<std::vector<NetworkInterface>> ListInterfaces();

}  // namespace dfc
