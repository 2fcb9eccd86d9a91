#include "worker_stage.h"

#include "dfc/time.h"

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
    link_.turns.fetch_add(1, std::memory_order_relaxed);
    link_.bell.WaitPast(heard);
  }
}

void LinkedOutput::Last(EventBlock* block) { Push(block); }

void LinkedOutput::End() { Push(nullptr); }

bool WorkerStage::RunOnce() {
  PacketBlock* block = packets_.filled.Pop();
  if (block == nullptr) return false;
  if (events_ != nullptr) LookForOverload(MonotonicClockNs());
  if (!block->packets().empty()) engine_.Update(block->packets());
  if (block->clock_ns != PacketBlock::kNoClock) engine_.Advance(block->clock_ns);
  if (block->tick == Tick::kShowOpen) engine_.ShowOpen();
  if (block->tick != Tick::kNone) engine_.HandOn();
  block->oldest_open_ns = engine_.oldest_open_ns();
  done_ = block->last;
  packets_.empty.Push(block);
  capture_bell_.Ring();
  if (done_) engine_.Finish();
  return true;
}

// The block at hand waits no more, and still is in use.
void WorkerStage::LookForOverload(int64_t now_ns) {
  const size_t blocks = events_->storage.size();
  const Shedding before = overload_.level();
  const Shedding now = overload_.Look({packets_.filled.size() + 1, packets_.storage.size()},
                                      {blocks - events_->empty.size(), blocks}, now_ns);
  if (now != before) engine_.Shed(now);
}

}  // namespace dfc
