// What a worker's packets and their payload came to, by cell: one minute of one input.
//
// The capture thread numbers the cells (Packet::ledger_cell), so that here is no search and no
// bound to reach: it gives out no more than there are. One worker owns it; the capture thread reads
// it once that worker has ended.
#pragma once

#include "dfc/check.h"
#include "dfc/flow_engine.h"
#include "dfc/memory.h"

namespace dfc {

class FlowLedger {
 public:
  explicit FlowLedger(size_t cells) : cells_(cells) {}

  // A flow has counted the packet.
  void CountPacket(const Packet& packet) {
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

 private:
  FlowTally& Cell(uint32_t cell) const {
    DFC_CHECK(cell < cells_.size());
    return cells_[cell];
  }
  static constexpr size_t Index(Outcome outcome) {
    return static_cast<size_t>(outcome) - FlowTally::kFirst;
  }

  MappedArray<FlowTally> cells_;
};

}  // namespace dfc
