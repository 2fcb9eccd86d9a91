#include "sqlite_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include "content_packer.h"
#include "dfc/file.h"
#include "dfc/time.h"

namespace dfc {

namespace {

constexpr int kBusyTimeoutMs = 60'000;
constexpr int kWalTriesMax = 50;
constexpr std::chrono::milliseconds kWalPause{100};

// Of the result codes that mean the same to a caller, the remedy is in the words.
absl::Status Describe(const std::string& name, int code, int system_error, const char* message) {
  const int primary = code & 0xFF;
  if (primary == SQLITE_FULL || system_error == ENOSPC || system_error == EDQUOT) {
    return absl::UnavailableError(
        fmt::format("{}: disk full; free space on its file system and run again", name));
  }
  const std::string text = fmt::format("{}: {}", name, message);
  switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(
          fmt::format("{}: another program is writing to it; wait for it to end", name));
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
      return absl::UnavailableError(text);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return absl::PermissionDeniedError(fmt::format(
          "{}; the file, its folder and its -wal and -shm files must be writable", text));
    case SQLITE_INTERRUPT:
      return absl::DeadlineExceededError(
          fmt::format("{}: the answer takes too long; ask for less", name));
    case SQLITE_CORRUPT:
      return absl::DataLossError(fmt::format("{}; try: sqlite3 FILE .recover", text));
    case SQLITE_NOTADB:
      return absl::FailedPreconditionError(
          fmt::format("{}: not a SQLite database; choose another path", name));
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
      return absl::InvalidArgumentError(text);
    default:
      return absl::InternalError(text);
  }
}

// sqlar_uncompress(CONTENT, BYTES): NULL where that is not what the content was made of.
void Uncompress(sqlite3_context* context, int /*values*/, sqlite3_value** values) {
  auto& unpacker = *static_cast<ContentUnpacker*>(sqlite3_user_data(context));
  const int64_t bytes = sqlite3_value_int64(values[1]);
  const auto* const data = static_cast<const uint8_t*>(sqlite3_value_blob(values[0]));
  const auto size = static_cast<size_t>(sqlite3_value_bytes(values[0]));
  if (data == nullptr || bytes < 0) return sqlite3_result_null(context);
  if (static_cast<size_t>(bytes) == size) return sqlite3_result_value(context, values[0]);
  const auto content = unpacker.Unpack(ByteSpan(data, size), static_cast<size_t>(bytes));
  if (!content) return sqlite3_result_null(context);
  sqlite3_result_blob64(context, content->data(), content->size(), SQLITE_TRANSIENT);
}

}  // namespace

absl::Status SqliteConnection::CheckPath(Mode mode) const {
  std::error_code ignored;
  const std::filesystem::path path(path_);
  if (std::filesystem::is_directory(path, ignored)) {
    return absl::InvalidArgumentError(fmt::format("{}: is a folder; name a file in it", name_));
  }
  const bool exists = std::filesystem::exists(path, ignored);
  if (mode == Mode::kRead) {
    if (exists) return absl::OkStatus();
    return absl::NotFoundError(
        fmt::format("{}: no such file; `dfc replay FILE` makes one, --store names another", name_));
  }
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder, ignored)) {
    return absl::NotFoundError(
        fmt::format("{}: there is no folder {}; make it first", name_, folder.string()));
  }
  // One that is there must not be opened here: closing it would give up the locks that another
  // connection of this process has on it, and another program could take away its log.
  if (exists && ::access(path_.c_str(), R_OK | W_OK) == 0) return absl::OkStatus();
  // Made here, because SQLite would make it readable for everyone.
  if (!exists) {
    const Fd fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (fd.ok()) return absl::OkStatus();
  }
  const absl::Status status = ErrnoStatus(errno, name_);
  return absl::Status(status.code(), fmt::format("{}; choose a path that this user may write to",
                                                 MessageOf(status)));
}

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const StoreUrl& url,
                                                                         Mode mode) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(url));
  DFC_RETURN_IF_ERROR(connection->CheckPath(mode));
  // A name that begins with ':' has a meaning of its own to SQLite.
  const std::string path = url.path.starts_with(':') ? "./" + url.path : url.path;
  sqlite3* db = nullptr;
  int code =
      sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  connection->db_.reset(db);
  if (code != SQLITE_OK && mode == Mode::kRead) {
    db = nullptr;
    code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    connection->db_.reset(db);
  }
  if (code != SQLITE_OK) return connection->ErrorStatus(code);
  DFC_RETURN_IF_ERROR(connection->Configure(mode));
  return connection;
}

