// Brings a database's tables up to date, or says what is in the way.
#pragma once

#include "dfc/status.h"

namespace dfc {

class MysqlConnection;
class SqliteConnection;

// Applies what is missing, in order, each migration once; returns how many. A database newer than
// this program is kFailedPrecondition. Safe when two programs do it at once.
absl::StatusOr<int> MigrateSqlite(SqliteConnection& connection);
absl::StatusOr<int> MigrateMysql(MysqlConnection& connection);

// kFailedPrecondition, with the remedy, unless the tables are those that this program knows.
absl::Status CheckSchema(const std::string& store, int version, int newest);
absl::Status CheckSqliteSchema(SqliteConnection& connection);
absl::Status CheckMysqlSchema(MysqlConnection& connection);

}  // namespace dfc
