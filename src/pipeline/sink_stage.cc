#include "sink_stage.h"

#include <chrono>
#include <thread>

namespace dfc {

namespace {
constexpr int kTriesMax = 5;
constexpr std::chrono::milliseconds kFirstPause{100};
}  // namespace

absl::Status SinkStage::Write(EventBlock& block) {
  block.epoch = epoch_;
  block.sequence = sequence_++;
  absl::Status status;
  auto pause = kFirstPause;
  for (int n = 0; n < kTriesMax; ++n, pause *= 2) {
    if (n > 0) std::this_thread::sleep_for(pause);
    status = store_.Write(block);
    if (!absl::IsUnavailable(status)) break;
  }
  return status;
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
    if (status_.ok()) rows_ += block->rows();
  }
  EventLink& link = *links_[block->owner];
  link.empty.Push(block);
  link.bell.Ring();
  return true;
}

}  // namespace dfc
