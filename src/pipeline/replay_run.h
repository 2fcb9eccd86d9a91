// The capture thread's part of a replay: files, one after the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "capture_stage.h"
#include "dfc/pipeline.h"

namespace dfc {

class ReplayRun {
 public:
  ReplayRun(const PipelineOptions& options, PipelineProgress& progress, PipelineReport& report,
            CaptureStage& stage, Doorbell& bell, const std::atomic<bool>& failed)
      : options_(options),
        progress_(progress),
        report_(report),
        stage_(stage),
        bell_(bell),
        failed_(failed) {}

  // To the end of the last file, or until it is told to stop; the workers then know that nothing
  // follows.
  void Run();

 private:
  bool Stopped() const {
    return progress_.stop.load(std::memory_order_relaxed) ||
           failed_.load(std::memory_order_relaxed);
  }
  void LearnChecksums(const LookAhead& frames, size_t n);
  absl::Status RunFile(size_t n);
  void CountFiltered(const PacketSource& source);
  void Pace(uint64_t bytes_done);
  void Tick(uint64_t bytes_done);
  void Note(uint64_t bytes_done);

  const PipelineOptions& options_;
  PipelineProgress& progress_;
  PipelineReport& report_;
  CaptureStage& stage_;
  Doorbell& bell_;
  const std::atomic<bool>& failed_;
  int64_t pace_offset_ns_ = INT64_MIN;
  int64_t ticked_ns_ = 0;
  uint64_t bytes_done_ = 0;              // Of the files before this one.
  std::optional<int64_t> last_time_ns_;  // Of the last frame in them.
  size_t files_sampled_ = 0;             // Of this capture; the next one has been looked at, too.
};

}  // namespace dfc
