// Rows on their way into one table of MariaDB or MySQL: as arrays where the server takes them, else
// as text.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>

#include "bulk_insert.h"
#include "multi_row_insert.h"
#include "upsert.h"

namespace dfc {

class TableInsert {
 public:
  // `update` is " ON DUPLICATE KEY UPDATE ...".
  TableInsert(std::string_view table, std::span<const char* const> columns,
              const std::string& update)
      : text_(InsertInto(table, columns), update),
        bulk_(
            fmt::format("{}({}){}", InsertInto(table, columns), JoinColumns(columns, "?"), update),
            columns.size()) {}

  // For each connection, before the first row.
  void Begin(bool use_bulk) {
    use_bulk_ = use_bulk;
    Clear();
    bulk_.ForgetStatement();
  }

  // emit(auto& row) writes the row's values.
  template <typename EmitRow>
  absl::Status Add(MysqlConnection& connection, EmitRow emit) {
    if (!use_bulk_) return text_.Add(connection, emit);
    bulk_.BeginRow();
    emit(bulk_);
    return bulk_.EndRow(connection);
  }

  // Sends what has gathered; afterwards nothing has, whatever came of it.
  absl::Status Send(MysqlConnection& connection) {
    return use_bulk_ ? bulk_.Send(connection) : text_.Send(connection);
  }

  // Before each block: what was Kept() may be gone.
  void Clear() {
    text_.Clear();
    bulk_.Clear();
  }

 private:
  static std::string InsertInto(std::string_view table, std::span<const char* const> columns) {
    return fmt::format("INSERT INTO {} ({}) VALUES ", table, JoinColumns(columns));
  }

  bool use_bulk_ = false;
  MultiRowInsert text_;
  BulkInsert bulk_;
};

}  // namespace dfc
