#include "dfc/retention.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "flow_parts.h"
#include "keepers.h"

namespace dfc {

int64_t KeptFromNs(const KeepLimits& limits, int64_t now_ns) {
  if (!limits.days) return std::numeric_limits<int64_t>::min();
  const int64_t days = std::min(*limits.days, kKeepDaysMax);
  return StretchOf(now_ns, kNsPerDay) - days * kNsPerDay;
}

std::string HorizonSql(int64_t end_ns) {
  return fmt::format("UPDATE retention SET t_before = {0} WHERE one = 1 AND t_before < {0}",
                     end_ns);
}

std::string LimitsSql(const KeepLimits& limits) {
  const uint32_t days = limits.days.value_or(0);
  const uint64_t bytes = limits.bytes.value_or(0);
  return fmt::format(
      "UPDATE retention SET keep_days = {0}, keep_bytes = {1}"
      " WHERE one = 1 AND {0} + {1} > 0 AND (keep_days <> {0} OR keep_bytes <> {1})",
      days, bytes);
}

std::array<std::string, 2> PartsSql(int64_t end_ns) {
  const std::string flows = fmt::format(
      "EXISTS (SELECT 1 FROM flow AS f WHERE f.t_start >= t_part AND f.t_start < t_part + {})",
      kFlowPartNs);
  return {fmt::format("DELETE FROM flow_part WHERE t_part < {} AND NOT {}", end_ns, flows),
          fmt::format("UPDATE flow_part SET writes = writes + 1 WHERE t_part < {}", end_ns)};
}

size_t CountDueDays(std::span<const StoredDay> days, const KeepLimits& limits, int64_t now_ns,
                    int64_t newest_ns) {
  const int64_t from_ns = KeptFromNs(limits, now_ns);
  uint64_t bytes = 0;
  for (const StoredDay& day : days) bytes += day.bytes;
  size_t due = 0;
  for (const StoredDay& day : days) {
    const bool is_old = day.end_ns <= from_ns;
    const bool is_too_much = limits.bytes && bytes > *limits.bytes && day.end_ns <= newest_ns;
    if (!is_old && !is_too_much) break;
    bytes -= day.bytes;
    ++due;
  }
  return due;
}

std::optional<double> DaysLeft(const StoreUsage& usage) {
  if (usage.bytes_a_day == 0) return std::nullopt;
  std::optional<uint64_t> room = usage.free_bytes;
  if (usage.limits.bytes) {
    const uint64_t limit = *usage.limits.bytes;
    const uint64_t below = limit - std::min(limit, usage.bytes);
    room = std::min(room.value_or(below), below);
  }
  if (!room) return std::nullopt;
  return static_cast<double>(*room) / static_cast<double>(usage.bytes_a_day);
}

absl::StatusOr<std::unique_ptr<Keeper>> OpenKeeper(const StoreUrl& url, const std::string& holder) {
  switch (url.kind) {
    case StoreUrl::Kind::kSqlite:
      return OpenSqliteKeeper(url);
    case StoreUrl::Kind::kMysql:
      return OpenMysqlKeeper(url, holder);
    case StoreUrl::Kind::kNull:
      break;
  }
  return absl::InvalidArgumentError("null: keeps nothing; name another store");
}

}  // namespace dfc
