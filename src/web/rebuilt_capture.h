// A capture file made from a flow's turns, for programs that read nothing else.
//
// Marked as rebuilt in its section header: packets, their sizes, sequence numbers, acknowledgments
// and checksums are made up; times, addresses, ports and bytes are those of the flow. A gap leaves
// its sequence numbers out. Conflicts and urgent bytes are no part of the stream and are left out.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "dfc/reader.h"

namespace dfc {

// pcapng (draft-ietf-opsawg-pcapng), link type raw IP, nanoseconds.
class RebuiltCapture {
 public:
  explicit RebuiltCapture(const FlowRow& flow) : flow_(flow) {}

  // The blocks in front of the packets, and TCP's handshake where the flow had one.
  std::string Begin();
  // The packets of one turn.
  std::string Write(const Turn& turn);

 private:
  struct Segment {
    Side side;
    int64_t t_ns;
    uint8_t tcp_flags;
    uint64_t offset;  // In the side's stream.
    ByteSpan payload;
  };

  std::string Packet(const Segment& segment);
  std::string TcpHeader(const Segment& segment) const;
  std::string Transport(const Segment& segment) const;
  std::string IpHeader(const Segment& segment, size_t transport_bytes) const;

  FlowRow flow_;
  std::array<uint64_t, 2> next_{};  // The stream offset behind what each side has sent.
};

}  // namespace dfc
