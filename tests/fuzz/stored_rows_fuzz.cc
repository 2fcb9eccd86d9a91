// A store with any rows, as one that somebody else made: read, and verified.
//
//   flow client=x0a000001 state=9        a row, with the named columns other than usual
//   chunk n=1 content=x6162 turns="[[0,0,0,2,0,0]]
//
// A value is a number, "n" for NULL, "x" and hex for bytes, or a quote and the rest of the line as
// text. Tables: sensor, flow, chunk, icmp, ledger. Whatever is in there, a reader gives turns that
// lie in their chunk and values that have names, or says that the store is damaged; and a chunk
// that can't be read is one that `dfc verify` finds.
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <span>
#include <utility>

#include "dfc/reader.h"
#include "dfc/verify.h"
#include "fuzz_text.h"
#include "row_columns.h"

namespace dfc {
namespace {

constexpr size_t kRowsMax = 64;
constexpr const char* kSensorColumns[] = {"sensor_id", "name"};
constexpr const char* kLedgerColumns[] = {"t_minute", "sensor_id", "source", "outcome",
                                          "packets",  "bytes",     "version"};

struct Table {
  std::string_view name;
  std::span<const char* const> columns;
};
constexpr Table kTables[] = {{"flow", kFlowColumns},
                             {"chunk", kChunkColumns},
                             {"icmp", kIcmpColumns},
                             {"ledger", kLedgerColumns},
                             {"sensor", kSensorColumns}};

// A store of its own for the whole process. It is removed in the end.
class StoreFile {
 public:
  StoreFile() {
    std::string folder = (std::filesystem::temp_directory_path() / "dfc-fuzz-XXXXXX").string();
    Expect(::mkdtemp(folder.data()) != nullptr);
    folder_ = folder;
    url_.path = folder + "/t.db";
    Expect(InitStore(url_).ok());
    Expect(sqlite3_open(url_.path.c_str(), &db_) == SQLITE_OK);
    Execute("PRAGMA synchronous = OFF");
    auto reader = OpenReader(url_);
    Expect(reader.ok());
    reader_ = *std::move(reader);
  }
  ~StoreFile() {
    reader_.reset();
    sqlite3_close_v2(db_);
    std::filesystem::remove_all(folder_);
  }
  StoreFile(const StoreFile&) = delete;
  StoreFile& operator=(const StoreFile&) = delete;

