#include <fmt/format.h>
#include <mysqld_error.h>

#include "keepers.h"
#include "mysql_connection.h"
#include "schema.h"
#include "sql_cursor.h"

namespace dfc {

namespace {

// A column is at most a chunk's content or its index, both far below this.
constexpr unsigned long kColumnBytesMax = 16 << 20;
constexpr int64_t kMsPerSecond = 1000;

struct CloseStatement {
  void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
};
struct FreeResult {
  void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using Statement = std::unique_ptr<MYSQL_STMT, CloseStatement>;
using IdleSessions = std::vector<std::unique_ptr<MysqlConnection>>;

bool IsInteger(enum_field_types type) {
  return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_INT24 ||
         type == MYSQL_TYPE_LONG || type == MYSQL_TYPE_LONGLONG;
}

// Rows come from the server as they are read; until the last the session serves nothing else.
class MysqlCursor final : public SqlCursor {
 public:
  MysqlCursor(std::unique_ptr<MysqlConnection> session, IdleSessions& idle)
      : session_(std::move(session)), idle_(idle) {}

  ~MysqlCursor() override {
    statement_.reset();  // Reads what is left.
    if (usable_) idle_.push_back(std::move(session_));
  }

  absl::Status Execute(const std::string& sql, const std::vector<SqlValue>& values);

  absl::StatusOr<bool> Next() override;
  bool IsNull(int column) const override { return columns_[At(column)].is_null != 0; }
  int64_t Integer(int column) const override {
    const Column& from = columns_[At(column)];
    return from.is_null != 0 ? 0 : from.integer;  // A NULL leaves the last row's number there.
  }
  ByteSpan Bytes(int column) const override {
    const Column& from = columns_[At(column)];
    return from.is_null != 0 ? ByteSpan() : ByteSpan(from.bytes.data(), from.length);
  }

 private:
  struct Column {
    bool is_integer = false;
    int64_t integer = 0;
    std::vector<uint8_t> bytes;
    unsigned long length = 0;
    my_bool is_null = 0;
  };

  static size_t At(int column) { return static_cast<size_t>(column); }

  absl::Status BindValues(const std::vector<SqlValue>& values);
  absl::Status BindColumns();
  absl::Status FetchBytes(unsigned column);
  absl::Status Failed();

