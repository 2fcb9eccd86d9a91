// Event blocks into MariaDB or MySQL: one transaction a block, multi-row inserts.
#pragma once

#include <memory>
#include <string>

#include "dfc/store.h"
#include "mysql_connection.h"
#include "row_text.h"

namespace dfc {

// One INSERT statement that grows row by row and is sent when it would be too long.
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

class MysqlStore final : public Store {
 public:
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreUrl& url,
                                                     const std::string& sensor);

  // After a lost connection the next call opens another.
  absl::Status Write(const EventBlock& block) override;
  absl::Status EndRun(uint64_t epoch) override;

 private:
  MysqlStore(const StoreUrl& url, std::string sensor);

  absl::Status EnsureConnected();
  absl::Status Register();
  // The whole transaction but for its end. False in `*fresh`: the block is stored already.
  absl::Status WriteRows(const EventBlock& block, bool* fresh);
  absl::Status AddRow(RowType type, ByteSpan row);
  absl::Status AddChunk(ByteSpan row);
  absl::Status AddLedger(const LedgerRow& row);
  absl::Status SendAll();
  // Takes back the transaction, and forgets a connection that is no more.
  void Abandon(const absl::Status& status);

  StoreUrl url_;
  std::string sensor_;
  uint32_t sensor_id_ = 0;
  std::unique_ptr<MysqlConnection> connection_;  // Null until needed and after a loss.
  MultiRowInsert flow_, chunk_, icmp_, ledger_;
  std::string turns_;   // Of the chunk being written, with its brackets.
  std::string extend_;  // The statement that appends a piece.
};

}  // namespace dfc
