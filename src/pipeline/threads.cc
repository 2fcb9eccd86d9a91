// Every thread of a replay is made here:
//
//   caller   captures: reads, decodes, deals out             (CaptureStage)
//   worker n keeps its flows                                 (WorkerStage)
//   sink     writes to the store                             (SinkStage)
//
// Started sink first, stopped capture first: each stage sees its queue drained before it ends.
#include <sys/random.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "capture_stage.h"
#include "checksum_sample.h"
#include "dfc/pipeline.h"
#include "dfc/time.h"
#include "memory_plan.h"
#include "sink_stage.h"
#include "worker_stage.h"

namespace dfc {

namespace {

constexpr size_t kFramesATurn = 256;
constexpr int64_t kTickNs = 200 * kNsPerMs;

uint64_t RandomSecret() {
  uint64_t secret = 0;
  DFC_CHECK(::getrandom(&secret, sizeof secret, 0) == sizeof secret);
  return secret;
}

FlowLimits LimitsOf(const MemoryPlan& plan, uint32_t worker) {
  FlowLimits limits = plan.limits;
  limits.worker = worker;
  return limits;
}

// One worker with everything that belongs to it.
struct Worker {
  Worker(const PipelineOptions& options, const MemoryPlan& plan, uint32_t n, uint64_t secret,
         EventQueue& events, Doorbell& sink_bell, Doorbell& capture_bell)
      : packets(plan.packet_blocks),
        link(plan.event_blocks, n, events),
        output(link, events, sink_bell),
        stage(LimitsOf(plan, n), options.sensor, secret, packets, output, capture_bell) {}

  void Run() {
    while (!stage.done()) {
      const uint32_t heard = link.bell.Heard();
      if (!stage.RunOnce()) link.bell.WaitPast(heard);
    }
    output.End();
  }

  PacketLink packets;
  EventLink link;
  LinkedOutput output;
  WorkerStage stage;
};

void RunSink(SinkStage& sink, Doorbell& bell, std::atomic<bool>& failed) {
  while (!sink.done()) {
    const uint32_t heard = bell.Heard();
    if (!sink.RunOnce()) bell.WaitPast(heard);
    // Only a hint to stop reading; the status itself is read after the join.
    if (!sink.status().ok()) failed.store(true, std::memory_order_relaxed);
  }
}

// The capture thread's part of a run.
class Replay {
 public:
  Replay(const PipelineOptions& options, PipelineProgress& progress, PipelineReport& report,
         CaptureStage& stage, Doorbell& bell, const std::atomic<bool>& failed)
      : options_(options),
        progress_(progress),
        report_(report),
        stage_(stage),
        bell_(bell),
        failed_(failed) {}

  void Run() {
    uint64_t bytes_total = 0;
    for (const std::string& file : options_.files) {
      std::error_code none;  // A pipe has no size; then the total stays unknown.
      const uintmax_t bytes = std::filesystem::file_size(file, none);
      if (!none) bytes_total += bytes;
    }
    progress_.bytes_total.store(bytes_total, std::memory_order_relaxed);
    for (size_t n = 0; n < options_.files.size() && !Stopped(); ++n) {
      absl::Status status = RunFile(n);
      if (!status.ok()) report_.damage.push_back(std::move(status));
    }
    Repeat([&] { return stage_.Finish(); });
  }

 private:
  bool Stopped() const {
    return progress_.stop.load(std::memory_order_relaxed) ||
           failed_.load(std::memory_order_relaxed);
  }

  // Calls `done` until it says true, and sleeps until a block comes back in between.
  template <typename Done>
  void Repeat(Done done) {
    while (true) {
      const uint32_t heard = bell_.Heard();
      if (done()) return;
      bell_.WaitPast(heard);
    }
  }

  // Before file `n` is worked on, unless it goes on with a capture of which enough was looked at.
  void LearnChecksums(const LookAhead& frames, size_t n) {
    if (frames.frames().empty()) return;
    const int64_t first_ns = frames.frames().front().time_ns;
    const bool goes_on = last_time_ns_ && ChecksumSample::GoesOn(*last_time_ns_, first_ns);
    if (goes_on && n < files_sampled_) return;
    ChecksumSample sample(frames);
    const std::vector<std::string>& files = options_.files;
    for (++n; n < files.size() && sample.AddFile(files[n], options_.filter);) ++n;
    files_sampled_ = sample.is_full() ? SIZE_MAX : n;
    stage_.LearnChecksums(sample.frames());
  }

