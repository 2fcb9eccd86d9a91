// Retention in a SQLite file: short transactions, with pauses in which other writers come in.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <thread>

#include "dfc/time.h"
#include "flow_parts.h"
#include "keepers.h"
#include "schema.h"
#include "sqlite_connection.h"

namespace dfc {

namespace {

// What a step aims at, and what it may begin with. A writer that finds the file locked looks again
// after 1, 2, 5, 10, 15 ms and so on.
constexpr int64_t kStepNs = 15 * kNsPerMs;
constexpr int64_t kPauseNsMin = 20 * kNsPerMs;
constexpr int64_t kRowsFirst = 16;
constexpr int64_t kRowsMax = 4096;
constexpr int64_t kPagesMax = 1024;
constexpr int kIncremental = 2;  // Of PRAGMA auto_vacuum.

struct PrunedTable {
  const char* name;
  const char* key;
  const char* time;
  bool of_flows;  // Rows of pinned flows stay.
};
// Large rows first. What counts flows comes behind them, because readers take it for news.
constexpr PrunedTable kTables[] = {
    {"chunk", "rowid", "t_start", true},
    {"icmp", "(t_start, flow_hash, n)", "t_start", true},
    {"flow", "(t_start, flow_hash)", "t_start", true},
    {"ledger", "(t_minute, sensor_id, source, outcome)", "t_minute", false},
};

std::string DeleteSql(const PrunedTable& table) {
  const std::string key = table.key;
  const bool is_list = key.starts_with('(');
  const std::string columns = is_list ? key.substr(1, key.size() - 2) : key;
  return fmt::format(
      "DELETE FROM {0} WHERE {1} IN (SELECT {2} FROM {0} AS t WHERE t.{3} < ?1{4}"
      " ORDER BY t.{3} LIMIT ?2)",
      table.name, key, columns, table.time,
      table.of_flows ? fmt::format(" AND {}", kNotPinned) : "");
}

class SqliteKeeper final : public Keeper {
 public:
  explicit SqliteKeeper(std::unique_ptr<SqliteConnection> connection)
      : connection_(std::move(connection)) {}

  absl::StatusOr<KeepReport> RunOnce(const KeepOptions& options, int64_t now_ns) override;

 private:
  bool Stopped() const { return stop_ != nullptr && stop_->load(std::memory_order_relaxed); }

  absl::StatusOr<int64_t> Number(const std::string& sql, int64_t without_a_row = 0);
  absl::StatusOr<int64_t> Bytes();
  absl::StatusOr<int64_t> Oldest();
  absl::StatusOr<std::vector<StoredDay>> Days();
  absl::Status ListDue(const KeepOptions& options, int64_t now_ns);
  absl::Status DropDue(const KeepOptions& options, int64_t now_ns);
  absl::Status DropBefore(int64_t end_ns);
  absl::Status DeleteRows(const PrunedTable& table, int64_t end_ns);
  absl::Status GiveSpaceBack();
  // One transaction and a pause behind it. step_ns_ tells how long it kept others out.
  template <typename Work>
  absl::Status Step(Work work);
  absl::Status Change(const std::string& sql);

