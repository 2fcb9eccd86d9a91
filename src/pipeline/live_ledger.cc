#include "live_ledger.h"

#include "dfc/check.h"
#include "dfc/time.h"

namespace dfc {

LiveLedger::LiveLedger(uint64_t source, size_t cells)
    : source_(source), lap_minutes_(static_cast<int64_t>(cells) - 1), minutes_(kWaitingMax) {
  DFC_CHECK(cells > 1);
}

void LiveLedger::Advance(int64_t clock_ns, int64_t oldest_open_ns) {
  const int64_t minute_ns = MinuteOf(clock_ns);
  if (minute_ns <= present_ns_) return;
  present_ns_ = minute_ns;
  const bool cell_is_free = oldest_open_ns > minute_ns - lap_minutes_ * kNsPerMinute;
  if (!cell_is_free || waiting_ == kWaitingMax) {
    cell_ = 0;
    present_ = &zero_;
    return;
  }
  cell_ = static_cast<uint32_t>(1 + minute_ns / kNsPerMinute % lap_minutes_);
  present_ = &minutes_[(first_ + waiting_++) % kWaitingMax];
  *present_ = Minute{minute_ns, {}, {}};
}

void LiveLedger::Count(Verdict verdict, uint64_t frames, uint64_t wire_bytes) {
  for (const size_t at : {static_cast<size_t>(verdict), kCaptured}) {
    present_->frames[at] += frames;
    present_->bytes[at] += wire_bytes;
  }
}

}  // namespace dfc
