// How `--memory-max` is shared out, term by term.
#pragma once

#include <cstddef>

#include "dfc/flow_engine.h"
#include "dfc/status.h"

namespace dfc {

struct MemoryPlan {
  size_t packet_blocks = 0;  // A worker.
  size_t event_blocks = 0;   // A worker.
  FlowLimits limits;         // Of each worker.
};

// kInvalidArgument when it is too little for that many workers; the message says how much is
// enough.
absl::StatusOr<MemoryPlan> PlanMemory(size_t memory_bytes_max, size_t workers, size_t files = 1,
                                      bool live = false);

}  // namespace dfc
