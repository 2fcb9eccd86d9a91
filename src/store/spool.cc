#include "dfc/spool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "dfc/log_value.h"
#include "spool_segment.h"

namespace dfc {

Spool::Spool(SpoolOptions options, std::string sensor, uint64_t epoch, SpoolFiles& files)
    : options_(std::move(options)),
      sensor_(std::move(sensor)),
      epoch_(epoch),
      files_(files),
      record_(kRecordBytesMax) {}

Spool::~Spool() {
  Seal();
  for (Segments* lane : {&backlog_, &current_}) {
    for (Segment& segment : *lane) CloseFile(segment);
  }
  if (lock_ >= 0) files_.Close(lock_);
}

void Spool::Log(const std::string& line) const {
  if (options_.log) options_.log(line);
}

absl::Status Spool::Failed(int error, const std::string& doing) const {
  return absl::UnavailableError(
      MessageOf(ErrnoStatus(-error, fmt::format("spool {}: {}", options_.directory, doing))));
}

// Appending ---------------------------------------------------------------------------------------

absl::Status Spool::Append(const EventBlock& block, int64_t now_ns) {
  const RecordHeader header = MakeRecordHeader(block, "", now_ns);
  const uint64_t need = sizeof header + header.bytes;
  if (writing_ &&
      need > options_.segment_bytes - std::min(current_.back().bytes, options_.segment_bytes)) {
    Seal();
  }
  if (!MakeRoom(need + sizeof(SegmentHeader))) {
    ++counters_.refused;
    return absl::ResourceExhaustedError(
        fmt::format("spool {}: full, {} bytes", options_.directory, bytes_));
  }
  if (!writing_) DFC_RETURN_IF_ERROR(StartSegment(now_ns));
  Segment& segment = current_.back();
  std::memcpy(record_.data(), &header, sizeof header);
  std::memcpy(record_.data() + sizeof header, block.bytes().data(), block.used());
  if (const int error = WriteFully(files_, segment.fd, segment.bytes,
                                   {record_.data(), static_cast<size_t>(need)});
      error < 0) {
    TakeBack(error);
    return Failed(error, "write");
  }
  segment.bytes += need;
  bytes_ += need;
  ++segment.left.blocks;
  segment.left.rows += block.rows();
  segment.first_sequence = std::min(segment.first_sequence, block.sequence);
  ++counters_.appended.blocks;
  counters_.appended.rows += block.rows();
  dirty_ = true;
  if (options_.fsync_interval_ns == 0) SyncNow();
  return absl::OkStatus();
}

// The file ends where the last whole record does. Where it can't be made so, nothing more is
// written to it: the next opening cuts it.
void Spool::TakeBack(int error) {
  ++counters_.refused;
  Segment& segment = current_.back();
  const bool is_full = error == -ENOSPC || error == -EDQUOT || error == -EFBIG;
  if (files_.Truncate(segment.fd, segment.bytes) < 0 || !is_full) Seal();
}

// While what was dropped can't be removed, dropping more makes no room.
bool Spool::MakeRoom(uint64_t bytes) {
  if (bytes > options_.bytes_max) return false;
  while (options_.drop_oldest && options_.bytes_max - bytes < bytes_ && removing_.empty()) {
    if (backlog_.empty() && current_.empty()) break;
    DropOldest();
  }
  return bytes_ <= options_.bytes_max - bytes;
}

void Spool::DropOldest() {
  Segments& lane = backlog_.empty() ? current_ : backlog_;
  if (&lane == &current_ && lane.size() == 1 && writing_) Seal();
  Segment& segment = lane.front();
  while (segment.left.blocks > 0) {
    const SpoolAmount before = segment.left;
    (void)CanRead(segment);  // Where not, its blocks go unread.
    if (!Skip(segment) || !ReadRecord(segment, dropping_)) continue;
    ++counters_.dropped.blocks;
    counters_.dropped.rows += before.rows - segment.left.rows;
    if (dropped_) dropped_(dropping_);
  }
  Remove(segment);
  lane.pop_front();
}

absl::Status Spool::StartSegment(int64_t now_ns) {
  Segment segment;
  segment.epoch = epoch_;
  segment.number = next_number_++;
  segment.path = fmt::format("{}/{:016x}-{:08x}.seg", options_.directory, epoch_, segment.number);
  segment.fd = files_.Create(segment.path);
  if (segment.fd < 0) {
    ++counters_.refused;
    return Failed(segment.fd, "make a segment");
  }
  const SegmentHeader header = MakeSegmentHeader(sensor_, epoch_, segment.number, now_ns);
  if (const int error = WriteFully(files_, segment.fd, 0, HeaderBytes(header)); error < 0) {
    ++counters_.refused;
    files_.Close(segment.fd);
    (void)files_.Remove(segment.path);
    return Failed(error, "write");
  }
  if (files_.SyncDirectory(options_.directory) < 0) ++counters_.sync_failures;
  segment.bytes = segment.read_at = sizeof header;
  bytes_ += segment.bytes;
  current_.push_back(std::move(segment));
  writing_ = true;
  return absl::OkStatus();
}

// What a failed fsync was about may be lost, and the kernel will say so only once: the file is
// never asked again, and nothing more is written to it.
void Spool::SyncNow() {
  if (!writing_ || !dirty_) return;
  dirty_ = false;
  if (files_.Sync(current_.back().fd) >= 0) return;
  ++counters_.sync_failures;
  Log(fmt::format("event=spool-sync-failed file={}", LogValue(current_.back().path)));
  StopWriting();
}

void Spool::Seal() {
  SyncNow();
  StopWriting();
}

// An outage of hours makes thousands of files: open are only the one that is written to and those
// that are being read.
void Spool::StopWriting() {
  if (!std::exchange(writing_, false)) return;
  CloseFile(current_.back());
}

void Spool::CloseFile(Segment& segment) {
  if (segment.fd >= 0) files_.Close(std::exchange(segment.fd, -1));
}

void Spool::Tend(int64_t now_ns) {
  if (now_ns - synced_ns_ >= options_.fsync_interval_ns) {
    synced_ns_ = now_ns;
    SyncNow();
    Segments again = std::exchange(removing_, {});
    for (Segment& segment : again) Remove(segment);
  }
}

// Reading -----------------------------------------------------------------------------------------

SpoolAmount Spool::waiting(Lane lane) const {
  SpoolAmount sum;
  for (const Segment& segment : lane == Lane::kCurrent ? current_ : backlog_) {
    sum.blocks += segment.left.blocks;
    sum.rows += segment.left.rows;
  }
  return sum;
}

bool Spool::Next(Lane lane, EventBlock& block) {
  for (Segment& segment : LaneOf(lane)) {
    while (segment.left.blocks > 0) {
      if (!CanRead(segment)) return false;
      if (!Skip(segment) || !ReadRecord(segment, block)) continue;
      segment.last_given = block.sequence;
      segment.any_given = true;
      segment.given_is_done = false;
      return true;
    }
  }
  return false;
}

// The rest of a segment can't be read.
void Spool::GiveUp(Segment& segment) {
  counters_.unreadable.blocks += segment.left.blocks;
  counters_.unreadable.rows += segment.left.rows;
  Log(fmt::format("event=spool-damaged file={} blocks={} rows={}", LogValue(segment.path),
                  segment.left.blocks, segment.left.rows));
  segment.left = {};
  segment.read_at = segment.bytes;
}

// False where there is no descriptor for it at the moment, which says nothing about the file.
bool Spool::CanRead(Segment& segment) {
  if (segment.fd < 0) segment.fd = files_.OpenToRead(segment.path);
  return segment.fd != -EMFILE && segment.fd != -ENFILE && segment.fd != -ENOMEM;
}

// One record further. A file that has been read to its end is closed, but for the one that grows.
void Spool::Pass(Segment& segment, const RecordHeader& header) {
  segment.read_at += sizeof header + header.bytes;
  --segment.left.blocks;
  segment.left.rows -= std::min<uint64_t>(header.rows, segment.left.rows);
  const bool grows = writing_ && &segment == &current_.back();
  if (segment.left.blocks == 0 && !grows) CloseFile(segment);
}

// Passes by what was acknowledged without having been read, as a block is that was written to the
// store while it was put here. False when it has done so, or nothing more can be read.
bool Spool::Skip(Segment& segment) {
  RecordHeader header = {};
  if (segment.fd < 0 || segment.bytes - segment.read_at < sizeof header ||
      ReadHeader(files_, segment.fd, segment.read_at, header) < 0 || !IsRecord(header)) {
    GiveUp(segment);
    return false;
  }
  if (header.epoch != epoch_ || !any_done_ || header.sequence > done_sequence_) return true;
  Pass(segment, header);
  return false;
}

bool Spool::ReadRecord(Segment& segment, EventBlock& block) {
  RecordHeader header = {};
  if (ReadHeader(files_, segment.fd, segment.read_at, header) < 0 || !IsRecord(header)) {
    GiveUp(segment);
    return false;
  }
  const ByteSpan content(record_.data(), header.bytes);
  const int error = ReadExactly(files_, segment.fd, segment.read_at + sizeof header, record_.data(),
                                header.bytes);
  Pass(segment, header);
  if (error < 0 || !HasContent(header, content) ||
      !block.Assign(content.first(header.block_bytes))) {
    ++counters_.unreadable.blocks;
    counters_.unreadable.rows += header.rows;
    Log(fmt::format("event=spool-damaged file={} blocks=1 rows={}", LogValue(segment.path),
                    header.rows));
    return false;
  }
  block.epoch = header.epoch;
  block.sequence = header.sequence;
  return true;
}

// Acknowledging -----------------------------------------------------------------------------------

void Spool::Acknowledge(uint64_t epoch, uint64_t sequence) {
  Segments& lane = epoch == epoch_ ? current_ : backlog_;
  if (epoch == epoch_) {
    done_sequence_ = any_done_ ? std::max(done_sequence_, sequence) : sequence;
    any_done_ = true;
  }
  for (Segment& segment : lane) {
    if (segment.epoch == epoch && segment.any_given && segment.last_given <= sequence) {
      segment.given_is_done = true;
    }
  }
  if (epoch == epoch_) PassAcknowledged();
  RemoveDone(lane);
}

// They are in order: behind the first that is still to be given all others are, too.
void Spool::PassAcknowledged() {
  for (Segment& segment : current_) {
    while (segment.left.blocks > 0) {
      if (!CanRead(segment) || Skip(segment)) return;
    }
  }
}

void Spool::RemoveDone(Segments& lane) {
  while (!lane.empty() && lane.front().left.blocks == 0 && lane.front().given_is_done) {
    if (&lane == &current_ && lane.size() == 1 && writing_) return;
    Remove(lane.front());
    lane.pop_front();
  }
}

void Spool::Rest() {
  if (current_.size() == 1 && current_.front().left.blocks == 0 && current_.front().given_is_done) {
    writing_ = dirty_ = false;
  }
  RemoveDone(backlog_);
  RemoveDone(current_);
}

// Once the folder is safe the store may forget the blocks. Until then the file may be back after a
// power cut.
void Spool::Remove(Segment& segment) {
  CloseFile(segment);
  const int removed = files_.Remove(segment.path);
  if ((removed < 0 && removed != -ENOENT) || files_.SyncDirectory(options_.directory) < 0) {
    removing_.push_back(segment);
    return;
  }
  bytes_ -= std::min(bytes_, segment.bytes);
}

uint64_t Spool::OldestKept(uint64_t epoch) const {
  uint64_t oldest = UINT64_MAX;
  for (const Segments* lane : {&backlog_, &current_, &removing_}) {
    for (const Segment& segment : *lane) {
      if (segment.epoch == epoch) oldest = std::min(oldest, segment.first_sequence);
    }
  }
  return oldest;
}

std::vector<uint64_t> Spool::EpochsKept() const {
  std::vector<uint64_t> epochs;
  for (const Segments* lane : {&backlog_, &removing_}) {
    for (const Segment& segment : *lane) {
      if (segment.epoch != epoch_) epochs.push_back(segment.epoch);
    }
  }
  std::ranges::sort(epochs);
  epochs.erase(std::unique(epochs.begin(), epochs.end()), epochs.end());
  return epochs;
}

}  // namespace dfc
