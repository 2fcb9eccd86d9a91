// One frame through a fresh decoder, its bytes in front of a guard page.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>

#include "dfc/decode.h"
#include "guarded_bytes.h"
#include "packet_builder.h"

namespace dfc {

struct Decoded {
  Verdict verdict;
  Packet packet{};
  std::string payload;
  uint64_t offloaded = 0;
};

struct DecodeHow {
  size_t captured = SIZE_MAX;    // Bytes of the frame that were captured.
  size_t wire_bytes = SIZE_MAX;  // All of the frame, unless said otherwise.
  Checksums checksums = Checksums::kVerify;
  bool checksums_unfilled = false;
};

inline Decoded Decode(const FrameBytes& bytes, LinkType link = kLinkEthernet,
                      const DecodeHow& how = {}) {
  Decoder decoder({.checksums = how.checksums, .fragment_datagrams_max = 4});
  const GuardedBytes guarded(ByteSpan(bytes).first(std::min(how.captured, bytes.size())));
  const size_t wire_bytes = std::min(how.wire_bytes, bytes.size());
  const Frame frame{1, guarded.span(), static_cast<uint32_t>(wire_bytes), link,
                    how.checksums_unfilled};
  Decoded decoded{};
  decoded.verdict = decoder.Decode(frame, decoded.packet);
  decoded.offloaded = decoder.checksums_offloaded();
  if (decoded.verdict != Verdict::kOk) return decoded;
  decoded.payload.assign(AsChars(decoded.packet.payload), decoded.packet.payload_bytes);
  return decoded;
}

inline Decoded Decode(const PacketBuilder& packet, const DecodeHow& how = {}) {
  return Decode(packet.Bytes(), packet.link(), how);
}

// Decodes the frame with each of its bytes from `from` on replaced by each of `values`.
inline void DecodeWithEachByteAs(std::initializer_list<uint8_t> values, const FrameBytes& bytes,
                                 size_t from, LinkType link) {
  Decoder decoder({.checksums = Checksums::kIgnore, .fragment_datagrams_max = 4});
  GuardedBytes guarded{ByteSpan(bytes)};
  const Frame frame{1, guarded.span(), static_cast<uint32_t>(bytes.size()), link, false};
  Packet packet{};
  for (size_t at = from; at < bytes.size(); ++at) {
    for (const uint8_t value : values) {
      guarded.data()[at] = value;
      if (decoder.Decode(frame, packet) != Verdict::kOk || packet.fragmented) continue;
      EXPECT_LE(packet.payload_bytes, bytes.size());
    }
    guarded.data()[at] = bytes[at];
  }
}

// Shows a failed comparison by its stored name.
inline void PrintTo(Verdict verdict, std::ostream* to) { *to << VerdictName(verdict); }

}  // namespace dfc
