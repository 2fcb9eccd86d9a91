#include <fmt/format.h>

#include <cstdio>

#include "capture_filter.h"
#include "commands.h"
#include "confine.h"
#include "dfc/live_source.h"
#include "dfc/log_value.h"
#include "dfc/packet_source.h"
#include "event_lines.h"
#include "hang_up.h"
#include "housekeeping.h"
#include "output.h"
#include "progress.h"
#include "reload.h"
#include "run_spool.h"
#include "run_stats.h"
#include "service.h"
#include "service_watch.h"
#include "serving.h"
#include "stop_on_signal.h"
#include "summary.h"
#include "text.h"

namespace dfc {
namespace {

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ",") + name;
  return text;
}

// All that a capture has open. Opened in this order: what needs root, then root is left, then what
// is to belong to whoever runs it, then the sandbox, and what may make threads in the end.
class LiveCapture {
 public:
  LiveCapture(const CommonOptions& common, const CaptureOptions& options)
      : common_(common), options_(options), confinement_(options.confine) {}

  absl::Status Open();
  absl::StatusOr<PipelineReport> Run(const std::function<CommandLine()>& again);
  const StoreUrl& url() const { return url_; }

 private:
  absl::Status Check();
  absl::Status Confine();
  absl::Status OpenSpool();

  const CommonOptions& common_;
  const CaptureOptions& options_;
  // Events are told whatever --quiet says: nobody may be watching when they happen.
  EventLines lines_;
  const std::function<void(std::string)> log_ = [this](const std::string& line) {
    lines_.Write(line);
  };
  const ServiceManager manager_;
  Confinement confinement_;
  StoreUrl url_;
  LiveOptions live_;
  PipelineOptions pipeline_;
  PipelineProgress progress_;
  const StopOnSignal stop_on_signal_{progress_.stop};
  std::unique_ptr<LiveSource> source_;
  std::unique_ptr<RunSpool> spool_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Serving> serving_;
};

absl::Status LiveCapture::Open() {
  DFC_RETURN_IF_ERROR(Check());
  DFC_ASSIGN_OR_RETURN(source_, OpenLive(live_));
  DFC_RETURN_IF_ERROR(confinement_.LeaveRoot(Keep::kPacketSockets));
  if (!options_.log_file.empty()) {
    DFC_RETURN_IF_ERROR(confinement_.InWhoseName(lines_.Use(options_.log_file)));
  }
  DFC_RETURN_IF_ERROR(OpenSpool());
  DFC_RETURN_IF_ERROR(Confine());
  StoreOptions writing = options_.writing;
  writing.may_be_away = spool_->has_spool();
  auto store = OpenStore(url_, common_.sensor, writing);
  if (!store.ok()) return confinement_.InWhoseName(store.status());
  store_ = *std::move(store);
  if (!options_.serve.listen.empty()) {
    auto serving = Serving::Start(common_, options_.serve);
    if (!serving.ok()) return confinement_.InWhoseName(serving.status());
    serving_ = *std::move(serving);
  }
  return absl::OkStatus();
}

absl::Status LiveCapture::Check() {
  DFC_ASSIGN_OR_RETURN(url_, ParseStoreUrl(common_.store));
  live_ = options_.live;
  live_.log = log_;
  DFC_ASSIGN_OR_RETURN(live_.filter, CaptureFilter(options_));
  DFC_RETURN_IF_ERROR(CheckFilter(live_.filter));
  pipeline_ = options_.pipeline;
  pipeline_.sensor = common_.sensor;
  pipeline_.log = log_;
  pipeline_.flush_interval_ns = options_.spool.flush_interval_ns;
  return CheckMemory(pipeline_);
}

absl::Status LiveCapture::OpenSpool() {
  auto spool = RunSpool::Open(options_.spool, url_, common_.sensor, log_);
  if (!spool.ok()) return confinement_.InWhoseName(spool.status());
  spool_ = *std::move(spool);
  pipeline_.spool = spool_->use(options_.spool.durable, progress_.figures.spool);
  return absl::OkStatus();
}

absl::Status LiveCapture::Confine() {
  confinement_.UseStore(url_);
  confinement_.WriteFolder(spool_->folder());
  for (const std::string& file : {options_.stats_file, options_.log_file}) {
    confinement_.WriteFolderOf(file);
  }
  for (const std::string& file : {common_.config, options_.filter_file}) {
    confinement_.ReadFolderOf(file);
  }
  if (!options_.serve.listen.empty()) confinement_.UseServing(options_.serve, url_);
  return confinement_.Enter();
}

absl::StatusOr<PipelineReport> LiveCapture::Run(const std::function<CommandLine()>& again) {
  ProgressBar bar(!options_.quiet);
  RunStats stats(progress_.figures,
                 {options_.stats_file, common_.sensor, options_.serve.version, url_}, log_);
  Housekeeping housekeeping(url_, common_.sensor, options_.keep, progress_.stop, log_);
  Reload reload(again, {*source_, housekeeping, lines_, manager_});
  bool is_told = false;
  progress_.tick = [&] {
    // The store may be a while in coming, or never come: only now all is open.
    if (!is_told) {
      log_(fmt::format("event=started interface={} store={}", Joined(live_.interfaces),
                       LogValue(url_.Text())));
    }
    is_told = true;
    reload.IfAsked();
    bar.Draw(progress_);
  };
  for (const std::string& event : confinement_.events()) log_(event);
  absl::StatusOr<PipelineReport> report;
  const auto run = [&] { report = RunLive(pipeline_, *source_, *store_, progress_); };
  const auto keep = [&] { KeepHouseBeside(housekeeping, run); };
  const auto tell = [&] { stats.Around(keep); };
  ServiceWatch watch(manager_, progress_, log_);
  ServeBeside(serving_.get(), [&] { watch.Around(tell); });
  bar.Clear();
  if (report.ok()) log_("event=stopped");
  return report;
}

}  // namespace

int CaptureCommand(const CommonOptions& common, const CaptureOptions& options,
                   const std::function<CommandLine()>& again) {
  // Before anything is open, too, a reload must not end the process.
  const HangUp hang_up;
  LiveCapture capture(common, options);
  if (const absl::Status opened = capture.Open(); !opened.ok()) return ReportFailure(opened);
  const absl::StatusOr<PipelineReport> report = capture.Run(again);
  if (!report.ok()) {
    PrintError(MessageOf(report.status()));
    return kExitFailed;
  }
  if (!options.quiet) std::fputs(Summarize(*report, capture.url().Text()).c_str(), stderr);
  return kExitDone;
}

}  // namespace dfc
