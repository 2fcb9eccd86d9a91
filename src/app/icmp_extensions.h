// Extensions of ICMP messages: MPLS labels, interfaces. RFC 4884, 4950, 5837, 8335.
// Module: app
#pragma once

#include <cstddef>
#include <string>

#include "dfc/bytes.h"

namespace dfc {

// For `quote_bytes`: no quote stands before the extensions.
inline constexpr size_t kWholePayload = SIZE_MAX;

// Adds a fact for each object behind a quote of `quote_bytes`, as the message says. With 0 it says
// nothing: older routers put extensions at byte 128, and their checksum must be right (RFC 4884
// section 5.5).
void AddIcmpExtensions(ByteSpan payload, size_t quote_bytes, std::string& facts);

}  // namespace dfc