  absl::Status RunFile(size_t n) {
    DFC_ASSIGN_OR_RETURN(const std::unique_ptr<PacketSource> source,
                         OpenCaptureFile(options_.files[n], options_.filter));
    LookAhead frames(*source);
    stage_.Begin(frames, source->fingerprint());
    LearnChecksums(frames, n);
    bool more = true;
    while (more && !Stopped()) {
      const uint32_t heard = bell_.Heard();
      const CaptureStage::Turn turn = stage_.RunOnce(options_.pace ? 1 : kFramesATurn);
      if (turn == CaptureStage::Turn::kBlocked) bell_.WaitPast(heard);
      more = turn != CaptureStage::Turn::kEnd;
      if (options_.pace) Pace(bytes_done_ + source->bytes_read());
      Tick(bytes_done_ + source->bytes_read());
    }
    bytes_done_ += source->bytes_read();
    Repeat([&] { return stage_.Settle(); });
    if (!frames.frames().empty()) last_time_ns_ = frames.last_time_ns();
    CountFiltered(*source);
    return source->status();
  }

  void CountFiltered(const PacketSource& source) {
    const auto at = static_cast<size_t>(Verdict::kFiltered);
    if (source.frames_filtered() == 0) return;
    report_.packets[at] += source.frames_filtered();
    report_.bytes[at] += source.bytes_filtered();
    // The source tells no times of what it left out: it all stands under minute 0.
    stage_.ledger().Filtered(source.frames_filtered(), source.bytes_filtered());
  }

  // Waits until the machine's clock has come to the packet that was read last, and lets it go.
  void Pace(uint64_t bytes_done) {
    if (stage_.clock_ns() == INT64_MIN) return;
    if (pace_offset_ns_ == INT64_MIN) pace_offset_ns_ = MonotonicClockNs() - stage_.clock_ns();
    bool waited = false;
    while (!Stopped()) {
      const int64_t early_ns = stage_.clock_ns() + pace_offset_ns_ - MonotonicClockNs();
      if (early_ns <= 0) break;
      std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(early_ns, kTickNs)));
      Tick(bytes_done);
      waited = true;
    }
    if (waited) stage_.Flush();
  }

  void Tick(uint64_t bytes_done) {
    const int64_t now_ns = MonotonicClockNs();
    if (now_ns - ticked_ns_ < kTickNs) return;
    ticked_ns_ = now_ns;
    progress_.packets.store(stage_.packets_total(), std::memory_order_relaxed);
    progress_.bytes_done.store(bytes_done, std::memory_order_relaxed);
    if (progress_.tick) progress_.tick();
  }

  const PipelineOptions& options_;
  PipelineProgress& progress_;
  PipelineReport& report_;
  CaptureStage& stage_;
  Doorbell& bell_;
  const std::atomic<bool>& failed_;
  int64_t pace_offset_ns_ = INT64_MIN;
  int64_t ticked_ns_ = 0;
  uint64_t bytes_done_ = 0;              // Of the files before this one.
  std::optional<int64_t> last_time_ns_;  // Of the last frame in them.
  size_t files_sampled_ = 0;             // Of this capture; the next one has been looked at, too.
};

// Once the workers have ended: their tables and the capture thread's make the ledger's rows. A
// minute is complete only now, since a byte may wait until its flow ends for its fate.
void WriteLedger(const Ledger& ledger, const std::vector<std::unique_ptr<Worker>>& workers,
                 EventOutput& output) {
  EventBlock* block = nullptr;
  const auto write = [&](const LedgerRow& row) {
    if (block == nullptr) block = output.Next(nullptr);
    uint8_t* at = block->Append(RowType::kLedger, sizeof row);
    if (at == nullptr) {
      block = output.Next(block);
      at = block->Append(RowType::kLedger, sizeof row);
    }
    std::memcpy(at, &row, sizeof row);
  };
  const auto tally = [&](uint32_t cell) {
    FlowTally sum{};
    for (const auto& worker : workers) sum.Add(worker->stage.tally(cell));
    return sum;
  };
  ledger.ForEachRow(tally, write);
  if (block != nullptr) output.Last(block);
}

