// Event blocks into a SQLite file: one transaction a block, prepared statements, content uncopied.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "block_rows.h"
#include "content_packer.h"
#include "dfc/community_ids.h"
#include "dfc/store_options.h"
#include "flow_parts.h"
#include "sqlite_connection.h"

namespace dfc {

class SqliteStore final : public Store {
 public:
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreUrl& url, const std::string& sensor,
                                                     const StoreOptions& options);

  absl::Status Write(const EventBlock& block) override;
  absl::Status EndRun(uint64_t epoch) override;
  absl::Status MakeIndexes() override;
  absl::Status Forget(uint64_t epoch, uint64_t sequence) override;

 private:
  explicit SqliteStore(std::unique_ptr<SqliteConnection> connection)
      : connection_(std::move(connection)) {}

  absl::Status Register(const std::string& sensor);
  absl::Status PrepareStatements();
  absl::Status BeginPacking();

  // The rows of a block, inside its transaction. False in `*fresh`: the block is stored already.
  absl::Status InsertMarker(const EventBlock& block, bool* fresh);
  absl::Status InsertRows(const EventBlock& block);
  absl::Status InsertChunk(ByteSpan row);
  absl::Status ExtendChunk(const ChunkView& chunk);
  absl::Status InsertLedger(const LedgerRow& row);
  absl::Status Run(SqliteStatement& statement);

  std::unique_ptr<SqliteConnection> connection_;  // Outlives the statements below.
  uint32_t sensor_id_ = 0;
  std::string turns_;  // Of the chunk being written, with its brackets.
  SqliteStatement flow_, chunk_, extend_, icmp_, ledger_, prune_ledger_, marker_, part_, end_run_;
  SqliteStatement forget_;
  std::optional<ContentPacker> packer_;
  CommunityIds community_ids_;
  BlockRows rows_;   // Of the block being written.
  FlowParts parts_;  // Of it, too.
};

}  // namespace dfc
