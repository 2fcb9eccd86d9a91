// What became of every frame of a run, by input and minute of capture time.
//
//   frame -> Captured() -> cell -> Judged()          here, by the capture thread
//                           |
//                           +-> Packet::ledger_cell  the workers count on, each in a table of its
//                           own
//
// A cell is one minute of one input; cells are numbered as they come. There are kMinutesMax of them
// for a run and one more for each file: frames of any further minute count under minute 0, 1970, of
// their input. Capture thread only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "dfc/event.h"
#include "dfc/flow_engine.h"
#include "dfc/memory.h"
#include "dfc/verdict.h"

namespace dfc {

class Ledger {
 public:
  static constexpr size_t kMinutesMax = 32'768;
  static constexpr size_t CellsMax(size_t files) { return kMinutesMax + files; }

  explicit Ledger(size_t files);

  // What follows is of the input with this fingerprint. One that was there already is gone on with.
  // REQUIRES: no more calls than files.
  void BeginSource(uint64_t fingerprint);

  // A frame was read; returns its cell.
  uint32_t Captured(int64_t time_ns, uint64_t wire_bytes);
  // What the frame came to.
  void Judged(uint32_t cell, Verdict verdict, uint64_t wire_bytes);
  // Frames that the filter kept back: captured and judged, under minute 0.
  void Filtered(uint64_t frames, uint64_t wire_bytes);

  // Calls write(LedgerRow) for all that was counted, a cell after the other; `tally(cell)` is what
  // the workers together counted of it.
  template <typename Tally, typename Write>
  void ForEachRow(Tally tally, Write write) const {
    for (uint32_t at = 0; at < used_; ++at) WriteCell(cells_[at], tally(at), write);
  }

 private:
  static constexpr size_t kCaptured = static_cast<size_t>(Outcome::kCaptured);

  struct Cell {
    int64_t start_ns;
    uint32_t source;
    std::array<uint64_t, kCaptured + 1> packets;
    std::array<uint64_t, kCaptured + 1> bytes;
  };
  struct Source {
    uint64_t fingerprint;
    uint64_t version;  // Frames captured and frames delivered: what a longer run has more of.
  };

  uint32_t Find(int64_t start_ns);

  template <typename Write>
  void WriteCell(const Cell& cell, const FlowTally& tally, Write write) const {
    const Source& source = sources_[cell.source];
    const auto put = [&](Outcome outcome, uint64_t packets, uint64_t bytes) {
      if (packets == 0 && bytes == 0) return;
      write({cell.start_ns, source.fingerprint, packets, bytes, outcome, source.version});
    };
    for (size_t n = 0; n < kVerdictCount; ++n) {
      put(static_cast<Outcome>(n), cell.packets[n], cell.bytes[n]);
    }
    for (size_t n = FlowTally::kFirst; n < kOutcomeCount; ++n) {
      const auto outcome = static_cast<Outcome>(n);
      put(outcome, tally.PacketsOf(outcome), tally.BytesOf(outcome));
    }
    put(Outcome::kCaptured, cell.packets[kCaptured], cell.bytes[kCaptured]);
  }

  std::vector<Source> sources_;
  uint32_t source_ = 0;  // The present one.
  MappedArray<Cell> cells_;
  MappedArray<uint32_t> index_;  // By hash of source and minute: the number of the cell plus one.
  uint32_t used_ = 0;
  size_t minutes_ = 0;  // Cells but for those of minute 0.
  uint32_t recent_ = UINT32_MAX;
};

// Of a replay a minute is complete only in the end, since a byte may wait until its flow ends for
// its fate. `tally` is as for ForEachRow().
void WriteLedger(const Ledger& ledger, const std::function<FlowTally(uint32_t)>& tally,
                 EventOutput& output);

}  // namespace dfc
