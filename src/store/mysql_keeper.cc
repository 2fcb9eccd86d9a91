// Retention in a MySQL store: days are partitions.
#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <limits>
#include <map>

#include "keepers.h"
#include "mysql_lease.h"
#include "mysql_partitions.h"
#include "schema.h"

namespace dfc {

namespace {

constexpr int64_t kEndOfTime = std::numeric_limits<int64_t>::max();
// For an answer. A partition may take hours to be copied; a capture that ends waits for its round.
constexpr unsigned kCopySecondsMax = 86'400;
constexpr unsigned kRoundSecondsMax = 10;

class MysqlKeeper final : public Keeper {
 public:
  MysqlKeeper(const StoreUrl& url, std::string holder) : url_(url), holder_(std::move(holder)) {}

  absl::StatusOr<KeepReport> RunOnce(const KeepOptions& options, int64_t now_ns) override;

 private:
  absl::Status EnsureConnected(bool may_copy);
  absl::Status Keep(const KeepOptions& options, int64_t now_ns);
  absl::StatusOr<std::vector<StoredDay>> FindDue(const KeepOptions& options, int64_t now_ns);
  absl::Status Drop(const std::vector<StoredDay>& due, const KeepOptions& options,
                    MysqlLease& lease);
  absl::Status DropDay(int64_t end_ns);
  absl::StatusOr<uint64_t> Bytes();

  StoreUrl url_;
  std::string holder_;
  std::unique_ptr<MysqlConnection> connection_;  // Null until needed and after a failure.
  std::unique_ptr<MysqlPartitions> partitions_;
  KeepReport report_;
};

absl::Status MysqlKeeper::EnsureConnected(bool may_copy) {
  if (connection_ != nullptr) return absl::OkStatus();
  const unsigned timeout_s = may_copy ? kCopySecondsMax : kRoundSecondsMax;
  DFC_ASSIGN_OR_RETURN(connection_, MysqlConnection::Open(url_, 0, timeout_s));
  return CheckMysqlSchema(*connection_);
}

absl::StatusOr<uint64_t> MysqlKeeper::Bytes() {
  uint64_t bytes = 0;
  for (const PartitionedTable& table : kPartitionedTables) {
    DFC_ASSIGN_OR_RETURN(const auto partitions, partitions_->List(table));
    for (const Partition& partition : partitions) bytes += partition.bytes;
  }
  return bytes;
}

// The days of all tables together. Those of which nothing but pinned flows is left have been
// dropped before; pmax never is.
absl::StatusOr<std::vector<StoredDay>> MysqlKeeper::FindDue(const KeepOptions& options,
                                                            int64_t now_ns) {
  if (!options.limits.days && !options.limits.bytes) return std::vector<StoredDay>();
  std::map<int64_t, uint64_t> bytes_by_end;
  std::map<int64_t, bool> is_left;
  for (const PartitionedTable& table : kPartitionedTables) {
    DFC_ASSIGN_OR_RETURN(const auto partitions, options.dry_run
                                                    ? partitions_->ListAsMade(table, now_ns)
                                                    : partitions_->List(table));
    for (const Partition& partition : partitions) {
      if (partition.to_ns == kEndOfTime) continue;
      bytes_by_end[partition.to_ns] += partition.bytes;
      if (table.rows != PartitionedTable::Rows::kOfFlows) continue;
      DFC_ASSIGN_OR_RETURN(const bool goes, partitions_->Goes(table, partition));
      is_left[partition.to_ns] |= goes;
    }
  }
  std::vector<StoredDay> days;
  for (const auto& [end_ns, bytes] : bytes_by_end) {
    if (is_left[end_ns]) days.push_back({end_ns, bytes});
  }
  DFC_ASSIGN_OR_RETURN(const int64_t newest_ns,
                       partitions_->Number("SELECT MAX(t_start) FROM flow", 0));
  days.resize(CountDueDays(days, options.limits, now_ns, newest_ns));
  return days;
}

absl::Status MysqlKeeper::DropDay(int64_t end_ns) {
  DFC_RETURN_IF_ERROR(connection_->Execute(HorizonSql(end_ns)));
  for (const PartitionedTable& table : kPartitionedTables) {
    DFC_ASSIGN_OR_RETURN(const auto partitions, partitions_->List(table));
    for (const Partition& partition : partitions) {
      if (partition.to_ns > end_ns) break;
      DFC_RETURN_IF_ERROR(partitions_->Drop(table, partition));
    }
  }
  return absl::OkStatus();
}

absl::Status MysqlKeeper::Drop(const std::vector<StoredDay>& due, const KeepOptions& options,
                               MysqlLease& lease) {
  for (const StoredDay& day : due) {
    if (options.stop != nullptr && options.stop->load(std::memory_order_relaxed)) break;
    DFC_RETURN_IF_ERROR(lease.Hold());
    DFC_RETURN_IF_ERROR(DropDay(day.end_ns));
    report_.dropped.push_back(day);
  }
  return absl::OkStatus();
}

absl::Status MysqlKeeper::Keep(const KeepOptions& options, int64_t now_ns) {
  DFC_RETURN_IF_ERROR(EnsureConnected(options.may_copy));
  partitions_ = std::make_unique<MysqlPartitions>(*connection_);
  DFC_ASSIGN_OR_RETURN(report_.bytes_before, Bytes());
  report_.bytes_after = report_.bytes_before;
  if (options.dry_run) {
    DFC_ASSIGN_OR_RETURN(report_.dropped, FindDue(options, now_ns));
    for (const StoredDay& day : report_.dropped) {
      report_.bytes_after -= std::min(report_.bytes_after, day.bytes);
    }
  } else {
    MysqlLease lease(*connection_, "keep", holder_);
    DFC_RETURN_IF_ERROR(lease.Hold());
    DFC_RETURN_IF_ERROR(partitions_->Recover());
    for (const PartitionedTable& table : kPartitionedTables) {
      DFC_ASSIGN_OR_RETURN(const uint64_t made,
                           partitions_->Make(table, now_ns, options.may_copy, report_.behind));
      report_.partitions_made += made;
    }
    DFC_RETURN_IF_ERROR(connection_->Execute(LimitsSql(options.limits)));
    DFC_ASSIGN_OR_RETURN(const auto due, FindDue(options, now_ns));
    DFC_RETURN_IF_ERROR(Drop(due, options, lease));
    DFC_ASSIGN_OR_RETURN(report_.bytes_after, Bytes());
  }
  report_.over_limit = options.limits.bytes && report_.bytes_after > *options.limits.bytes;
  return absl::OkStatus();
}

absl::StatusOr<KeepReport> MysqlKeeper::RunOnce(const KeepOptions& options, int64_t now_ns) {
  report_ = {};
  const absl::Status kept = Keep(options, now_ns);
  if (partitions_ != nullptr) {
    report_.steps = partitions_->statements();
    report_.longest_step_ns = partitions_->longest_ns();
  }
  if (!kept.ok()) {
    partitions_.reset();
    connection_.reset();
    return kept;
  }
  return report_;
}

// Two sensors may have one name.
std::string UniqueHolder(const std::string& holder) {
  uint64_t random = 0;
  (void)!::getrandom(&random, sizeof random, 0);
  return fmt::format("{} {:016x}", holder, random);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Keeper>> OpenMysqlKeeper(const StoreUrl& url,
                                                        const std::string& holder) {
  return std::unique_ptr<Keeper>(std::make_unique<MysqlKeeper>(url, UniqueHolder(holder)));
}

}  // namespace dfc
