#include "mysql_partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <set>
#include <thread>

#include "dfc/retention.h"
#include "dfc/time.h"
#include "flow_parts.h"
#include "keepers.h"

namespace dfc {

namespace {

constexpr int64_t kBeginOfTime = std::numeric_limits<int64_t>::min();
constexpr int64_t kEndOfTime = std::numeric_limits<int64_t>::max();
constexpr int64_t kDaysAhead = 7;
// The server's limit is 8,192 for a table. Older days than these share one.
constexpr size_t kDaysAtOnce = 400;
// What is copied in a few milliseconds. An empty partition tells 64 KiB with its indexes.
constexpr uint64_t kCopyBytesMax = 1 << 20;
// Older rows are worth a copy of the partition from one in so many on, counted up to a limit.
constexpr int64_t kOlderShare = 8;
constexpr int64_t kOlderCounted = 100'000;
// Of a statement that finds others in its way: 2 s in all.
constexpr int kTries = 400;
constexpr std::chrono::milliseconds kTryPause{5};

int64_t ParseNumber(const std::string& text, int64_t otherwise) {
  int64_t number = otherwise;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : otherwise;
}

// "p20261123".
std::string NameOf(int64_t day_ns) {
  std::string name = "p";
  for (const char letter : FormatTime(day_ns).substr(0, 10)) {
    if (letter != '-') name.push_back(letter);
  }
  return name;
}

std::string Bound(int64_t to_ns) {
  return to_ns == kEndOfTime ? "MAXVALUE" : fmt::format("({})", to_ns);
}

std::string OutName(const PartitionedTable& table) { return fmt::format("{}_out", table.name); }

}  // namespace

absl::StatusOr<TextRows> QueryRows(MysqlConnection& connection, const std::string& sql) {
  MYSQL* const session = connection.session();
  if (mysql_real_query(session, sql.data(), sql.size()) != 0) return connection.ErrorStatus();
  MYSQL_RES* const answer = mysql_store_result(session);
  if (answer == nullptr) return connection.ErrorStatus();
  TextRows rows;
  while (const MYSQL_ROW row = mysql_fetch_row(answer)) {
    const unsigned long* const lengths = mysql_fetch_lengths(answer);
    std::vector<std::string>& texts = rows.emplace_back();
    for (unsigned at = 0; at < mysql_num_fields(answer); ++at) {
      texts.emplace_back(row[at] == nullptr ? "" : std::string(row[at], lengths[at]));
    }
  }
  mysql_free_result(answer);
  return rows;
}

absl::StatusOr<int64_t> MysqlPartitions::Number(const std::string& sql, int64_t without_a_row) {
  DFC_ASSIGN_OR_RETURN(const auto text, connection_.QueryText(sql));
  return text ? ParseNumber(*text, without_a_row) : without_a_row;
}

// A change of a table that waits in line holds up all who come after it, writers too: it must not
// wait, but try again. What else this session does waits as long as others do.
absl::Status MysqlPartitions::Alter(const std::string& sql) {
  // MySQL waits a second at least.
  if (!connection_.Execute("SET SESSION lock_wait_timeout = 0").ok()) {
    DFC_RETURN_IF_ERROR(connection_.Execute("SET SESSION lock_wait_timeout = 1"));
  }
  absl::Status status;
  for (int n = 0; n < kTries; ++n) {
    if (n > 0) std::this_thread::sleep_for(kTryPause);
    const int64_t since_ns = MonotonicClockNs();
    status = connection_.Execute(sql);
    if (absl::IsAborted(status)) continue;
    ++statements_;
    longest_ns_ = std::max(longest_ns_, MonotonicClockNs() - since_ns);
    break;
  }
  const absl::Status restored = connection_.Execute("SET SESSION lock_wait_timeout = DEFAULT");
  return Annotate(status.ok() ? restored : status, sql.substr(0, 60));
}

absl::StatusOr<std::vector<Partition>> MysqlPartitions::List(const PartitionedTable& table) {
  DFC_ASSIGN_OR_RETURN(
      const TextRows rows,
      QueryRows(connection_,
                fmt::format("SELECT PARTITION_NAME, PARTITION_DESCRIPTION,"
                            " DATA_LENGTH + INDEX_LENGTH FROM information_schema.PARTITIONS"
                            " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{}'"
                            " AND PARTITION_NAME IS NOT NULL ORDER BY PARTITION_ORDINAL_POSITION",
                            table.name)));
  std::vector<Partition> partitions;
  int64_t from_ns = kBeginOfTime;
  for (const auto& row : rows) {
    const int64_t to_ns = ParseNumber(row[1], kEndOfTime);
    partitions.push_back({row[0], from_ns, to_ns, static_cast<uint64_t>(ParseNumber(row[2], 0))});
    from_ns = to_ns;
  }
  if (partitions.empty() || partitions.back().to_ns != kEndOfTime) {
    return absl::FailedPreconditionError(
        fmt::format("{}: table {} has no partition pmax that takes what comes", connection_.name(),
                    table.name));
  }
  return partitions;
}

// The newest first, because the oldest may take what is left. Each is found by the key.
absl::StatusOr<std::vector<int64_t>> MysqlPartitions::DaysWithRows(const PartitionedTable& table,
                                                                   const Partition& partition,
                                                                   int64_t end_ns) {
  std::vector<int64_t> days;
  while (days.size() < kDaysAtOnce) {
    DFC_ASSIGN_OR_RETURN(
        const int64_t t_ns,
        Number(fmt::format("SELECT MAX({0}) FROM {1} PARTITION ({2}) WHERE {0} < {3}", table.time,
                           table.name, partition.name, end_ns),
               kBeginOfTime));
    if (t_ns == kBeginOfTime) break;
    end_ns = StretchOf(t_ns, kNsPerDay);
    days.push_back(end_ns);
  }
  return days;
}

absl::Status MysqlPartitions::Split(const PartitionedTable& table, const Partition& partition,
                                    const std::vector<int64_t>& days) {
  std::string sql =
      fmt::format("ALTER TABLE {} REORGANIZE PARTITION {} INTO (", table.name, partition.name);
  for (const int64_t day_ns : days) {
    sql += fmt::format("PARTITION {} VALUES LESS THAN {}, ", NameOf(day_ns),
                       Bound(day_ns + kNsPerDay));
  }
  sql += fmt::format("PARTITION {} VALUES LESS THAN {})", partition.name, Bound(partition.to_ns));
  return Alter(sql);
}

// The server learns by itself how large a partition is, but not at once.
absl::Status MysqlPartitions::Measure(const PartitionedTable& table) {
  return connection_.Execute(fmt::format("ANALYZE TABLE {}", table.name));
}

// A flow that goes on for weeks leaves its row in the first partition, and that is no reason to
// copy a day.
absl::StatusOr<bool> MysqlPartitions::IsMostlyOlder(const PartitionedTable& table,
                                                    const Partition& partition) {
  constexpr const char* kCount =
      "SELECT COUNT(*) FROM (SELECT 1 FROM {1} PARTITION ({2}) WHERE {0} {3} {4} LIMIT {5}) AS t";
  const int64_t day_ns = partition.to_ns - kNsPerDay;
  const auto count = [&](const char* sign) {
    return Number(
        fmt::format(kCount, table.time, table.name, partition.name, sign, day_ns, kOlderCounted),
        0);
  };
  DFC_ASSIGN_OR_RETURN(const int64_t older, count("<"));
  if (older == 0) return false;
  DFC_ASSIGN_OR_RETURN(const int64_t of_the_day, count(">="));
  return older * kOlderShare >= of_the_day;
}

absl::StatusOr<std::vector<Partition>> MysqlPartitions::ListAsMade(const PartitionedTable& table,
                                                                   int64_t now_ns) {
  DFC_ASSIGN_OR_RETURN(const std::vector<Partition> partitions, List(table));
  const int64_t ahead_ns = StretchOf(now_ns, kNsPerDay) + kDaysAhead * kNsPerDay;
  std::vector<Partition> made;
  for (const Partition& partition : partitions) {
    std::vector<int64_t> days;
    if (partition.to_ns == kEndOfTime) {
      DFC_ASSIGN_OR_RETURN(days, DaysWithRows(table, partition, ahead_ns + kNsPerDay));
    } else if (made.empty()) {
      DFC_ASSIGN_OR_RETURN(const bool splits, IsMostlyOlder(table, partition));
      const int64_t end_ns = partition.to_ns - kNsPerDay;
      if (splits) {
        DFC_ASSIGN_OR_RETURN(days, DaysWithRows(table, partition, end_ns));
      }
    }
    Partition part = partition;
    part.bytes /= days.size() + 1;
    for (auto day = days.rbegin(); day != days.rend(); ++day) {
      part.to_ns = *day + kNsPerDay;
      made.push_back(part);
      part.from_ns = part.to_ns;
    }
    part.to_ns = partition.to_ns;
    made.push_back(part);
  }
  return made;
}

absl::StatusOr<uint64_t> MysqlPartitions::Make(const PartitionedTable& table, int64_t now_ns,
                                               bool may_copy, bool& behind) {
  DFC_ASSIGN_OR_RETURN(const std::vector<Partition> partitions, List(table));
  const Partition& last = partitions.back();
  const int64_t today_ns = StretchOf(now_ns, kNsPerDay);
  const int64_t ahead_ns = today_ns + kDaysAhead * kNsPerDay;
  uint64_t made = 0;
  // A row of the far future, by a clock that was wrong, stays in pmax.
  if (last.from_ns <= ahead_ns) {
    DFC_ASSIGN_OR_RETURN(const auto found, DaysWithRows(table, last, ahead_ns + kNsPerDay));
    if (found.empty() || may_copy || last.bytes <= kCopyBytesMax) {
      std::set<int64_t> days(found.begin(), found.end());
      for (int64_t day_ns = std::max(today_ns, last.from_ns); day_ns <= ahead_ns;
           day_ns += kNsPerDay) {
        days.insert(day_ns);
      }
      DFC_RETURN_IF_ERROR(Split(table, last, std::vector(days.begin(), days.end())));
      if (!found.empty()) DFC_RETURN_IF_ERROR(Measure(table));
      made += days.size();
    } else {
      behind = true;
    }
  }
  const Partition& first = partitions.front();
  if (!may_copy || first.to_ns == kEndOfTime) return made;
  DFC_ASSIGN_OR_RETURN(const bool worthwhile, IsMostlyOlder(table, first));
  if (!worthwhile) return made;
  DFC_ASSIGN_OR_RETURN(auto older, DaysWithRows(table, first, first.to_ns - kNsPerDay));
  std::ranges::reverse(older);
  DFC_RETURN_IF_ERROR(Split(table, first, older));
  DFC_RETURN_IF_ERROR(Measure(table));
  return made + older.size();
}

absl::StatusOr<bool> MysqlPartitions::HasUnpinned(const PartitionedTable& table,
                                                  const Partition& partition) {
  DFC_ASSIGN_OR_RETURN(
      const auto found,
      connection_.QueryText(fmt::format("SELECT 1 FROM {} PARTITION ({}) AS t WHERE {} LIMIT 1",
                                        table.name, partition.name, kNotPinned)));
  return found.has_value();
}

absl::StatusOr<bool> MysqlPartitions::HasPins(const Partition& partition) {
  DFC_ASSIGN_OR_RETURN(const auto found,
                       connection_.QueryText(fmt::format(
                           "SELECT 1 FROM pin WHERE t_start >= {} AND t_start < {} LIMIT 1",
                           partition.from_ns, partition.to_ns)));
  return found.has_value();
}

absl::StatusOr<bool> MysqlPartitions::Goes(const PartitionedTable& table,
                                           const Partition& partition) {
  DFC_ASSIGN_OR_RETURN(const bool has_pins, HasPins(partition));
  if (!has_pins) return true;
  return HasUnpinned(table, partition);
}

absl::Status MysqlPartitions::Drop(const PartitionedTable& table, const Partition& partition) {
  DFC_ASSIGN_OR_RETURN(const bool has_pins, HasPins(partition));
  if (has_pins && table.rows == PartitionedTable::Rows::kOfFlows) {
    return KeepPinned(table, partition);
  }
  if (has_pins && table.rows == PartitionedTable::Rows::kCountFlows) {
    for (const std::string& sql : PartsSql(partition.to_ns)) {
      DFC_RETURN_IF_ERROR(connection_.Execute(sql));
    }
    return absl::OkStatus();
  }
  return Alter(fmt::format("ALTER TABLE {} DROP PARTITION {}", table.name, partition.name));
}

// The partition changes places with an empty table. What is pinned comes back; for so long readers
// do not see it.
absl::Status MysqlPartitions::KeepPinned(const PartitionedTable& table,
                                         const Partition& partition) {
  DFC_ASSIGN_OR_RETURN(const bool has_more, HasUnpinned(table, partition));
  if (!has_more) return absl::OkStatus();
  const std::string out = OutName(table);
  DFC_RETURN_IF_ERROR(connection_.Execute(fmt::format("CREATE TABLE {} LIKE {}", out, table.name)));
  DFC_RETURN_IF_ERROR(connection_.Execute(fmt::format("ALTER TABLE {} REMOVE PARTITIONING", out)));
  DFC_RETURN_IF_ERROR(Alter(fmt::format("ALTER TABLE {} EXCHANGE PARTITION {} WITH TABLE {}",
                                        table.name, partition.name, out)));
  return PutBack(table);
}

// A row that has been written anew since is the newer one.
absl::Status MysqlPartitions::PutBack(const PartitionedTable& table) {
  const std::string out = OutName(table);
  DFC_RETURN_IF_ERROR(
      connection_.Execute(fmt::format("INSERT INTO {0} SELECT o.* FROM {1} AS o JOIN pin AS p"
                                      " ON p.t_start = o.t_start AND p.flow_hash = o.flow_hash"
                                      " ON DUPLICATE KEY UPDATE {0}.t_start = {0}.t_start",
                                      table.name, out)));
  return connection_.Execute(fmt::format("DROP TABLE {}", out));
}

absl::Status MysqlPartitions::Recover() {
  for (const PartitionedTable& table : kPartitionedTables) {
    DFC_ASSIGN_OR_RETURN(
        const auto found,
        connection_.QueryText(fmt::format("SELECT 1 FROM information_schema.TABLES"
                                          " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = '{}'",
                                          OutName(table))));
    if (found) DFC_RETURN_IF_ERROR(PutBack(table));
  }
  return absl::OkStatus();
}

}  // namespace dfc
