// Where finished event blocks become durable: SQLite, MariaDB/MySQL, or nowhere ("null:").
// Module: store
#pragma once

#include <memory>
#include <string>

#include "dfc/event.h"
#include "dfc/status.h"

namespace dfc {

// "sqlite:PATH", "mysql://USER@HOST:PORT/DB", "mysql://USER@/DB?socket=PATH", or "null:".
struct StoreUrl {
  enum class Kind { kSqlite, kMysql, kNull };
  Kind kind = Kind::kSqlite;
  std::string path;  // SQLite.
  std::string user, host, database, socket;
  uint16_t port = 3306;

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
  //   kOk               committed
  //   kUnavailable      server away or busy, disk full: keep the block, try again
  //   kInvalidArgument  server refused these rows
  virtual absl::Status Write(const EventBlock& block) = 0;

  // The run is over: nothing of it will be tried again, so its markers have done their work and are
  // removed, and with them those that an earlier run of this sensor left behind when it was killed.
  // In SQLite, indexes that are not there yet are made: some seconds for a million flows.
  virtual absl::Status EndRun(uint64_t epoch) = 0;
};

// Creates the tables or brings them up to date (numbered migrations in sql/, embedded). Returns how
// many migrations it applied. A database newer than this program is kFailedPrecondition.
absl::StatusOr<int> InitStore(const StoreUrl& url);

// Opens for writing as sensor `sensor` (registered by name on first use). SQLite: creates file and
// tables as needed. MySQL: kFailedPrecondition, naming `dfc init`, when the tables are not there.
absl::StatusOr<std::unique_ptr<Store>> OpenStore(const StoreUrl& url, const std::string& sensor);

}  // namespace dfc
