// Event blocks into MariaDB or MySQL: one transaction a block, many rows a message.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "block_rows.h"
#include "content_packer.h"
#include "dfc/community_ids.h"
#include "dfc/store_options.h"
#include "flow_parts.h"
#include "mysql_connection.h"
#include "mysql_sql.h"
#include "table_insert.h"

namespace dfc {

class MysqlStore final : public Store {
 public:
  static absl::StatusOr<std::unique_ptr<Store>> Open(const StoreUrl& url, const std::string& sensor,
                                                     const StoreOptions& options);

  // After a lost connection the next call opens another.
  absl::Status Write(const EventBlock& block) override;
  absl::Status EndRun(uint64_t epoch) override;
  absl::Status Forget(uint64_t epoch, uint64_t sequence) override;

 private:
  MysqlStore(const StoreUrl& url, std::string sensor, const StoreOptions& options);

  absl::Status EnsureConnected();
  absl::Status Register();
  // The whole transaction but for its end. False in `*fresh`: the block is stored already.
  absl::Status WriteRows(const EventBlock& block, bool* fresh);
  absl::Status AddRows(const EventBlock& block);
  absl::Status AddChunk(ByteSpan row);
  absl::Status AddLedger(const LedgerRow& row);
  absl::Status SendLedger();
  absl::Status SendAll();
  std::array<TableInsert*, 5> Inserts() { return {&flow_, &chunk_, &icmp_, &ledger_, &part_}; }
  absl::Status DeleteMarkers(const std::string& which);
  // Takes back the transaction, and forgets a connection that is no more.
  void Abandon(const absl::Status& status);

  StoreUrl url_;
  std::string sensor_;
  StoreOptions options_;
  uint32_t sensor_id_ = 0;
  size_t host_ = 0;                              // Of the URL's: where it is, or looks first.
  std::unique_ptr<MysqlConnection> connection_;  // Null until needed and after a loss.
  TableInsert flow_, chunk_, icmp_, ledger_, part_;
  std::optional<ContentPacker> packer_;
  CommunityIds community_ids_;
  BlockRows rows_;                     // Of the block being written.
  FlowParts parts_;                    // Of it, too.
  std::vector<LedgerMinute> minutes_;  // That it completes.
  std::string turns_;                  // Of the chunk being written, with its brackets.
  std::string extend_;                 // The statement that appends a piece.
};

}  // namespace dfc
