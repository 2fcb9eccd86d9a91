// The tables of a MySQL store by day: partitions made ahead, and dropped.
//
//   p20261122      p20261123    ...    p20261130    pmax
//   and before     one day             in a week    and behind
//
// A statement here keeps writers out while it runs. One that finds them, or readers, in its way
// gives up at once and comes again, instead of letting all others wait behind it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dfc/status.h"
#include "mysql_connection.h"

namespace dfc {

struct Partition {
  std::string name;
  int64_t from_ns;  // The end of the one before; the first one has all of the past.
  int64_t to_ns;    // The last one has all of the future.
  uint64_t bytes;   // As the server reckons.
};

struct PartitionedTable {
  enum class Rows {
    kOfFlows,     // Those of pinned flows stay.
    kCountFlows,  // Stay where flows are left.
    kPlain
  };
  const char* name;
  const char* time;  // The column that decides.
  Rows rows;
};
// What counts flows comes behind them, because readers take it for news.
inline constexpr PartitionedTable kPartitionedTables[] = {
    {"chunk", "t_start", PartitionedTable::Rows::kOfFlows},
    {"icmp", "t_start", PartitionedTable::Rows::kOfFlows},
    {"flow", "t_start", PartitionedTable::Rows::kOfFlows},
    {"ledger", "t_minute", PartitionedTable::Rows::kPlain},
    {"flow_part", "t_part", PartitionedTable::Rows::kCountFlows},
};

// The rows of a short answer; NULL is empty.
using TextRows = std::vector<std::vector<std::string>>;
absl::StatusOr<TextRows> QueryRows(MysqlConnection& connection, const std::string& sql);

class MysqlPartitions {
 public:
  explicit MysqlPartitions(MysqlConnection& connection) : connection_(connection) {}

  // In the order of time. kFailedPrecondition for a table without partitions.
  absl::StatusOr<std::vector<Partition>> List(const PartitionedTable& table);

  // Splits off pmax the days of its rows, today and a week; may_copy also splits the first one
  // where much of it is older than its day. Returns how many partitions it made. `behind` becomes
  // true where rows would have to be copied that may not.
  absl::StatusOr<uint64_t> Make(const PartitionedTable& table, int64_t now_ns, bool may_copy,
                                bool& behind);

  // As List(), after a Make() that may copy: which is not done. Bytes are shared out evenly.
  absl::StatusOr<std::vector<Partition>> ListAsMade(const PartitionedTable& table, int64_t now_ns);

  // Everything of the partition but rows of pinned flows; without those the partition, too.
  absl::Status Drop(const PartitionedTable& table, const Partition& partition);

  // False where Drop() would change nothing: pinned flows are all that is left.
  absl::StatusOr<bool> Goes(const PartitionedTable& table, const Partition& partition);

  // Puts rows of pinned flows back that a Drop() which was killed had taken out.
  absl::Status Recover();

  // The only number of an answer.
  absl::StatusOr<int64_t> Number(const std::string& sql, int64_t without_a_row);

  int64_t longest_ns() const { return longest_ns_; }
  uint64_t statements() const { return statements_; }

 private:
  absl::StatusOr<std::vector<int64_t>> DaysWithRows(const PartitionedTable& table,
                                                    const Partition& partition, int64_t end_ns);
  absl::StatusOr<bool> HasUnpinned(const PartitionedTable& table, const Partition& partition);
  absl::StatusOr<bool> HasPins(const Partition& partition);
  absl::StatusOr<bool> IsMostlyOlder(const PartitionedTable& table, const Partition& partition);
  absl::Status Split(const PartitionedTable& table, const Partition& partition,
                     const std::vector<int64_t>& days);
  absl::Status Measure(const PartitionedTable& table);
  absl::Status KeepPinned(const PartitionedTable& table, const Partition& partition);
  absl::Status PutBack(const PartitionedTable& table);
  // A statement that nobody may be in the way of.
  absl::Status Alter(const std::string& sql);

  MysqlConnection& connection_;
  int64_t longest_ns_ = 0;
  uint64_t statements_ = 0;
};

}  // namespace dfc
