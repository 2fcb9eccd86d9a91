// Any text as a filter, and the line behind it as a sort order. What is accepted is SQL that SQLite
// understands, with a value for each mark and no byte of the text in it; a mistake has its column.
#include <sqlite3.h>

#include <cctype>
#include <memory>
#include <string>

#include "fuzz_text.h"
#include "migrations.h"
#include "query.h"

namespace dfc {
namespace {

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

// The tables without rows: all that compiling a statement needs.
Database EmptyTables() {
  sqlite3* opened = nullptr;
  Expect(sqlite3_open(":memory:", &opened) == SQLITE_OK);
  Database db(opened);
  for (const Migration& migration : SqliteMigrations()) {
    const std::string sql(migration.sql);
    Expect(sqlite3_exec(db.get(), sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  return db;
}

const char* SelectOf(QueryScope scope) {
  switch (scope) {
    case QueryScope::kFlows:
      return "SELECT 1 FROM flow f LEFT JOIN sensor s ON s.sensor_id = f.sensor_id";
    case QueryScope::kIcmp:
      return "SELECT 1 FROM icmp i JOIN flow f ON f.t_start = i.t_start"
             " AND f.flow_hash = i.flow_hash LEFT JOIN sensor s ON s.sensor_id = f.sensor_id";
    case QueryScope::kPings:
      break;
  }
  return "SELECT 1 AS requests, 2 AS replies, 3 AS lost, 4 AS late, 5 AS duplicates, 6 AS errors,"
         " 7 AS rtt_avg FROM icmp i JOIN flow f ON f.t_start = i.t_start"
         " AND f.flow_hash = i.flow_hash LEFT JOIN sensor s ON s.sensor_id = f.sensor_id";
}

void ExpectCompiles(const std::string& sql, size_t marks) {
  static const Database kTables = EmptyTables();
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v2(kTables.get(), sql.c_str(), -1, &statement, &rest);
  Expect(code == SQLITE_OK && *rest == '\0');
  Expect(static_cast<size_t>(sqlite3_bind_parameter_count(statement)) == marks);
  sqlite3_finalize(statement);
}

// "column 7: ..." of a text of `bytes`.
void ExpectMistake(const absl::Status& status, size_t bytes) {
  Expect(absl::IsInvalidArgument(status));
  const std::string message = MessageOf(status);
  Expect(message.starts_with("column "));
  const auto column = NumberOf(std::string_view(message).substr(7), INT64_MAX / 16);
  Expect(column >= 1 && static_cast<size_t>(column) <= bytes + 1);
}

void Try(std::string_view filter, std::string_view sort, QueryScope scope) {
  constexpr const char* kHashOrder = "(f.flow_hash < 0){0}, f.flow_hash{0}";
  std::string sql = SelectOf(scope);
  size_t marks = 0;
  const absl::StatusOr<SqlFilter> parsed = ParseFilter(filter, scope);
  if (parsed.ok()) {
    Expect(parsed->where.empty() == parsed->values.empty() ||
           parsed->where.find("EXISTS") != std::string::npos ||
           parsed->where.find("f.tunnel ") != std::string::npos);
    Expect(parsed->where.find_first_of("'\"\\;") == std::string::npos);
    sql += parsed->where;
    marks = parsed->values.size();
  } else {
    ExpectMistake(parsed.status(), filter.size());
  }
  const absl::StatusOr<std::string> order = ParseSort(sort, scope, kHashOrder);
  if (order.ok()) sql += *order;
  if (!order.ok()) Expect(absl::IsInvalidArgument(order.status()));
  if (parsed.ok() || order.ok()) ExpectCompiles(sql, marks);
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using dfc::QueryScope;
  const std::string_view text(dfc::AsChars(data), size);
  const std::string_view filter = text.substr(0, text.find('\n'));
  std::string_view sort = text.substr(std::min(filter.size() + 1, size));
  sort = sort.substr(0, sort.find('\n'));
  for (const QueryScope scope : {QueryScope::kFlows, QueryScope::kIcmp, QueryScope::kPings}) {
    dfc::Try(filter, sort, scope);
  }
  return 0;
}