  void Execute(const std::string& sql) {
    Expect(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  sqlite3* db() const { return db_; }
  const StoreUrl& url() const { return url_; }
  Reader& reader() { return *reader_; }

 private:
  std::filesystem::path folder_;
  StoreUrl url_;
  sqlite3* db_ = nullptr;
  std::unique_ptr<Reader> reader_;
};

// A row with a value that every dfc could have written in each column.
std::string UsualValue(std::string_view column) {
  if (column == "client" || column == "server") return "x00000000000000000000ffff0a000001";
  if (column.starts_with("quoted") || column == "rtt" || column == "request_n") return "n";
  if (column == "turns") return "\"[[0,0,0,2,0,0]]";
  if (column == "content") return "x6869";
  if (column == "outcome") return "\"captured";
  if (column == "name" || column == "community_id") return "\"a";
  if (column == "n" || column == "tunnel" || column == "about_flow_hash") return "0";
  return "1";
}

void BindValue(sqlite3_stmt* statement, int at, std::string_view value) {
  if (value.starts_with('n')) {
    sqlite3_bind_null(statement, at);
  } else if (value.starts_with('x')) {
    const std::vector<uint8_t> bytes = HexBytes(value.substr(1));
    sqlite3_bind_blob64(statement, at, bytes.empty() ? "" : AsChars(bytes.data()), bytes.size(),
                        SQLITE_TRANSIENT);
  } else if (value.starts_with('"')) {
    sqlite3_bind_text64(statement, at, value.data() + 1, value.size() - 1, SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  } else {
    sqlite3_bind_int64(statement, at, NumberOf(value, INT64_MAX / 16));
  }
}

// The value that the line has for the column, "" for none.
std::string ValueFor(std::string_view line, std::string_view column) {
  const std::string mark = " " + std::string(column) + "=";
  const size_t at = line.find(mark);
  if (at == std::string_view::npos) return "";
  const std::string_view value = line.substr(at + mark.size());
  if (value.starts_with('"')) return std::string(value);
  return std::string(value.substr(0, value.find(' ')));
}

void InsertRow(StoreFile& store, const Table& table, std::string_view line) {
  std::string sql = "INSERT OR IGNORE INTO " + std::string(table.name) + " (";
  for (const char* column : table.columns) sql += std::string(column) + ",";
  sql.back() = ')';
  sql += " VALUES (?";
  for (size_t n = 1; n < table.columns.size(); ++n) sql += ",?";
  sql += ")";
  sqlite3_stmt* statement = nullptr;
  Expect(sqlite3_prepare_v2(store.db(), sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  for (size_t n = 0; n < table.columns.size(); ++n) {
    const std::string given = ValueFor(line, table.columns[n]);
    BindValue(statement, static_cast<int>(n) + 1,
              given.empty() ? UsualValue(table.columns[n]) : given);
  }
  sqlite3_step(statement);
  sqlite3_finalize(statement);
}

void Fill(StoreFile& store, std::string_view text) {
  store.Execute("BEGIN");
  for (const Table& table : kTables) store.Execute("DELETE FROM " + std::string(table.name));
  std::string_view line;
  for (size_t n = 0; n < kRowsMax && TakeLine(text, line); ++n) {
    const std::string_view name = Words(line).Next();
    for (const Table& table : kTables) {
      if (table.name == name) InsertRow(store, table, line);
    }
  }
  store.Execute("COMMIT");
}

// True when the store is damaged; it can't be worse.
bool IsDamaged(const absl::Status& status) {
  Expect(status.ok() || absl::IsDataLoss(status));
  return !status.ok();
}

void CheckFlow(const FlowRow& row) {
  Expect(static_cast<size_t>(row.state) < kFlowStateCount);
  Expect(static_cast<size_t>(row.tunnel.kind) < kTunnelKindCount);
}

void Read(StoreFile& store) {
  std::vector<FlowId> ids;
  FlowQuery all;
  all.limit = UINT64_MAX;
  IsDamaged(store.reader().Flows(all, [&](const StoredFlow& flow) {
    CheckFlow(flow.row);
    ids.push_back(flow.row.id);
  }));
  IsDamaged(store.reader().Icmp(all, [](const StoredIcmp& message) {
    Expect(message.payload.size() <= kIcmpPayloadShown);
    Expect(static_cast<size_t>(message.row.pairing) < kIcmpPairingCount);
  }));
  IsDamaged(store.reader().Pings(all, [](const StoredPing&) {}));
  bool damaged = false;
  for (const FlowId& id : ids) {
    // Text in a column of numbers reads as a number that nothing is found by.
    const absl::Status alone = store.reader().Flow(id).status();
    if (!absl::IsNotFound(alone)) IsDamaged(alone);
    damaged |= IsDamaged(store.reader().Turns(id, [](const Turn& turn) {
      Expect(turn.bytes.size() == (turn.kind == TurnKind::kGap ? 0 : turn.length));
    }));
  }
  uint64_t findings = 0;
  const auto verified = VerifyStore(store.url(), [&](const Finding& finding) {
    Expect(!finding.what.empty());
    ++findings;
  });
  if (IsDamaged(verified.status())) return;
  Expect(verified->findings == findings);
  Expect(!damaged || findings > 0);
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static dfc::StoreFile store;
  dfc::Fill(store, {dfc::AsChars(data), size});
  dfc::Read(store);
  return 0;
}
