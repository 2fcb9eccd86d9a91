// Names of ICMP and ICMPv6 types and codes, as IANA registers them.
// Module: app
//
// https://www.iana.org/assignments/icmp-parameters and .../icmpv6-parameters.
#pragma once

#include <cstdint>
#include <string>

namespace dfc {

// "Echo Reply", "Destination Unreachable"; "type 99" when it has no name. `protocol` is kIcmp or
// kIcmpv6.
std::string IcmpTypeName(uint8_t protocol, uint8_t type);

// "port unreachable"; "" where a code says nothing more than its type, or has no name.
std::string IcmpCodeName(uint8_t protocol, uint8_t type, uint8_t code);

// Whether messages of this type carry an identifier and a sequence number.
bool IcmpHasIdentifier(uint8_t protocol, uint8_t type);

}  // namespace dfc