  std::unique_ptr<SqliteConnection> connection_;
  const std::atomic<bool>* stop_ = nullptr;
  KeepReport report_;
  int64_t step_ns_ = 0;
};

absl::StatusOr<int64_t> SqliteKeeper::Number(const std::string& sql, int64_t without_a_row) {
  DFC_ASSIGN_OR_RETURN(SqliteStatement statement, connection_->Prepare(sql));
  DFC_ASSIGN_OR_RETURN(const bool found, statement.Step());
  const bool is_null = !found || sqlite3_column_type(statement.get(), 0) == SQLITE_NULL;
  return is_null ? without_a_row : sqlite3_column_int64(statement.get(), 0);
}

absl::StatusOr<int64_t> SqliteKeeper::Bytes() { return Number(kSqliteBytesSql); }

// The first time of anything that retention may take; the end of time without any.
absl::StatusOr<int64_t> SqliteKeeper::Oldest() {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  const std::string flow = fmt::format(
      "SELECT t.t_start FROM flow AS t WHERE {} ORDER BY t.t_start LIMIT 1", kNotPinned);
  DFC_ASSIGN_OR_RETURN(const int64_t flow_ns, Number(flow, kNone));
  DFC_ASSIGN_OR_RETURN(const int64_t minute_ns,
                       Number("SELECT MIN(t_minute) FROM ledger WHERE t_minute > 0", kNone));
  return std::min(flow_ns, minute_ns);
}

// What is in the file is shared out by the sizes of rows: exact enough to be told to a person.
absl::StatusOr<std::vector<StoredDay>> SqliteKeeper::Days() {
  constexpr int64_t kRowBytes = 450;  // Of a flow with its place in the indexes.
  DFC_ASSIGN_OR_RETURN(
      SqliteStatement rows,
      connection_->Prepare(fmt::format(
          "SELECT day, SUM(bytes) FROM ("
          "SELECT t.t_start / {0} AS day, LENGTH(t.content) + LENGTH(t.turns) AS bytes"
          " FROM chunk AS t WHERE {1} UNION ALL "
          "SELECT t.t_start / {0}, {2} FROM flow AS t WHERE {1}) GROUP BY day ORDER BY day",
          kNsPerDay, kNotPinned, kRowBytes)));
  std::vector<StoredDay> days;
  double sum = 0;
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, rows.Step());
    if (!found) break;
    const int64_t end_ns = (sqlite3_column_int64(rows.get(), 0) + 1) * kNsPerDay;
    days.push_back({end_ns, static_cast<uint64_t>(sqlite3_column_int64(rows.get(), 1))});
    sum += static_cast<double>(days.back().bytes);
  }
  DFC_ASSIGN_OR_RETURN(const int64_t bytes, Bytes());
  for (StoredDay& day : days) {
    day.bytes =
        static_cast<uint64_t>(static_cast<double>(day.bytes) / sum * static_cast<double>(bytes));
  }
  return days;
}

template <typename Work>
absl::Status SqliteKeeper::Step(Work work) {
  DFC_RETURN_IF_ERROR(connection_->Execute("BEGIN IMMEDIATE"));
  const int64_t since_ns = MonotonicClockNs();
  absl::Status status = work();
  if (status.ok()) status = connection_->Execute("COMMIT");
  if (!status.ok() && connection_->in_transaction()) (void)connection_->Execute("ROLLBACK");
  step_ns_ = MonotonicClockNs() - since_ns;
  ++report_.steps;
  report_.longest_step_ns = std::max(report_.longest_step_ns, step_ns_);
  std::this_thread::sleep_for(std::chrono::nanoseconds(std::max(kPauseNsMin, step_ns_)));
  return status;
}

absl::Status SqliteKeeper::Change(const std::string& sql) {
  return Step([&] { return connection_->Execute(sql); });
}

// Twice as much after a step that was short, half as much after one that was long.
int64_t NextAmount(int64_t amount, int64_t took_ns, int64_t amount_max) {
  if (took_ns > kStepNs) return std::max<int64_t>(amount / 2, 1);
  return took_ns < kStepNs / 2 ? std::min(amount * 2, amount_max) : amount;
}

absl::Status SqliteKeeper::DeleteRows(const PrunedTable& table, int64_t end_ns) {
  DFC_ASSIGN_OR_RETURN(SqliteStatement statement, connection_->Prepare(DeleteSql(table)));
  int64_t changed = 0;
  for (int64_t rows = kRowsFirst; !Stopped(); rows = NextAmount(rows, step_ns_, kRowsMax)) {
    DFC_RETURN_IF_ERROR(Step([&] {
      statement.Signed(end_ns);
      statement.Signed(rows);
      const int code = statement.Run();
      changed = connection_->changes();
      return code == SQLITE_OK ? absl::OkStatus() : connection_->ErrorStatus(code);
    }));
    if (changed < rows) break;
  }
  return absl::OkStatus();
}

// `end_ns` is told first: who verifies the store meanwhile knows what to expect.
absl::Status SqliteKeeper::DropBefore(int64_t end_ns) {
  DFC_RETURN_IF_ERROR(Change(HorizonSql(end_ns)));
  for (const PrunedTable& table : kTables) DFC_RETURN_IF_ERROR(DeleteRows(table, end_ns));
  if (Stopped()) return absl::OkStatus();
  for (const std::string& sql : PartsSql(end_ns)) DFC_RETURN_IF_ERROR(Change(sql));
  return absl::OkStatus();
}

