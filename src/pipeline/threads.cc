// Every thread of a run is made here:
//
//   caller   captures: reads, decodes, deals out    (ReplayRun and CaptureStage, or LiveRun and
//                                                    LiveStage)
//   worker n keeps its flows                        (WorkerStage)
//   sink     writes to the store                    (SinkStage), or, with a spool,
//            to that, or hands on to the store's    (SpoolSink)
//   store    writes to the store, with a spool      (StoreStage)
//   beside   what a command does while it runs: RunBeside()
//
// Started sink first, stopped capture first: each stage sees its queue drained before it ends.
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "capture_stage.h"
#include "dfc/pipeline.h"
#include "dfc/time.h"
#include "live_run.h"
#include "measured_store.h"
#include "memory_plan.h"
#include "replay_run.h"
#include "sink_stage.h"
#include "spool_sink.h"
#include "store_stage.h"
#include "worker_stage.h"

namespace dfc {

namespace {

constexpr size_t kLedgerBlocks = 2;
// A ring of 64 MiB holds half a second of 1 Gbit/s.
constexpr int64_t kPatienceNs = 500 * kNsPerMs;

uint64_t RandomSecret() {
  uint64_t secret = 0;
  DFC_CHECK(::getrandom(&secret, sizeof secret, 0) == sizeof secret);
  return secret;
}

// As `top -H` and debuggers show the calling thread; 15 letters at most.
void NameThread(const std::string& name) { ::prctl(PR_SET_NAME, name.c_str()); }

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
        stage(LimitsOf(plan, n), options.sensor, secret, packets, output, capture_bell,
              plan.limits.live_source ? &link : nullptr) {}

  void Run(Published<WorkerFigures>& figures) {
    while (!stage.done()) {
      const uint32_t heard = link.bell.Heard();
      if (!stage.RunOnce()) link.bell.WaitPast(heard);
      link.turns.fetch_add(1, std::memory_order_relaxed);
      figures.Set({stage.counters(), packets.filled.size(), link.storage.size() - link.empty.size(),
                   static_cast<uint64_t>(stage.shedding())});
    }
    output.End();
  }

  PacketLink packets;
  EventLink link;
  LinkedOutput output;
  WorkerStage stage;
};

// What a stage of the capture thread counts.
template <typename Stage>
void AddVerdicts(const Stage& stage, PipelineReport& report) {
  for (size_t at = 0; at < kVerdictCount; ++at) {
    report.packets[at] += stage.packets()[at];
    report.bytes[at] += stage.bytes()[at];
  }
  report.fragments = stage.decoder().fragments();
  report.checksums_offloaded = stage.decoder().checksums_offloaded();
}

constexpr int64_t kLastDrainNs = 10 * kNsPerSecond;
constexpr std::chrono::milliseconds kSinkNap{2};

// Sink and store of a run with a spool, each in a thread of its own.
class SpoolCrew {
 public:
  SpoolCrew(const PipelineOptions& options, Store& store, EventQueue& events,
            std::vector<EventLink*> links, Doorbell& sink_bell, uint64_t epoch)
      : sink_bell_(sink_bell),
        stage_(store, options.spool.dead_letters, link_, sink_bell),
        sink_(*options.spool.spool, link_, events, std::move(links), epoch,
              {.durable = options.spool.durable,
               .patience_ns = options.flush_interval_ns / 4,
               .last_drain_ns = kLastDrainNs,
               .jitter_seed = RandomSecret(),
               .log = options.log,
               .tell = options.spool.tell}) {}

  void Run(std::atomic<uint64_t>& turns) {
    std::thread store_thread([this] {
      NameThread("dfc-store");
      RunStore();
    });
    while (!sink_.done()) {
      const uint32_t heard = sink_bell_.Heard();
      turns.fetch_add(1, std::memory_order_relaxed);
      if (sink_.RunOnce(MonotonicClockNs(), WallClockNs())) continue;
      // Doorbells know no time; what is due without one is never due at once.
      if (sink_.is_timed()) {
        std::this_thread::sleep_for(kSinkNap);
      } else {
        sink_bell_.WaitPast(heard);
      }
    }
    store_thread.join();
  }

  const SpoolSink& sink() const { return sink_; }

 private:
  void RunStore() {
    while (!stage_.done()) {
      const uint32_t heard = link_.bell.Heard();
      if (!stage_.RunOnce()) link_.bell.WaitPast(heard);
    }
  }

