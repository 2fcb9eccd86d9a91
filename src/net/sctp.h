// SCTP: ports, and chunks of which several may carry data. RFC 9260, RFC 8260.
//
//   source port | destination port | tag | CRC-32C | type, flags, length ... | type, flags, ... |
//
// Each DATA and I-DATA chunk is a datagram; whoever wants them takes them one after another.
#pragma once

#include "ip.h"

namespace dfc {

inline constexpr size_t kSctpHeaderBytes = 12;
inline constexpr size_t kSctpChecksumAt = 8;

// The chunks of a packet that have not been handed out yet. Lives as long as the packet's bytes.
class SctpChunks {
 public:
  // Sets the packet's payload to the next chunk of data; false when there is none.
  bool Next(Packet& packet);

 private:
  friend Verdict DecodeSctp(const IpDatagram& datagram, Packet& packet, SctpChunks& chunks);
  // Takes the chunk at the front off; `chunk` is what was captured of it. False at the end, or
  // where the chunk does not fit.
  bool Take(ByteSpan& chunk, size_t& chunk_bytes);

  ByteSpan bytes_;
  size_t missing_bytes_ = 0;  // Behind them, cut off by the snaplen.
};

// Fills in ports and the first datagram. A packet of which one chunk does not fit is refused whole.
Verdict DecodeSctp(const IpDatagram& datagram, Packet& packet, SctpChunks& chunks);

// True when the CRC over the packet is right.
bool SctpChecksumGood(ByteSpan packet);

}  // namespace dfc
