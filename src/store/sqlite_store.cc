#include "sqlite_store.h"

#include <fmt/format.h>

#include "row_columns.h"
#include "schema.h"
#include "upsert.h"

namespace dfc {

namespace {

std::string InsertInto(std::string_view table, std::span<const char* const> columns) {
  return fmt::format("INSERT INTO {} ({}) VALUES ({})", table, JoinColumns(columns),
                     JoinColumns(columns, "?"));
}

// How far along a version of a flow is. Packets first; bytes last, because giving a gap up adds
// bytes without a packet.
std::string FlowAge(std::string_view prefix) {
  return fmt::format(
      "({0}client_packets + {0}server_packets, {0}t_last, {0}state, "
      "{0}client_bytes + {0}client_gap_bytes + {0}client_duplicate_bytes + {0}client_conflict_bytes"
      " + {0}client_refused_bytes + {0}client_urgent_bytes + {0}client_shed_bytes"
      " + {0}server_bytes + {0}server_gap_bytes + {0}server_duplicate_bytes"
      " + {0}server_conflict_bytes + {0}server_refused_bytes + {0}server_urgent_bytes"
      " + {0}server_shed_bytes)",
      prefix);
}

std::string FlowSql() {
  return InsertInto("flow", kFlowColumns) + " ON CONFLICT (t_start, flow_hash) DO UPDATE SET " +
         JoinColumns(std::span(kFlowColumns).subspan(2), "{0} = excluded.{0}") + " WHERE " +
         FlowAge("excluded.") + " >= " + FlowAge("flow.");
}

std::string ChunkSql() {
  return InsertInto("chunk", kChunkColumns) +
         " ON CONFLICT (t_start, flow_hash, n) DO UPDATE SET"
         " version = excluded.version, t_first = excluded.t_first, turns = excluded.turns,"
         " content_bytes = excluded.content_bytes, content = excluded.content"
         " WHERE (excluded.version, excluded.content_bytes, length(excluded.turns))"
         " > (chunk.version, chunk.content_bytes, length(chunk.turns))";
}

// ?1 content, ?2 content_at, ?3 turns, ?4 turns_at. Appends what lies past the stored end; turns
// only where an element ends there. `||` makes text even of blobs, hence the cast.
constexpr const char* kExtendSql =
    "UPDATE chunk SET version = ?8,"
    " content = CASE WHEN content_bytes >= ?2 AND content_bytes - ?2 < length(?1)"
    "  THEN CAST(CASE WHEN length(content) < content_bytes"
    "   THEN sqlar_uncompress(substr(content, 5), content_bytes) ELSE content END"
    "   || substr(?1, content_bytes - ?2 + 1) AS BLOB) ELSE content END,"
    " content_bytes = CASE WHEN content_bytes >= ?2 AND content_bytes - ?2 < length(?1)"
    "  THEN ?2 + length(?1) ELSE content_bytes END,"
    " turns = CASE WHEN length(turns) - 2 >= ?4 AND length(turns) - 2 - ?4 < length(?3)"
    "   AND (turns = '[]' OR substr(?3, length(turns) - 2 - ?4 + 1, 1) = ',')"
    "  THEN substr(turns, 1, length(turns) - 1) || substr(?3, length(turns) - 2 - ?4 + 1) || ']'"
    "  ELSE turns END"
    " WHERE t_start = ?5 AND flow_hash = ?6 AND n = ?7 AND version <= ?8";

std::string IcmpSql() {
  return InsertInto("icmp", kIcmpColumns) +
         " ON CONFLICT (t_start, flow_hash, n) DO UPDATE SET"
         " pairing = iif(icmp.rtt IS NULL AND excluded.rtt IS NOT NULL, excluded.pairing,"
         " icmp.pairing), request_n = coalesce(icmp.request_n, excluded.request_n),"
         " payload_equal = coalesce(icmp.payload_equal, excluded.payload_equal),"
         " rtt = coalesce(icmp.rtt, excluded.rtt), " +
         JoinColumns(std::span(kIcmpColumns).subspan(12, 5),
                     "{0} = coalesce(icmp.{0}, excluded.{0})") +
         ", about_t_start = iif(excluded.quote_found > icmp.quote_found,"
         " excluded.about_t_start, icmp.about_t_start),"
         " about_flow_hash = iif(excluded.quote_found > icmp.quote_found,"
         " excluded.about_flow_hash, icmp.about_flow_hash),"
         " quote_found = max(icmp.quote_found, excluded.quote_found)"
         " WHERE (icmp.rtt IS NULL AND excluded.rtt IS NOT NULL)"
         " OR (icmp.quoted_protocol IS NULL AND excluded.quoted_protocol IS NOT NULL)"
         " OR excluded.quote_found > icmp.quote_found";
}

// Parts of a live capture's minute add up: each is in one block, which counts once.
std::string LedgerSql() {
  return InsertInto("ledger", kLedgerColumns) +
         " ON CONFLICT (t_minute, sensor_id, source, outcome) DO UPDATE SET"
         " packets = iif(excluded.version = 0, packets, 0) + excluded.packets,"
         " bytes = iif(excluded.version = 0, bytes, 0) + excluded.bytes,"
         " version = excluded.version WHERE excluded.version >= ledger.version";
}

// Of a minute that is complete, what another version than the largest left behind.
constexpr const char* kPruneLedgerSql =
    "DELETE FROM ledger WHERE t_minute = ?1 AND sensor_id = ?2 AND source = ?3 AND version <"
    " (SELECT max(version) FROM ledger WHERE t_minute = ?1 AND sensor_id = ?2 AND source = ?3)";

// The view as the tables' first version has it shows stored content. As SQLite itself has no word
// for compressed content, programs that cannot read the new one are those of stores that have some.
constexpr const char* kUncompressSql =
    "BEGIN IMMEDIATE;"
    "DROP VIEW v_content;"
    "CREATE VIEW v_content AS"
    " SELECT t_start, flow_hash, n, version, t_first, turns, content_bytes,"
    " CASE WHEN length(content) < content_bytes"
    " THEN sqlar_uncompress(substr(content, 5), content_bytes) ELSE content END AS content"
    " FROM chunk;"
    "COMMIT";

// Made once the rows are there: kept up row by row, into an empty file, three of them cost 2.7
// times the processor time and far more disk. Only what narrows a search by much has one.
constexpr const char* kIndexSql =
    "CREATE INDEX IF NOT EXISTS flow_client ON flow (client, t_start);"
    "CREATE INDEX IF NOT EXISTS flow_server ON flow (server, t_start);"
    "CREATE INDEX IF NOT EXISTS flow_server_port ON flow (server_port, t_start, client_port);"
    "CREATE INDEX IF NOT EXISTS flow_flow_hash ON flow (flow_hash, t_start);"
    "CREATE INDEX IF NOT EXISTS icmp_time ON icmp (t);"
    "CREATE INDEX IF NOT EXISTS icmp_about ON icmp (about_flow_hash, t)"
    " WHERE quoted_protocol IS NOT NULL";

// Takes back what was begun unless Commit() came through.
class Transaction {
 public:
  explicit Transaction(SqliteConnection& connection) : connection_(connection) {}
  ~Transaction() {
    if (connection_.in_transaction()) (void)connection_.Execute("ROLLBACK");
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  absl::Status Begin() { return connection_.Execute("BEGIN IMMEDIATE"); }
  absl::Status Commit() { return connection_.Execute("COMMIT"); }

 private:
  SqliteConnection& connection_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> SqliteStore::Open(const StoreUrl& url,
                                                         const std::string& sensor,
                                                         const StoreOptions& options) {
  DFC_ASSIGN_OR_RETURN(auto connection,
                       SqliteConnection::Open(url, SqliteConnection::Mode::kCreate));
  DFC_RETURN_IF_ERROR(MigrateSqlite(*connection).status());
  std::unique_ptr<SqliteStore> store(new SqliteStore(std::move(connection)));
  DFC_RETURN_IF_ERROR(store->Register(sensor));
  DFC_RETURN_IF_ERROR(store->PrepareStatements());
  if (options.compress) DFC_RETURN_IF_ERROR(store->BeginPacking());
  return std::unique_ptr<Store>(std::move(store));
}

absl::Status SqliteStore::Register(const std::string& sensor) {
  Transaction transaction(*connection_);
  DFC_RETURN_IF_ERROR(transaction.Begin());
  DFC_ASSIGN_OR_RETURN(
      SqliteStatement insert,
      connection_->Prepare("INSERT INTO sensor (sensor_id, name) "
                           "SELECT coalesce(max(sensor_id), 0) + 1, ?1 FROM sensor "
                           "WHERE true ON CONFLICT (name) DO NOTHING"));
  insert.Text(sensor);
  DFC_RETURN_IF_ERROR(Run(insert));
  DFC_ASSIGN_OR_RETURN(SqliteStatement select,
                       connection_->Prepare("SELECT sensor_id FROM sensor WHERE name = ?1"));
  select.Text(sensor);
  DFC_ASSIGN_OR_RETURN(const bool found, select.Step());
  if (!found) return absl::InternalError(fmt::format("{}: no sensor row", connection_->name()));
  sensor_id_ = static_cast<uint32_t>(sqlite3_column_int64(select.get(), 0));
  select.Reset();
  return transaction.Commit();
}

absl::Status SqliteStore::PrepareStatements() {
  DFC_ASSIGN_OR_RETURN(flow_, connection_->Prepare(FlowSql()));
  DFC_ASSIGN_OR_RETURN(chunk_, connection_->Prepare(ChunkSql()));
  DFC_ASSIGN_OR_RETURN(extend_, connection_->Prepare(kExtendSql));
  DFC_ASSIGN_OR_RETURN(icmp_, connection_->Prepare(IcmpSql()));
  DFC_ASSIGN_OR_RETURN(ledger_, connection_->Prepare(LedgerSql()));
  DFC_ASSIGN_OR_RETURN(prune_ledger_, connection_->Prepare(kPruneLedgerSql));
  DFC_ASSIGN_OR_RETURN(
      marker_,
      connection_->Prepare("INSERT INTO batch (sensor_id, epoch, sequence) VALUES (?, ?, ?) "
                           "ON CONFLICT DO NOTHING"));
  DFC_ASSIGN_OR_RETURN(part_,
                       connection_->Prepare("INSERT INTO flow_part (t_part, sensor_id, writes)"
                                            " VALUES (?, ?, 1) ON CONFLICT (t_part, sensor_id)"
                                            " DO UPDATE SET writes = writes + 1"));
  constexpr const char* kEndRunSql =
      "DELETE FROM batch WHERE sensor_id = ?1 AND epoch <= ?2 AND epoch % 2 = ?2 % 2";
  DFC_ASSIGN_OR_RETURN(end_run_, connection_->Prepare(kEndRunSql));
  constexpr const char* kForgetSql =
      "DELETE FROM batch WHERE sensor_id = ? AND epoch = ? AND sequence < ?";
  DFC_ASSIGN_OR_RETURN(forget_, connection_->Prepare(kForgetSql));
  return absl::OkStatus();
}

absl::Status SqliteStore::BeginPacking() {
  packer_.emplace();
  constexpr const char* kFindSql =
      "SELECT 1 FROM sqlite_schema WHERE name = 'v_content' AND sql LIKE '%sqlar_uncompress%'";
  DFC_ASSIGN_OR_RETURN(SqliteStatement find, connection_->Prepare(kFindSql));
  DFC_ASSIGN_OR_RETURN(const bool found, find.Step());
  find.Reset();
  if (found) return absl::OkStatus();
  const absl::Status status = connection_->Execute(kUncompressSql);
  if (!status.ok() && connection_->in_transaction()) (void)connection_->Execute("ROLLBACK");
  return status;
}

absl::Status SqliteStore::Run(SqliteStatement& statement) {
  const int code = statement.Run();
  return code == SQLITE_OK ? absl::OkStatus() : connection_->ErrorStatus(code);
}

absl::Status SqliteStore::Write(const EventBlock& block) {
  Transaction transaction(*connection_);
  DFC_RETURN_IF_ERROR(transaction.Begin());
  bool fresh = false;
  DFC_RETURN_IF_ERROR(InsertMarker(block, &fresh));
  if (!fresh) return absl::OkStatus();
  parts_.Clear();

  DFC_RETURN_IF_ERROR(InsertRows(block));
  for (const int64_t part_ns : parts_.Sorted()) {
    part_.Signed(part_ns);
    part_.Unsigned(sensor_id_);
    DFC_RETURN_IF_ERROR(Run(part_));
  }
  return transaction.Commit();
}

absl::Status SqliteStore::InsertMarker(const EventBlock& block, bool* fresh) {
  marker_.Unsigned(sensor_id_);
  marker_.Unsigned(block.epoch);
  marker_.Unsigned(block.sequence);
  DFC_RETURN_IF_ERROR(Run(marker_));
  *fresh = connection_->changes() == 1;
  return absl::OkStatus();
}

absl::Status SqliteStore::InsertRows(const EventBlock& block) {
  rows_.Take(block);
  if (packer_) packer_->Clear();
  if (rows_.damaged()) return absl::InvalidArgumentError("event block: a row's type is unknown");
  for (const ByteSpan row : rows_.flows()) {
    const auto flow = EventBlock::Load<FlowRow>(row.data());
    EmitFlow(flow, sensor_id_, community_ids_.Of(flow), flow_);
    parts_.Add(flow.id.t_start_ns);
    DFC_RETURN_IF_ERROR(Run(flow_));
  }
  for (const ByteSpan row : rows_.chunks()) DFC_RETURN_IF_ERROR(InsertChunk(row));
  for (const ByteSpan row : rows_.messages()) {
    const auto icmp = EventBlock::Load<IcmpRow>(row.data());
    EmitIcmp(icmp, icmp_);
    DFC_RETURN_IF_ERROR(Run(icmp_));
  }
  for (const ByteSpan row : rows_.ledger()) {
    DFC_RETURN_IF_ERROR(InsertLedger(EventBlock::Load<LedgerRow>(row.data())));
  }
  return absl::OkStatus();
}

absl::Status SqliteStore::InsertChunk(ByteSpan row) {
  const ChunkView chunk = ViewChunk(row);
  if (chunk.row.content_at != 0 || chunk.row.turns_at != 0) return ExtendChunk(chunk);
  turns_.assign(1, '[').append(chunk.turns).push_back(']');
  const ByteSpan content = packer_ ? packer_->Pack(chunk.content) : chunk.content;
  EmitChunk(chunk.row, turns_, content, chunk_);
  return Run(chunk_);
}

// A piece whose chunk is not there, or ends before the piece begins, changes nothing: retention may
// have taken the chunk while the flow went on.
absl::Status SqliteStore::ExtendChunk(const ChunkView& chunk) {
  extend_.Bytes(chunk.content);
  extend_.Unsigned(chunk.row.content_at);
  extend_.Text(chunk.turns);
  extend_.Unsigned(chunk.row.turns_at);
  extend_.Signed(chunk.row.id.t_start_ns);
  extend_.Unsigned(chunk.row.id.flow_hash);
  extend_.Unsigned(chunk.row.n);
  extend_.Unsigned(chunk.row.version);
  return Run(extend_);
}

absl::Status SqliteStore::InsertLedger(const LedgerRow& row) {
  EmitLedger(row, sensor_id_, ledger_);
  DFC_RETURN_IF_ERROR(Run(ledger_));
  if (row.outcome != Outcome::kCaptured) return absl::OkStatus();
  prune_ledger_.Signed(row.t_minute_ns);
  prune_ledger_.Unsigned(sensor_id_);
  prune_ledger_.Unsigned(row.source);
  return Run(prune_ledger_);
}

absl::Status SqliteStore::EndRun(uint64_t epoch) {
  end_run_.Unsigned(sensor_id_);
  end_run_.Unsigned(epoch);
  DFC_RETURN_IF_ERROR(Run(end_run_));
  return Annotate(MakeIndexes(), "all rows are stored, but not their index");
}

absl::Status SqliteStore::MakeIndexes() { return connection_->Execute(kIndexSql); }

absl::Status SqliteStore::Forget(uint64_t epoch, uint64_t sequence) {
  forget_.Unsigned(sensor_id_);
  forget_.Unsigned(epoch);
  forget_.Unsigned(sequence);
  return Run(forget_);
}

}  // namespace dfc
