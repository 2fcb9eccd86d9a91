// The seam between the reader and the kinds of store: one statement with bound values, rows one at
// a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "dfc/bytes.h"
#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

// A value for a `?`. A std::string is text, a vector is bytes.
using SqlValue = std::variant<int64_t, uint64_t, std::string, std::vector<uint8_t>>;

// The rows of one statement. Columns count from 0; values are valid until the next Next().
class SqlCursor {
 public:
  virtual ~SqlCursor() = default;

  // False at the end.
  virtual absl::StatusOr<bool> Next() = 0;
  virtual bool IsNull(int column) const = 0;
  // Of an integer column; NULL is 0. Unsigned 64-bit numbers come as the same 64 bits.
  virtual int64_t Integer(int column) const = 0;
  // Of a text or blob column; NULL is empty.
  virtual ByteSpan Bytes(int column) const = 0;
};

class SqlConnection {
 public:
  virtual ~SqlConnection() = default;

  // Several cursors may be open at once; the connection must outlive them.
  virtual absl::StatusOr<std::unique_ptr<SqlCursor>> Query(const std::string& sql,
                                                           const std::vector<SqlValue>& values) = 0;

  // Orders a flow_hash as an unsigned number.
  virtual const char* HashOrder() const = 0;
  // f.flow_hash compared with `hash` as unsigned numbers; `sign` is "<" or ">". Adds values for its
  // `?`.
  virtual std::string HashPast(const char* sign, uint64_t hash,
                               std::vector<SqlValue>& values) const = 0;

  // Behind a table's name: reads it by this index, or by its key.
  virtual std::string ByIndex(const char* index) const = 0;
  virtual std::string ByKey() const = 0;
  // A join that reads the table on its left first.
  virtual const char* JoinInOrder() const = 0;
  // Whether table flow has its secondary indexes.
  virtual absl::StatusOr<bool> HasFlowIndexes() = 0;

  // Statements from now on fail with kDeadlineExceeded when they take longer.
  virtual absl::Status LimitTime(int64_t statement_ms_max) = 0;

  // Asks for what all tables take with their indexes.
  virtual const char* BytesSql() const = 0;
  // Of the disk that the store is on; nothing where the store does not tell.
  virtual std::optional<uint64_t> FreeBytes() const { return std::nullopt; }

  // A text that changes when another connection has written; "" when the store does not tell.
  virtual absl::StatusOr<std::string> Version() = 0;
};

absl::StatusOr<std::unique_ptr<SqlConnection>> OpenSqliteForReading(const StoreUrl& url);
absl::StatusOr<std::unique_ptr<SqlConnection>> OpenMysqlForReading(const StoreUrl& url);

}  // namespace dfc
