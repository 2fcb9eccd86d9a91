#include "dfc/crc32c.h"

#include <array>

#ifdef __x86_64__
#include <nmmintrin.h>
#endif

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

#ifdef __x86_64__
__attribute__((target("sse4.2"))) uint32_t Crc32cByInstruction(ByteSpan bytes, uint32_t crc) {
  uint64_t sum = ~crc;
  const uint8_t* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= sizeof(uint64_t); left -= sizeof(uint64_t), at += sizeof(uint64_t)) {
    sum = _mm_crc32_u64(sum, LoadNative<uint64_t>(at));
  }
  auto rest = static_cast<uint32_t>(sum);
  for (; left > 0; --left, ++at) rest = _mm_crc32_u8(rest, *at);
  return ~rest;
}
#endif

}  // namespace

uint32_t Crc32cByTable(ByteSpan bytes, uint32_t crc) {
  crc = ~crc;
  for (const uint8_t byte : bytes) crc = (crc >> 8) ^ kTable[(crc ^ byte) & 0xFF];
  return ~crc;
}

uint32_t Crc32c(ByteSpan bytes, uint32_t crc) {
#ifdef __x86_64__
  if (__builtin_cpu_supports("sse4.2")) return Crc32cByInstruction(bytes, crc);
#endif
  return Crc32cByTable(bytes, crc);
}

}  // namespace dfc