// Page size counts only before the first table is made, as does what lets a file shrink. 16 KiB
// pages, a log that is copied back every 64 MiB and a 32 MiB cache measured best for flow rows and
// for content.
absl::Status SqliteConnection::Configure(Mode mode) {
  DFC_RETURN_IF_ERROR(AddUncompress());
  sqlite3_extended_result_codes(db_.get(), 1);
  sqlite3_busy_timeout(db_.get(), kBusyTimeoutMs);
  if (mode == Mode::kRead) return Execute("PRAGMA query_only = ON; PRAGMA cache_size = -8192");
  DFC_RETURN_IF_ERROR(UseWal());
  return Execute(
      "PRAGMA synchronous = NORMAL;"
      "PRAGMA secure_delete = OFF;"
      "PRAGMA cache_size = -32768;"
      "PRAGMA wal_autocheckpoint = 4000;"
      "PRAGMA journal_size_limit = 67108864;"
      "PRAGMA foreign_keys = OFF");
}

// By the name and with the arguments that the sqlite3 shell gives it.
absl::Status SqliteConnection::AddUncompress() {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  const int code = sqlite3_create_function_v2(
      db_.get(), "sqlar_uncompress", 2, kFlags, new ContentUnpacker, Uncompress, nullptr, nullptr,
      [](void* unpacker) { delete static_cast<ContentUnpacker*>(unpacker); });
  return code == SQLITE_OK ? absl::OkStatus() : ErrorStatus(code);
}

// Two programs that make the same file at once get in each other's way here, and SQLite does not
// wait by itself in this place.
absl::Status SqliteConnection::UseWal() {
  {  // A file with tables keeps its mode: it is ours, and has it, or another program's.
    DFC_ASSIGN_OR_RETURN(SqliteStatement tables, Prepare("SELECT 1 FROM sqlite_schema LIMIT 1"));
    DFC_ASSIGN_OR_RETURN(const bool in_use, tables.Step());
    if (in_use) return absl::OkStatus();
  }
  absl::Status status;
  for (int n = 0; n < kWalTriesMax; ++n) {
    if (n > 0) std::this_thread::sleep_for(kWalPause);
    status = Execute(
        "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL;"
        "PRAGMA journal_mode = WAL");
    if (!absl::IsUnavailable(status)) break;
  }
  return status;
}

absl::Status SqliteConnection::Execute(const std::string& sql) {
  const int code = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorStatus(code);
}

absl::StatusOr<SqliteStatement> SqliteConnection::Prepare(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(db_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return ErrorStatus(code);
  return SqliteStatement(this, statement);
}

absl::StatusOr<int> SqliteConnection::SchemaVersion() {
  DFC_ASSIGN_OR_RETURN(SqliteStatement statement, Prepare("PRAGMA user_version"));
  DFC_ASSIGN_OR_RETURN(const bool found, statement.Step());
  return found ? sqlite3_column_int(statement.get(), 0) : 0;
}

// Called every so many steps of SQLite's machine: some microseconds' worth.
int SqliteConnection::IsLate(void* connection) {
  return MonotonicClockNs() > static_cast<SqliteConnection*>(connection)->deadline_ns_ ? 1 : 0;
}

void SqliteConnection::LimitTime(int64_t statement_ms_max) {
  constexpr int kSteps = 10'000;
  time_limit_ns_ = statement_ms_max * kNsPerMs;
  StartClock();
  sqlite3_progress_handler(db_.get(), kSteps, statement_ms_max > 0 ? IsLate : nullptr, this);
  if (statement_ms_max > 0) {
    sqlite3_busy_timeout(db_.get(),
                         static_cast<int>(std::min<int64_t>(statement_ms_max, kBusyTimeoutMs)));
  }
}

void SqliteConnection::StartClock() { deadline_ns_ = MonotonicClockNs() + time_limit_ns_; }

absl::Status SqliteConnection::ErrorStatus(int code) const {
  if (db_ == nullptr) return absl::UnavailableError(fmt::format("{}: out of memory", name_));
  const bool io_error = (code & 0xFF) == SQLITE_IOERR;
  const int system_error = io_error ? sqlite3_system_errno(db_.get()) : 0;
  return Describe(name_, code, system_error, sqlite3_errmsg(db_.get()));
}

void SqliteStatement::Bytes(ByteSpan bytes) {
  // A null pointer would bind NULL, not an empty blob.
  const void* data = bytes.empty() ? "" : static_cast<const void*>(bytes.data());
  Note(sqlite3_bind_blob64(statement_.get(), ++bound_, data, bytes.size(), SQLITE_STATIC));
}

void SqliteStatement::Text(std::string_view text) {
  const char* data = text.empty() ? "" : text.data();
  Note(sqlite3_bind_text64(statement_.get(), ++bound_, data, text.size(), SQLITE_STATIC,
                           SQLITE_UTF8));
}

absl::StatusOr<bool> SqliteStatement::Step() {
  const int code = bind_error_ != SQLITE_OK ? bind_error_ : sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_->ErrorStatus(code);
}

int SqliteStatement::Run() {
  int code = bind_error_ != SQLITE_OK ? bind_error_ : sqlite3_step(statement_.get());
  Reset();
  return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

void SqliteStatement::Reset() {
  sqlite3_reset(statement_.get());
  bound_ = 0;
  bind_error_ = SQLITE_OK;
}

}  // namespace dfc
