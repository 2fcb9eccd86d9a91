#include "sctp.h"

#include <algorithm>

#include "dfc/crc32c.h"

namespace dfc {

namespace {

constexpr size_t kChunkHeaderBytes = 4;
enum ChunkType : uint8_t { kData = 0, kIData = 64 };

// Up to where the user's bytes begin; 0 for a chunk without any.
size_t DataHeaderBytes(uint8_t type) {
  if (type == kData) return 16;
  return type == kIData ? 20 : 0;
}

}  // namespace

bool SctpChunks::Take(ByteSpan& chunk, size_t& chunk_bytes) {
  const size_t wire_bytes = bytes_.size() + missing_bytes_;
  if (bytes_.size() < kChunkHeaderBytes) return false;
  chunk_bytes = LoadBig16(bytes_, 2);
  if (chunk_bytes < kChunkHeaderBytes || chunk_bytes > wire_bytes) return false;
  const size_t least = DataHeaderBytes(bytes_[0]);
  if (chunk_bytes < least) return false;
  chunk = bytes_.first(std::min(chunk_bytes, bytes_.size()));
  // Chunks are padded to four bytes, but the last one need not be.
  const size_t step = std::min((chunk_bytes + 3) & ~size_t{3}, wire_bytes);
  if (step > bytes_.size()) missing_bytes_ -= step - bytes_.size();
  bytes_ = bytes_.subspan(std::min(step, bytes_.size()));
  return true;
}

bool SctpChunks::Next(Packet& packet) {
  ByteSpan chunk;
  size_t chunk_bytes = 0;
  while (Take(chunk, chunk_bytes)) {
    const size_t header_bytes = DataHeaderBytes(chunk[0]);
    if (header_bytes == 0 || chunk.size() < header_bytes) continue;
    packet.payload = chunk.data() + header_bytes;
    packet.payload_bytes = static_cast<uint32_t>(chunk.size() - header_bytes);
    packet.payload_missing = static_cast<uint32_t>(chunk_bytes - chunk.size());
    return true;
  }
  bytes_ = {};
  return false;
}

Verdict DecodeSctp(const IpDatagram& datagram, Packet& packet, SctpChunks& chunks) {
  const ByteSpan bytes = datagram.payload;
  const size_t wire_bytes = bytes.size() + datagram.payload_missing;
  if (wire_bytes < kSctpHeaderBytes) return Verdict::kBadSctpLength;
  if (bytes.size() < kSctpHeaderBytes) return Verdict::kTruncated;

  SctpChunks all;
  all.bytes_ = bytes.subspan(kSctpHeaderBytes);
  all.missing_bytes_ = datagram.payload_missing;
  chunks = all;
  ByteSpan chunk;
  size_t chunk_bytes = 0;
  while (all.Take(chunk, chunk_bytes)) {
  }
  // What is left does not fit, unless it is the cut that makes a header too short to be read.
  const bool cut = all.missing_bytes_ > 0 && all.bytes_.size() < kChunkHeaderBytes;
  if (!all.bytes_.empty() && !cut) return Verdict::kBadSctpLength;

  packet.tuple.source_port = LoadBig16(bytes, 0);
  packet.tuple.destination_port = LoadBig16(bytes, 2);
  packet.payload_bytes = packet.payload_missing = 0;
  packet.has_datagram = chunks.Next(packet);
  return Verdict::kOk;
}

bool SctpChecksumGood(ByteSpan packet) {
  constexpr uint8_t kZeros[4] = {};
  const uint32_t crc = Crc32c(packet.subspan(kSctpHeaderBytes),
                              Crc32c(kZeros, Crc32c(packet.first(kSctpChecksumAt))));
  return crc == LoadNative<uint32_t>(packet.data() + kSctpChecksumAt);
}

}  // namespace dfc
