#include "bulk_insert.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dfc/check.h"

namespace dfc {

namespace {
// What a value takes beside its bytes: an indicator, and its length or a number of 8 bytes.
constexpr size_t kValueBytesMax = 1 + 9;
// Statement number and flags, and what the protocol says of each column.
constexpr size_t kMessageBytes = 64;
constexpr size_t kColumnTypeBytes = 2;
constexpr size_t kRowsMin = 64;
}  // namespace

bool TakesBulk(const MysqlConnection& connection) {
  unsigned long extended = 0;
  if (mariadb_get_infov(connection.session(), MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES,
                        &extended) != 0) {
    return false;
  }
  return (extended & (MARIADB_CLIENT_STMT_BULK_OPERATIONS >> 32)) != 0;
}

void BulkInsert::MakeRoom() {
  room_ = std::max(kRowsMin, 2 * room_);
  for (Column& column : columns_) {
    column.values.resize(room_);
    column.lengths.resize(room_);
    column.indicators.resize(room_, STMT_INDICATOR_NONE);
  }
}

void BulkInsert::Null() {
  Column& column = columns_[column_++];
  column.has_null = true;
  column.indicators[rows_] = STMT_INDICATOR_NULL;
}

void BulkInsert::Bytes(ByteSpan bytes) {
  auto* copy = static_cast<uint8_t*>(copies_.allocate(bytes.size() + 1, 1));
  if (!bytes.empty()) std::memcpy(copy, bytes.data(), bytes.size());
  Kept({copy, bytes.size()});
}

void BulkInsert::Kept(ByteSpan bytes) {
  static constexpr uint8_t kNothing = 0;
  Column& column = columns_[column_++];
  column.is_bytes = true;
  const uint8_t* const data = bytes.empty() ? &kNothing : bytes.data();
  column.values[rows_] = std::bit_cast<uint64_t>(data);
  column.lengths[rows_] = bytes.size();
  row_bytes_ += bytes.size();
}

absl::Status BulkInsert::EndRow(MysqlConnection& connection) {
  DFC_CHECK(column_ == columns_.size());
  const size_t bytes_max =
      connection.statement_bytes_max() - kMessageBytes - kColumnTypeBytes * columns_.size();
  row_bytes_ += kValueBytesMax * columns_.size();
  const bool fits = row_bytes_ <= bytes_max && bytes_ <= bytes_max - row_bytes_;
  absl::Status status;
  if (!fits && rows_ > 0) {
    status = SendRows(connection);
    KeepLastRow();
  }
  ++rows_;
  bytes_ += row_bytes_;
  row_bytes_ = 0;
  return status;
}

absl::Status BulkInsert::Send(MysqlConnection& connection) {
  if (rows_ == 0) return absl::OkStatus();
  const absl::Status status = SendRows(connection);
  ForgetRows();
  return status;
}

// Behind those that were sent there is the one that is being written.
void BulkInsert::KeepLastRow() {
  for (Column& column : columns_) {
    const char indicator = column.indicators[rows_];
    column.values[0] = column.values[rows_];
    column.lengths[0] = column.lengths[rows_];
    if (!column.has_null) continue;
    std::ranges::fill(column.indicators, STMT_INDICATOR_NONE);
    column.indicators[0] = indicator;
    column.has_null = indicator == STMT_INDICATOR_NULL;
  }
  rows_ = bytes_ = 0;
}

void BulkInsert::ForgetRows() {
  for (Column& column : columns_) {
    if (column.has_null) std::ranges::fill(column.indicators, STMT_INDICATOR_NONE);
    column.has_null = false;
  }
  rows_ = bytes_ = row_bytes_ = 0;
}

void BulkInsert::Clear() {
  ForgetRows();
  copies_.release();
}

absl::Status BulkInsert::Failed(const MysqlConnection& connection) const {
  MYSQL_STMT* const statement = statement_.get();
  return connection.Describe(mysql_stmt_errno(statement), mysql_stmt_error(statement));
}

absl::Status BulkInsert::Prepare(MysqlConnection& connection) {
  statement_.reset(mysql_stmt_init(connection.session()));
  if (statement_ == nullptr) return absl::UnavailableError("mysql: out of memory");
  if (mysql_stmt_prepare(statement_.get(), sql_.data(), sql_.size()) == 0) return absl::OkStatus();
  const absl::Status status = Failed(connection);
  statement_.reset();
  return status;
}

absl::Status BulkInsert::SendRows(MysqlConnection& connection) {
  if (statement_ == nullptr) DFC_RETURN_IF_ERROR(Prepare(connection));
  const auto array_size = static_cast<unsigned>(rows_);
  mysql_stmt_attr_set(statement_.get(), STMT_ATTR_ARRAY_SIZE, &array_size);
  binds_.assign(columns_.size(), MYSQL_BIND{});
  for (size_t at = 0; at < columns_.size(); ++at) Bind(columns_[at], binds_[at]);
  if (mysql_stmt_bind_param(statement_.get(), binds_.data()) != 0 ||
      mysql_stmt_execute(statement_.get()) != 0) {
    return Failed(connection);
  }
  return absl::OkStatus();
}

void BulkInsert::Bind(Column& column, MYSQL_BIND& bind) {
  bind.buffer_type = column.is_bytes ? MYSQL_TYPE_BLOB : MYSQL_TYPE_LONGLONG;
  bind.buffer = column.values.data();
  bind.length = column.is_bytes ? column.lengths.data() : nullptr;
  bind.u.indicator = column.has_null ? column.indicators.data() : nullptr;
  bind.is_unsigned = column.is_unsigned ? 1 : 0;
}

}  // namespace dfc
