// Several interfaces as one source, in the order of time as far as their frames are there.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "dfc/live_source.h"
#include "dfc/time.h"
#include "frame_queue.h"
#include "live_interface.h"

namespace dfc {

namespace {

// What libpcap puts in front of a frame of a device that has no link layer of its own.
constexpr size_t kCookedBytesMax = 64;
// A frame may be late by two timeouts and what the machine takes to get round to it.
constexpr int64_t kLateSlackNs = 50 * kNsPerMs;

class LiveInterfaces final : public LiveSource {
 public:
  explicit LiveInterfaces(LiveOptions options) : options_(std::move(options)) {}

  absl::Status Open();

  size_t RunOnce(FrameHandler& handler, size_t frames_max) override {
    if (interfaces_.size() == 1) return interfaces_[0]->Dispatch(handler, frames_max);
    return Merge(handler, frames_max);
  }
  void Wait(int milliseconds) override;
  void Look() override {
    for (const auto& each : interfaces_) each->Look(MonotonicClockNs());
  }
  absl::Status SetFilter(const std::string& filter) override;
  void StopIntake() override {
    for (const auto& each : interfaces_) each->StopIntake(MonotonicClockNs());
  }
  bool Drained() override;
  LiveCounters Count() override {
    LiveCounters total;
    for (const auto& each : interfaces_) each->Count(total);
    return total;
  }
  int64_t late_ns_max() const override { return 2 * options_.timeout_ms * kNsPerMs + kLateSlackNs; }

 private:
  size_t Merge(FrameHandler& handler, size_t frames_max);
  FrameQueue* Earliest();

  LiveOptions options_;
  std::vector<std::unique_ptr<LiveInterface>> interfaces_;
  std::vector<FrameQueue> queues_;  // Of several interfaces, by their number.
  std::vector<bool> is_dry_;        // Within a turn.
  std::vector<pollfd> polls_;
};

absl::Status LiveInterfaces::Open() {
  if (options_.interfaces.empty()) return absl::InvalidArgumentError("no interface to capture on");
  for (const std::string& name : options_.interfaces) {
    if (std::ranges::count(options_.interfaces, name) > 1) {
      return absl::InvalidArgumentError(fmt::format("interface {} is named twice", name));
    }
    if (name == "any") {
      return absl::InvalidArgumentError(
          "'any' would see a forwarded packet once on each interface; name those to capture on");
    }
    DFC_ASSIGN_OR_RETURN(auto interface, LiveInterface::Open(name, options_));
    interfaces_.push_back(std::move(interface));
  }
  if (interfaces_.size() > 1) {
    for (size_t n = 0; n < interfaces_.size(); ++n) {
      queues_.emplace_back(options_.snaplen_bytes + kCookedBytesMax);
    }
  }
  is_dry_.resize(interfaces_.size());
  polls_.resize(interfaces_.size());
  return absl::OkStatus();
}

// The queue whose next frame is the earliest, filled where it was empty; null when there is none.
FrameQueue* LiveInterfaces::Earliest() {
  FrameQueue* earliest = nullptr;
  for (size_t n = 0; n < queues_.size(); ++n) {
    FrameQueue& queue = queues_[n];
    if (queue.empty() && !is_dry_[n]) {
      is_dry_[n] = interfaces_[n]->Dispatch(queue, FrameQueue::kFramesMax) == 0;
    }
    if (queue.empty()) continue;
    if (earliest == nullptr || queue.front().time_ns < earliest->front().time_ns) {
      earliest = &queue;
    }
  }
  return earliest;
}

size_t LiveInterfaces::Merge(FrameHandler& handler, size_t frames_max) {
  is_dry_.assign(is_dry_.size(), false);
  size_t frames = 0;
  while (frames < frames_max) {
    FrameQueue* const queue = Earliest();
    if (queue == nullptr) break;
    handler.OnFrame(queue->front());
    queue->Pop();
    ++frames;
  }
  return frames;
}

// An interface that is away is looked for again by Look(); here it is left out.
void LiveInterfaces::Wait(int milliseconds) {
  for (size_t n = 0; n < interfaces_.size(); ++n) {
    polls_[n] = pollfd{interfaces_[n]->fd(), POLLIN, 0};
  }
  ::poll(polls_.data(), polls_.size(), milliseconds);
}

absl::Status LiveInterfaces::SetFilter(const std::string& filter) {
  for (const auto& each : interfaces_) DFC_RETURN_IF_ERROR(each->TryFilter(filter));
  options_.filter = filter;
  for (const auto& each : interfaces_) DFC_RETURN_IF_ERROR(each->RenewFilter());
  return absl::OkStatus();
}

bool LiveInterfaces::Drained() {
  const int64_t now_ns = MonotonicClockNs();
  const bool queues_empty = std::ranges::all_of(queues_, &FrameQueue::empty);
  return queues_empty &&
         std::ranges::all_of(interfaces_, [&](const auto& each) { return each->Drained(now_ns); });
}

}  // namespace

absl::StatusOr<std::unique_ptr<LiveSource>> OpenLive(const LiveOptions& options) {
  auto source = std::make_unique<LiveInterfaces>(options);
  DFC_RETURN_IF_ERROR(source->Open());
  return std::unique_ptr<LiveSource>(std::move(source));
}

}  // namespace dfc