absl::Status SqliteKeeper::DropDue(const KeepOptions& options, int64_t now_ns) {
  const int64_t from_ns = KeptFromNs(options.limits, now_ns);
  while (!Stopped()) {
    DFC_ASSIGN_OR_RETURN(const int64_t oldest_ns, Oldest());
    DFC_ASSIGN_OR_RETURN(const int64_t bytes, Bytes());
    const bool too_much =
        options.limits.bytes && static_cast<uint64_t>(bytes) > *options.limits.bytes;
    if (oldest_ns >= from_ns && !too_much) break;
    const int64_t day_ns = StretchOf(oldest_ns, kNsPerDay);
    DFC_ASSIGN_OR_RETURN(const int64_t newest_ns, Number("SELECT MAX(t_start) FROM flow"));
    // Also where nothing is left to take: its day is the last of all.
    if (oldest_ns >= from_ns && day_ns >= StretchOf(newest_ns, kNsPerDay)) {
      report_.over_limit = true;
      break;
    }
    const int64_t end_ns = day_ns + kNsPerDay;
    DFC_RETURN_IF_ERROR(DropBefore(end_ns));
    DFC_ASSIGN_OR_RETURN(const int64_t left, Bytes());
    report_.dropped.push_back({end_ns, static_cast<uint64_t>(std::max<int64_t>(bytes - left, 0))});
  }
  return absl::OkStatus();
}

absl::Status SqliteKeeper::ListDue(const KeepOptions& options, int64_t now_ns) {
  DFC_ASSIGN_OR_RETURN(std::vector<StoredDay> days, Days());
  DFC_ASSIGN_OR_RETURN(const int64_t newest_ns, Number("SELECT MAX(t_start) FROM flow"));
  days.resize(CountDueDays(days, options.limits, now_ns, newest_ns));
  for (const StoredDay& day : days) {
    report_.bytes_after -= std::min(report_.bytes_after, day.bytes);
  }
  report_.dropped = std::move(days);
  report_.over_limit = options.limits.bytes && report_.bytes_after > *options.limits.bytes;
  return absl::OkStatus();
}

// Free pages at the end of the file are cut off, after used ones from there have taken the place
// of others.
absl::Status SqliteKeeper::GiveSpaceBack() {
  DFC_ASSIGN_OR_RETURN(const int64_t kind, Number("PRAGMA auto_vacuum"));
  if (kind != kIncremental) return absl::OkStatus();
  for (int64_t pages = kRowsFirst; !Stopped(); pages = NextAmount(pages, step_ns_, kPagesMax)) {
    DFC_ASSIGN_OR_RETURN(const int64_t free_pages, Number("PRAGMA freelist_count"));
    if (free_pages == 0) break;
    DFC_RETURN_IF_ERROR(Change(fmt::format("PRAGMA incremental_vacuum({})", pages)));
  }
  return connection_->Execute("PRAGMA wal_checkpoint(PASSIVE)");
}

absl::StatusOr<KeepReport> SqliteKeeper::RunOnce(const KeepOptions& options, int64_t now_ns) {
  report_ = {};
  stop_ = options.stop;
  DFC_ASSIGN_OR_RETURN(const int64_t before, Bytes());
  report_.bytes_before = report_.bytes_after = static_cast<uint64_t>(before);
  if (options.dry_run) {
    DFC_RETURN_IF_ERROR(ListDue(options, now_ns));
    return report_;
  }
  DFC_RETURN_IF_ERROR(connection_->Execute(LimitsSql(options.limits)));
  DFC_RETURN_IF_ERROR(DropDue(options, now_ns));
  DFC_RETURN_IF_ERROR(GiveSpaceBack());
  DFC_ASSIGN_OR_RETURN(const int64_t after, Bytes());
  report_.bytes_after = static_cast<uint64_t>(after);
  return report_;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Keeper>> OpenSqliteKeeper(const StoreUrl& url) {
  if (!std::filesystem::exists(url.path)) {
    return absl::NotFoundError(fmt::format("no store at {}", url.path));
  }
  DFC_ASSIGN_OR_RETURN(auto connection,
                       SqliteConnection::Open(url, SqliteConnection::Mode::kCreate));
  DFC_RETURN_IF_ERROR(CheckSqliteSchema(*connection));
  // The log is copied back in short pieces, by this thread rather than by one that captures.
  DFC_RETURN_IF_ERROR(connection->Execute("PRAGMA wal_autocheckpoint = 500"));
  return std::unique_ptr<Keeper>(std::make_unique<SqliteKeeper>(std::move(connection)));
}

}  // namespace dfc
