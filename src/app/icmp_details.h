// What an ICMP message says beside its type and code: read from its bytes when it is shown.
// Module: app
//
// The bytes are whatever was on the wire. Every length in them is checked, every list is bounded by
// the bytes there are, and the text is printable ASCII.
#pragma once

#include <cstdint>
#include <string>

#include "dfc/bytes.h"

namespace dfc {

struct IcmpMessage {
  uint8_t protocol;  // kIcmp or kIcmpv6.
  uint8_t type;
  uint8_t code;
  uint32_t rest;     // Second word of the header.
  ByteSpan payload;  // What follows the 8-byte header, or the front of it.
};

// "MTU 1400, seq 7, ttl 1", "target fe80::1, link-layer 00:11:22:33:44:55"; "" when there is
// nothing to say.
std::string IcmpDetails(const IcmpMessage& message);

// Adds a fact to a list of them: ", " goes in between.
void AddFact(std::string& facts, const std::string& fact);

// Bytes of the wire as text on one line; what is not printable ASCII is \xNN.
std::string WireText(ByteSpan bytes);

}  // namespace dfc