void AddCounters(const FlowCounters& from, FlowCounters& to) {
  for (size_t n = 0; n < std::size(from.flows); ++n) to.flows[n] += from.flows[n];
  to.flows_evicted += from.flows_evicted;
  to.attempts_summed += from.attempts_summed;
  to.content_flushed_early += from.content_flushed_early;
  to.gaps += from.gaps;
  to.gap_bytes += from.gap_bytes;
  to.content_bytes += from.content_bytes;
  to.duplicate_bytes += from.duplicate_bytes;
  to.conflict_bytes += from.conflict_bytes;
  to.refused_bytes += from.refused_bytes;
  to.urgent_bytes += from.urgent_bytes;
  to.shed_bytes += from.shed_bytes;
  to.gaps_given_up_early += from.gaps_given_up_early;
  to.icmp_messages += from.icmp_messages;
  to.icmp_requests_dropped += from.icmp_requests_dropped;
}

}  // namespace

absl::Status CheckMemory(const PipelineOptions& options) {
  return PlanMemory(options.memory_bytes_max, options.workers, options.files.size()).status();
}

absl::StatusOr<PipelineReport> RunReplay(const PipelineOptions& options, Store& store,
                                         PipelineProgress& progress) {
  DFC_ASSIGN_OR_RETURN(MemoryPlan plan,
                       PlanMemory(options.memory_bytes_max, options.workers, options.files.size()));
  plan.limits.host_policies = options.host_policies;
  plan.limits.urgent = options.urgent;
  const int64_t started_ns = MonotonicClockNs();
  const auto epoch = static_cast<uint64_t>(WallClockNs());
  constexpr size_t kLedgerBlocks = 2;
  EventQueue events(options.workers * plan.event_blocks + kLedgerBlocks, options.workers + 1);
  Doorbell sink_bell;
  Doorbell capture_bell;

  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<PacketLink*> packet_links;
  std::vector<EventLink*> event_links;
  std::vector<Doorbell*> worker_bells;
  const uint64_t table_secret = RandomSecret();
  for (uint32_t n = 0; n < options.workers; ++n) {
    workers.push_back(
        std::make_unique<Worker>(options, plan, n, table_secret, events, sink_bell, capture_bell));
    packet_links.push_back(&workers.back()->packets);
    event_links.push_back(&workers.back()->link);
    worker_bells.push_back(&workers.back()->link.bell);
  }
  EventLink ledger_link(kLedgerBlocks, static_cast<uint32_t>(options.workers), events);
  LinkedOutput ledger_output(ledger_link, events, sink_bell);
  event_links.push_back(&ledger_link);

  PipelineReport report;
  std::atomic<bool> failed{false};
  SinkStage sink(store, events, event_links, epoch);
  const DecodeOptions decode{.checksums = options.checksums,
                             .fragment_secret = RandomSecret(),
                             .host_policies = options.host_policies};
  CaptureStage capture(packet_links, worker_bells, decode, RandomSecret(), options.files.size());

  std::thread sink_thread([&] { RunSink(sink, sink_bell, failed); });
  std::vector<std::thread> worker_threads;
  for (const auto& worker : workers) worker_threads.emplace_back([&worker] { worker->Run(); });
  Replay(options, progress, report, capture, capture_bell, failed).Run();
  for (std::thread& thread : worker_threads) thread.join();
  WriteLedger(capture.ledger(), workers, ledger_output);
  ledger_output.End();
  sink_thread.join();

  const absl::Status ended = store.EndRun(epoch);
  DFC_RETURN_IF_ERROR(sink.status());
  DFC_RETURN_IF_ERROR(ended);
  for (size_t at = 0; at < kVerdictCount; ++at) {
    report.packets[at] += capture.packets()[at];
    report.bytes[at] += capture.bytes()[at];
  }
  report.fragments = capture.decoder().fragments();
  report.checksums_offloaded = capture.decoder().checksums_offloaded();
  for (const auto& worker : workers) AddCounters(worker->stage.counters(), report.flows);
  report.rows = sink.rows();
  report.blocks = sink.blocks();
  report.elapsed_ns = MonotonicClockNs() - started_ns;
  return report;
}

}  // namespace dfc
