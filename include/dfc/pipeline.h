// The threads: one captures and decodes, N work, one sinks. Blocks cross, nothing else does.
// Module: pipeline
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dfc/dead_letters.h"
#include "dfc/decode.h"
#include "dfc/flow_engine.h"
#include "dfc/host_policy.h"
#include "dfc/live_source.h"
#include "dfc/packet_source.h"
#include "dfc/run_figures.h"
#include "dfc/spool.h"
#include "dfc/spool_state.h"
#include "dfc/status.h"
#include "dfc/store.h"
#include "dfc/time.h"
#include "dfc/verdict.h"

namespace dfc {

// Where blocks go that the store does not take, and rows that it refuses.
struct SpoolUse {
  Spool* spool = nullptr;  // Live captures only; a replay waits instead.
  bool durable = false;    // Each block by way of the spool.
  DeadLetters* dead_letters = nullptr;
  std::function<void(const SpoolState&)> tell = {};  // About once a second; from the sink.
};

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
  uint64_t content_flow_bytes_max = UINT64_MAX;  // As in FlowLimits.
  uint64_t content_side_bytes_max = UINT64_MAX;
  ContentExceptions no_content = {};
  std::function<void(std::string)> log = {};  // One line an event; from any thread.
  // A replay: a store that goes away is waited for until `progress.stop`. A live capture waits
  // always.
  bool wait_for_store = false;
  // Live: on the capture's clock, so long at most is content held before it is in the store or in
  // the spool.
  int64_t flush_interval_ns = 2 * kNsPerSecond;
  SpoolUse spool = {};
};

struct SpoolReport {
  SpoolState state;
  SpoolAmount left;  // For the next run.
};

// What a run came to. Figures of the capture thread, the workers and the sink, added up.
struct PipelineReport {
  std::array<uint64_t, kVerdictCount> packets{};
  std::array<uint64_t, kVerdictCount> bytes{};
  FlowCounters flows;
  FragmentCounters fragments;
  uint64_t checksums_offloaded = 0;
  bool is_live = false;
  uint64_t datagrams_dropped = 0;  // Live: of packets that were delivered without them.
  uint64_t rows = 0;
  uint64_t blocks = 0;
  uint64_t dead_rows = 0;            // Refused by the store, and set aside.
  std::optional<SpoolReport> spool;  // Of a run with one.
  int64_t elapsed_ns = 0;
  // Files that could not be read to their end: damage, with its offset. The rest was processed.
  std::vector<absl::Status> damage;
};

// Read by others while the run goes on; one writer each, relaxed.
struct PipelineProgress {
  RunFigures figures;
  std::atomic<uint64_t> packets{0};
  std::atomic<uint64_t> bytes_done{0};
  std::atomic<uint64_t> bytes_total{0};
  std::atomic<bool> stop{false};  // Set by a signal handler: drain and stop.
  std::function<void()> tick;     // Called by the capture thread about every 200 ms, if set.
};

// Names a run: when it began, odd where it is a live capture, even where it is a replay. What a
// spool is opened with.
uint64_t RunEpoch(bool live);

// kInvalidArgument when `memory_bytes_max` is too little for that many workers; says how much is
// enough. RunReplay() and RunLive() check it too; without files it is a live capture that is meant.
absl::Status CheckMemory(const PipelineOptions& options);

// Runs to the end of the last file. Not OK only when the run itself failed (the store refused a
// block); damaged files are in the report.
absl::StatusOr<PipelineReport> RunReplay(const PipelineOptions& options, Store& store,
                                         PipelineProgress& progress);

// Captures until `progress.stop` is set, then writes all that was captured. A store that is away is
// waited for, while blocks go to the spool, and packets for which there is neither spool nor memory
// are dropped and counted; not OK when blocks are lost: without a spool when the store refused one,
// and with none or a full one when it was away when the capture was to stop. `options.files` and
// `filter` are not looked at.
absl::StatusOr<PipelineReport> RunLive(const PipelineOptions& options, LiveSource& source,
                                       Store& store, PipelineProgress& progress);

// Does `work` in the calling thread, and `round` in another one meanwhile, again and again with
// such pauses. Returns when both are over.
void RunBeside(const std::function<void()>& work, const std::function<void()>& round,
               int64_t pause_ns);

}  // namespace dfc
