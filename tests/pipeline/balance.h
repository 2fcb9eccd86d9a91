// Whether what a run tells and the rows that it wrote add up.
#pragma once

#include "dfc/pipeline.h"
#include "event_rows.h"

namespace dfc {

template <typename Counts>
uint64_t Total(const Counts& counts) {
  uint64_t sum = 0;
  for (const uint64_t count : counts) sum += count;
  return sum;
}

// The packets of the ledger's rows of these outcomes, and the bytes.
uint64_t LedgerPackets(const EventRows& rows, Outcome first, Outcome last);
uint64_t LedgerBytes(const EventRows& rows, Outcome first, Outcome last);

// Each delivered packet is in a flow, each frame in the ledger, and each payload byte too.
void ExpectBalanced(const PipelineReport& report, const EventRows& rows);

}  // namespace dfc
