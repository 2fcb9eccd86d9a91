#include <fmt/format.h>
#include <sys/statvfs.h>

#include "keepers.h"
#include "schema.h"
#include "sql_cursor.h"
#include "sqlite_connection.h"

namespace dfc {

namespace {

class SqliteCursor final : public SqlCursor {
 public:
  SqliteCursor(SqliteStatement statement, std::vector<SqlValue> values)
      : values_(std::move(values)), statement_(std::move(statement)) {
    for (const SqlValue& value : values_) Bind(value);
  }

  absl::StatusOr<bool> Next() override { return statement_.Step(); }

  bool IsNull(int column) const override {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
  }
  int64_t Integer(int column) const override {
    return sqlite3_column_int64(statement_.get(), column);
  }
  ByteSpan Bytes(int column) const override {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const int bytes = sqlite3_column_bytes(statement_.get(), column);
    return {static_cast<const uint8_t*>(data), static_cast<size_t>(bytes)};
  }

 private:
  void Bind(const SqlValue& value) {
    if (const auto* number = std::get_if<int64_t>(&value)) return statement_.Signed(*number);
    if (const auto* number = std::get_if<uint64_t>(&value)) return statement_.Unsigned(*number);
    if (const auto* text = std::get_if<std::string>(&value)) return statement_.Text(*text);
    statement_.Bytes(std::get<std::vector<uint8_t>>(value));
  }

  std::vector<SqlValue> values_;  // Bound without a copy: outlives the statement.
  SqliteStatement statement_;
};

class SqliteReading final : public SqlConnection {
 public:
  SqliteReading(std::unique_ptr<SqliteConnection> connection, std::string path)
      : connection_(std::move(connection)), path_(std::move(path)) {}

  absl::StatusOr<std::unique_ptr<SqlCursor>> Query(const std::string& sql,
                                                   const std::vector<SqlValue>& values) override {
    connection_->StartClock();
    DFC_ASSIGN_OR_RETURN(SqliteStatement statement, connection_->Prepare(sql));
    return std::make_unique<SqliteCursor>(std::move(statement), values);
  }

  // The stored number is signed: those with the top bit come last, as they would unsigned.
  const char* HashOrder() const override { return "(f.flow_hash < 0){0}, f.flow_hash{0}"; }
  std::string HashPast(const char* sign, uint64_t hash,
                       std::vector<SqlValue>& values) const override {
    values.emplace_back(int64_t{hash >> 63 != 0});
    values.emplace_back(hash);
    return fmt::format("((f.flow_hash < 0), f.flow_hash) {} (?, ?)", sign);
  }

  std::string ByIndex(const char* index) const override {
    return fmt::format(" INDEXED BY {}", index);
  }
  std::string ByKey() const override { return " INDEXED BY sqlite_autoindex_flow_1"; }
  const char* JoinInOrder() const override { return " CROSS JOIN "; }
  // They are made when the first run ends, all at once.
  absl::StatusOr<bool> HasFlowIndexes() override {
    if (has_indexes_) return true;
    DFC_ASSIGN_OR_RETURN(
        const auto row,
        Query("SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('flow_client', 'flow_server',"
              " 'flow_server_port', 'flow_flow_hash', 'icmp_time')",
              {}));
    DFC_ASSIGN_OR_RETURN(const bool found, row->Next());
    has_indexes_ = found && row->Integer(0) == kIndexCount;
    return has_indexes_;
  }

  absl::Status LimitTime(int64_t statement_ms_max) override {
    connection_->LimitTime(statement_ms_max);
    return absl::OkStatus();
  }

  const char* BytesSql() const override { return kSqliteBytesSql; }
  std::optional<uint64_t> FreeBytes() const override {
    struct statvfs facts {};
    if (::statvfs(path_.c_str(), &facts) != 0) return std::nullopt;
    return uint64_t{facts.f_bavail} * facts.f_frsize;
  }

  absl::StatusOr<std::string> Version() override {
    DFC_ASSIGN_OR_RETURN(const auto row, Query("PRAGMA data_version", {}));
    DFC_ASSIGN_OR_RETURN(const bool found, row->Next());
    return found ? std::to_string(row->Integer(0)) : "";
  }

 private:
  static constexpr int64_t kIndexCount = 5;

  std::unique_ptr<SqliteConnection> connection_;
  std::string path_;
  bool has_indexes_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SqlConnection>> OpenSqliteForReading(const StoreUrl& url) {
  DFC_ASSIGN_OR_RETURN(auto connection, SqliteConnection::Open(url, SqliteConnection::Mode::kRead));
  DFC_RETURN_IF_ERROR(CheckSqliteSchema(*connection));
  return std::unique_ptr<SqlConnection>(
      std::make_unique<SqliteReading>(std::move(connection), url.path));
}

}  // namespace dfc
