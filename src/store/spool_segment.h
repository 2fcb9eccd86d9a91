// A file of the spool: a header, then records, each one event block.
//
//   | SegmentHeader | RecordHeader | block | RecordHeader | block | ...
//
// Integers are the host's. A record is there when both of its sums are right: one over the header,
// so that lengths can be trusted without reading the block, one over sequence and block. A file may
// end anywhere: what follows the last whole record was being written when the process died.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "dfc/event.h"
#include "dfc/spool_files.h"

namespace dfc {

inline constexpr size_t kSpoolSensorBytesMax = 255;

struct SegmentHeader {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t layout;  // Of the rows: those of another build mean something else.
  uint64_t epoch;
  uint64_t number;  // Counts up over a spool's files.
  int64_t t_made_ns;
  uint32_t sensor_bytes;
  std::array<char, 256> sensor;
  uint32_t crc;  // Of all before it.
};

struct RecordHeader {
  uint32_t magic;
  uint32_t bytes;  // Of the block and what follows it.
  uint64_t epoch;
  uint64_t sequence;
  int64_t t_ns;  // When it was put here.
  uint32_t rows;
  uint32_t block_bytes;  // The rest is text: why a row is a dead letter.
  uint32_t content_crc;  // Of epoch, sequence and all that follows the header.
  uint32_t crc;          // Of all before it.
};

inline constexpr size_t kRecordBytesMax = sizeof(RecordHeader) + EventBlock::kBytes + 4096;

SegmentHeader MakeSegmentHeader(const std::string& sensor, uint64_t epoch, uint64_t number,
                                int64_t t_ns);
enum class SegmentKind {
  kOurs,
  kOther,  // Of another version, or of a build whose rows look different.
  kNone,   // Not a segment: torn while it was made, or somebody else's file.
};
SegmentKind KindOf(const SegmentHeader& header);
std::string SensorOf(const SegmentHeader& header);

// `note` is only for dead letters.
RecordHeader MakeRecordHeader(const EventBlock& block, std::string_view note, int64_t t_ns);
bool IsRecord(const RecordHeader& header);
// `content` is what follows the header.
bool HasContent(const RecordHeader& header, ByteSpan content);

// So much at most is torn when a process dies over a record. A longer rest is damaged.
inline bool IsTorn(uint64_t rest_bytes) { return rest_bytes <= kRecordBytesMax; }

// Plain structs as bytes.
template <typename Header>
ByteSpan HeaderBytes(const Header& header) {
  return {reinterpret_cast<const uint8_t*>(&header), sizeof header};
}
// Reads exactly that many bytes; 0, or a negative errno, -EIO where the file ends before.
int ReadExactly(SpoolFiles& files, int fd, uint64_t offset, uint8_t* to, size_t bytes);
// Writes all of it; 0, or a negative errno, -ENOSPC where the disk takes no more without saying so.
int WriteFully(SpoolFiles& files, int fd, uint64_t offset, ByteSpan bytes);

template <typename Header>
int ReadHeader(SpoolFiles& files, int fd, uint64_t offset, Header& header) {
  return ReadExactly(files, fd, offset, reinterpret_cast<uint8_t*>(&header), sizeof header);
}

// Goes from record to record without reading what they hold, and calls each(at, header). Returns
// where the last one ends that has its whole length; only that can be torn. REQUIRES: the file has
// a SegmentHeader.
template <typename Each>
uint64_t WalkRecords(SpoolFiles& files, int fd, uint64_t file_bytes, Each each) {
  uint64_t at = sizeof(SegmentHeader);
  RecordHeader header = {};
  while (file_bytes - at >= sizeof header && ReadHeader(files, fd, at, header) == 0 &&
         IsRecord(header) && file_bytes - at - sizeof header >= header.bytes) {
    each(at, header);
    at += sizeof header + header.bytes;
  }
  return at;
}

}  // namespace dfc
