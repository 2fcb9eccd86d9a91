#include "dfc/store_options.h"
#include "mysql_connection.h"
#include "mysql_store.h"
#include "schema.h"
#include "sqlite_connection.h"
#include "sqlite_store.h"

namespace dfc {

namespace {

constexpr size_t kSensorNameBytesMax = 255;

// Takes everything and keeps nothing: for measuring what comes before a store.
class NullStore final : public Store {
 public:
  absl::Status Write(const EventBlock&) override { return absl::OkStatus(); }
  absl::Status EndRun(uint64_t) override { return absl::OkStatus(); }
};

}  // namespace

absl::StatusOr<int> InitStore(const StoreUrl& url) {
  switch (url.kind) {
    case StoreUrl::Kind::kNull:
      return 0;
    case StoreUrl::Kind::kSqlite: {
      DFC_ASSIGN_OR_RETURN(const auto connection,
                           SqliteConnection::Open(url, SqliteConnection::Mode::kCreate));
      return MigrateSqlite(*connection);
    }
    case StoreUrl::Kind::kMysql:
      break;
  }
  DFC_ASSIGN_OR_RETURN(const auto connection, MysqlConnection::Open(url));
  return MigrateMysql(*connection);
}

absl::StatusOr<std::unique_ptr<Store>> OpenStore(const StoreUrl& url, const std::string& sensor,
                                                 const StoreOptions& options) {
  if (sensor.empty() || sensor.size() > kSensorNameBytesMax) {
    return absl::InvalidArgumentError("a sensor's name has 1 to 255 bytes");
  }
  switch (url.kind) {
    case StoreUrl::Kind::kNull:
      return std::make_unique<NullStore>();
    case StoreUrl::Kind::kSqlite:
      return SqliteStore::Open(url, sensor, options);
    case StoreUrl::Kind::kMysql:
      break;
  }
  return MysqlStore::Open(url, sensor, options);
}

absl::StatusOr<std::unique_ptr<Store>> OpenStore(const StoreUrl& url, const std::string& sensor,
                                                 bool may_be_away) {
  StoreOptions options;
  options.may_be_away = may_be_away;
  return OpenStore(url, sensor, options);
}

}  // namespace dfc
