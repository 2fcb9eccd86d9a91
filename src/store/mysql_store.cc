#include "mysql_store.h"

#include <fmt/format.h>
#include <mysqld_error.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "mysql_sql.h"
#include "row_columns.h"
#include "schema.h"

namespace dfc {

namespace {

constexpr int kRegisterTries = 10;
// A server that hangs is left for the next one, or for the spool.
constexpr unsigned kTransferTimeoutSeconds = 10;
// Of one statement, so that it stays short.
constexpr size_t kPrunedMinutesMax = 500;

constexpr const char* kFlowPartColumns[] = {"t_part", "sensor_id", "writes"};

}  // namespace

MysqlStore::MysqlStore(const StoreUrl& url, std::string sensor, const StoreOptions& options)
    : url_(url),
      sensor_(std::move(sensor)),
      options_(options),
      flow_("flow", kFlowColumns, FlowUpdateSql()),
      chunk_("chunk", kChunkColumns, ChunkUpdateSql()),
      icmp_("icmp", kIcmpColumns, IcmpUpdateSql()),
      ledger_("ledger", kLedgerColumns, LedgerUpdateSql()),
      part_("flow_part", kFlowPartColumns, FlowPartUpdateSql()) {
  if (options_.compress) packer_.emplace();
}

absl::StatusOr<std::unique_ptr<Store>> MysqlStore::Open(const StoreUrl& url,
                                                        const std::string& sensor,
                                                        const StoreOptions& options) {
  std::unique_ptr<MysqlStore> store(new MysqlStore(url, sensor, options));
  const absl::Status connected = store->EnsureConnected();
  if (!options.may_be_away || !absl::IsUnavailable(connected)) DFC_RETURN_IF_ERROR(connected);
  return std::unique_ptr<Store>(std::move(store));
}

absl::Status MysqlStore::EnsureConnected() {
  if (connection_ != nullptr) return absl::OkStatus();
  DFC_ASSIGN_OR_RETURN(connection_, MysqlConnection::Open(url_, host_, kTransferTimeoutSeconds));
  host_ = connection_->host();
  absl::Status status = CheckMysqlSchema(*connection_);
  if (status.ok()) status = connection_->Execute("SET @dfc_newer = 0");
  if (status.ok()) status = Register();
  if (!status.ok()) {
    connection_.reset();
    ++host_;
    return status;
  }
  const bool use_bulk = options_.bulk && TakesBulk(*connection_);
  for (TableInsert* insert : Inserts()) insert->Begin(use_bulk);
  return status;
}

// On a cluster a lock holds on one node only; there the unique keys decide, and the loser looks
// again.
absl::Status MysqlStore::Register() {
  MysqlLock lock(*connection_, "dfc_sensor");
  DFC_RETURN_IF_ERROR(lock.status());
  const std::string name = HexLiteral(sensor_);
  const std::string select = fmt::format("SELECT sensor_id FROM sensor WHERE name = {}", name);
  const std::string insert = fmt::format(
      "INSERT INTO sensor (sensor_id, name) SELECT COALESCE(MAX(sensor_id), 0) + 1, {} FROM sensor",
      name);
  for (int tries = 0; tries < kRegisterTries; ++tries) {
    DFC_ASSIGN_OR_RETURN(const auto found, connection_->QueryText(select));
    if (found) {
      std::from_chars(found->data(), found->data() + found->size(), sensor_id_);
      return absl::OkStatus();
    }
    const absl::Status status = connection_->Execute(insert);
    if (!status.ok() && connection_->error_code() != ER_DUP_ENTRY) return status;
  }
  return absl::UnavailableError(
      fmt::format("{}: can't register sensor '{}'; try again", connection_->name(), sensor_));
}

absl::Status MysqlStore::Write(const EventBlock& block) {
  DFC_RETURN_IF_ERROR(EnsureConnected());
  bool fresh = false;
  absl::Status status = WriteRows(block, &fresh);
  if (status.ok()) status = connection_->Execute(fresh ? "COMMIT" : "ROLLBACK");
  if (!status.ok()) Abandon(status);
  return status;
}

absl::Status MysqlStore::WriteRows(const EventBlock& block, bool* fresh) {
  DFC_RETURN_IF_ERROR(connection_->Execute("START TRANSACTION"));
  const absl::Status marked = connection_->Execute(
      fmt::format("INSERT INTO batch (sensor_id, epoch, sequence) VALUES ({}, {}, {})", sensor_id_,
                  block.epoch, block.sequence));
  if (!marked.ok() && connection_->error_code() == ER_DUP_ENTRY) return absl::OkStatus();
  DFC_RETURN_IF_ERROR(marked);
  *fresh = true;
  parts_.Clear();
  minutes_.clear();
  for (TableInsert* insert : Inserts()) insert->Clear();

  DFC_RETURN_IF_ERROR(AddRows(block));
  return SendAll();
}

absl::Status MysqlStore::AddRows(const EventBlock& block) {
  rows_.Take(block);
  if (packer_) packer_->Clear();
  if (rows_.damaged()) return absl::InvalidArgumentError("event block: a row's type is unknown");
  for (const ByteSpan row : rows_.flows()) {
    const auto flow = EventBlock::Load<FlowRow>(row.data());
    const std::string& community_id = community_ids_.Of(flow);
    parts_.Add(flow.id.t_start_ns);
    DFC_RETURN_IF_ERROR(flow_.Add(
        *connection_, [&](auto& text) { EmitFlow(flow, sensor_id_, community_id, text); }));
  }
  for (const ByteSpan row : rows_.chunks()) DFC_RETURN_IF_ERROR(AddChunk(row));
  for (const ByteSpan row : rows_.messages()) {
    const auto icmp = EventBlock::Load<IcmpRow>(row.data());
    DFC_RETURN_IF_ERROR(icmp_.Add(*connection_, [&](auto& text) { EmitIcmp(icmp, text); }));
  }
  for (const ByteSpan row : rows_.ledger()) {
    DFC_RETURN_IF_ERROR(AddLedger(EventBlock::Load<LedgerRow>(row.data())));
  }
  return absl::OkStatus();
}

absl::Status MysqlStore::AddChunk(ByteSpan row) {
  const ChunkView chunk = ViewChunk(row);
  if (chunk.row.content_at == 0 && chunk.row.turns_at == 0) {
    turns_.assign(1, '[').append(chunk.turns).push_back(']');
    const ByteSpan content = packer_ ? packer_->Pack(chunk.content) : chunk.content;
    return chunk_.Add(*connection_,
                      [&](auto& text) { EmitChunk(chunk.row, turns_, content, text); });
  }
  // The piece that it continues may still be waiting here.
  DFC_RETURN_IF_ERROR(chunk_.Send(*connection_));
  extend_.clear();
  AppendExtendSql(chunk, extend_);
  return connection_->Execute(extend_);
}

// The row of what was captured completes its minute. Parts of a live capture's minute, which have
// version 0, replace nothing.
absl::Status MysqlStore::AddLedger(const LedgerRow& row) {
  if (row.outcome == Outcome::kCaptured && row.version != 0) {
    minutes_.push_back({row.t_minute_ns, row.source});
  }
  return ledger_.Add(*connection_, [&](auto& text) { EmitLedger(row, sensor_id_, text); });
}

absl::Status MysqlStore::SendLedger() {
  DFC_RETURN_IF_ERROR(ledger_.Send(*connection_));
  for (std::span<const LedgerMinute> rest(minutes_); !rest.empty();) {
    const size_t count = std::min(rest.size(), kPrunedMinutesMax);
    DFC_RETURN_IF_ERROR(connection_->Execute(PruneLedgerSql(rest.first(count), sensor_id_)));
    rest = rest.subspan(count);
  }
  return absl::OkStatus();
}

absl::Status MysqlStore::SendAll() {
  DFC_RETURN_IF_ERROR(flow_.Send(*connection_));
  DFC_RETURN_IF_ERROR(chunk_.Send(*connection_));
  DFC_RETURN_IF_ERROR(icmp_.Send(*connection_));
  DFC_RETURN_IF_ERROR(SendLedger());
  for (const int64_t part_ns : parts_.Sorted()) {
    DFC_RETURN_IF_ERROR(part_.Add(*connection_, [&](auto& text) {
      text.Signed(part_ns);
      text.Unsigned(sensor_id_);
      text.Unsigned(1);
    }));
  }
  return part_.Send(*connection_);
}

void MysqlStore::Abandon(const absl::Status& status) {
  for (TableInsert* insert : Inserts()) insert->Clear();
  const bool usable = !absl::IsUnavailable(status) && connection_->Execute("ROLLBACK").ok();
  if (usable) return;
  connection_.reset();
  ++host_;  // Another one, if there is.
}

absl::Status MysqlStore::DeleteMarkers(const std::string& which) {
  DFC_RETURN_IF_ERROR(EnsureConnected());
  const absl::Status status = connection_->Execute(
      fmt::format("DELETE FROM batch WHERE sensor_id = {} AND {}", sensor_id_, which));
  if (!status.ok()) Abandon(status);
  return status;
}

absl::Status MysqlStore::EndRun(uint64_t epoch) {
  return DeleteMarkers(fmt::format("epoch <= {0} AND epoch % 2 = {0} % 2", epoch));
}

absl::Status MysqlStore::Forget(uint64_t epoch, uint64_t sequence) {
  return DeleteMarkers(fmt::format("epoch = {} AND sequence < {}", epoch, sequence));
}

}  // namespace dfc
