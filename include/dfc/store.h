// Where finished event blocks become durable: SQLite, MariaDB/MySQL, or nowhere ("null:").
// Module: store
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dfc/event.h"
#include "dfc/status.h"

namespace dfc {

struct StoreHost {
  std::string name;
  uint16_t port = 3306;
  bool operator==(const StoreHost&) const = default;
};

// "sqlite:PATH", "mysql://USER@HOST:PORT,HOST:PORT/DB?OPTION=VALUE&...",
// "mysql://USER@/DB?socket=PATH", or "null:".
struct StoreUrl {
  enum class Kind { kSqlite, kMysql, kNull };
  Kind kind = Kind::kSqlite;
  std::string path;  // SQLite.
  std::string user, host, database, socket;
  uint16_t port = 3306;
  std::vector<StoreHost> more_hosts;  // Of the same database: asked where the one before fails.
  std::string tls_ca;                 // Paths; with one of them or `tls` nothing goes in the clear.
  std::string tls_cert, tls_key;      // Of this client.
  bool tls = false;
  bool tls_verify = true;  // The server's certificate and the name in it.
  // Seconds; 0 for what is usual.
  uint16_t connect_timeout_s = 0, read_timeout_s = 0, write_timeout_s = 0;

  // As given, for messages. There is no password in it: a URL with one is refused.
  std::string Text() const;
};
absl::StatusOr<StoreUrl> ParseStoreUrl(const std::string& text);

// The password for a MySQL store: from the file named by $DFC_PASSWORD_FILE (mode 0600 or tighter,
// first line), else from $DFC_PASSWORD, else none. Never from argv.
absl::StatusOr<std::string> StorePassword();

// Takes finished blocks. Sink thread only.
class Store {
 public:
  virtual ~Store() = default;

  // Writes every row of `block` in one transaction, or none. A block that is already stored
  // changes nothing, so trying again after a lost reply is safe; so is a row that is there already,
  // from whatever run: rows only advance.
  //   kOk                 committed
  //   kUnavailable        server away, not usable or its disk full: keep the block, try again;
  //                       whether it was committed is not known
  //   kAborted            lost against another transaction: try again soon
  //   kInvalidArgument    server refused a row of these
  //   kResourceExhausted  too much for one transaction: try again in parts
  //   any other           nothing helps until somebody has seen to it: rights, tables
  virtual absl::Status Write(const EventBlock& block) = 0;

  // The run is over: nothing of it will be tried again, so its markers have done their work and are
  // removed, and with them those that an earlier run of this sensor left behind when it was killed.
  // Epochs of live captures are odd, and those of replays even: a replay must not take the markers
  // of a capture along, whose blocks may still wait in its spool.
  // In SQLite, indexes that are not there yet are made: some seconds for a million flows.
  virtual absl::Status EndRun(uint64_t epoch) = 0;

  // For a run without an end in sight: the indexes that EndRun() would make are made now. Nothing
  // where they always are.
  virtual absl::Status MakeIndexes() { return absl::OkStatus(); }

  // Blocks of the run before `sequence` will not be tried again: their markers are removed. Nothing
  // where there are none.
  virtual absl::Status Forget(uint64_t /*epoch*/, uint64_t /*sequence*/) {
    return absl::OkStatus();
  }
};

// Creates the tables or brings them up to date (numbered migrations in sql/, embedded). Returns how
// many migrations it applied. A database newer than this program is kFailedPrecondition.
absl::StatusOr<int> InitStore(const StoreUrl& url);

// Opens for writing as sensor `sensor` (registered by name on first use). SQLite: creates file and
// tables as needed. MySQL: kFailedPrecondition, naming `dfc init`, when the tables are not there.
// A server that is away is kUnavailable; with `may_be_away` Write() says so.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(const StoreUrl& url, const std::string& sensor,
                                                 bool may_be_away = false);

}  // namespace dfc
