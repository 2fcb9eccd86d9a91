#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "commands.h"
#include "dfc/packet_source.h"
#include "output.h"
#include "progress.h"
#include "summary.h"
#include "text.h"

namespace dfc {
namespace {

static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");

// Lets SIGINT and SIGTERM stop a run in good order; a second one ends the process at once, should
// the run be stuck (in reading a pipe, say). One at a time.
class StopOnSignal {
 public:
  explicit StopOnSignal(std::atomic<bool>& stop) {
    Target() = &stop;
    struct sigaction action {};
    action.sa_handler = [](int) { Target().load()->store(true, std::memory_order_relaxed); };
    action.sa_flags = SA_RESETHAND | SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
  }
  ~StopOnSignal() {
    std::signal(SIGINT, SIG_DFL);
    std::signal(SIGTERM, SIG_DFL);
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  // A handler is given nothing but a number, so the flag to set has to lie where it can find it.
  static std::atomic<std::atomic<bool>*>& Target() {
    static constinit std::atomic<std::atomic<bool>*> target{nullptr};
    return target;
  }
};

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

}  // namespace

int ReplayCommand(const CommonOptions& common, const ReplayOptions& options) {
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(common.store);
  if (!url.ok()) return ReportFailure(url.status());
  PipelineOptions pipeline = options.pipeline;
  pipeline.sensor = common.sensor;
  if (const int wrong = CheckInputs(pipeline); wrong != kExitDone) return wrong;

  const absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(*url, common.sensor);
  if (!store.ok()) {
    PrintError(MessageOf(store.status()));
    return kExitFailed;
  }
  PipelineProgress progress;
  const StopOnSignal stop_on_signal(progress.stop);
  ProgressBar bar(!options.quiet);
  progress.tick = [&] { bar.Draw(progress); };
  const absl::StatusOr<PipelineReport> report = RunReplay(pipeline, **store, progress);
  bar.Clear();
  if (!report.ok()) {
    PrintError(MessageOf(report.status()));
    return kExitFailed;
  }
  if (!options.quiet) std::fputs(Summarize(*report, url->Text()).c_str(), stderr);
  return ReportRun(*report, progress.stop.load(std::memory_order_relaxed));
}

}  // namespace dfc
