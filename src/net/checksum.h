// The Internet checksum, RFC 1071.
#pragma once

#include "dfc/bytes.h"
#include "dfc/packet.h"

namespace dfc {

// A one's complement sum in progress. Parts may be added in any order, each from an even offset of
// what is summed; only the last part may have an odd length.
class InternetSum {
 public:
  void Add(ByteSpan bytes);
  void AddWord(const uint8_t* four_bytes) { sum_ += LoadNative<uint32_t>(four_bytes); }
  void AddBig16(uint16_t value) { sum_ += __builtin_bswap16(value); }

  // The 16-bit sum in the byte order of the wire's memory, not complemented.
  uint16_t Fold() const;

  // True when the sum over data and its checksum field is all ones.
  bool IsGood() const { return Fold() == 0xFFFF; }

 private:
  uint64_t sum_ = 0;
};

// Starts the sum of a TCP, UDP or ICMPv6 segment: RFC 9293 3.1, RFC 8200 8.1.
InternetSum PseudoHeaderSum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                            size_t segment_bytes);

}  // namespace dfc
