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

}  // namespace

absl::StatusOr<MemoryPlan> PlanMemory(size_t memory_bytes_max, size_t workers, size_t files) {
  MemoryPlan plan;
  plan.packet_blocks = kPacketBlocks;
  plan.event_blocks = std::clamp<size_t>(16 / workers, 3, 8);
  plan.limits.ledger_cells = Ledger::CellsMax(files);
  const size_t blocks_bytes = workers * (plan.packet_blocks * PacketBlock::MemoryBytes() +
                                         plan.event_blocks * EventBlock::kBytes +
                                         plan.limits.ledger_cells * sizeof(FlowTally));
  const size_t least = kFixedBytes + blocks_bytes + workers * kWorkerBytesMin;
  if (memory_bytes_max < least) {
    return absl::InvalidArgumentError(
        fmt::format("--memory-max {}M is too little for {} worker{}; {}M is the least",
                    memory_bytes_max / kMiB, workers, workers == 1 ? "" : "s", least / kMiB + 1));
  }
  const size_t share = (memory_bytes_max - kFixedBytes - blocks_bytes) / workers;
  const size_t flows_bytes = share / 100 * kFlowsPercent;
  plan.limits.flows_max = flows_bytes / kFlowBytes;
  plan.limits.content_bytes_max = share - flows_bytes;
  plan.limits.held_bytes_max =
      std::min(plan.limits.held_bytes_max, plan.limits.content_bytes_max / 4);
  return plan;
}

}  // namespace dfc
