// CRC-32C (Castagnoli): the checksum of SCTP (RFC 9260 6.8 and appendix A), and of spool records.
// Module: base
#pragma once

#include "dfc/bytes.h"

namespace dfc {

// Goes on from `crc`, what was summed so far; 0 begins. By the processor's own instruction where it
// has one.
uint32_t Crc32c(ByteSpan bytes, uint32_t crc = 0);

// The same a byte at a time, for processors without one.
uint32_t Crc32cByTable(ByteSpan bytes, uint32_t crc = 0);

}  // namespace dfc
