// Event blocks on disk, for as long as the store is away: an append-only log in files of a folder.
// Module: store
//
//   DIR/lock                      one process at a time
//   DIR/EPOCH-NUMBER.seg          segments, oldest first by name; see src/store/spool_segment.h
//   DIR/dead/                     rows that the store refused; see dfc/dead_letters.h
//
//        backlog: of earlier runs              current: of this run
//   | segment | segment | segment |      | segment | segment (written to) |
//     ▲ Next() ... Acknowledge()           ▲ Next()                     ▲ Append()
//
// What is accepted stays until the store has it. Blocks of one run reach the store in the order in
// which they were made, because a piece of a chunk continues the one before it; those of an earlier
// run have nothing to do with this one's, and may wait beside it. A segment is removed when all of
// its blocks are acknowledged. One that was sent and not acknowledged when the process died is sent
// again: its marker in the store says that it is there already.
//
// One thread owns it. Bounded by `bytes_max`; memory is one block.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dfc/event.h"
#include "dfc/memory.h"
#include "dfc/spool_files.h"
#include "dfc/status.h"
#include "dfc/time.h"

namespace dfc {

struct RecordHeader;

struct SpoolOptions {
  std::string directory;  // "" for none.
  uint64_t bytes_max = uint64_t{4} << 30;
  uint64_t segment_bytes = uint64_t{64} << 20;
  // At the limit the oldest segment makes room, where not, Append() refuses.
  bool drop_oldest = false;
  int64_t fsync_interval_ns = 500 * kNsPerMs;  // 0: each block.
  std::function<void(const std::string&)> log = {};
};

struct SpoolAmount {
  uint64_t blocks = 0;
  uint64_t rows = 0;
};

struct SpoolCounters {
  SpoolAmount appended;
  SpoolAmount dropped;     // The oldest, to make room.
  SpoolAmount unreadable;  // Damaged on disk.
  uint64_t refused = 0;    // Times that a block found no room, or a disk that does not take it.
  uint64_t cut_bytes = 0;  // Of torn ends, when it was opened.
  uint64_t sync_failures = 0;
  uint64_t segments_aside = 0;  // Of another version or sensor: left as they are.
};

class Spool {
 public:
  enum class Lane : uint8_t { kBacklog, kCurrent };

  // Makes the folder where there is none. kFailedPrecondition when another process has it.
  // `epoch` is that of the blocks to come; `files` must outlive the spool.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(SpoolOptions options, std::string sensor,
                                                     uint64_t epoch, SpoolFiles& files);
  ~Spool();

  // On OK the block is on disk, or on its way there within the fsync interval.
  //   kResourceExhausted  full
  //   kUnavailable        the disk does not take it; nothing is left of it, try again later
  absl::Status Append(const EventBlock& block, int64_t now_ns);

  // Sets `block` to the oldest of a lane that it has not given yet; false when there is none.
  bool Next(Lane lane, EventBlock& block);

  // The store has this block, and those of its run before it.
  void Acknowledge(uint64_t epoch, uint64_t sequence);

  // To be called now and then: fsync when it is due, and what could not be removed before.
  void Tend(int64_t now_ns);

  // Sees each block that is dropped, before it is gone.
  void OnDropped(std::function<void(const EventBlock&)> dropped) { dropped_ = std::move(dropped); }

  // Tend() may have something to do.
  bool needs_tending() const { return dirty_ || !removing_.empty(); }

  // Nothing will be appended soon: what has been acknowledged is removed, the last segment too.
  void Rest();

  // Not given out by Next() yet.
  SpoolAmount waiting(Lane lane) const;
  bool empty(Lane lane) const { return waiting(lane).blocks == 0; }
  // Of that run, the first sequence that is still in some file; UINT64_MAX where there is none.
  // The store must not forget that it has those.
  uint64_t OldestKept(uint64_t epoch) const;
  // Of the runs before this one, those that have left a file.
  std::vector<uint64_t> EpochsKept() const;
  uint64_t epoch() const { return epoch_; }
  uint64_t bytes() const { return bytes_; }
  const SpoolOptions& options() const { return options_; }
  const SpoolCounters& counters() const { return counters_; }

 private:
  struct Segment {
    std::string path;
    uint64_t epoch = 0;
    uint64_t number = 0;
    int fd = -1;         // Or less, while it is not open.
    uint64_t bytes = 0;  // To the end of the last whole record.
    uint64_t read_at = 0;
    SpoolAmount left;  // Not given out yet.
    uint64_t first_sequence = UINT64_MAX;
    uint64_t last_given = 0;
    bool any_given = false;
    bool is_damaged = false;    // There is more behind, which can't be read.
    bool given_is_done = true;  // What was given out has been acknowledged.
  };
  using Segments = std::deque<Segment>;

  Spool(SpoolOptions options, std::string sensor, uint64_t epoch, SpoolFiles& files);

  absl::Status Load();
  void LoadSegment(const std::string& name);
  void Walk(Segment& segment, uint64_t file_bytes);
  bool IsWhole(const Segment& segment, uint64_t at);

  bool MakeRoom(uint64_t bytes);
  void DropOldest();
  absl::Status StartSegment(int64_t now_ns);
  void TakeBack(int error);
  void SyncNow();
  void Seal();
  void StopWriting();
  void CloseFile(Segment& segment);

  bool CanRead(Segment& segment);
  void Pass(Segment& segment, const RecordHeader& header);
  bool Skip(Segment& segment);
  bool ReadRecord(Segment& segment, EventBlock& block);
  void GiveUp(Segment& segment);
  void PassAcknowledged();
  void RemoveDone(Segments& lane);
  void Remove(Segment& segment);
  Segments& LaneOf(Lane lane) { return lane == Lane::kCurrent ? current_ : backlog_; }
  absl::Status Failed(int error, const std::string& doing) const;
  void Log(const std::string& line) const;

  const SpoolOptions options_;
  const std::string sensor_;
  const uint64_t epoch_;
  SpoolFiles& files_;
  int lock_ = -1;
  Segments backlog_;
  Segments current_;
  Segments removing_;     // Done, but still there: removing them has failed.
  bool writing_ = false;  // To the last of `current_`.
  bool dirty_ = false;
  int64_t synced_ns_ = 0;
  uint64_t next_number_ = 1;
  uint64_t done_sequence_ = 0;  // Of this run: acknowledged before ...
  bool any_done_ = false;       // ... if anything was.
  uint64_t bytes_ = 0;          // Of all files.
  Mapping record_;              // One record on its way.
  EventBlock dropping_;
  std::function<void(const EventBlock&)> dropped_;
  SpoolCounters counters_;
};

}  // namespace dfc
