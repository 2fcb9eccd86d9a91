// Loads in the byte order of a capture file, which is that of the machine that wrote it.
#pragma once

#include <cstdint>

#include "dfc/bytes.h"

namespace dfc {

struct FileOrder {
  bool swapped = false;  // Against this machine's.

  uint16_t Load16(const uint8_t* at) const {
    const auto value = LoadNative<uint16_t>(at);
    return swapped ? __builtin_bswap16(value) : value;
  }
  uint32_t Load32(const uint8_t* at) const {
    const auto value = LoadNative<uint32_t>(at);
    return swapped ? __builtin_bswap32(value) : value;
  }
  uint64_t Load64(const uint8_t* at) const {
    const auto value = LoadNative<uint64_t>(at);
    return swapped ? __builtin_bswap64(value) : value;
  }
};

}  // namespace dfc
