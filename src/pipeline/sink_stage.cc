#include "sink_stage.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "dfc/log_value.h"
#include "dfc/time.h"

namespace dfc {

namespace {
constexpr int kTriesMax = 5;
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kPauseMax{1000};
// So many blocks share the work of forgetting their markers.
constexpr uint64_t kForgetBlocks = 256;

// Trying again may help: the server is away, or another transaction was in the way.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsAborted(status);
}
}  // namespace

absl::Status SinkStage::Write(EventBlock& block) {
  block.epoch = epoch_;
  block.sequence = sequence_++;
  const absl::Status status = Insist([&] { return TryOnce(block); });
  // A block that has been committed is not tried again, nor are those before it.
  if (status.ok() && block.sequence % kForgetBlocks == kForgetBlocks - 1) {
    store_.Forget(epoch_, block.sequence).IgnoreError();
  }
  return status;
}

absl::Status SinkStage::EndRun() {
  return Insist([&] { return store_.EndRun(epoch_); });
}

absl::Status SinkStage::Insist(const std::function<absl::Status()>& attempt) {
  absl::Status status;
  auto pause = kFirstPause;
  for (int n = 0; n < kTriesMax; ++n, pause *= 2) {
    if (n > 0) std::this_thread::sleep_for(pause);
    status = attempt();
    if (!MayPass(status)) return status;
  }
  return options_.give_up != nullptr ? InsistOnceBack(attempt, std::move(status)) : status;
}

absl::Status SinkStage::TryOnce(const EventBlock& block) {
  WrittenRows written;
  const absl::Status status = writer_.Write(block, written);
  if (!status.ok()) return status;
  rows_ += written.stored;
  dead_rows_ += written.dead;
  return status;
}

// A sensor outlives its server's restart. What it has no memory for meanwhile, the capture thread
// drops and counts.
absl::Status SinkStage::InsistOnceBack(const std::function<absl::Status()>& attempt,
                                       absl::Status status) {
  Log(fmt::format("event=store-away reason={}", LogValue(MessageOf(status))));
  const int64_t since_ns = MonotonicClockNs();
  while (MayPass(status) && !options_.give_up->load(std::memory_order_relaxed)) {
    std::this_thread::sleep_for(kPauseMax);
    status = attempt();
  }
  if (status.ok()) {
    Log(fmt::format("event=store-back away_s={}", (MonotonicClockNs() - since_ns) / kNsPerSecond));
  }
  return status;
}

void SinkStage::Log(std::string line) const {
  if (options_.log) options_.log(std::move(line));
}

bool SinkStage::RunOnce() {
  EventBlock* block = nullptr;
  if (!events_.Pop(block)) return false;
  if (block == nullptr) {
    ++ended_;
    return true;
  }
  if (status_.ok() && !block->empty()) {
    status_ = Write(*block);
  }
  EventLink& link = *links_[block->owner];
  link.empty.Push(block);
  link.bell.Ring();
  return true;
}

}  // namespace dfc
