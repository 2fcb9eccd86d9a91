#include "live_stage.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace dfc {

namespace {

constexpr int64_t kNapNs = 200'000;

}  // namespace

LiveStage::LiveStage(Dealer dealer, const DecodeOptions& decode, uint64_t ledger_source,
                     size_t ledger_cells, int64_t patience_ns, int64_t tick_ns)
    : dealer_(std::move(dealer)),
      decoder_(decode),
      ledger_(ledger_source, ledger_cells),
      patience_ns_(patience_ns),
      tick_ns_(tick_ns) {}

void LiveStage::OnFrame(const Frame& frame) {
  Advance(frame.time_ns);
  const Verdict verdict = Take(frame);
  ++packets_total_;
  bytes_total_ += frame.wire_bytes;
  Count(verdict, 1, frame.wire_bytes);
}

// Where a tick falls is a fact of the packets' times: what comes before it is shown, what comes
// behind it is not, whatever the number of workers.
void LiveStage::Advance(int64_t clock_ns) {
  if (clock_ns <= clock_ns_) return;
  clock_ns_ = clock_ns;
  const int64_t tick = clock_ns / tick_ns_;
  if (tick == tick_) return;
  const bool is_shown = tick / 2 != tick_ / 2;
  tick_ = tick;
  dealer_.TellClock(clock_ns, is_shown ? Tick::kShowOpen : Tick::kHandOn);
  ledger_.Advance(clock_ns, dealer_.oldest_open_ns());
  if (is_shown) ++seconds_;
}

Verdict LiveStage::Take(const Frame& frame) {
  const Verdict verdict = decoder_.Decode(frame, packet_);
  if (verdict != Verdict::kOk) return verdict;
  if (own_.Has(packet_.tuple)) return Verdict::kOwnTraffic;
  packet_.clock_ns = clock_ns_;
  packet_.ledger_cell = ledger_.cell();
  if (!Deal()) return Verdict::kDroppedBySensor;
  while (decoder_.NextDatagram(packet_)) {
    if (!Deal()) ++datagrams_dropped_;
  }
  return verdict;
}

// A worker that is in time costs nothing here; one that is not wakes up soon, or is late.
bool LiveStage::Deal() {
  if (dealer_.Deal(packet_)) return true;
  if (dealer_.IsLate(packet_)) return false;
  for (int64_t waited_ns = 0; waited_ns < patience_ns_; waited_ns += kNapNs) {
    std::this_thread::sleep_for(std::chrono::nanoseconds(kNapNs));
    if (dealer_.Deal(packet_)) return true;
  }
  dealer_.SetLate(packet_);
  return false;
}

void LiveStage::Dropped(Verdict verdict, uint64_t frames) {
  if (frames > 0) Count(verdict, frames, 0);
}

void LiveStage::Count(Verdict verdict, uint64_t frames, uint64_t wire_bytes) {
  packets_[static_cast<size_t>(verdict)] += frames;
  bytes_[static_cast<size_t>(verdict)] += wire_bytes;
  ledger_.Count(verdict, frames, wire_bytes);
}

bool LiveStage::WriteLedger(EventBlock& block) {
  bool any = false;
  const auto write = [&](const LedgerRow& row) {
    uint8_t* const at = block.Append(RowType::kLedger, sizeof row);
    DFC_CHECK(at != nullptr);
    std::memcpy(at, &row, sizeof row);
  };
  while (EventBlock::kBytes - block.used() >= LiveLedger::kMinuteBytesMax) {
    if (!ledger_.TakeMinute(write)) break;
    any = true;
  }
  return any;
}

}  // namespace dfc
