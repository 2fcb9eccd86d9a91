// Headers as bytes, for the programs here that write captures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

using Bytes = std::vector<uint8_t>;

inline void Put16(Bytes& out, uint64_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}
inline void Put32(Bytes& out, uint64_t value) {
  Put16(out, value >> 16);
  Put16(out, value);
}
void Append(Bytes& out, const auto& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

// Goes on from `sum`, in 16 bits (RFC 1071).
inline uint32_t Sum(const uint8_t* at, size_t size, uint32_t sum = 0) {
  for (size_t n = 0; n + 1 < size; n += 2) sum += static_cast<uint32_t>(at[n]) << 8 | at[n + 1];
  if (size % 2 != 0) sum += static_cast<uint32_t>(at[size - 1]) << 8;
  while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
  return sum;
}

inline void StoreSum(uint8_t* at, uint32_t sum) {
  at[0] = static_cast<uint8_t>(~sum >> 8);
  at[1] = static_cast<uint8_t>(~sum);
}

// Transport headers and what they carry, with a checksum of 0. `ends` has ports.
template <typename Ends>
Bytes TcpSegment(const Ends& ends, uint32_t seq, uint32_t ack, uint8_t flags,
                 const Bytes& payload) {
  Bytes out;
  Put16(out, ends.source_port);
  Put16(out, ends.destination_port);
  Put32(out, seq);
  Put32(out, ack);
  out.insert(out.end(), {0x50, flags, 0xFF, 0xFF, 0, 0, 0, 0});
  Append(out, payload);
  return out;
}

template <typename Ends>
Bytes UdpDatagram(const Ends& ends, const Bytes& payload) {
  Bytes out;
  Put16(out, ends.source_port);
  Put16(out, ends.destination_port);
  Put16(out, 8 + payload.size());
  Put16(out, 0);
  Append(out, payload);
  return out;
}
