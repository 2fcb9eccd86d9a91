// Pins: flows that retention leaves.
#include <fmt/format.h>

#include "dfc/retention.h"
#include "mysql_connection.h"
#include "schema.h"
#include "sqlite_connection.h"

namespace dfc {

namespace {

// How many rows the statement has changed; `by_kind` is the SQL for SQLite and for MySQL.
absl::StatusOr<uint64_t> Change(const StoreUrl& url, const std::string& sqlite_sql,
                                const std::string& mysql_sql) {
  if (url.kind == StoreUrl::Kind::kNull) {
    return absl::InvalidArgumentError("null: keeps nothing; name another store");
  }
  if (url.kind == StoreUrl::Kind::kMysql) {
    DFC_ASSIGN_OR_RETURN(const auto connection, MysqlConnection::Open(url));
    DFC_RETURN_IF_ERROR(CheckMysqlSchema(*connection));
    DFC_RETURN_IF_ERROR(connection->Execute(mysql_sql));
    return connection->affected_rows();
  }
  DFC_ASSIGN_OR_RETURN(const auto connection,
                       SqliteConnection::Open(url, SqliteConnection::Mode::kCreate));
  DFC_RETURN_IF_ERROR(CheckSqliteSchema(*connection));
  DFC_RETURN_IF_ERROR(connection->Execute(sqlite_sql));
  return static_cast<uint64_t>(connection->changes());
}

}  // namespace

absl::Status PinFlow(const StoreUrl& url, const FlowId& id, int64_t now_ns) {
  constexpr const char* kSql =
      "INSERT INTO pin (t_start, flow_hash, t_pinned) VALUES ({}, {}, {}) ON {}";
  return Change(url,
                fmt::format(kSql, id.t_start_ns, static_cast<int64_t>(id.flow_hash), now_ns,
                            "CONFLICT DO NOTHING"),
                fmt::format(kSql, id.t_start_ns, id.flow_hash, now_ns,
                            "DUPLICATE KEY UPDATE t_pinned = t_pinned"))
      .status();
}

absl::StatusOr<bool> UnpinFlow(const StoreUrl& url, const FlowId& id) {
  constexpr const char* kSql = "DELETE FROM pin WHERE t_start = {} AND flow_hash = {}";
  DFC_ASSIGN_OR_RETURN(
      const uint64_t changed,
      Change(url, fmt::format(kSql, id.t_start_ns, static_cast<int64_t>(id.flow_hash)),
             fmt::format(kSql, id.t_start_ns, id.flow_hash)));
  return changed > 0;
}

}  // namespace dfc
