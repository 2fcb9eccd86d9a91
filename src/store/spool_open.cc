// What a spool finds in its folder.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "dfc/log_value.h"
#include "dfc/spool.h"
#include "spool_segment.h"

namespace dfc {

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(SpoolOptions options, std::string sensor,
                                                   uint64_t epoch, SpoolFiles& files) {
  constexpr uint64_t kSegmentsMin = 4;
  options.segment_bytes = std::min(
      options.segment_bytes, std::max<uint64_t>(options.bytes_max / kSegmentsMin, kRecordBytesMax));
  std::unique_ptr<Spool> spool(new Spool(std::move(options), std::move(sensor), epoch, files));
  DFC_RETURN_IF_ERROR(spool->Load());
  return spool;
}

absl::Status Spool::Load() {
  const std::string& directory = options_.directory;
  const int made = files_.MakeDirectory(directory);
  if (made == -EPERM) {
    return absl::FailedPreconditionError(fmt::format(
        "spool {}: this folder must be the user's own, and closed to others (mode 0700)",
        directory));
  }
  if (made < 0) return Failed(made, "make the folder");
  lock_ = files_.Lock(directory + "/lock");
  if (lock_ == -EWOULDBLOCK) {
    return absl::FailedPreconditionError(
        fmt::format("spool {}: another dfc is using it", directory));
  }
  if (lock_ < 0) return Failed(lock_, "lock");
  std::vector<std::string> names;
  if (const int error = files_.List(directory, names); error < 0) return Failed(error, "list");
  std::ranges::sort(names);
  for (const std::string& name : names) {
    if (name.ends_with(".seg")) LoadSegment(name);
  }
  return absl::OkStatus();
}

void Spool::LoadSegment(const std::string& name) {
  Segment segment;
  segment.path = fmt::format("{}/{}", options_.directory, name);
  segment.fd = files_.Open(segment.path);
  const int64_t size = segment.fd < 0 ? segment.fd : files_.Size(segment.fd);
  SegmentHeader header = {};
  const bool is_long = size >= static_cast<int64_t>(sizeof header);
  if (is_long && ReadHeader(files_, segment.fd, 0, header) == 0 &&
      KindOf(header) == SegmentKind::kOurs && SensorOf(header) == sensor_) {
    segment.epoch = header.epoch;
    segment.number = header.number;
    next_number_ = std::max(next_number_, header.number + 1);
    segment.read_at = sizeof header;
    Walk(segment, static_cast<uint64_t>(size));
    bytes_ += segment.bytes;
  } else if (size < 0 || is_long) {
    ++counters_.segments_aside;
    Log(fmt::format("event=spool-aside file={}", LogValue(segment.path)));
    if (segment.fd >= 0) files_.Close(segment.fd);
    return;
  }
  // Only the one that is read is open.
  files_.Close(segment.fd);
  segment.fd = -1;
  if (segment.left.blocks == 0 && segment.is_damaged) {
    ++counters_.segments_aside;
  } else if (segment.left.blocks == 0) {
    Remove(segment);  // Nothing in it, or torn while it was made.
  } else {
    backlog_.push_back(std::move(segment));
  }
}

void Spool::Walk(Segment& segment, uint64_t file_bytes) {
  uint64_t last_at = 0;
  RecordHeader last = {};
  const auto count = [&](uint64_t record_at, const RecordHeader& header) {
    last_at = record_at;
    last = header;
    ++segment.left.blocks;
    segment.left.rows += header.rows;
    segment.first_sequence = std::min(segment.first_sequence, header.sequence);
  };
  uint64_t at = WalkRecords(files_, segment.fd, file_bytes, count);
  if (last_at != 0 && !IsWhole(segment, last_at)) {
    at = last_at;
    --segment.left.blocks;
    segment.left.rows -= last.rows;
  }
  segment.bytes = at;
  if (at == file_bytes) return;
  // A longer rest is not torn but damaged. It is not searched for whole records either: what looks
  // like one may be what somebody has sent over the network.
  segment.is_damaged = !IsTorn(file_bytes - at);
  counters_.cut_bytes += file_bytes - at;
  Log(fmt::format("event=spool-cut file={} bytes={}", LogValue(segment.path), file_bytes - at));
  if (!segment.is_damaged) (void)files_.Truncate(segment.fd, at);
}

bool Spool::IsWhole(const Segment& segment, uint64_t at) {
  RecordHeader header = {};
  return ReadHeader(files_, segment.fd, at, header) == 0 &&
         ReadExactly(files_, segment.fd, at + sizeof header, record_.data(), header.bytes) == 0 &&
         HasContent(header, {record_.data(), header.bytes});
}

}  // namespace dfc
