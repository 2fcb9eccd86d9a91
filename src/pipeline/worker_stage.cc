#include "worker_stage.h"

namespace dfc {

void LinkedOutput::Push(EventBlock* block) {
  events_.Push(link_.producer, block);
  sink_bell_.Ring();
}

EventBlock* LinkedOutput::Next(EventBlock* full) {
  if (full != nullptr) Push(full);
  while (true) {
    const uint32_t heard = link_.bell.Heard();
    EventBlock* block = link_.empty.Pop();
    if (block != nullptr) {
      block->Clear();
      return block;
    }
    link_.bell.WaitPast(heard);
  }
}

void LinkedOutput::Last(EventBlock* block) { Push(block); }

void LinkedOutput::End() { Push(nullptr); }

bool WorkerStage::RunOnce() {
  PacketBlock* block = packets_.filled.Pop();
  if (block == nullptr) return false;
  if (!block->packets().empty()) engine_.Update(block->packets());
  done_ = block->last;
  packets_.empty.Push(block);
  capture_bell_.Ring();
  if (done_) engine_.Finish();
  return true;
}

}  // namespace dfc
