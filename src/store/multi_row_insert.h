// Many rows of one table in one INSERT statement, as every server takes them.
#pragma once

#include <string>

#include "mysql_connection.h"
#include "row_text.h"

namespace dfc {

// Grows row by row and is sent when it would be too long.
class MultiRowInsert {
 public:
  // "INSERT INTO ... VALUES " and " ON DUPLICATE KEY UPDATE ...".
  MultiRowInsert(std::string prefix, std::string suffix)
      : prefix_(std::move(prefix)), suffix_(std::move(suffix)) {}

  // emit(RowText&) writes the row's values.
  template <typename EmitRow>
  absl::Status Add(MysqlConnection& connection, EmitRow emit) {
    if (text_.empty()) text_ = prefix_;
    const size_t row_at = text_.size();
    if (rows_ > 0) text_.push_back(',');
    RowText row(text_);
    row.Begin();
    emit(row);
    row.End();
    ++rows_;
    if (connection.statement_bytes_max() - suffix_.size() >= text_.size()) return absl::OkStatus();
    return SendBefore(row_at, connection);
  }

  // Sends what has gathered; afterwards nothing has, whatever came of it.
  absl::Status Send(MysqlConnection& connection);
  void Clear();

 private:
  // Sends the rows before the one that begins at `row_at`, and keeps that one.
  absl::Status SendBefore(size_t row_at, MysqlConnection& connection);

  std::string prefix_;
  std::string suffix_;
  std::string text_;
  size_t rows_ = 0;
};

}  // namespace dfc
