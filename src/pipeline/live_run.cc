#include "live_run.h"

#include "dfc/time.h"

namespace dfc {

namespace {

constexpr size_t kFramesATurn = 256;
constexpr int64_t kBlockAgeNsMax = 10 * kNsPerMs;
constexpr int64_t kLookNs = kNsPerSecond;
constexpr int64_t kTickNs = 200 * kNsPerMs;
// As long as nothing comes; frames end it early, and the stop flag waits no longer.
constexpr int kWaitMs = 50;
constexpr int kDrainWaitMs = 10;

}  // namespace

void LiveRun::Run() {
  stage_.SetOwnConnections(OwnConnections::Find());
  stage_.Idle(WallClockNs() - source_.late_ns_max());
  while (!Stopped()) Turn(kWaitMs);
  source_.StopIntake();
  while (!source_.Drained()) Turn(kDrainWaitMs);
  CountDrops();
  RepeatUntil(bell_, [&] { return stage_.Finish(); });
  Note();
}

// Where nothing has come, nothing that has come before is on its way any more but for what may be
// late: the clock follows that of the machine.
void LiveRun::Turn(int wait_ms) {
  progress_.figures.capture_turns.fetch_add(1, std::memory_order_relaxed);
  const size_t frames = source_.RunOnce(stage_, kFramesATurn);
  if (frames == 0) stage_.Idle(WallClockNs() - source_.late_ns_max());
  const int64_t now_ns = MonotonicClockNs();
  if (frames == 0 || now_ns - flushed_ns_ >= kBlockAgeNsMax) {
    stage_.Flush();
    flushed_ns_ = now_ns;
  }
  if (now_ns - looked_ns_ >= kLookNs) {
    looked_ns_ = now_ns;
    EachSecond();
  }
  if (stage_.seconds() != seconds_) HandOnLedger();
  Tick(now_ns);
  if (frames == 0) source_.Wait(wait_ms);
}

void LiveRun::EachSecond() {
  source_.Look();
  CountDrops();
  stage_.SetOwnConnections(OwnConnections::Find());
  wake_();
}

void LiveRun::CountDrops() {
  const LiveCounters counters = source_.Count();
  stage_.Dropped(Verdict::kDroppedByKernel, counters.kernel_drops - counted_.kernel_drops);
  stage_.Dropped(Verdict::kDroppedByInterface, counters.interface_drops - counted_.interface_drops);
  counted_ = counters;
}

// Without an empty block it waits for the next second: the sink is behind, and this thread must not
// wait for it.
void LiveRun::HandOnLedger() {
  seconds_ = stage_.seconds();
  if (block_ == nullptr) block_ = link_.empty.Pop();
  if (block_ == nullptr) return;
  block_->Clear();
  if (!stage_.WriteLedger(*block_)) return;
  output_.Last(block_);
  block_ = nullptr;
}

void LiveRun::WriteLedger() {
  while (true) {
    if (block_ == nullptr) block_ = output_.Next(nullptr);
    block_->Clear();
    if (!stage_.WriteLedger(*block_)) return;
    output_.Last(block_);
    block_ = nullptr;
  }
}

void LiveRun::Tick(int64_t now_ns) {
  if (now_ns - ticked_ns_ < kTickNs) return;
  ticked_ns_ = now_ns;
  Note();
  shedding_.Look(progress_.figures, now_ns);
  if (progress_.tick) progress_.tick();
}

void LiveRun::Note() {
  progress_.packets.store(stage_.packets_total(), std::memory_order_relaxed);
  progress_.bytes_done.store(stage_.bytes_total(), std::memory_order_relaxed);
  progress_.figures.capture.Set({stage_.packets(), stage_.bytes()});
}

}  // namespace dfc
