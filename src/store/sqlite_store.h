// Event blocks into a SQLite file: one transaction a block, prepared statements, content uncopied.
#pragma once

#include <memory>
#include <string>

#include "dfc/store.h"
#include "sqlite_connection.h"

namespace dfc {

class SqliteStore final : public Store {
 public:
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreUrl& url,
                                                     const std::string& sensor);

  absl::Status Write(const EventBlock& block) override;
  absl::Status EndRun(uint64_t epoch) override;

 private:
  explicit SqliteStore(std::unique_ptr<SqliteConnection> connection)
      : connection_(std::move(connection)) {}

  absl::Status Register(const std::string& sensor);
  absl::Status PrepareStatements();

  // The rows of a block, inside its transaction. False in `*fresh`: the block is stored already.
  absl::Status InsertMarker(const EventBlock& block, bool* fresh);
  absl::Status InsertRow(RowType type, ByteSpan row);
  absl::Status InsertChunk(ByteSpan row);
  absl::Status ExtendChunk(const ChunkView& chunk);
  absl::Status InsertLedger(const LedgerRow& row);
  absl::Status Run(SqliteStatement& statement);

  std::unique_ptr<SqliteConnection> connection_;  // Outlives the statements below.
  uint32_t sensor_id_ = 0;
  std::string turns_;  // Of the chunk being written, with its brackets.
  SqliteStatement flow_, chunk_, extend_, icmp_, ledger_, prune_ledger_, marker_, end_run_;
};

}  // namespace dfc
