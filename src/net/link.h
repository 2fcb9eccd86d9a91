// Link layers: what stands before the IP header.
#pragma once

#include "dfc/packet.h"
#include "dfc/verdict.h"

namespace dfc {

// Finds the IP header behind the link header of `frame` and its VLAN tags. On kOk `network` begins
// with the IP header, as far as it was captured, and `vlan` is the outermost VLAN id or 0.
Verdict DecodeLink(const Frame& frame, ByteSpan& network, uint16_t& vlan);

}  // namespace dfc
