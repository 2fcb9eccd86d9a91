#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>

#include "commands.h"
#include "dfc/packet_source.h"
#include "dfc/privileges.h"
#include "output.h"
#include "progress.h"
#include "run_spool.h"
#include "run_stats.h"
#include "serving.h"
#include "stop_on_signal.h"
#include "summary.h"
#include "text.h"

namespace dfc {
namespace {

// Whether `path` can be replayed, as far as can be told without taking anything from a pipe.
absl::Status CheckFile(const std::string& path, const std::string& filter) {
  if (path == "-") return absl::OkStatus();
  struct stat facts {};
  if (::stat(path.c_str(), &facts) != 0 || ::access(path.c_str(), R_OK) != 0) {
    return ErrnoStatus(errno, fmt::format("open {}", path));
  }
  if (S_ISDIR(facts.st_mode)) return ErrnoStatus(EISDIR, fmt::format("open {}", path));
  if (!S_ISREG(facts.st_mode)) return absl::OkStatus();
  return OpenCaptureFile(path, filter).status();
}

// The exit status of what is wrong with the options, kExitDone when nothing is. All files are tried
// before the first packet is stored, and all that can't be read are named.
int CheckInputs(const PipelineOptions& options) {
  if (const absl::Status compiles = CheckFilter(options.filter); !compiles.ok()) {
    PrintError(MessageOf(compiles));
    return kExitUsage;
  }
  if (const absl::Status enough = CheckMemory(options); !enough.ok()) {
    PrintError(MessageOf(enough));
    return kExitUsage;
  }
  // One run takes its files for one capture after the other: the same packets would count twice.
  for (const std::string& path : options.files) {
    if (std::ranges::count(options.files, path) == 1) continue;
    PrintError(fmt::format("{} is given twice; name each input once, or run dfc --help",
                           path == "-" ? "standard input" : EscapeLine(path)));
    return kExitUsage;
  }
  int exit_status = kExitDone;
  for (const std::string& path : options.files) {
    const absl::Status readable = CheckFile(path, options.filter);
    if (readable.ok()) continue;
    PrintError(MessageOf(readable));
    exit_status = kExitFailed;
  }
  return exit_status;
}

// Says what went wrong in a run that otherwise came to its end.
int ReportRun(const PipelineReport& report, bool interrupted) {
  for (const absl::Status& damage : report.damage) {
    const bool is_damage = damage.code() == absl::StatusCode::kDataLoss;
    const char* const remedy =
        is_damage ? "; what lies before is stored: get the file again and replay it, "
                    "nothing is stored twice"
                  : "";
    PrintError(MessageOf(damage) + remedy);
  }
  if (interrupted) {
    PrintError("interrupted; what was read until then is stored: replay again for the rest");
  }
  return interrupted || !report.damage.empty() ? kExitFailed : kExitDone;
}

// For a program that runs this one; who does not listen any more misses nothing.
void PrintProgress(const PipelineProgress& progress) {
  const std::string line = fmt::format("{}\t{}\t{}\n", progress.packets.load(),
                                       progress.bytes_done.load(), progress.bytes_total.load());
  (void)!::write(STDOUT_FILENO, line.data(), line.size());
}

// All is stored: what there is stays on show until somebody has seen enough.
void ServeOn(Serving& serving, const std::atomic<bool>& stop) {
  constexpr timespec kRound = {0, kServeRoundNs};
  while (!stop.load(std::memory_order_relaxed)) {
    serving.RunOnce();
    ::nanosleep(&kRound, nullptr);  // A signal cuts it short.
  }
}

}  // namespace

int ReplayCommand(const CommonOptions& common, const ReplayOptions& options) {
  ForgoNewPrivileges();
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(common.store);
  if (!url.ok()) return ReportFailure(url.status());
  PipelineOptions pipeline = options.pipeline;
  pipeline.sensor = common.sensor;
  // A server comes back; a file's disk has to be seen to.
  pipeline.wait_for_store = url->kind == StoreUrl::Kind::kMysql;
  pipeline.log = [](const std::string& line) { PrintError(line); };
  const std::unique_ptr<RunSpool> spool =
      RunSpool::ForDeadLetters(options.dead_letters, common.sensor);
  PipelineProgress progress;
  pipeline.spool = spool->use(false, progress.figures.spool);
  if (const int wrong = CheckInputs(pipeline); wrong != kExitDone) return wrong;

  absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(*url, common.sensor, options.writing);
  if (!store.ok()) {
    PrintError(MessageOf(store.status()));
    return kExitFailed;
  }
  const StopOnSignal stop_on_signal(progress.stop);
  std::unique_ptr<Serving> serving;
  if (!options.serve.listen.empty()) {
    auto started = Serving::Start(common, options.serve);
    if (!started.ok()) return ReportFailure(started.status());
    serving = *std::move(started);
  }
  ProgressBar bar(!options.quiet);
  progress.tick = [&] {
    bar.Draw(progress);
    if (options.progress) PrintProgress(progress);
  };
  absl::StatusOr<PipelineReport> report;
  RunStats stats(progress.figures, {options.stats_file, common.sensor, options.serve.version, {}},
                 pipeline.log);
  ServeBeside(serving.get(),
              [&] { stats.Around([&] { report = RunReplay(pipeline, **store, progress); }); });
  bar.Clear();
  store->reset();  // Whoever shows it need not hold it.
  if (!report.ok()) {
    PrintError(MessageOf(report.status()));
    return kExitFailed;
  }
  if (options.progress) PrintProgress(progress);
  if (!options.quiet) std::fputs(Summarize(*report, url->Text()).c_str(), stderr);
  const int exit_status = ReportRun(*report, progress.stop.load(std::memory_order_relaxed));
  if (serving != nullptr) ServeOn(*serving, progress.stop);
  return exit_status;
}

}  // namespace dfc