  std::unique_ptr<MysqlConnection> session_;
  IdleSessions& idle_;
  bool usable_ = true;
  Statement statement_;
  std::vector<Column> columns_;
  std::vector<MYSQL_BIND> binds_;
};

absl::Status MysqlCursor::Failed() {
  usable_ = false;
  // What the server says while rows are read may be noted for the session alone.
  MYSQL_STMT* const statement = statement_.get();
  if (mysql_stmt_errno(statement) == 0) return session_->ErrorStatus();
  return session_->Describe(mysql_stmt_errno(statement), mysql_stmt_error(statement));
}

absl::Status MysqlCursor::Execute(const std::string& sql, const std::vector<SqlValue>& values) {
  statement_.reset(mysql_stmt_init(session_->session()));
  if (statement_ == nullptr) return absl::UnavailableError("mysql: out of memory");
  if (mysql_stmt_prepare(statement_.get(), sql.data(), sql.size()) != 0) return Failed();
  DFC_RETURN_IF_ERROR(BindValues(values));
  return BindColumns();
}

// Values are needed until the statement is executed, and that is here.
absl::Status MysqlCursor::BindValues(const std::vector<SqlValue>& values) {
  std::vector<MYSQL_BIND> binds(values.size());
  std::vector<unsigned long> lengths(values.size());
  for (size_t at = 0; at < values.size(); ++at) {
    MYSQL_BIND& bind = binds[at];
    const auto set = [&](enum_field_types type, const void* data, size_t bytes) {
      bind.buffer_type = type;
      bind.buffer = const_cast<void*>(data);  // The library only reads it.
      bind.buffer_length = lengths[at] = bytes;
      bind.length = &lengths[at];
    };
    if (const auto* number = std::get_if<int64_t>(&values[at])) {
      set(MYSQL_TYPE_LONGLONG, number, sizeof *number);
    } else if (const auto* unsigned_number = std::get_if<uint64_t>(&values[at])) {
      set(MYSQL_TYPE_LONGLONG, unsigned_number, sizeof *unsigned_number);
      bind.is_unsigned = 1;
    } else if (const auto* text = std::get_if<std::string>(&values[at])) {
      set(MYSQL_TYPE_STRING, text->data(), text->size());
    } else {
      const auto& bytes = std::get<std::vector<uint8_t>>(values[at]);
      set(MYSQL_TYPE_BLOB, bytes.data(), bytes.size());
    }
  }
  if (mysql_stmt_param_count(statement_.get()) != values.size()) {
    return absl::InternalError("mysql: a statement has another number of values");
  }
  if (!values.empty() && mysql_stmt_bind_param(statement_.get(), binds.data()) != 0) {
    return Failed();
  }
  return mysql_stmt_execute(statement_.get()) == 0 ? absl::OkStatus() : Failed();
}

// Integers are fetched into place; of everything else first the length, so that memory is taken
// only when it is known.
absl::Status MysqlCursor::BindColumns() {
  const std::unique_ptr<MYSQL_RES, FreeResult> facts(mysql_stmt_result_metadata(statement_.get()));
  if (facts == nullptr) return Failed();
  const unsigned count = mysql_num_fields(facts.get());
  const MYSQL_FIELD* fields = mysql_fetch_fields(facts.get());
  columns_.resize(count);
  binds_.resize(count);
  for (unsigned at = 0; at < count; ++at) {
    Column& column = columns_[at];
    MYSQL_BIND& bind = binds_[at];
    column.is_integer = IsInteger(fields[at].type);
    bind.buffer_type = column.is_integer ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_BLOB;
    bind.buffer = column.is_integer ? &column.integer : nullptr;
    bind.buffer_length = column.is_integer ? sizeof column.integer : 0;
    bind.is_unsigned = (fields[at].flags & UNSIGNED_FLAG) != 0;
    bind.length = &column.length;
    bind.is_null = &column.is_null;
  }
  return mysql_stmt_bind_result(statement_.get(), binds_.data()) == 0 ? absl::OkStatus() : Failed();
}

absl::StatusOr<bool> MysqlCursor::Next() {
  const int result = mysql_stmt_fetch(statement_.get());
  if (result == MYSQL_NO_DATA) return false;
  if (result != 0 && result != MYSQL_DATA_TRUNCATED) return Failed();
  for (unsigned at = 0; at < columns_.size(); ++at) {
    if (columns_[at].is_integer || columns_[at].is_null != 0) continue;
    DFC_RETURN_IF_ERROR(FetchBytes(at));
  }
  return true;
}

absl::Status MysqlCursor::FetchBytes(unsigned column) {
  Column& to = columns_[column];
  if (to.length > kColumnBytesMax) {
    return absl::DataLossError(
        fmt::format("{}: a column of {} bytes is no row of dfc", session_->name(), to.length));
  }
  if (to.bytes.size() < to.length) to.bytes.resize(to.length);
  if (to.length == 0) return absl::OkStatus();
  unsigned long length = 0;
  my_bool is_null = 0;
  my_bool error = 0;
  MYSQL_BIND bind{};
  bind.buffer_type = MYSQL_TYPE_BLOB;
  bind.buffer = to.bytes.data();
  bind.buffer_length = to.length;
  bind.length = &length;
  bind.is_null = &is_null;
  bind.error = &error;
  return mysql_stmt_fetch_column(statement_.get(), &bind, column, 0) == 0 ? absl::OkStatus()
                                                                          : Failed();
}

// Keeps idle sessions, because a reader asks for a flow's content while the list of flows is open.
class MysqlReading final : public SqlConnection {
 public:
  MysqlReading(const StoreUrl& url, std::unique_ptr<MysqlConnection> first) : url_(url) {
    idle_.push_back(std::move(first));
  }

