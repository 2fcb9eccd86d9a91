#include "memory_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "dfc/event.h"
#include "ledger.h"
#include "packet_block.h"

namespace dfc {

namespace {

constexpr size_t kMiB = size_t{1} << 20;

// Reading (1 MiB window, look-ahead, decompression), fragments (15 MiB), the capture thread's
// ledger as far as a capture of days fills it, the program, its libraries and the store's cache.
constexpr size_t kFixedBytes = 56 * kMiB;
constexpr size_t kPacketBlocks = 8;
// A flow's slot, its TCP state or two ICMP requests, and entries of the indexes, rounded up.
constexpr size_t kFlowBytes = 832;
// Of what is left, this part is for flows, the rest for their content.
constexpr size_t kFlowsPercent = 40;
constexpr size_t kWorkerBytesMin = 16 * kMiB;
// Of a live capture: which minute a cell of the ledger serves, minutes that wait for the sink, and
// the blocks of a spool: two on their way to the store, one each being written, dropped, kept, cut.
constexpr size_t kCellUseBytes = 24;
constexpr size_t kLiveFixedBytes = 8 * kMiB;
// A live capture can't wait while a disk takes its time.
constexpr size_t kLiveEventBlocks = 64;

}  // namespace

absl::StatusOr<MemoryPlan> PlanMemory(size_t memory_bytes_max, size_t workers, size_t files,
                                      bool live) {
  MemoryPlan plan;
  plan.packet_blocks = kPacketBlocks;
  plan.event_blocks = live ? std::clamp<size_t>(kLiveEventBlocks / workers, 8, kLiveEventBlocks)
                           : std::clamp<size_t>(16 / workers, 3, 8);
  plan.limits.ledger_cells = Ledger::CellsMax(files);
  const size_t cell_bytes = sizeof(FlowTally) + (live ? kCellUseBytes : 0);
  const size_t blocks_bytes =
      workers * (plan.packet_blocks * PacketBlock::MemoryBytes() +
                 plan.event_blocks * EventBlock::kBytes + plan.limits.ledger_cells * cell_bytes);
  const size_t fixed_bytes = kFixedBytes + (live ? kLiveFixedBytes : 0);
  const size_t least = fixed_bytes + blocks_bytes + workers * kWorkerBytesMin;
  if (memory_bytes_max < least) {
    return absl::InvalidArgumentError(
        fmt::format("--memory-max {}M is too little for {} worker{}; {}M is the least",
                    memory_bytes_max / kMiB, workers, workers == 1 ? "" : "s", least / kMiB + 1));
  }
  const size_t share = (memory_bytes_max - fixed_bytes - blocks_bytes) / workers;
  const size_t flows_bytes = share / 100 * kFlowsPercent;
  plan.limits.flows_max = flows_bytes / kFlowBytes;
  plan.limits.content_bytes_max = share - flows_bytes;
  plan.limits.held_bytes_max =
      std::min(plan.limits.held_bytes_max, plan.limits.content_bytes_max / 4);
  return plan;
}

}  // namespace dfc
