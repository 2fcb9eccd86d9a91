// Packets written as text, for the fuzz target of the flow engine.
//
//   t0> SA -1 0 a0 w100   TCP of connection 0, client to server: flags, offset of the first byte,
//                         bytes; then, as wanted: a offset acknowledged, w window, v variant of the
//                         bytes, u urgent pointer, c bytes cut off by the snaplen, s timestamp,
//                         k window scale, n number of a later connection on the same ports
//   u1< 20                UDP, server to client: bytes
//   i0> 8 0 7 1 32        ICMP: type, code, identifier, sequence number, bytes
//   e0> 3 1               an ICMP error, about a segment sent in that direction
//   s0> 3 16              SCTP: chunks of data, bytes of each
//   x 4500001c...         an IP packet in hex
//   +1500                 milliseconds pass; "-" goes back
//
// Connection 3 is IPv6. Offsets count from the first byte after SYN. A byte of TCP tells where it
// belongs: its low six bits are those of its sequence number, the other two are the variant.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "packet_builder.h"

namespace dfc {

struct ScriptFrame {
  int64_t t_ns;  // No two are stamped alike.
  FrameBytes bytes;
  uint32_t wire_bytes;
};

struct PacketScript {
  std::vector<ScriptFrame> frames;
  int fins = 0;            // Segments with FIN.
  bool bytes_tell = true;  // No "x", of which the bytes are anything.
};

PacketScript ParsePackets(std::string_view text);

}  // namespace dfc
