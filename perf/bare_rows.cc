// The rows of a SQLite store into another store by nothing but a loop: how fast the database itself
// takes them. Rows are in memory before the clock starts; what it shows is from the connection to
// the last commit, and with SQLite to the closed file with its indexes: seconds, and those of the
// processor.
//
// usage: bare_rows SOURCE.db mysql SOCKET DATABASE     arrays of the binary protocol
//        bare_rows SOURCE.db sqlite TARGET.db          one prepared statement a table
//
// The target's tables are there and empty (dfc init).
#include <mysql.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace {

// What measured best of 500, 1,000, 2,000 and 5,000 rows.
constexpr size_t kArrayRowsMax = 2'000;
constexpr size_t kArrayBytesMax = 1 << 20;
constexpr size_t kArraysACommit = 4;
constexpr size_t kSqliteRowsACommit = 10'000;
constexpr size_t kSqliteBytesACommit = 16 << 20;

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "bare_rows: %s\n", message.c_str());
  std::exit(1);
}

struct Column {
  std::string name;
  bool is_bytes = false;
  std::vector<int64_t> numbers;
  std::vector<size_t> starts;  // Of the bytes; one more than there are rows.
  std::string bytes;
  std::vector<char> nulls;

  size_t length(size_t row) const { return is_bytes ? starts[row + 1] - starts[row] : 0; }
  const char* data(size_t row) const { return bytes.data() + starts[row]; }
};

struct Table {
  std::string name;
  std::vector<Column> columns;
  size_t rows = 0;

  size_t bytes(size_t row) const {
    size_t sum = 0;
    for (const Column& column : columns) sum += 10 + column.length(row);
    return sum;
  }
  std::string Insert() const {
    std::string names, marks;
    for (const Column& column : columns) {
      names += (names.empty() ? "" : ",") + column.name;
      marks += marks.empty() ? "?" : ",?";
    }
    return "INSERT INTO " + name + " (" + names + ") VALUES (" + marks + ")";
  }
};

// Reading ----------------------------------------------------------------------------------------

void Take(sqlite3_stmt* row, int at, Column& column) {
  const int type = sqlite3_column_type(row, at);
  if (column.starts.empty()) column.starts.push_back(0);
  if (type == SQLITE_BLOB || type == SQLITE_TEXT) {
    column.is_bytes = true;
    const auto length = static_cast<size_t>(sqlite3_column_bytes(row, at));
    if (length > 0)
      column.bytes.append(static_cast<const char*>(sqlite3_column_blob(row, at)), length);
  }
  column.starts.push_back(column.bytes.size());
  column.numbers.push_back(sqlite3_column_int64(row, at));
  column.nulls.push_back(type == SQLITE_NULL ? 1 : 0);
}

Table Read(sqlite3* db, const std::string& name) {
  Table table{name, {}, 0};
  sqlite3_stmt* row = nullptr;
  const std::string sql = "SELECT * FROM " + name;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &row, nullptr) != SQLITE_OK) Die(sqlite3_errmsg(db));
  table.columns.resize(static_cast<size_t>(sqlite3_column_count(row)));
  for (size_t at = 0; at < table.columns.size(); ++at) {
    table.columns[at].name = sqlite3_column_name(row, static_cast<int>(at));
  }
  while (sqlite3_step(row) == SQLITE_ROW) {
    for (size_t at = 0; at < table.columns.size(); ++at) {
      Take(row, static_cast<int>(at), table.columns[at]);
    }
    ++table.rows;
  }
  sqlite3_finalize(row);
  return table;
}

std::vector<std::string> ReadIndexes(sqlite3* db) {
  std::vector<std::string> indexes;
  sqlite3_stmt* row = nullptr;
  sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql NOT NULL", -1,
                     &row, nullptr);
  while (sqlite3_step(row) == SQLITE_ROW) {
    indexes.emplace_back(static_cast<const char*>(sqlite3_column_blob(row, 0)),
                         static_cast<size_t>(sqlite3_column_bytes(row, 0)));
  }
  sqlite3_finalize(row);
  return indexes;
}

// MariaDB ----------------------------------------------------------------------------------------