  Doorbell& sink_bell_;
  StoreLink link_;
  StoreStage stage_;
  SpoolSink sink_;
};

// All threads of one run but the caller's, and the queues between them.
class Crew {
 public:
  Crew(const PipelineOptions& options, const MemoryPlan& plan, Store& store, RunFigures& figures,
       bool live, SinkOptions sink)
      : figures_(figures),
        store_(store, figures),
        epoch_(options.spool.spool != nullptr ? options.spool.spool->epoch() : RunEpoch(live)),
        events_(options.workers * plan.event_blocks + kLedgerBlocks, options.workers + 1),
        workers_(MakeWorkers(options, plan)),
        ledger_link_(kLedgerBlocks, static_cast<uint32_t>(options.workers), events_),
        ledger_output_(ledger_link_, events_, sink_bell_),
        sink_(store_, events_, EventLinks(), epoch_, std::move(sink)) {
    figures.started_s = static_cast<uint64_t>(WallClockNs() / kNsPerSecond);
    figures.worker_count = options.workers;
    figures.packet_blocks = plan.packet_blocks;
    figures.event_blocks = plan.event_blocks;
    figures.flows_max = plan.limits.flows_max;
    if (options.spool.spool == nullptr) return;
    spool_ =
        std::make_unique<SpoolCrew>(options, store_, events_, EventLinks(), sink_bell_, epoch_);
    left_ = options.spool.spool;
  }

  Dealer MakeDealer() {
    std::vector<PacketLink*> links;
    std::vector<Doorbell*> bells;
    for (const auto& worker : workers_) {
      links.push_back(&worker->packets);
      bells.push_back(&worker->link.bell);
    }
    return Dealer(std::move(links), std::move(bells), RandomSecret());
  }

  // Runs `capture` while the threads run, and `finish` once the workers have ended. Then the sums
  // of all threads are in `report`.
  template <typename Capture, typename Finish>
  absl::Status Run(Capture capture, Finish finish, PipelineReport& report) {
    std::thread sink_thread([this] {
      NameThread("dfc-sink");
      spool_ != nullptr ? spool_->Run(figures_.sink_turns) : RunSink();
    });
    std::vector<std::thread> worker_threads;
    for (size_t n = 0; n < workers_.size(); ++n) {
      worker_threads.emplace_back([this, n] {
        NameThread(fmt::format("dfc-worker-{}", n));
        workers_[n]->Run(figures_.workers[n]);
      });
    }
    capture();
    for (std::thread& thread : worker_threads) thread.join();
    finish();
    ledger_output_.End();
    sink_thread.join();

    for (const auto& worker : workers_) report.flows.Add(worker->stage.counters());
    return spool_ != nullptr ? EndWithSpool(report) : EndWithoutSpool(report);
  }

  // Capture thread: all others look for work, and what they have counted until now is told.
  void Wake() {
    for (size_t n = 0; n < workers_.size(); ++n) {
      figures_.worker_turns[n] = workers_[n]->link.turns.load(std::memory_order_relaxed);
      workers_[n]->link.bell.Ring();
    }
    sink_bell_.Ring();
  }

  // REQUIRES: the workers have ended.
  FlowTally TallyOf(uint32_t cell) const {
    FlowTally sum{};
    for (const auto& worker : workers_) sum.Add(worker->stage.tally(cell));
    return sum;
  }

  Doorbell& capture_bell() { return capture_bell_; }
  EventLink& ledger_link() { return ledger_link_; }
  LinkedOutput& ledger_output() { return ledger_output_; }
  const std::atomic<bool>& failed() const { return failed_; }

 private:
  std::vector<std::unique_ptr<Worker>> MakeWorkers(const PipelineOptions& options,
                                                   const MemoryPlan& plan) {
    std::vector<std::unique_ptr<Worker>> workers;
    const uint64_t table_secret = RandomSecret();
    for (uint32_t n = 0; n < options.workers; ++n) {
      workers.push_back(std::make_unique<Worker>(options, plan, n, table_secret, events_,
                                                 sink_bell_, capture_bell_));
    }
    return workers;
  }

  absl::Status EndWithoutSpool(PipelineReport& report) {
    const absl::Status ended = sink_.status().ok() ? sink_.EndRun() : store_.EndRun(epoch_);
    DFC_RETURN_IF_ERROR(sink_.status());
    DFC_RETURN_IF_ERROR(ended);
    report.rows = sink_.rows();
    report.dead_rows = sink_.dead_rows();
    report.blocks = sink_.blocks();
    return absl::OkStatus();
  }

  // While blocks are in the spool, the store must remember which ones it has.
  absl::Status EndWithSpool(PipelineReport& report) {
    const SpoolSink& sink = spool_->sink();
    if (sink.all_stored()) store_.EndRun(epoch_).IgnoreError();
    report.rows = sink.rows();
    report.dead_rows = sink.state().rows_dead;
    report.blocks = sink.blocks();
    const SpoolAmount current = left_->waiting(Spool::Lane::kCurrent);
    const SpoolAmount backlog = left_->waiting(Spool::Lane::kBacklog);
    report.spool = {sink.state(), {current.blocks + backlog.blocks, current.rows + backlog.rows}};
    return sink.status();
  }

  std::vector<EventLink*> EventLinks() {
    std::vector<EventLink*> links;
    for (const auto& worker : workers_) links.push_back(&worker->link);
    links.push_back(&ledger_link_);
    return links;
  }

  void RunSink() {
    while (!sink_.done()) {
      const uint32_t heard = sink_bell_.Heard();
      figures_.sink_turns.fetch_add(1, std::memory_order_relaxed);
      if (!sink_.RunOnce()) sink_bell_.WaitPast(heard);
      // Only a hint to stop reading; the status itself is read after the join.
      if (!sink_.status().ok()) failed_.store(true, std::memory_order_relaxed);
    }
  }

