#include "mysql_lease.h"

#include <fmt/format.h>

namespace dfc {

namespace {

constexpr int64_t kLeaseMs = 60'000;
// Of the server, so that sensors need not agree about the time.
constexpr const char* kNowMs = "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";

}  // namespace

// Assignments run from left to right: the second one sees who holds it now. Where two nodes of a
// cluster do this at once, the commit of one of them fails.
absl::Status MysqlLease::Hold() {
  const std::string name = HexLiteral(name_);
  const std::string holder = HexLiteral(holder_);
  DFC_RETURN_IF_ERROR(connection_.Execute(
      fmt::format("INSERT INTO lease (name, holder, t_until_ms) VALUES ({0}, {1}, {2} + {3})"
                  " ON DUPLICATE KEY UPDATE holder = IF(t_until_ms < {2}, VALUES(holder), holder),"
                  " t_until_ms = IF(holder = VALUES(holder), VALUES(t_until_ms), t_until_ms)",
                  name, holder, kNowMs, kLeaseMs)));
  DFC_ASSIGN_OR_RETURN(
      const auto other,
      connection_.QueryText(
          fmt::format("SELECT holder FROM lease WHERE name = {} AND holder <> {}", name, holder)));
  held_ = !other.has_value();
  if (held_) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}: {} is at it ({}); try again in a minute",
                                            connection_.name(), *other, name_));
}

MysqlLease::~MysqlLease() {
  if (!held_) return;
  connection_
      .Execute(fmt::format("UPDATE lease SET t_until_ms = 0 WHERE name = {} AND holder = {}",
                           HexLiteral(name_), HexLiteral(holder_)))
      .IgnoreError();
}

}  // namespace dfc
