// Views of raw bytes and loads at named offsets.
// Module: base
//
// Callers check the size once per header; a load never checks, so that one header costs one
// comparison. Network order ends where `LoadBig*` is called: what they return is host order.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace dfc {

using ByteSpan = std::span<const uint8_t>;

template <typename T>
T LoadNative(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

inline uint16_t LoadBig16(ByteSpan bytes, size_t offset) {
  return __builtin_bswap16(LoadNative<uint16_t>(bytes.data() + offset));
}
inline uint32_t LoadBig32(ByteSpan bytes, size_t offset) {
  return __builtin_bswap32(LoadNative<uint32_t>(bytes.data() + offset));
}
inline uint64_t LoadBig64(ByteSpan bytes, size_t offset) {
  return __builtin_bswap64(LoadNative<uint64_t>(bytes.data() + offset));
}

static_assert(std::endian::native == std::endian::little, "dfc supports little-endian hosts only");

// Text that is really bytes, and back: the one place where the two views are exchanged.
inline ByteSpan AsBytes(const char* data, size_t bytes) {
  return {reinterpret_cast<const uint8_t*>(data), bytes};
}
inline const char* AsChars(const uint8_t* data) { return reinterpret_cast<const char*>(data); }

}  // namespace dfc
