// How full the store is, and how fast it gets fuller.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "dfc/retention.h"
#include "dfc/time.h"
#include "flow_parts.h"
#include "sql_reader.h"

namespace dfc {

namespace {

// Days that are looked for one by one. With more of them holes do not matter.
constexpr int kDaysMax = 40;
constexpr int64_t kBeginOfTime = std::numeric_limits<int64_t>::min();
// Less says nothing about a day.
constexpr double kDayShareMin = 1.0 / 24;

double Days(int64_t from_ns, int64_t to_ns) {
  return static_cast<double>(ElapsedNs(from_ns, to_ns)) / static_cast<double>(kNsPerDay);
}

absl::StatusOr<int64_t> TimeOf(SqlConnection& connection, const char* which, int64_t from_ns,
                               int64_t before_ns) {
  DFC_ASSIGN_OR_RETURN(
      const auto row,
      connection.Query(fmt::format("SELECT {}(t_start) FROM flow WHERE t_start >= ? AND"
                                   " t_start < ?",
                                   which),
                       {from_ns, before_ns}));
  DFC_ASSIGN_OR_RETURN(const bool found, row->Next());
  return found && !row->IsNull(0) ? row->Integer(0) : kBeginOfTime;
}

// How many days have flows; the first and the last one count as far as they have.
absl::StatusOr<double> CountDays(SqlConnection& connection, int64_t from_ns) {
  constexpr int64_t kEndOfTime = std::numeric_limits<int64_t>::max();
  DFC_ASSIGN_OR_RETURN(const int64_t first_ns, TimeOf(connection, "MIN", from_ns, kEndOfTime));
  DFC_ASSIGN_OR_RETURN(const int64_t last_ns, TimeOf(connection, "MAX", from_ns, kEndOfTime));
  if (first_ns == kBeginOfTime) return 0;
  double days = 0;
  int64_t day_ns = StretchOf(last_ns, kNsPerDay);
  int64_t end_ns = last_ns;
  for (int n = 0; n < kDaysMax; ++n) {
    days += Days(std::max(first_ns, day_ns), end_ns);
    if (day_ns <= first_ns) return std::max(days, kDayShareMin);
    DFC_ASSIGN_OR_RETURN(const int64_t before_ns, TimeOf(connection, "MAX", from_ns, day_ns));
    day_ns = StretchOf(before_ns, kNsPerDay);
    end_ns = day_ns + kNsPerDay;
  }
  return Days(first_ns, last_ns);
}

}  // namespace

absl::StatusOr<StoreUsage> SqlReader::Usage() {
  StoreUsage usage;
  DFC_ASSIGN_OR_RETURN(usage.bytes, Number(connection_->BytesSql(), {}));
  usage.free_bytes = connection_->FreeBytes();
  int64_t from_ns = kBeginOfTime;
  {
    DFC_ASSIGN_OR_RETURN(
        const auto row,
        connection_->Query("SELECT t_before, keep_days, keep_bytes FROM retention WHERE one = 1",
                           {}));
    DFC_ASSIGN_OR_RETURN(const bool found, row->Next());
    if (found) {
      from_ns = row->Integer(0);
      const auto days = static_cast<uint64_t>(row->Integer(1));
      const auto bytes = static_cast<uint64_t>(row->Integer(2));
      if (days > 0)
        usage.limits.days = static_cast<uint32_t>(std::min<uint64_t>(days, kKeepDaysMax));
      if (bytes > 0) usage.limits.bytes = bytes;
    }
  }
  if (from_ns != kBeginOfTime) usage.kept_from_ns = from_ns;
  DFC_ASSIGN_OR_RETURN(const double days, CountDays(*connection_, from_ns));
  if (days > 0) usage.bytes_a_day = static_cast<uint64_t>(static_cast<double>(usage.bytes) / days);
  return usage;
}

}  // namespace dfc
