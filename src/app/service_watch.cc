#include "service_watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "dfc/time.h"
#include "text.h"

namespace dfc {
namespace {

constexpr int64_t kRoundNs = 200 * kNsPerMs;
constexpr int64_t kStatusNs = 5 * kNsPerSecond;
// The others are woken each second.
constexpr int64_t kLookNsMin = 3 * kNsPerSecond;
constexpr int64_t kLooksAWatchdog = 4;
// SQLite's lock is waited for for half of that.
constexpr int64_t kStoreCallNsMax = 120 * kNsPerSecond;
constexpr size_t kSink = 1;  // Behind the capture thread, before the workers.

uint64_t Dropped(const CaptureFigures& capture) {
  uint64_t frames = 0;
  for (const Verdict verdict :
       {Verdict::kDroppedByKernel, Verdict::kDroppedByInterface, Verdict::kDroppedBySensor}) {
    frames += capture.packets[static_cast<size_t>(verdict)];
  }
  return frames;
}

}  // namespace

std::string Pulse::Stuck(int64_t now_ns) {
  const int64_t call_ns = figures_.store_call_ns.load();
  const bool is_with_store = call_ns != 0 && now_ns - call_ns < kStoreCallNsMax;
  std::vector<uint64_t> now = {figures_.capture_turns.load(), figures_.sink_turns.load()};
  for (size_t n = 0; n < figures_.worker_count; ++n) now.push_back(figures_.worker_turns[n].load());
  std::string stuck;
  for (size_t n = 0; n < std::min(now.size(), last_.size()); ++n) {
    if (now[n] != last_[n] || (n == kSink && is_with_store)) continue;
    const std::string name = n == 0       ? "capture"
                             : n == kSink ? "sink"
                                          : fmt::format("worker-{}", n - 2);
    stuck += (stuck.empty() ? "" : ",") + name;
  }
  last_ = std::move(now);
  return stuck;
}

std::string StatusLine::Next(int64_t now_ns) {
  const CaptureFigures capture = figures_.capture.Get();
  uint64_t packets = 0;
  for (const uint64_t count : capture.packets) packets += count;
  uint64_t flows = 0;
  for (size_t n = 0; n < figures_.worker_count; ++n) {
    flows += figures_.workers[n].Get().flows.flows_now;
  }
  const int64_t elapsed_ms = std::max<int64_t>((now_ns - then_ns_) / kNsPerMs, 1);
  const uint64_t rate = then_ns_ == 0 ? 0 : (packets - packets_) * 1'000 / elapsed_ms;
  packets_ = packets;
  then_ns_ = now_ns;
  std::string line =
      fmt::format("{} packets/s, {} dropped, {} flows", rate, Dropped(capture), flows);
  const uint64_t away_s = figures_.spool.Get().away_s;
  if (away_s > 0) line += fmt::format("; the store is away for {} s", away_s);
  return line;
}

void ServiceWatch::Around(const std::function<void()>& work) {
  if (!manager_.is_there()) return work();
  RunBeside(
      work, [this] { RunOnce(MonotonicClockNs()); }, kRoundNs);
  if (!is_stopping_) manager_.TellStopping();
}

// Ready is who has taken frames from the rings, or looked for them: all is open by then, and every
// thread is there.
void ServiceWatch::RunOnce(int64_t now_ns) {
  if (!is_ready_ && progress_.figures.capture_turns.load() == 0) return;
  if (!is_ready_) manager_.TellReady();
  is_ready_ = true;
  if (!is_stopping_ && progress_.stop.load()) {
    is_stopping_ = true;
    manager_.TellStopping();
  }
  if (now_ns - told_ns_ >= kStatusNs) {
    told_ns_ = now_ns;
    manager_.Tell("STATUS=" + status_.Next(now_ns));
  }
  Watch(now_ns);
}

// The end of a run has limits of its own, and threads that end stand still.
void ServiceWatch::Watch(int64_t now_ns) {
  if (manager_.watchdog_ns() == 0) return;
  if (now_ns - watched_ns_ < std::max(manager_.watchdog_ns() / kLooksAWatchdog, kLookNsMin)) return;
  watched_ns_ = now_ns;
  const std::string stuck = is_stopping_ ? "" : pulse_.Stuck(now_ns);
  if (stuck.empty()) manager_.Tell("WATCHDOG=1");
  if (!stuck.empty() && stuck != stuck_) log_(fmt::format("event=stalled threads={}", stuck));
  stuck_ = stuck;
}

}  // namespace dfc
