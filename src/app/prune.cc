#include <fmt/format.h>
#include <unistd.h>

#include <atomic>

#include "commands.h"
#include "dfc/reader.h"
#include "dfc/retention.h"
#include "dfc/time.h"
#include "output.h"
#include "reading.h"
#include "stop_on_signal.h"
#include "text.h"

namespace dfc {
namespace {

// "2026-11-23", of the day that ends in `end_ns`.
std::string DayBefore(int64_t end_ns) { return FormatTime(end_ns - 1).substr(0, 10); }

std::string LimitsText(const KeepLimits& keep) {
  std::string text;
  if (keep.days) text += Count(*keep.days, "whole day", "whole days");
  if (keep.bytes) text += fmt::format("{}{}", text.empty() ? "" : ", ", HumanBytes(*keep.bytes));
  return text.empty() ? "no limit" : text;
}

std::string ForecastText(const StoreUsage& usage) {
  if (usage.bytes_a_day == 0) return "no flows by which to tell how fast it grows";
  std::string text = fmt::format("{} a day", HumanBytes(usage.bytes_a_day));
  if (usage.free_bytes) text += fmt::format(", {} free on its disk", HumanBytes(*usage.free_bytes));
  if (const auto days = DaysLeft(usage)) {
    text += fmt::format(", {:.1f} days until {}", *days,
                        usage.limits.bytes ? "it reaches a limit" : "the disk is full");
  }
  return text;
}

absl::StatusOr<std::string> Forecast(const std::string& store, const KeepLimits& keep) {
  DFC_ASSIGN_OR_RETURN(const auto reader, OpenStoreForReading(store));
  DFC_ASSIGN_OR_RETURN(StoreUsage usage, reader->Usage());
  if (keep.bytes) usage.limits.bytes = keep.bytes;
  return ForecastText(usage);
}

std::string ReportText(const KeepReport& report, const PruneOptions& options) {
  std::string text;
  for (const StoredDay& day : report.dropped) {
    text += fmt::format("{} {}  {}\n", options.dry_run ? "would drop" : "dropped",
                        DayBefore(day.end_ns), HumanBytes(day.bytes));
  }
  if (report.partitions_made > 0) {
    text += fmt::format("made {}\n", Count(report.partitions_made, "partition", "partitions"));
  }
  text +=
      fmt::format("{}: {}", LimitsText(options.keep), Count(report.dropped.size(), "day", "days"));
  text += fmt::format(" {}, {} before, {} after\n", options.dry_run ? "would go" : "gone",
                      HumanBytes(report.bytes_before), HumanBytes(report.bytes_after));
  if (report.over_limit) text += "still above the limit: the newest day and pinned flows stay\n";
  if (report.steps > 0) {
    text += fmt::format("{}, the longest took {:.1f} ms\n", Count(report.steps, "step", "steps"),
                        static_cast<double>(report.longest_step_ns) / kNsPerMs);
  }
  return text;
}

}  // namespace

int PruneCommand(const CommonOptions& common, const PruneOptions& options) {
  const absl::StatusOr<StoreUrl> url = ParseStoreUrl(common.store);
  if (!url.ok()) return ReportFailure(url.status());
  // Before the store is opened for writing: says what to do where there is none.
  const absl::StatusOr<std::string> forecast = Forecast(common.store, options.keep);
  if (!forecast.ok()) return ReportFailure(forecast.status());
  const absl::StatusOr<std::unique_ptr<Keeper>> keeper = OpenKeeper(*url, common.sensor);
  if (!keeper.ok()) return ReportFailure(keeper.status());

  std::atomic<bool> stop{false};
  const StopOnSignal stop_on_signal(stop);
  const KeepOptions how{options.keep, options.dry_run, true, &stop};
  const absl::StatusOr<KeepReport> report = (*keeper)->RunOnce(how, WallClockNs());
  if (!report.ok()) {
    PrintError(MessageOf(report.status()));
    return kExitFailed;
  }
  Output out(STDOUT_FILENO);
  out.Write(ReportText(*report, options));
  if (options.dry_run) out.Write(*forecast + "\n");
  if (!stop.load()) return kExitDone;
  out.Flush();
  PrintError("interrupted; run it again for the rest");
  return kExitFailed;
}

}  // namespace dfc
