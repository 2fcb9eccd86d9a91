#include "capture_records.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

namespace dfc {

namespace {

constexpr size_t kPcapHeaderBytes = 24;
constexpr uint32_t kPcapMagics[] = {0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34};
constexpr uint32_t kModifiedMagic = 0xA1B2CD34;
constexpr uint32_t kSection = 0x0A0D0D0A;
constexpr uint32_t kByteOrder = 0x1A2B3C4D;
constexpr uint32_t kRecordBytesMax = 262'144;

uint32_t Load(const std::string& file, size_t at) {
  uint32_t value = 0;
  std::memcpy(&value, file.data() + at, sizeof value);
  return value;
}

}  // namespace

CaptureRecords::CaptureRecords(const std::string& file) {
  if (file.size() < sizeof(uint32_t)) return;
  const uint32_t magic = Load(file, 0);
  const bool is_pcap = std::ranges::any_of(kPcapMagics, [magic](uint32_t known) {
    return magic == known || magic == __builtin_bswap32(known);
  });
  if (magic == kSection) ReadPcapng(file);
  if (is_pcap) ReadPcap(file);
}

uint32_t CaptureRecords::Number(const std::string& file, size_t at) const {
  return swapped_ ? __builtin_bswap32(Load(file, at)) : Load(file, at);
}

void CaptureRecords::ReadPcap(const std::string& file) {
  if (file.size() < kPcapHeaderBytes) return;
  swapped_ = std::ranges::find(kPcapMagics, Load(file, 0)) == std::end(kPcapMagics);
  const size_t head_bytes = Number(file, 0) == kModifiedMagic ? 24 : 16;
  const uint32_t version = Number(file, 4);
  const uint32_t minor = swapped_ ? version & 0xFFFF : version >> 16;
  const uint32_t major = swapped_ ? version >> 16 : version & 0xFFFF;
  if (major != 2) return;
  marks_.push_back({kPcapHeaderBytes, 0});
  for (size_t at = kPcapHeaderBytes; file.size() - at >= head_bytes;) {
    uint32_t bytes = Number(file, at + 8);
    const uint32_t other = Number(file, at + 12);
    if (minor < 3 || (minor == 3 && bytes > other)) bytes = other;
    if (bytes > kRecordBytesMax || file.size() - at - head_bytes < bytes) return;
    at += head_bytes + bytes;
    marks_.push_back({at, marks_.back().frames + 1});
  }
}

void CaptureRecords::ReadPcapng(const std::string& file) {
  constexpr uint32_t kFrameBlocks[] = {2, 3, 6};
  constexpr size_t kBlockBytesMin = 12;
  uint64_t frames = 0;
  for (size_t at = 0; file.size() - at >= kBlockBytesMin;) {
    if (Load(file, at) == kSection) swapped_ = Load(file, at + 8) != kByteOrder;
    const uint32_t bytes = Number(file, at + 4);
    if (bytes < kBlockBytesMin || bytes % 4 != 0 || file.size() - at < bytes) return;
    if (Number(file, at + bytes - 4) != bytes) return;
    const uint32_t type = Number(file, at);
    frames += std::ranges::find(kFrameBlocks, type) != std::end(kFrameBlocks);
    at += bytes;
    marks_.push_back({at, frames});
  }
}

CaptureRecords::Mark CaptureRecords::Before(uint64_t bytes) const {
  const auto next = std::ranges::upper_bound(marks_, bytes, {}, &Mark::end);
  return next == marks_.begin() ? Mark{0, 0} : *std::prev(next);
}

uint64_t CaptureRecords::EndBefore(uint64_t bytes) const { return Before(bytes).end; }
uint64_t CaptureRecords::FramesBefore(uint64_t bytes) const { return Before(bytes).frames; }

std::string Inflated(const std::string& file, size_t bytes) {
  constexpr int kGzipWindow = 15 + 16;
  if (!file.starts_with("\x1F\x8B")) return file.substr(0, bytes);
  std::string in = file.substr(0, bytes);
  z_stream stream{};
  inflateInit2(&stream, kGzipWindow);
  stream.next_in = static_cast<Bytef*>(static_cast<void*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  std::string out;
  std::string piece(1 << 16, '\0');
  for (int result = Z_OK; result == Z_OK;) {
    stream.next_out = static_cast<Bytef*>(static_cast<void*>(piece.data()));
    stream.avail_out = static_cast<uInt>(piece.size());
    result = inflate(&stream, Z_NO_FLUSH);
    out.append(piece, 0, piece.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return out;
}

}  // namespace dfc