  RunFigures& figures_;
  MeasuredStore store_;
  const uint64_t epoch_;
  Doorbell sink_bell_;
  Doorbell capture_bell_;
  std::atomic<bool> failed_{false};
  EventQueue events_;
  std::vector<std::unique_ptr<Worker>> workers_;
  EventLink ledger_link_;
  LinkedOutput ledger_output_;
  SinkStage sink_;
  std::unique_ptr<SpoolCrew> spool_;  // Instead of `sink_`.
  Spool* left_ = nullptr;
};

DecodeOptions DecodeOptionsOf(const PipelineOptions& options) {
  return {.checksums = options.checksums,
          .fragment_secret = RandomSecret(),
          .host_policies = options.host_policies};
}

// A live capture has one input, which is no file.
absl::StatusOr<MemoryPlan> PlanOf(const PipelineOptions& options, bool live) {
  const size_t files = live ? 1 : options.files.size();
  DFC_ASSIGN_OR_RETURN(MemoryPlan plan,
                       PlanMemory(options.memory_bytes_max, options.workers, files, live));
  plan.limits.host_policies = options.host_policies;
  plan.limits.urgent = options.urgent;
  plan.limits.content_flow_bytes_max = options.content_flow_bytes_max;
  plan.limits.content_side_bytes_max = options.content_side_bytes_max;
  plan.limits.no_content = options.no_content;
  if (live) plan.limits.live_source = RandomSecret();
  return plan;
}

}  // namespace

uint64_t RunEpoch(bool live) {
  return (static_cast<uint64_t>(WallClockNs()) & ~uint64_t{1}) | (live ? 1 : 0);
}

absl::Status CheckMemory(const PipelineOptions& options) {
  return PlanOf(options, options.files.empty()).status();
}

absl::StatusOr<PipelineReport> RunReplay(const PipelineOptions& options, Store& store,
                                         PipelineProgress& progress) {
  DFC_ASSIGN_OR_RETURN(const MemoryPlan plan, PlanOf(options, false));
  const int64_t started_ns = MonotonicClockNs();
  PipelineReport report;
  Crew crew(options, plan, store, progress.figures, false,
            {.give_up = options.wait_for_store ? &progress.stop : nullptr,
             .log = options.log,
             .dead_letters = options.spool.dead_letters});
  CaptureStage stage(crew.MakeDealer(), DecodeOptionsOf(options), options.files.size());
  const auto tally = [&](uint32_t cell) { return crew.TallyOf(cell); };
  ReplayRun run(options, progress, report, stage, crew.capture_bell(), crew.failed());
  DFC_RETURN_IF_ERROR(crew.Run([&] { run.Run(); },
                               [&] { WriteLedger(stage.ledger(), tally, crew.ledger_output()); },
                               report));
  AddVerdicts(stage, report);
  report.elapsed_ns = MonotonicClockNs() - started_ns;
  return report;
}

absl::StatusOr<PipelineReport> RunLive(const PipelineOptions& options, LiveSource& source,
                                       Store& store, PipelineProgress& progress) {
  DFC_ASSIGN_OR_RETURN(const MemoryPlan plan, PlanOf(options, true));
  // With a spool the store may be away.
  const absl::Status indexed = store.MakeIndexes();
  if (options.spool.spool == nullptr) DFC_RETURN_IF_ERROR(indexed);
  const int64_t started_ns = MonotonicClockNs();
  PipelineReport report;
  Crew crew(
      options, plan, store, progress.figures, true,
      {.give_up = &progress.stop, .log = options.log, .dead_letters = options.spool.dead_letters});
  LiveStage stage(crew.MakeDealer(), DecodeOptionsOf(options), *plan.limits.live_source,
                  plan.limits.ledger_cells, kPatienceNs, options.flush_interval_ns / 4);
  LiveRun run(source, stage, crew.ledger_link(), crew.ledger_output(), crew.capture_bell(),
              progress, crew.failed(), [&] { crew.Wake(); }, options.log);
  DFC_RETURN_IF_ERROR(crew.Run([&] { run.Run(); }, [&] { run.WriteLedger(); }, report));
  AddVerdicts(stage, report);
  report.is_live = true;
  report.datagrams_dropped = stage.datagrams_dropped();
  report.elapsed_ns = MonotonicClockNs() - started_ns;
  return report;
}

void RunBeside(const std::function<void()>& work, const std::function<void()>& round,
               int64_t pause_ns) {
  // A pause is made of parts, so that nobody has to wait for the end of one.
  constexpr int64_t kPartNs = 20 * kNsPerMs;
  std::atomic<bool> over{false};
  std::thread beside([&] {
    while (!over.load()) {
      round();
      for (int64_t left_ns = pause_ns; left_ns > 0 && !over.load(); left_ns -= kPartNs) {
        std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(left_ns, kPartNs)));
      }
    }
  });
  work();
  over.store(true);
  beside.join();
}

}  // namespace dfc
