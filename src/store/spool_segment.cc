#include "spool_segment.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "dfc/crc32c.h"

namespace dfc {

namespace {

constexpr std::array<char, 8> kMagic = {'d', 'f', 'c', 's', 'p', 'o', 'o', 'l'};
constexpr uint32_t kVersion = 1;
constexpr uint32_t kRecordMagic = 0x63657264;  // "drec".

static_assert(sizeof(SegmentHeader) == 304 && sizeof(RecordHeader) == 48);

// A change of a row changes its size nearly always; whoever makes one that does not counts the
// version up.
uint32_t Layout() {
  constexpr uint64_t kSizes[] = {sizeof(RowHeader), sizeof(FlowRow),   sizeof(ChunkRow),
                                 sizeof(IcmpRow),   sizeof(LedgerRow), kOutcomeCount,
                                 kFlowStateCount,   kIcmpPairingCount};
  return Crc32c({reinterpret_cast<const uint8_t*>(kSizes), sizeof kSizes});
}

template <typename Header>
uint32_t HeaderCrc(const Header& header) {
  return Crc32c(HeaderBytes(header).first(offsetof(Header, crc)));
}

uint32_t ContentCrc(const RecordHeader& header, ByteSpan block, ByteSpan note) {
  const uint64_t name[] = {header.epoch, header.sequence};
  const uint32_t crc = Crc32c({reinterpret_cast<const uint8_t*>(name), sizeof name});
  return Crc32c(note, Crc32c(block, crc));
}

}  // namespace

SegmentHeader MakeSegmentHeader(const std::string& sensor, uint64_t epoch, uint64_t number,
                                int64_t t_ns) {
  SegmentHeader header = {};
  header.magic = kMagic;
  header.version = kVersion;
  header.layout = Layout();
  header.epoch = epoch;
  header.number = number;
  header.t_made_ns = t_ns;
  header.sensor_bytes = static_cast<uint32_t>(std::min(sensor.size(), kSpoolSensorBytesMax));
  std::copy_n(sensor.begin(), header.sensor_bytes, header.sensor.begin());
  header.crc = HeaderCrc(header);
  return header;
}

SegmentKind KindOf(const SegmentHeader& header) {
  if (header.magic != kMagic) return SegmentKind::kNone;
  if (header.version != kVersion) return SegmentKind::kOther;
  if (header.crc != HeaderCrc(header)) return SegmentKind::kNone;
  if (header.sensor_bytes > kSpoolSensorBytesMax) return SegmentKind::kNone;
  return header.layout == Layout() ? SegmentKind::kOurs : SegmentKind::kOther;
}

std::string SensorOf(const SegmentHeader& header) {
  return {header.sensor.data(), std::min<size_t>(header.sensor_bytes, kSpoolSensorBytesMax)};
}

RecordHeader MakeRecordHeader(const EventBlock& block, std::string_view note, int64_t t_ns) {
  RecordHeader header = {};
  header.magic = kRecordMagic;
  header.bytes = static_cast<uint32_t>(block.used() + note.size());
  header.epoch = block.epoch;
  header.sequence = block.sequence;
  header.t_ns = t_ns;
  header.rows = block.rows();
  header.block_bytes = static_cast<uint32_t>(block.used());
  header.content_crc = ContentCrc(header, block.bytes(), AsBytes(note.data(), note.size()));
  header.crc = HeaderCrc(header);
  return header;
}

bool IsRecord(const RecordHeader& header) {
  return header.magic == kRecordMagic && header.crc == HeaderCrc(header) &&
         header.bytes <= kRecordBytesMax - sizeof header && header.block_bytes <= header.bytes &&
         header.block_bytes <= EventBlock::kBytes;
}

bool HasContent(const RecordHeader& header, ByteSpan content) {
  return content.size() == header.bytes &&
         header.content_crc == ContentCrc(header, content.first(header.block_bytes),
                                          content.subspan(header.block_bytes));
}

int ReadExactly(SpoolFiles& files, int fd, uint64_t offset, uint8_t* to, size_t bytes) {
  while (bytes > 0) {
    const int64_t got = files.Read(fd, offset, to, bytes);
    if (got == -EINTR) continue;
    if (got <= 0) return got < 0 ? static_cast<int>(got) : -EIO;
    to += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return 0;
}

int WriteFully(SpoolFiles& files, int fd, uint64_t offset, ByteSpan bytes) {
  while (!bytes.empty()) {
    const int64_t put = files.Write(fd, offset, bytes);
    if (put == -EINTR) continue;
    if (put <= 0) return put < 0 ? static_cast<int>(put) : -ENOSPC;
    offset += static_cast<uint64_t>(put);
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return 0;
}

}  // namespace dfc
