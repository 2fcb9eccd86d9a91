// What a worker's packets and their payload came to, by cell: one minute of one input.
//
// The capture thread numbers the cells (Packet::ledger_cell), so that here is no search and no
// bound to reach: it gives out no more than there are. One worker owns it; of a replay the capture
// thread reads it once that worker has ended. Of a live capture the counts leave as rows to be
// added up, and only those cells are looked at that are in use: those with packets since the last
// time, and those with bytes whose fate is open.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "dfc/check.h"
#include "dfc/flow_engine.h"
#include "dfc/memory.h"
#include "dfc/time.h"

namespace dfc {

class FlowLedger {
 public:
  FlowLedger(size_t cells, std::optional<uint64_t> live_source)
      : cells_(cells), live_source_(live_source), uses_(live_source ? cells : 1) {
    if (live_source) in_use_.reserve(cells);
  }

  // A flow has counted the packet.
  void CountPacket(const Packet& packet) {
    if (live_source_ && packet.ledger_cell != newest_) Use(packet);
    FlowTally& cell = Cell(packet.ledger_cell);
    const size_t kind = Index(FlowOutcome(packet.tuple.protocol));
    ++cell.packets[kind];
    cell.bytes[kind] += packet.ip_bytes;
  }

  // The packet's payload is on offer: what becomes of each byte is to be counted.
  void CountPayload(const Packet& packet) {
    const bool tcp = packet.tuple.protocol == kTcp;
    CountBytes(packet.ledger_cell, tcp ? Outcome::kTcpPayload : Outcome::kDatagramPayload,
               packet.payload_bytes);
  }

  // The fate of some of that payload. REQUIRES: `cell` is that of the packet which brought it.
  void CountBytes(uint32_t cell, Outcome fate, uint64_t bytes) {
    Cell(cell).bytes[Index(fate)] += bytes;
  }

  const FlowTally& tally(uint32_t cell) const { return Cell(cell); }

  // Live: calls write(LedgerRow) for what was counted since the last call. Nothing in a replay.
  template <typename Write>
  void TakeChanges(Write write) {
    oldest_open_ns_ = std::numeric_limits<int64_t>::max();
    size_t kept = 0;
    for (const uint32_t at : in_use_) {
      CellUse& use = uses_[at];
      WriteCell(Cell(at), use.minute_ns, write);
      use.open_bytes += OpenBytes(Cell(at));
      Cell(at) = FlowTally{};
      if (use.open_bytes != 0 && at != 0)
        oldest_open_ns_ = std::min(oldest_open_ns_, use.minute_ns);
      use.listed = use.open_bytes != 0;
      if (use.listed) in_use_[kept++] = at;
    }
    in_use_.resize(kept);
    newest_ = UINT32_MAX;
  }

  // As of the last TakeChanges().
  int64_t oldest_open_ns() const { return oldest_open_ns_; }

 private:
  // Of a cell of a live capture.
  struct CellUse {
    int64_t minute_ns;
    uint64_t open_bytes;  // Of its packets' payload, without a fate in what has been written.
    bool listed;
  };

  FlowTally& Cell(uint32_t cell) const {
    DFC_CHECK(cell < cells_.size());
    return cells_[cell];
  }
  static constexpr size_t Index(Outcome outcome) {
    return static_cast<size_t>(outcome) - FlowTally::kFirst;
  }

  void Use(const Packet& packet) {
    newest_ = packet.ledger_cell;
    CellUse& use = uses_[newest_];
    if (use.listed) return;
    use.minute_ns = newest_ == 0 ? 0 : MinuteOf(packet.clock_ns);
    use.listed = true;
    in_use_.push_back(newest_);
  }

  // Payload on offer less the fates: what bytes that were open before came to makes it "negative",
  // which unsigned numbers add up all the same.
  static uint64_t OpenBytes(const FlowTally& tally) {
    uint64_t open = 0;
    for (size_t n = Index(Outcome::kTcpPayload); n < tally.bytes.size(); ++n) {
      const bool on_offer =
          n == Index(Outcome::kTcpPayload) || n == Index(Outcome::kDatagramPayload);
      open += on_offer ? tally.bytes[n] : -tally.bytes[n];
    }
    return open;
  }

  template <typename Write>
  void WriteCell(const FlowTally& tally, int64_t minute_ns, Write write) const {
    for (size_t n = FlowTally::kFirst; n < kOutcomeCount; ++n) {
      const auto outcome = static_cast<Outcome>(n);
      const uint64_t packets = tally.PacketsOf(outcome);
      const uint64_t bytes = tally.BytesOf(outcome);
      if (packets == 0 && bytes == 0) continue;
      write(LedgerRow{minute_ns, *live_source_, packets, bytes, outcome});
    }
  }

  MappedArray<FlowTally> cells_;
  const std::optional<uint64_t> live_source_;
  MappedArray<CellUse> uses_;
  std::vector<uint32_t> in_use_;  // Never grows past what is reserved.
  uint32_t newest_ = UINT32_MAX;
  int64_t oldest_open_ns_ = std::numeric_limits<int64_t>::max();
};

}  // namespace dfc
