// CRC-32C, the checksum of SCTP: RFC 9260 6.8 and appendix A.
#pragma once

#include "dfc/bytes.h"

namespace dfc {

// Goes on from `crc`, what was summed so far; 0 begins.
uint32_t Crc32c(ByteSpan bytes, uint32_t crc = 0);

}  // namespace dfc
