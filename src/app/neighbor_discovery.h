// What neighbor discovery and multicast listener messages say. RFC 4861, 4191, 8106, 2710, 3810.
// Module: app
#pragma once

#include <string>

#include "icmp_details.h"

namespace dfc {

// Of an ICMPv6 message; "" for one of another kind.
std::string NeighborDetails(const IcmpMessage& message);

}  // namespace dfc
