// The border to SQLite: a database and its prepared statements, errors as statuses.
#pragma once

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>

#include "dfc/bytes.h"
#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

class SqliteStatement;

// One open database. Used by one thread.
class SqliteConnection {
 public:
  enum class Mode { kCreate, kRead };

  // kCreate makes the file (mode 0600: it will hold what people sent) but no tables; kRead refuses
  // a file that is not there, and every later change.
  static absl::StatusOr<std::unique_ptr<SqliteConnection>> Open(const StoreUrl& url, Mode mode);

  // Runs statements that give no rows.
  absl::Status Execute(const std::string& sql);
  absl::StatusOr<SqliteStatement> Prepare(const std::string& sql);

  absl::StatusOr<int> SchemaVersion();

  // From StartClock() on a statement may take that long; then it fails with kDeadlineExceeded.
  void LimitTime(int64_t statement_ms_max);
  void StartClock();

  // What `code`, a result of this connection, means to a person.
  absl::Status ErrorStatus(int code) const;

  bool in_transaction() const { return sqlite3_get_autocommit(db_.get()) == 0; }
  int64_t changes() const { return sqlite3_changes64(db_.get()); }
  const std::string& name() const { return name_; }

 private:
  struct CloseDatabase {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };
  explicit SqliteConnection(const StoreUrl& url) : path_(url.path), name_(url.Text()) {}

  absl::Status CheckPath(Mode mode) const;
  absl::Status Configure(Mode mode);
  absl::Status UseWal();
  absl::Status AddUncompress();

  static int IsLate(void* connection);

  int64_t time_limit_ns_ = 0;  // 0: none.
  int64_t deadline_ns_ = 0;
  std::string path_;
  std::string name_;  // "sqlite:PATH", for messages.
  std::unique_ptr<sqlite3, CloseDatabase> db_;
};

// A compiled statement. Binds by position, from 1, in the order of the calls; what is bound must
// live until the next Reset(). Satisfies `Emit` of row_columns.h.
class SqliteStatement {
 public:
  SqliteStatement() = default;
  SqliteStatement(SqliteConnection* connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {}

  void Signed(int64_t value) { Note(sqlite3_bind_int64(statement_.get(), ++bound_, value)); }
  // SQLite's integers are signed: 64 bits are kept, whatever they say.
  void Unsigned(uint64_t value) { Signed(static_cast<int64_t>(value)); }
  void Null() { Note(sqlite3_bind_null(statement_.get(), ++bound_)); }
  void Bytes(ByteSpan bytes);
  void Kept(ByteSpan bytes) { Bytes(bytes); }
  void Text(std::string_view text);

  // True when there is a row.
  absl::StatusOr<bool> Step();
  // For a statement without rows: steps once and makes ready for the next binding. The result is
  // SQLite's code, so that the caller can tell a conflict from a failure.
  int Run();
  void Reset();

  sqlite3_stmt* get() const { return statement_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  void Note(int code) {
    if (code != SQLITE_OK) bind_error_ = code;
  }

  SqliteConnection* connection_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
  int bind_error_ = SQLITE_OK;
};

}  // namespace dfc
