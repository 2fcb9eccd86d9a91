#include "housekeeping.h"

#include <fmt/format.h>

#include "dfc/log_value.h"
#include "dfc/pipeline.h"
#include "dfc/time.h"

namespace dfc {
namespace {

constexpr int64_t kRoundNs = kNsPerMinute;
// So many rounds in a row that come to nothing are no coincidence.
constexpr int kMissedRoundsMax = 5;

}  // namespace

absl::StatusOr<KeepReport> Housekeeping::Keep(const KeepOptions& options, int64_t now_ns) {
  if (keeper_ == nullptr) {
    DFC_ASSIGN_OR_RETURN(keeper_, OpenKeeper(url_, holder_));
  }
  return keeper_->RunOnce(options, now_ns);
}

void Housekeeping::Complain(const std::string& reason) {
  if (reason == complaint_) return;
  complaint_ = reason;
  if (!reason.empty()) log_(fmt::format("event=housekeeping-failed reason={}", LogValue(reason)));
}

// The two are not set at the same moment: a round may have one of either, which both are somebody's
// wish.
void Housekeeping::SetLimits(const KeepLimits& limits) {
  days_.store(limits.days ? int64_t{*limits.days} : kNoLimit, std::memory_order_relaxed);
  bytes_.store(limits.bytes.value_or(0), std::memory_order_relaxed);
}

KeepLimits Housekeeping::limits() const {
  KeepLimits limits;
  const int64_t days = days_.load(std::memory_order_relaxed);
  const uint64_t bytes = bytes_.load(std::memory_order_relaxed);
  if (days != kNoLimit) limits.days = static_cast<uint32_t>(days);
  if (bytes != 0) limits.bytes = bytes;
  return limits;
}

void Housekeeping::Prepare(int64_t now_ns) {
  KeepOptions options = options_;
  if (url_.kind == StoreUrl::Kind::kMysql) RunWith(options, now_ns);
}

void Housekeeping::RunOnce(int64_t now_ns) {
  if (url_.kind == StoreUrl::Kind::kNull) return;
  KeepOptions options = options_;
  options.limits = limits();
  RunWith(options, now_ns);
}

void Housekeeping::RunWith(const KeepOptions& options, int64_t now_ns) {
  const absl::StatusOr<KeepReport> report = Keep(options, now_ns);
  // Another one does it, or it will be tried again in a minute.
  if (absl::IsUnavailable(report.status()) || absl::IsAborted(report.status())) {
    if (++missed_rounds_ >= kMissedRoundsMax) Complain(MessageOf(report.status()));
    return;
  }
  missed_rounds_ = 0;
  if (!report.ok()) return Complain(MessageOf(report.status()));
  Complain(report->behind ? "a day has rows but no partition; run dfc prune" : "");
  for (const StoredDay& day : report->dropped) {
    log_(fmt::format("event=day-dropped day={} bytes={}", FormatTime(day.end_ns - 1).substr(0, 10),
                     day.bytes));
  }
}

void KeepHouseBeside(Housekeeping& housekeeping, const std::function<void()>& work) {
  housekeeping.Prepare(WallClockNs());
  RunBeside(
      work, [&] { housekeeping.RunOnce(WallClockNs()); }, kRoundNs);
}

}  // namespace dfc
