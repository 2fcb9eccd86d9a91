// What became of every frame of a live capture, minute by minute, as it goes on.
//
//   frame ─▶ Count() ─▶ the present minute ─▶ TakeMinute() ─▶ rows that the store adds up
//                       minutes that wait for a block: 2,048, then minute 0
//
// A minute is one of the capture's clock, which does not go back, so that minutes come in order and
// once. The workers count on in tables of their own, under cell(). A cell serves another minute
// when it comes round again, 22 days later, unless some worker still has bytes of the old one whose
// fate is open: then the new minute's frames count under minute 0. Capture thread only.
#pragma once

#include <array>
#include <cstdint>

#include "dfc/event.h"
#include "dfc/memory.h"
#include "dfc/verdict.h"

namespace dfc {

class LiveLedger {
 public:
  static constexpr size_t kWaitingMax = 2'048;

  // `source` names the capture. Cell 0 is minute 0, those from 1 on are minutes.
  LiveLedger(uint64_t source, size_t cells);

  // The capture's clock has come to `clock_ns`. `oldest_open_ns`: no worker waits for the fate of
  // bytes of an earlier minute.
  void Advance(int64_t clock_ns, int64_t oldest_open_ns);

  // Of the present minute, for Packet::ledger_cell.
  uint32_t cell() const { return cell_; }

  // That many frames of the present minute came to this.
  void Count(Verdict verdict, uint64_t frames, uint64_t wire_bytes);

  // Calls write(LedgerRow) for what has not left of the oldest minute that has any. False when
  // there is none.
  template <typename Write>
  bool TakeMinute(Write write) {
    if (WriteCounts(zero_, write)) return true;
    while (waiting_ > 0) {
      Minute& minute = minutes_[first_];
      const bool found = WriteCounts(minute, write);
      if (&minute == present_) return found;
      first_ = (first_ + 1) % kWaitingMax;
      --waiting_;
      if (found) return true;
    }
    return false;
  }

  // What one minute takes of an event block, at most.
  static constexpr size_t kMinuteBytesMax =
      (kVerdictCount + 1) * (sizeof(RowHeader) + sizeof(LedgerRow));

 private:
  static constexpr size_t kCaptured = static_cast<size_t>(Outcome::kCaptured);
  struct Minute {
    int64_t start_ns;
    std::array<uint64_t, kCaptured + 1> frames;
    std::array<uint64_t, kCaptured + 1> bytes;
  };

  // The counts begin anew.
  template <typename Write>
  bool WriteCounts(Minute& minute, Write write) const {
    if (minute.frames[kCaptured] == 0) return false;
    for (size_t n = 0; n <= kCaptured; ++n) {
      if (minute.frames[n] == 0) continue;
      write(LedgerRow{minute.start_ns, source_, minute.frames[n], minute.bytes[n],
                      static_cast<Outcome>(n)});
    }
    minute.frames = minute.bytes = {};
    return true;
  }

  const uint64_t source_;
  const int64_t lap_minutes_;
  MappedArray<Minute> minutes_;  // A ring.
  size_t first_ = 0;
  size_t waiting_ = 0;
  Minute zero_{};
  Minute* present_ = &zero_;
  int64_t present_ns_ = 0;
  uint32_t cell_ = 0;
};

}  // namespace dfc
