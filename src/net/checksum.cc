#include "checksum.h"

namespace dfc {

void InternetSum::Add(ByteSpan bytes) {
  const uint8_t* at = bytes.data();
  size_t left = bytes.size();
  uint64_t sum = 0;
  // 32-bit words in a 64-bit sum: no carry is lost below 2^32 words, and compilers vectorise it.
  for (; left >= 4; left -= 4, at += 4) sum += LoadNative<uint32_t>(at);
  if (left >= 2) {
    sum += LoadNative<uint16_t>(at);
    at += 2;
    left -= 2;
  }
  if (left == 1) sum += *at;  // Padded with a zero byte behind it.
  sum_ += (sum & 0xFFFFFFFF) + (sum >> 32);
}

uint16_t InternetSum::Fold() const {
  uint64_t sum = sum_;
  while ((sum >> 16) != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

InternetSum PseudoHeaderSum(const IpAddress& source, const IpAddress& destination, uint8_t protocol,
                            size_t segment_bytes) {
  InternetSum sum;
  // IPv4 sums the last four bytes only; the mapped prefix must not take part.
  const size_t skip = source.IsIpv4() && destination.IsIpv4() ? 12 : 0;
  sum.Add(ByteSpan(source.bytes).subspan(skip));
  sum.Add(ByteSpan(destination.bytes).subspan(skip));
  sum.AddBig16(protocol);
  sum.AddBig16(static_cast<uint16_t>(segment_bytes >> 16));
  sum.AddBig16(static_cast<uint16_t>(segment_bytes));
  return sum;
}

}  // namespace dfc
