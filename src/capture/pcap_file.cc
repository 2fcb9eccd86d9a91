#include "pcap_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dfc/time.h"

namespace dfc {
namespace {

constexpr uint32_t kMagicMicroseconds = 0xA1B2C3D4;
constexpr uint32_t kMagicNanoseconds = 0xA1B23C4D;
constexpr uint32_t kMagicModified = 0xA1B2CD34;  // Alexey Kuznetzov's, in old Linux libpcaps.

constexpr size_t kFileHeaderBytes = 24;
constexpr size_t kModifiedRecordHeaderBytes = 24;  // Interface, protocol and packet type follow.

bool IsOurOrder(uint32_t magic) {
  return magic == kMagicMicroseconds || magic == kMagicNanoseconds || magic == kMagicModified;
}

}  // namespace

bool PcapFile::IsMagic(uint32_t magic) {
  return IsOurOrder(magic) || IsOurOrder(__builtin_bswap32(magic));
}

absl::StatusOr<std::unique_ptr<PacketSource>> PcapFile::Open(CaptureInput input) {
  std::unique_ptr<PcapFile> file(new PcapFile(std::move(input)));
  if (!file->ReadFileHeader()) return file->status();
  return file;
}

bool PcapFile::ReadFileHeader() {
  if (!reader().Need(kFileHeaderBytes)) return CutShort(0, kFileHeaderBytes);
  const uint8_t* header = reader().data();
  order_.swapped = !IsOurOrder(LoadNative<uint32_t>(header));
  const uint32_t magic = order_.Load32(header);
  if (magic == kMagicNanoseconds) fraction_ns_ = 1;
  if (magic == kMagicModified) record_header_bytes_ = kModifiedRecordHeaderBytes;

  constexpr uint16_t kVersionMajor = 2;
  const uint16_t version_major = order_.Load16(header + 4);
  version_minor_ = order_.Load16(header + 6);
  if (version_major != kVersionMajor) {
    return Refuse(absl::InvalidArgumentError(
        fmt::format("pcap version {}.x is not supported; dfc reads version 2.x", version_major)));
  }
  // The upper half holds facts about the frame check sequence, which nobody needs.
  link_type_ = static_cast<uint16_t>(order_.Load32(header + 20));
  reader().Advance(kFileHeaderBytes);
  return !has_filter() || FindProgram(link_type_, order_, program_);
}

bool PcapFile::Next(Frame& frame) {
  while (ReadRecord(frame)) {
    if (Wants(program_, frame)) return true;
  }
  return false;
}

bool PcapFile::ReadRecord(Frame& frame) {
  if (!reader().Need(record_header_bytes_)) return EndOrCutShort(record_header_bytes_);
  const uint8_t* header = reader().data();
  const uint32_t seconds = order_.Load32(header);
  const uint32_t fraction = order_.Load32(header + 4);
  uint32_t captured_bytes = order_.Load32(header + 8);
  uint32_t wire_bytes = order_.Load32(header + 12);
  // Up to version 2.2 the two lengths stood the other way round; 2.3 was written both ways.
  if (version_minor_ < 4 && (version_minor_ < 3 || captured_bytes > wire_bytes)) [[unlikely]] {
    std::swap(captured_bytes, wire_bytes);
  }
  if (captured_bytes > kCapturedBytesMax) [[unlikely]] {
    return Damaged(reader().offset(),
                   fmt::format("record of {} bytes (limit {})", captured_bytes, kCapturedBytesMax));
  }
  const size_t record_bytes = record_header_bytes_ + captured_bytes;
  if (!reader().Need(record_bytes)) return CutShort(reader().offset(), record_bytes);

  // Unsigned seconds last until 2106. A fraction of more than a second is carried as it is.
  frame.time_ns = seconds * kNsPerSecond + int64_t{fraction} * fraction_ns_;
  frame.bytes = {reader().data() + record_header_bytes_, captured_bytes};
  frame.wire_bytes = std::max(wire_bytes, captured_bytes);
  frame.link_type = link_type_;
  frame.checksums_unfilled = false;
  reader().Advance(record_bytes);
  return true;
}

}  // namespace dfc
