// Many rows of one table in one message of the binary protocol, as MariaDB takes them: values as
// they are in memory, without their text.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "dfc/bytes.h"
#include "mysql_connection.h"

namespace dfc {

// Whether the server takes arrays: MariaDB from 10.2 on does, MySQL does not.
bool TakesBulk(const MysqlConnection& connection);

// One statement, prepared once a connection, and the rows that wait for it, column by column.
//
//   a column  | value | value | ...          a number, or where the bytes are
//             | length | length | ...        of the bytes
//             | indicator | indicator | ...  whether it is NULL
//
// Satisfies `Emit` of row_columns.h between BeginRow() and EndRow(). The store's thread only.
class BulkInsert {
 public:
  // "INSERT INTO ... VALUES (?,...)" with as many `?` as there are columns.
  BulkInsert(std::string sql, size_t columns) : sql_(std::move(sql)), columns_(columns) {}

  void BeginRow() {
    if (rows_ == room_) MakeRoom();
    column_ = 0;
  }
  void Signed(int64_t value) { columns_[column_++].values[rows_] = static_cast<uint64_t>(value); }
  void Unsigned(uint64_t value) {
    Column& column = columns_[column_++];
    column.is_unsigned = true;
    column.values[rows_] = value;
  }
  void Null();
  // Copied; what is Kept() must live until Clear().
  void Bytes(ByteSpan bytes);
  void Text(std::string_view text) { Bytes(AsBytes(text.data(), text.size())); }
  void Kept(ByteSpan bytes);
  // Sends the rows before this one where they would be too long together.
  absl::Status EndRow(MysqlConnection& connection);

  // Sends what has gathered; afterwards nothing has, whatever came of it.
  absl::Status Send(MysqlConnection& connection);
  // Takes back rows that were not sent, and the room for copies.
  void Clear();
  // The connection is no more.
  void ForgetStatement() { statement_.reset(); }

 private:
  struct CloseStatement {
    void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
  };
  struct Column {
    bool is_bytes = false;
    bool is_unsigned = false;
    bool has_null = false;
    // As long as there is room for rows; of numbers no length is looked at, and without a NULL no
    // indicator.
    std::vector<uint64_t> values;  // Numbers, or addresses.
    std::vector<unsigned long> lengths;
    std::vector<char> indicators;
  };

  void MakeRoom();
  absl::Status Prepare(MysqlConnection& connection);
  absl::Status Failed(const MysqlConnection& connection) const;
  absl::Status SendRows(MysqlConnection& connection);
  static void Bind(Column& column, MYSQL_BIND& bind);
  void KeepLastRow();
  void ForgetRows();

  static constexpr size_t kCopiesBytes = size_t{256} << 10;

  std::string sql_;
  std::vector<Column> columns_;
  size_t column_ = 0;
  size_t rows_ = 0;       // Complete ones.
  size_t room_ = 0;       // For so many.
  size_t bytes_ = 0;      // Of the message with all rows that wait, at most.
  size_t row_bytes_ = 0;  // Of the row's texts that is being written.
  std::unique_ptr<MYSQL_STMT, CloseStatement> statement_;
  std::vector<MYSQL_BIND> binds_;
  std::vector<std::byte> first_copies_{kCopiesBytes};  // More comes from the heap.
  std::pmr::monotonic_buffer_resource copies_{first_copies_.data(), first_copies_.size()};
};

}  // namespace dfc
