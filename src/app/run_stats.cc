#include "run_stats.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>

#include "dfc/file.h"
#include "dfc/log_value.h"
#include "dfc/pipeline.h"
#include "dfc/time.h"
#include "exposition.h"

namespace dfc {
namespace {

constexpr int64_t kRoundNs = 5 * kNsPerSecond;

void AddFrames(const CaptureFigures& capture, Exposition& out) {
  out.Counter("dfc_packets_total", "Frames by what became of them.");
  for (size_t n = 0; n < kVerdictCount; ++n) {
    out.Add(capture.packets[n], {{"outcome", VerdictName(static_cast<Verdict>(n))}});
  }
  out.Counter("dfc_bytes_total", "The same in bytes on the wire.");
  for (size_t n = 0; n < kVerdictCount; ++n) {
    out.Add(capture.bytes[n], {{"outcome", VerdictName(static_cast<Verdict>(n))}});
  }
}

FlowCounters SumOf(const RunFigures& figures) {
  FlowCounters sum;
  for (size_t n = 0; n < figures.worker_count; ++n) sum.Add(figures.workers[n].Get().flows);
  return sum;
}

void AddFlows(const RunFigures& figures, Exposition& out) {
  const FlowCounters flows = SumOf(figures);
  constexpr const char* kKinds[] = {"tcp", "udp", "icmp", "icmp6", "sctp", "other"};
  out.Counter("dfc_flows_total", "Flows that began.");
  for (size_t n = 0; n < std::size(kKinds); ++n) out.Add(flows.flows[n], {{"protocol", kKinds[n]}});
  out.Gauge("dfc_flows", "Flows in the tables.");
  out.Add(flows.flows_now);
  out.Gauge("dfc_flows_limit", "Flows for which the tables have room.");
  out.Add(figures.flows_max * figures.worker_count);
  const auto counter = [&out](const char* name, const char* help, uint64_t value) {
    out.Counter(name, help);
    out.Add(value);
  };
  counter("dfc_flows_evicted_total", "Flows written out early: the table was full.",
          flows.flows_evicted);
  counter("dfc_attempts_summed_total", "TCP attempts that are in a row with others.",
          flows.attempts_summed);
  counter("dfc_content_early_total", "Pieces of content written early: memory was full.",
          flows.content_flushed_early);
  counter("dfc_content_bytes_total", "Restored content.", flows.content_bytes);
  counter("dfc_gaps_total", "Places where content is missing.", flows.gaps);
  counter("dfc_gap_bytes_total", "Bytes that are known to be missing there.", flows.gap_bytes);
  counter("dfc_gaps_early_total", "Gaps that were not waited for: memory was full.",
          flows.gaps_given_up_early);
  counter("dfc_duplicate_bytes_total", "Bytes that came again.", flows.duplicate_bytes);
  counter("dfc_conflict_bytes_total", "Bytes that came again and differed.", flows.conflict_bytes);
  counter("dfc_out_of_window_bytes_total", "Bytes that the receiver does not take.",
          flows.refused_bytes);
  counter("dfc_urgent_bytes_total", "Bytes kept beside a stream.", flows.urgent_bytes);
  counter("dfc_shed_bytes_total", "Bytes given up because a limit was reached.", flows.shed_bytes);
  constexpr std::array<const char*, kLeftOutCount> kReasons = {"", "limit", "exception",
                                                               "overload"};
  out.Counter("dfc_left_out_bytes_total", "Content that was not stored, by the reason.");
  for (size_t n = 1; n < kReasons.size(); ++n) {
    out.Add(flows.left_out_bytes[n], {{"reason", kReasons[n]}});
  }
  out.Counter("dfc_left_out_flows_total", "Flows of which content was not stored.");
  for (size_t n = 1; n < kReasons.size(); ++n) {
    out.Add(flows.left_out_flows[n], {{"reason", kReasons[n]}});
  }
  counter("dfc_icmp_messages_total", "ICMP messages.", flows.icmp_messages);
  counter("dfc_icmp_requests_dropped_total", "ICMP requests that made room for others.",
          flows.icmp_requests_dropped);
}

void AddQueues(const RunFigures& figures, Exposition& out) {
  out.Gauge("dfc_packet_blocks_waiting", "Packet blocks that wait for a worker.");
  for (size_t n = 0; n < figures.worker_count; ++n) {
    out.Add(figures.workers[n].Get().packet_blocks_waiting, {{"worker", fmt::format("{}", n)}});
  }
  out.Gauge("dfc_packet_blocks_limit", "Packet blocks of a worker.");
  out.Add(figures.packet_blocks.load());
  out.Gauge("dfc_event_blocks_used", "Event blocks being filled, or on their way to the store.");
  for (size_t n = 0; n < figures.worker_count; ++n) {
    out.Add(figures.workers[n].Get().event_blocks_used, {{"worker", fmt::format("{}", n)}});
  }
  out.Gauge("dfc_shedding_level", "0: none; 1: content of flows past 1 MiB; 2: and of new flows.");
  for (size_t n = 0; n < figures.worker_count; ++n) {
    out.Add(figures.workers[n].Get().shedding, {{"worker", fmt::format("{}", n)}});
  }
  out.Gauge("dfc_event_blocks_limit", "Event blocks of a worker.");
  out.Add(figures.event_blocks.load());
}

constexpr double kNsPerSecondReal = 1e9;

void AddStore(const StoreFigures& store, Exposition& out) {
  out.Counter("dfc_store_rows_total", "Rows that the store has taken.");
  out.Add(store.rows);
  out.Counter("dfc_store_failures_total", "Blocks that it did not take when they were offered.");
  out.Add(store.failures);
  out.Histogram("dfc_store_write_seconds", "How long a block of rows takes.");
  uint64_t blocks = 0;
  for (size_t n = 0; n < StoreFigures::kTimes; ++n) {
    blocks += store.times[n];
    const bool is_last = n + 1 == StoreFigures::kTimes;
    const std::string end =
        is_last
            ? "+Inf"
            : fmt::format("{}", static_cast<double>(StoreFigures::kTimesNs[n]) / kNsPerSecondReal);
    out.Add(blocks, {{"le", end}}, "_bucket");
  }
  out.Add(static_cast<double>(store.busy_ns) / kNsPerSecondReal, {}, "_sum");
  out.Add(blocks, {}, "_count");
}

void AddSpool(const SpoolFigures& spool, Exposition& out) {
  const auto gauge = [&out](const char* name, const char* help, uint64_t value) {
    out.Gauge(name, help);
    out.Add(value);
  };
  gauge("dfc_spool_limit_bytes", "What the spool may take; 0 where there is none.",
        spool.bytes_max);
  gauge("dfc_spool_bytes", "What it takes.", spool.bytes);
  gauge("dfc_spool_rows", "Rows in it that the store has not been given.", spool.rows_waiting);
  gauge("dfc_store_away_seconds", "For how long the store has been away; 0 where it is not.",
        spool.away_s);
  out.Counter("dfc_spool_rows_total", "Rows by what the spool did with them.");
  out.Add(spool.rows_spooled, {{"what", "spooled"}});
  out.Add(spool.rows_dropped, {{"what", "dropped"}});
  out.Add(spool.rows_unreadable, {{"what", "unreadable"}});
  out.Add(spool.rows_dead, {{"what", "dead"}});
}

// The second number in /proc/self/statm, in pages.
uint64_t ResidentBytes() {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                   std::fclose);
  unsigned long long pages = 0;
  if (file == nullptr || std::fscanf(file.get(), "%*u %llu", &pages) != 1) return 0;
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

uint64_t OpenDescriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir("/proc/self/fd"), ::closedir);
  if (folder == nullptr) return 0;
  uint64_t entries = 0;
  while (::readdir(folder.get()) != nullptr) ++entries;
  return entries - 3;  // ".", ".." and the folder's own.
}

