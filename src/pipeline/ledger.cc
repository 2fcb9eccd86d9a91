#include "ledger.h"

#include "dfc/time.h"

namespace dfc {

Ledger::Minute& Ledger::Find(int64_t start_ns) {
  const uint64_t hash = static_cast<uint64_t>(start_ns / kNsPerMinute) * 0x9E3779B97F4A7C15u;
  for (size_t at = (hash >> 40) % minutes_.size();; at = (at + 1) % minutes_.size()) {
    Minute& minute = minutes_[at];
    if (minute.used && minute.start_ns == start_ns) return minute;
    if (minute.used) continue;
    // The table is twice as long as it may get full, and minute 0 always finds its place.
    if (used_ >= kMinutesMax && start_ns != 0) return Find(0);
    minute.used = true;
    minute.start_ns = start_ns;
    ++used_;
    return minute;
  }
}

void Ledger::Count(int64_t time_ns, Verdict outcome, uint64_t bytes) {
  const bool recent = recent_ != nullptr && time_ns >= recent_->start_ns &&
                      time_ns - recent_->start_ns < kNsPerMinute;
  if (!recent) {
    int64_t minute = time_ns / kNsPerMinute;
    if (time_ns < minute * kNsPerMinute) --minute;
    recent_ = &Find(minute * kNsPerMinute);
  }
  const auto at = static_cast<size_t>(outcome);
  ++recent_->packets[at];
  recent_->bytes[at] += bytes;
}

}  // namespace dfc