class Array {
 public:
  Array(MYSQL* session, const Table& table)
      : table_(table),
        statement_(mysql_stmt_init(session)),
        pointers_(table.columns.size()),
        lengths_(table.columns.size()) {
    const std::string sql = table.Insert();
    if (mysql_stmt_prepare(statement_, sql.data(), sql.size()) != 0) Fail();
  }
  ~Array() { mysql_stmt_close(statement_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  // Rows [from, to).
  void Send(size_t from, size_t to) {
    const auto size = static_cast<unsigned>(to - from);
    mysql_stmt_attr_set(statement_, STMT_ATTR_ARRAY_SIZE, &size);
    std::vector<MYSQL_BIND> binds(table_.columns.size());
    for (size_t at = 0; at < binds.size(); ++at) Bind(at, from, to, binds[at]);
    if (mysql_stmt_bind_param(statement_, binds.data()) != 0) Fail();
    if (mysql_stmt_execute(statement_) != 0) Fail();
  }

 private:
  [[noreturn]] void Fail() { Die(mysql_stmt_error(statement_)); }

  void Bind(size_t at, size_t from, size_t to, MYSQL_BIND& bind) {
    const Column& column = table_.columns[at];
    bind.u.indicator = const_cast<char*>(&column.nulls[from]);  // 1 is STMT_INDICATOR_NULL.
    bind.is_unsigned = column.name.starts_with("t_") || column.name == "t" ? 0 : 1;
    bind.buffer_type = column.is_bytes ? MYSQL_TYPE_BLOB : MYSQL_TYPE_LONGLONG;
    if (!column.is_bytes) {
      bind.buffer = const_cast<int64_t*>(&column.numbers[from]);
      return;
    }
    pointers_[at].clear();
    lengths_[at].clear();
    for (size_t row = from; row < to; ++row) {
      pointers_[at].push_back(column.data(row));
      lengths_[at].push_back(column.length(row));
    }
    bind.buffer = pointers_[at].data();
    bind.length = lengths_[at].data();
  }

  const Table& table_;
  MYSQL_STMT* statement_;
  std::vector<std::vector<const char*>> pointers_;
  std::vector<std::vector<unsigned long>> lengths_;
};

void SendTable(MYSQL* session, const Table& table) {
  Array array(session, table);
  size_t arrays = 0;
  for (size_t from = 0, to = 0; from < table.rows; from = to) {
    size_t bytes = 0;
    for (to = from; to < table.rows && to - from < kArrayRowsMax; ++to) {
      bytes += table.bytes(to);
      if (bytes > kArrayBytesMax && to > from) break;
    }
    if (arrays++ % kArraysACommit == 0) mysql_query(session, "COMMIT");
    array.Send(from, to);
  }
}

void IntoMysql(const std::vector<Table>& tables, const char* socket, const char* database) {
  MYSQL* session = mysql_init(nullptr);
  const unsigned protocol = MYSQL_PROTOCOL_SOCKET;
  mysql_options(session, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(session, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (mysql_real_connect(session, nullptr, "root", "", database, 0, socket, 0) == nullptr) {
    Die(mysql_error(session));
  }
  mysql_autocommit(session, 0);
  for (const Table& table : tables) SendTable(session, table);
  if (mysql_query(session, "COMMIT") != 0) Die(mysql_error(session));
  mysql_close(session);
}

// SQLite -----------------------------------------------------------------------------------------

void Execute(sqlite3* db, const std::string& sql) {
  if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    Die(sqlite3_errmsg(db));
  }
}

void BindRow(const Table& table, size_t row, sqlite3_stmt* statement) {
  int at = 0;
  for (const Column& column : table.columns) {
    ++at;
    if (column.nulls[row] != 0) {
      sqlite3_bind_null(statement, at);
    } else if (!column.is_bytes) {
      sqlite3_bind_int64(statement, at, column.numbers[row]);
    } else if (column.name == "turns" || column.name == "community_id") {
      sqlite3_bind_text64(statement, at, column.data(row), column.length(row), SQLITE_STATIC,
                          SQLITE_UTF8);
    } else {
      sqlite3_bind_blob64(statement, at, column.data(row), column.length(row), SQLITE_STATIC);
    }
  }
}

void InsertTable(sqlite3* db, const Table& table) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db, table.Insert().c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    Die(sqlite3_errmsg(db));
  }
  size_t bytes = 0, rows = 0;
  Execute(db, "BEGIN");
  for (size_t row = 0; row < table.rows; ++row) {
    BindRow(table, row, statement);
    if (sqlite3_step(statement) != SQLITE_DONE) Die(sqlite3_errmsg(db));
    sqlite3_reset(statement);
    bytes += table.bytes(row);
    if (++rows == kSqliteRowsACommit || bytes > kSqliteBytesACommit) {
      Execute(db, "COMMIT; BEGIN");
      rows = bytes = 0;
    }
  }
  Execute(db, "COMMIT");
  sqlite3_finalize(statement);
}

void IntoSqlite(const std::vector<Table>& tables, const std::vector<std::string>& indexes,
                const char* path) {
  sqlite3* db = nullptr;
  if (sqlite3_open(path, &db) != SQLITE_OK) Die(path);
  Execute(db,
          "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768;"
          "PRAGMA wal_autocheckpoint = 4000");
  for (const Table& table : tables) InsertTable(db, table);
  for (const std::string& index : indexes) Execute(db, index);
  sqlite3_close(db);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool is_mysql = words.size() == 4 && words[1] == "mysql";
  if (!is_mysql && (words.size() != 3 || words[1] != "sqlite")) {
    Die("usage: bare_rows SOURCE.db mysql SOCKET DATABASE | SOURCE.db sqlite TARGET.db");
  }
  sqlite3* source = nullptr;
  if (sqlite3_open_v2(argv[1], &source, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) Die(words[0]);
  std::vector<Table> tables;
  for (const char* name : {"flow", "chunk", "icmp"}) tables.push_back(Read(source, name));
  const std::vector<std::string> indexes = ReadIndexes(source);
  sqlite3_close(source);

  const auto started = std::chrono::steady_clock::now();
  const std::clock_t busy = std::clock();
  if (is_mysql) {
    IntoMysql(tables, argv[3], argv[4]);
  } else {
    IntoSqlite(tables, indexes, argv[3]);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  const double used = static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC;
  std::printf("%.6f %.6f\n", took.count(), used);
  return 0;
}
