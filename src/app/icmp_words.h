// A stored ICMP message in words, the same in every listing.
// Module: app
#pragma once

#include <string>

#include "dfc/reader.h"

namespace dfc {

// "Echo Reply", "Destination Unreachable: port unreachable", "Router Renumbering (254)".
std::string IcmpTypeAndCode(const StoredIcmp& message);

// "udp 10.0.0.1:53 > 10.0.0.2:1024", an identifier in place of ports for a ping, without ports
// where the quote has none; "" for a message that quotes nothing.
std::string IcmpQuotedText(const IcmpRow& row);

// What its bytes say: see icmp_details.h.
std::string IcmpDetailsText(const StoredIcmp& message);

// What is not as it should be, and all the above but type and code: "duplicate, payload differs",
// "udp 10.0.0.1:53 > 10.0.0.2:1024, ttl 1, no such flow in this store".
std::string IcmpRemarks(const StoredIcmp& message);

// Milliseconds with `decimals`; "" for a negative time, which is none.
std::string IcmpRoundTrip(int64_t rtt_ns, int decimals);

}  // namespace dfc
