#include "mysql_store.h"

#include <fmt/format.h>
#include <mysqld_error.h>

#include <charconv>

#include "row_columns.h"
#include "schema.h"
#include "upsert.h"

namespace dfc {

namespace {

constexpr int kRegisterTries = 10;

std::string InsertInto(std::string_view table, std::span<const char* const> columns) {
  return fmt::format("INSERT INTO {} ({}) VALUES ", table, JoinColumns(columns));
}

// How far along a version of a flow is; see the same in the SQLite store. `form` holds {0}.
std::string FlowAge(std::string_view form) {
  constexpr const char* kPackets[] = {"client_packets", "server_packets"};
  std::string packets, bytes;
  for (const char* column : kPackets) {
    packets += (packets.empty() ? "" : " + ") + fmt::format(fmt::runtime(form), column);
  }
  for (const char* side : {"client", "server"}) {
    for (const char* what : {"bytes", "gap_bytes", "duplicate_bytes", "conflict_bytes",
                             "refused_bytes", "urgent_bytes", "shed_bytes"}) {
      const std::string column = fmt::format("{}_{}", side, what);
      bytes += (bytes.empty() ? "" : " + ") + fmt::format(fmt::runtime(form), column);
    }
  }
  return fmt::format("({}, {}, {}, {})", packets, fmt::format(fmt::runtime(form), "t_last"),
                     fmt::format(fmt::runtime(form), "state"), bytes);
}

// Assignments run from left to right and see each other's results, so that the comparison is made
// once, by the first, into a session variable.
std::string FlowUpdate() {
  return fmt::format(
      " ON DUPLICATE KEY UPDATE sensor_id = IF(@dfc_newer := ({} >= {}), VALUES(sensor_id), "
      "sensor_id), {}",
      FlowAge("VALUES({0})"), FlowAge("{0}"),
      JoinColumns(std::span(kFlowColumns).subspan(3), "{0} = IF(@dfc_newer, VALUES({0}), {0})"));
}

// Assignments see what those before them did, so the comparison is made once, by the first.
constexpr const char* kChunkUpdate =
    " ON DUPLICATE KEY UPDATE turns = IF(@dfc_newer := ((VALUES(version), LENGTH(VALUES(content)),"
    " LENGTH(VALUES(turns))) > (version, LENGTH(content), LENGTH(turns))), VALUES(turns), turns),"
    " t_first = IF(@dfc_newer, VALUES(t_first), t_first),"
    " content = IF(@dfc_newer, VALUES(content), content),"
    " version = IF(@dfc_newer, VALUES(version), version)";

std::string IcmpUpdate() {
  return " ON DUPLICATE KEY UPDATE"
         " pairing = IF(rtt IS NULL AND VALUES(rtt) IS NOT NULL, VALUES(pairing), pairing),"
         " request_n = COALESCE(request_n, VALUES(request_n)),"
         " payload_equal = COALESCE(payload_equal, VALUES(payload_equal)),"
         " rtt = COALESCE(rtt, VALUES(rtt)), " +
         JoinColumns(std::span(kIcmpColumns).subspan(12, 5), "{0} = COALESCE({0}, VALUES({0}))") +
         ", about_t_start = IF(VALUES(quote_found) > quote_found, VALUES(about_t_start),"
         " about_t_start),"
         " about_flow_hash = IF(VALUES(quote_found) > quote_found, VALUES(about_flow_hash),"
         " about_flow_hash),"
         " quote_found = GREATEST(quote_found, VALUES(quote_found))";
}

constexpr const char* kLedgerUpdate =
    " ON DUPLICATE KEY UPDATE bytes = IF(VALUES(version) >= version, VALUES(bytes), bytes),"
    " packets = IF(VALUES(version) >= version, VALUES(packets), packets),"
    " version = GREATEST(version, VALUES(version))";

// Of a minute that is complete, what another version than the largest left behind.
std::string PruneLedgerSql(const LedgerRow& row, uint32_t sensor_id) {
  const std::string of_minute =
      fmt::format(" FROM ledger WHERE t_minute = {} AND sensor_id = {} AND source = {}",
                  row.t_minute_ns, sensor_id, row.source);
  return fmt::format("DELETE{0} AND version < (SELECT MAX(version){0})", of_minute);
}

// Appends what lies past the stored end; turns only where an element ends there. A piece whose
// chunk is not there, or ends before the piece begins, changes nothing.
void AppendExtend(const ChunkView& chunk, std::string& sql) {
  const std::string content =
      HexLiteral(std::string_view(AsChars(chunk.content.data()), chunk.content.size()));
  const std::string turns = HexLiteral(chunk.turns);
  fmt::format_to(
      std::back_inserter(sql),
      "UPDATE chunk SET content = IF(LENGTH(content) >= {1} AND LENGTH(content) - {1} < {2},"
      " CONCAT(content, SUBSTR({0}, LENGTH(content) - {1} + 1)), content),"
      " turns = IF(LENGTH(turns) - 2 >= {4} AND LENGTH(turns) - 2 - {4} < {5}"
      " AND (LENGTH(turns) = 2 OR SUBSTR({3}, LENGTH(turns) - 2 - {4} + 1, 1) = ','),"
      " CONCAT(LEFT(turns, LENGTH(turns) - 1), SUBSTR({3}, LENGTH(turns) - 2 - {4} + 1), ']'),"
      " turns), version = {6}",
      content, chunk.row.content_at, chunk.content.size(), turns, chunk.row.turns_at,
      chunk.turns.size(), chunk.row.version);
  fmt::format_to(std::back_inserter(sql),
                 " WHERE t_start = {} AND flow_hash = {} AND n = {} AND version <= {}",
                 chunk.row.id.t_start_ns, chunk.row.id.flow_hash, chunk.row.n, chunk.row.version);
}

}  // namespace

absl::Status MultiRowInsert::Send(MysqlConnection& connection) {
  if (rows_ == 0) return absl::OkStatus();
  text_ += suffix_;
  const absl::Status status = connection.Execute(text_);
  Clear();
  return status;
}

absl::Status MultiRowInsert::SendBefore(size_t row_at, MysqlConnection& connection) {
  if (rows_ == 1) return Send(connection);
  const std::string last = text_.substr(row_at + 1);  // Without its comma.
  text_.resize(row_at);
  DFC_RETURN_IF_ERROR(Send(connection));
  text_ = prefix_ + last;
  rows_ = 1;
  return absl::OkStatus();
}

void MultiRowInsert::Clear() {
  text_.clear();
  rows_ = 0;
}

MysqlStore::MysqlStore(const StoreUrl& url, std::string sensor)
    : url_(url),
      sensor_(std::move(sensor)),
      flow_(InsertInto("flow", kFlowColumns), FlowUpdate()),
      chunk_(InsertInto("chunk", kChunkColumns), kChunkUpdate),
      icmp_(InsertInto("icmp", kIcmpColumns), IcmpUpdate()),
      ledger_(InsertInto("ledger", kLedgerColumns), kLedgerUpdate) {}

absl::StatusOr<std::unique_ptr<Store>> MysqlStore::Open(const StoreUrl& url,
                                                        const std::string& sensor) {
  std::unique_ptr<MysqlStore> store(new MysqlStore(url, sensor));
  DFC_RETURN_IF_ERROR(store->EnsureConnected());
  return std::unique_ptr<Store>(std::move(store));
}

absl::Status MysqlStore::EnsureConnected() {
  if (connection_ != nullptr) return absl::OkStatus();
  DFC_ASSIGN_OR_RETURN(connection_, MysqlConnection::Open(url_));
  absl::Status status = CheckMysqlSchema(*connection_);
  if (status.ok()) status = connection_->Execute("SET @dfc_newer = 0");
  if (status.ok()) status = Register();
  if (!status.ok()) connection_.reset();
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

  absl::Status status;
  block.ForEach([&](RowType type, ByteSpan row) {
    if (status.ok()) status = AddRow(type, row);
  });
  DFC_RETURN_IF_ERROR(status);
  return SendAll();
}

absl::Status MysqlStore::AddRow(RowType type, ByteSpan row) {
  switch (type) {
    case RowType::kFlow: {
      const auto flow = EventBlock::Load<FlowRow>(row.data());
      const std::string community_id = CommunityId(flow);
      return flow_.Add(*connection_,
                       [&](RowText& text) { EmitFlow(flow, sensor_id_, community_id, text); });
    }
    case RowType::kChunk:
      return AddChunk(row);
    case RowType::kIcmp: {
      const auto icmp = EventBlock::Load<IcmpRow>(row.data());
      return icmp_.Add(*connection_, [&](RowText& text) { EmitIcmp(icmp, text); });
    }
    case RowType::kLedger:
      return AddLedger(EventBlock::Load<LedgerRow>(row.data()));
  }
  return absl::InvalidArgumentError(
      fmt::format("event block: row type {} is unknown", static_cast<uint32_t>(type)));
}

absl::Status MysqlStore::AddChunk(ByteSpan row) {
  const ChunkView chunk = ViewChunk(row);
  if (chunk.row.content_at == 0 && chunk.row.turns_at == 0) {
    turns_.assign(1, '[').append(chunk.turns).push_back(']');
    return chunk_.Add(*connection_,
                      [&](RowText& text) { EmitChunk(chunk.row, turns_, chunk.content, text); });
  }
  // The piece that it continues may still be waiting here.
  DFC_RETURN_IF_ERROR(chunk_.Send(*connection_));
  extend_.clear();
  AppendExtend(chunk, extend_);
  return connection_->Execute(extend_);
}

absl::Status MysqlStore::AddLedger(const LedgerRow& row) {
  DFC_RETURN_IF_ERROR(
      ledger_.Add(*connection_, [&](RowText& text) { EmitLedger(row, sensor_id_, text); }));
  if (row.outcome != Outcome::kCaptured) return absl::OkStatus();
  DFC_RETURN_IF_ERROR(ledger_.Send(*connection_));
  return connection_->Execute(PruneLedgerSql(row, sensor_id_));
}

absl::Status MysqlStore::SendAll() {
  DFC_RETURN_IF_ERROR(flow_.Send(*connection_));
  DFC_RETURN_IF_ERROR(chunk_.Send(*connection_));
  DFC_RETURN_IF_ERROR(icmp_.Send(*connection_));
  return ledger_.Send(*connection_);
}

void MysqlStore::Abandon(const absl::Status& status) {
  for (MultiRowInsert* insert : {&flow_, &chunk_, &icmp_, &ledger_}) insert->Clear();
  const bool usable = !absl::IsUnavailable(status) && connection_->Execute("ROLLBACK").ok();
  if (!usable) connection_.reset();
}

absl::Status MysqlStore::EndRun(uint64_t epoch) {
  DFC_RETURN_IF_ERROR(EnsureConnected());
  const absl::Status status = connection_->Execute(
      fmt::format("DELETE FROM batch WHERE sensor_id = {} AND epoch <= {}", sensor_id_, epoch));
  if (!status.ok()) Abandon(status);
  return status;
}

}  // namespace dfc
