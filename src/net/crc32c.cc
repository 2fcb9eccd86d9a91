#include "crc32c.h"

#include <array>

namespace dfc {

namespace {

constexpr uint32_t kReversedPolynomial = 0x82F63B78;

// By byte: what it does to the sum.
constexpr std::array<uint32_t, 256> kTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < table.size(); ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReversedPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}();

}  // namespace

uint32_t Crc32c(ByteSpan bytes, uint32_t crc) {
  crc = ~crc;
  for (const uint8_t byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ byte) & 0xFF];
  return ~crc;
}

}  // namespace dfc
