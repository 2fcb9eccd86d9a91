#include "schema.h"

#include <fmt/format.h>

#include "migrations.h"
#include "mysql_connection.h"
#include "sqlite_connection.h"

namespace dfc {

namespace {

int Newest(std::span<const Migration> migrations) { return static_cast<int>(migrations.size()); }

absl::Status TooNew(const std::string& store, int version, int newest) {
  return absl::FailedPreconditionError(
      fmt::format("{}: its tables have schema version {}, and this dfc knows versions up to {}; "
                  "use a newer dfc or another store",
                  store, version, newest));
}

// True when it was applied, false when another program has done so meanwhile.
absl::StatusOr<bool> ApplySqlite(SqliteConnection& connection, const Migration& migration) {
  DFC_RETURN_IF_ERROR(connection.Execute("BEGIN IMMEDIATE"));
  absl::StatusOr<int> version = connection.SchemaVersion();
  absl::Status status = version.status();
  const bool needed = status.ok() && *version < migration.number;
  if (needed) {
    status = connection.Execute(std::string(migration.sql));
    if (status.ok()) {
      status = connection.Execute(fmt::format("PRAGMA user_version = {}", migration.number));
    }
  }
  if (status.ok()) status = connection.Execute("COMMIT");
  if (!status.ok()) {
    (void)connection.Execute("ROLLBACK");
    return Annotate(status, fmt::format("migration {}", migration.name));
  }
  return needed;
}

// The server takes one statement at a time; one ends where ';' ends a line.
absl::Status ApplyMysql(MysqlConnection& connection, const Migration& migration) {
  constexpr std::string_view kEnd = ";\n";
  std::string_view rest = migration.sql;
  for (size_t end = rest.find(kEnd); end != std::string_view::npos; end = rest.find(kEnd)) {
    DFC_RETURN_IF_ERROR(Annotate(connection.Execute(rest.substr(0, end)),
                                 fmt::format("migration {}", migration.name)));
    rest.remove_prefix(end + kEnd.size());
  }
  return connection.Execute(
      fmt::format("INSERT INTO schema_version (version) VALUES ({})", migration.number));
}

absl::StatusOr<int> MigrateMysqlLocked(MysqlConnection& connection) {
  DFC_ASSIGN_OR_RETURN(const int version, connection.SchemaVersion());
  const auto migrations = MariadbMigrations();
  if (version > Newest(migrations)) {
    return TooNew(connection.name(), version, Newest(migrations));
  }
  int applied = 0;
  for (const Migration& migration : migrations) {
    if (migration.number <= version) continue;
    DFC_RETURN_IF_ERROR(ApplyMysql(connection, migration));
    ++applied;
  }
  return applied;
}

}  // namespace

absl::StatusOr<int> MigrateSqlite(SqliteConnection& connection) {
  DFC_ASSIGN_OR_RETURN(const int version, connection.SchemaVersion());
  const auto migrations = SqliteMigrations();
  if (version > Newest(migrations)) {
    return TooNew(connection.name(), version, Newest(migrations));
  }
  int applied = 0;
  for (const Migration& migration : migrations) {
    if (migration.number <= version) continue;
    DFC_ASSIGN_OR_RETURN(const bool done, ApplySqlite(connection, migration));
    applied += done ? 1 : 0;
  }
  return applied;
}

absl::StatusOr<int> MigrateMysql(MysqlConnection& connection) {
  MysqlLock lock(connection, "dfc_migrate");
  DFC_RETURN_IF_ERROR(lock.status());
  return MigrateMysqlLocked(connection);
}

absl::Status CheckSchema(const std::string& store, int version, int newest) {
  if (version == newest) return absl::OkStatus();
  if (version > newest) return TooNew(store, version, newest);
  if (version <= 0) {
    return absl::FailedPreconditionError(
        fmt::format("{0}: has no dfc tables; run: dfc init --store '{0}'", store));
  }
  return absl::FailedPreconditionError(
      fmt::format("{0}: its tables have schema version {1}, and this dfc needs {2}; run: dfc init "
                  "--store '{0}'",
                  store, version, newest));
}

absl::Status CheckSqliteSchema(SqliteConnection& connection) {
  DFC_ASSIGN_OR_RETURN(const int version, connection.SchemaVersion());
  return CheckSchema(connection.name(), version, Newest(SqliteMigrations()));
}

absl::Status CheckMysqlSchema(MysqlConnection& connection) {
  DFC_ASSIGN_OR_RETURN(const int version, connection.SchemaVersion());
  return CheckSchema(connection.name(), version, Newest(MariadbMigrations()));
}

}  // namespace dfc