  absl::StatusOr<std::unique_ptr<SqlCursor>> Query(const std::string& sql,
                                                   const std::vector<SqlValue>& values) override {
    DFC_ASSIGN_OR_RETURN(auto session, TakeSession());
    auto cursor = std::make_unique<MysqlCursor>(std::move(session), idle_);
    DFC_RETURN_IF_ERROR(cursor->Execute(sql, values));
    return cursor;
  }

  const char* HashOrder() const override { return "f.flow_hash{0}"; }
  std::string HashPast(const char* sign, uint64_t hash,
                       std::vector<SqlValue>& values) const override {
    values.emplace_back(hash);
    return fmt::format("f.flow_hash {} ?", sign);
  }

  std::string ByIndex(const char* index) const override {
    return fmt::format(" FORCE INDEX ({})", index);
  }
  std::string ByKey() const override { return " FORCE INDEX (PRIMARY)"; }
  const char* JoinInOrder() const override { return " STRAIGHT_JOIN "; }
  absl::StatusOr<bool> HasFlowIndexes() override { return true; }

  // Sessions that are open keep what they had: it is called before the first statement.
  absl::Status LimitTime(int64_t statement_ms_max) override {
    statement_ms_max_ = statement_ms_max;
    for (const auto& session : idle_) DFC_RETURN_IF_ERROR(SetUpForReading(*session));
    return absl::OkStatus();
  }
  const char* BytesSql() const override { return kMysqlBytesSql; }
  absl::StatusOr<std::string> Version() override { return std::string(); }

 private:
  absl::Status SetUpForReading(MysqlConnection& session) const;
  absl::StatusOr<std::unique_ptr<MysqlConnection>> TakeSession();

  StoreUrl url_;
  IdleSessions idle_;
  int64_t statement_ms_max_ = 0;
};

// The server would drop a reader whose output waits in a pager for a minute. MariaDB limits the
// time of a statement in seconds, MySQL in milliseconds and by another name.
absl::Status MysqlReading::SetUpForReading(MysqlConnection& session) const {
  DFC_RETURN_IF_ERROR(session.Execute("SET SESSION net_write_timeout = 3600"));
  if (statement_ms_max_ == 0) return absl::OkStatus();
  DFC_RETURN_IF_ERROR(session.Execute("SET SESSION TRANSACTION READ ONLY"));
  const absl::Status set = session.Execute(fmt::format("SET SESSION max_statement_time = {}.{:03}",
                                                       statement_ms_max_ / kMsPerSecond,
                                                       statement_ms_max_ % kMsPerSecond));
  if (session.error_code() != ER_UNKNOWN_SYSTEM_VARIABLE) return set;
  return session.Execute(fmt::format("SET SESSION max_execution_time = {}", statement_ms_max_));
}

absl::StatusOr<std::unique_ptr<MysqlConnection>> MysqlReading::TakeSession() {
  if (!idle_.empty()) {
    auto session = std::move(idle_.back());
    idle_.pop_back();
    return session;
  }
  DFC_ASSIGN_OR_RETURN(auto session, MysqlConnection::Open(url_));
  DFC_RETURN_IF_ERROR(SetUpForReading(*session));
  return session;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqlConnection>> OpenMysqlForReading(const StoreUrl& url) {
  DFC_ASSIGN_OR_RETURN(auto session, MysqlConnection::Open(url));
  DFC_RETURN_IF_ERROR(CheckMysqlSchema(*session));
  auto reading = std::make_unique<MysqlReading>(url, std::move(session));
  DFC_RETURN_IF_ERROR(reading->LimitTime(0));
  return std::unique_ptr<SqlConnection>(std::move(reading));
}

}  // namespace dfc
