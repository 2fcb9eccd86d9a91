// The threads: one captures and decodes, N work, one sinks. Blocks cross, nothing else does.
// Module: pipeline
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dfc/decode.h"
#include "dfc/flow_engine.h"
#include "dfc/host_policy.h"
#include "dfc/packet_source.h"
#include "dfc/status.h"
#include "dfc/store.h"
#include "dfc/verdict.h"

namespace dfc {

struct PipelineOptions {
  std::vector<std::string> files;  // In order; "-" is standard input.
  std::string filter;
  std::string sensor = "default";
  size_t workers = 1;
  size_t memory_bytes_max = size_t{384} << 20;  // Every pool together.
  bool pace = false;                            // Packets leave at the capture's own speed.
  Checksums checksums = Checksums::kAuto;
  HostPolicies host_policies = {};
  Urgent urgent = Urgent::kOutOfBand;
};

// What a run came to. Figures of the capture thread, the workers and the sink, added up.
struct PipelineReport {
  std::array<uint64_t, kVerdictCount> packets{};
  std::array<uint64_t, kVerdictCount> bytes{};
  FlowCounters flows;
  FragmentCounters fragments;
  uint64_t checksums_offloaded = 0;
  uint64_t rows = 0;
  uint64_t blocks = 0;
  int64_t elapsed_ns = 0;
  // Files that could not be read to their end: damage, with its offset. The rest was processed.
  std::vector<absl::Status> damage;
};

// Read by a progress bar while the run goes on; one writer, relaxed.
struct PipelineProgress {
  std::atomic<uint64_t> packets{0};
  std::atomic<uint64_t> bytes_done{0};
  std::atomic<uint64_t> bytes_total{0};
  std::atomic<bool> stop{false};  // Set by a signal handler: drain and stop.
  std::function<void()> tick;     // Called by the capture thread about every 200 ms, if set.
};

// kInvalidArgument when `memory_bytes_max` is too little for that many workers; says how much is
// enough. RunReplay() checks it too.
absl::Status CheckMemory(const PipelineOptions& options);

// Runs to the end of the last file. Not OK only when the run itself failed (the store refused a
// block); damaged files are in the report.
absl::StatusOr<PipelineReport> RunReplay(const PipelineOptions& options, Store& store,
                                         PipelineProgress& progress);

}  // namespace dfc
