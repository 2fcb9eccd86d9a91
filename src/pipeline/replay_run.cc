#include "replay_run.h"

#include <filesystem>
#include <thread>

#include "checksum_sample.h"
#include "dfc/time.h"
#include "doorbell.h"

namespace dfc {

namespace {

constexpr size_t kFramesATurn = 256;
constexpr int64_t kTickNs = 200 * kNsPerMs;

}  // namespace

void ReplayRun::Run() {
  uint64_t bytes_total = 0;
  for (const std::string& file : options_.files) {
    std::error_code none;  // A pipe has no size; then the total stays unknown.
    const uintmax_t bytes = std::filesystem::file_size(file, none);
    if (!none) bytes_total += bytes;
  }
  progress_.bytes_total.store(bytes_total, std::memory_order_relaxed);
  for (size_t n = 0; n < options_.files.size() && !Stopped(); ++n) {
    absl::Status status = RunFile(n);
    if (!status.ok()) report_.damage.push_back(std::move(status));
  }
  RepeatUntil(bell_, [&] { return stage_.Finish(); });
  Note(bytes_done_);
}

// Before file `n` is worked on, unless it goes on with a capture of which enough was looked at.
void ReplayRun::LearnChecksums(const LookAhead& frames, size_t n) {
  if (frames.frames().empty()) return;
  const int64_t first_ns = frames.frames().front().time_ns;
  const bool goes_on = last_time_ns_ && ChecksumSample::GoesOn(*last_time_ns_, first_ns);
  if (goes_on && n < files_sampled_) return;
  ChecksumSample sample(frames);
  const std::vector<std::string>& files = options_.files;
  for (++n; n < files.size() && sample.AddFile(files[n], options_.filter);) ++n;
  files_sampled_ = sample.is_full() ? SIZE_MAX : n;
  stage_.LearnChecksums(sample.frames());
}

absl::Status ReplayRun::RunFile(size_t n) {
  DFC_ASSIGN_OR_RETURN(const std::unique_ptr<PacketSource> source,
                       OpenCaptureFile(options_.files[n], options_.filter));
  LookAhead frames(*source);
  stage_.Begin(frames, source->fingerprint());
  LearnChecksums(frames, n);
  bool more = true;
  while (more && !Stopped()) {
    const uint32_t heard = bell_.Heard();
    const CaptureStage::Turn turn = stage_.RunOnce(options_.pace ? 1 : kFramesATurn);
    if (turn == CaptureStage::Turn::kBlocked) bell_.WaitPast(heard);
    more = turn != CaptureStage::Turn::kEnd;
    if (options_.pace) Pace(bytes_done_ + source->bytes_read());
    Tick(bytes_done_ + source->bytes_read());
  }
  bytes_done_ += source->bytes_read();
  RepeatUntil(bell_, [&] { return stage_.Settle(); });
  if (!frames.frames().empty()) last_time_ns_ = frames.last_time_ns();
  CountFiltered(*source);
  return source->status();
}

void ReplayRun::CountFiltered(const PacketSource& source) {
  const auto at = static_cast<size_t>(Verdict::kFiltered);
  if (source.frames_filtered() == 0) return;
  report_.packets[at] += source.frames_filtered();
  report_.bytes[at] += source.bytes_filtered();
  // The source tells no times of what it left out: it all stands under minute 0.
  stage_.ledger().Filtered(source.frames_filtered(), source.bytes_filtered());
}

// Waits until the machine's clock has come to the packet that was read last, and lets it go.
void ReplayRun::Pace(uint64_t bytes_done) {
  if (stage_.clock_ns() == INT64_MIN) return;
  if (pace_offset_ns_ == INT64_MIN) pace_offset_ns_ = MonotonicClockNs() - stage_.clock_ns();
  bool waited = false;
  while (!Stopped()) {
    const int64_t early_ns = stage_.clock_ns() + pace_offset_ns_ - MonotonicClockNs();
    if (early_ns <= 0) break;
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(early_ns, kTickNs)));
    Tick(bytes_done);
    waited = true;
  }
  if (waited) stage_.Flush();
}

void ReplayRun::Tick(uint64_t bytes_done) {
  const int64_t now_ns = MonotonicClockNs();
  if (now_ns - ticked_ns_ < kTickNs) return;
  ticked_ns_ = now_ns;
  Note(bytes_done);
  if (progress_.tick) progress_.tick();
}

void ReplayRun::Note(uint64_t bytes_done) {
  progress_.packets.store(stage_.packets_total(), std::memory_order_relaxed);
  progress_.bytes_done.store(bytes_done, std::memory_order_relaxed);
  progress_.figures.capture.Set({stage_.packets(), stage_.bytes()});
}

}  // namespace dfc