void AddProcess(const RunStatsOptions& options, uint64_t started_s, Exposition& out) {
  out.Gauge("dfc_build_info", "Always 1; the version is in the label.");
  out.Add(uint64_t{1}, {{"version", options.version}});
  out.Gauge("dfc_start_time_seconds", "When the run began, since 1970.");
  out.Add(started_s);
  out.Gauge("dfc_resident_memory_bytes", "Memory of the process.");
  out.Add(ResidentBytes());
  out.Gauge("dfc_open_descriptors", "Files and sockets that the process has open.");
  out.Add(OpenDescriptors());
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  out.Counter("dfc_cpu_seconds_total", "Processor time of the process.");
  out.Add(seconds(usage.ru_utime) + seconds(usage.ru_stime));
}

}  // namespace

std::string StatsText(const RunFigures& figures, const RunStatsOptions& options) {
  Exposition out(options.sensor);
  AddProcess(options, figures.started_s, out);
  AddFrames(figures.capture.Get(), out);
  AddFlows(figures, out);
  AddQueues(figures, out);
  AddStore(figures.store.Get(), out);
  AddSpool(figures.spool.Get(), out);
  return out.text();
}

RunStats::RunStats(const RunFigures& figures, RunStatsOptions options,
                   std::function<void(std::string)> log)
    : figures_(figures), options_(std::move(options)), log_(std::move(log)) {
  if (options_.store && options_.store->kind != StoreUrl::Kind::kNull) {
    to_store_ = MakeSensorStatusWriter(*options_.store, options_.sensor);
  }
}

void RunStats::Around(const std::function<void()>& work) {
  // A store that hangs keeps nothing from the file.
  const auto filed = [&] { Repeatedly(work, !options_.file.empty(), [this] { WriteFile(); }); };
  Repeatedly(filed, to_store_ != nullptr, [this] { WriteToStore(); });
}

// Before it, too: what comes of connecting is not in the capture.
void RunStats::Repeatedly(const std::function<void()>& work, bool wanted,
                          const std::function<void()>& write) {
  if (!wanted) return work();
  write();
  RunBeside(work, write, kRoundNs);
  write();
}

void RunStats::WriteFile() {
  Note(options_.file.c_str(), ReplaceFile(options_.file, StatsText(figures_, options_)),
       file_failed_);
}

void RunStats::WriteToStore() {
  Note("sensor status", to_store_->Write(WallClockNs(), StatsText(figures_, options_)),
       store_failed_);
}

void RunStats::Note(const char* place, const absl::Status& status, bool& failed) {
  if (!status.ok() && !failed) {
    log_(fmt::format("event=stats-not-written place={} reason={}", LogValue(place),
                     LogValue(MessageOf(status))));
  } else if (status.ok() && failed) {
    log_(fmt::format("event=stats-written-again place={}", LogValue(place)));
  }
  failed = !status.ok();
}

}  // namespace dfc
