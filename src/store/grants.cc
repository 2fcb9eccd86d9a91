// Accounts for a MySQL store, each with the rights that its commands need.
#include <fmt/format.h>

#include <algorithm>

#include "dfc/retention.h"

namespace dfc {

namespace {

// What a sensor does to each table. Rows only advance, so that it reads what it changes.
struct SensorRight {
  const char* rights;
  const char* table;
};
constexpr SensorRight kSensorRights[] = {
    {"SELECT", "schema_version"},
    {"SELECT, INSERT, UPDATE (t_status, status)", "sensor"},
    {"SELECT, INSERT, UPDATE", "flow"},
    {"SELECT, INSERT, UPDATE", "chunk"},
    {"SELECT, INSERT, UPDATE", "icmp"},
    {"SELECT, INSERT, UPDATE, DELETE", "ledger"},
    {"SELECT, INSERT, UPDATE", "flow_part"},
    {"SELECT, INSERT, DELETE", "batch"},
};
constexpr const char* kInstallerRights =
    "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, CREATE VIEW, SHOW VIEW";

bool IsPlain(const std::string& text) {
  return std::ranges::all_of(text, [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z') ||
           (letter >= 'A' && letter <= 'Z') || letter == '_' || letter == '-';
  });
}

std::string CreateUser(const std::string& account, const std::string& password) {
  return fmt::format("CREATE USER {} IDENTIFIED BY '{}';\n", account, password);
}

}  // namespace

absl::StatusOr<std::string> GrantsSql(const StoreUrl& url, std::span<const std::string> passwords) {
  if (url.kind != StoreUrl::Kind::kMysql) {
    return absl::InvalidArgumentError("only a mysql:// store has accounts");
  }
  if (passwords.size() != 3 || !std::ranges::all_of(passwords, IsPlain) || !IsPlain(url.database)) {
    return absl::InvalidArgumentError(fmt::format(
        "'{}' is no name that can be granted; use letters, digits, - and _", url.database));
  }
  const char* const host = url.socket.empty() ? "%" : "localhost";
  const auto account = [&](const char* who) { return fmt::format("'dfc_{}'@'{}'", who, host); };
  const std::string installer = account("installer");
  const std::string sensor = account("sensor");
  const std::string viewer = account("viewer");

  std::string sql =
      "-- Accounts of a dfc store. Passwords were made for this output and are kept nowhere else:\n"
      "-- each belongs into a file of mode 0600 that $DFC_PASSWORD_FILE names.\n\n"
      "-- dfc init, prune, pin and unpin.\n";
  sql += CreateUser(installer, passwords[0]);
  sql += fmt::format("GRANT {} ON `{}`.* TO {};\n\n", kInstallerRights, url.database, installer);
  sql += fmt::format("-- dfc serve, flows, show, icmp and verify.\n");
  sql += CreateUser(viewer, passwords[2]);
  sql += fmt::format("GRANT SELECT, SHOW VIEW ON `{}`.* TO {};\n\n", url.database, viewer);
  sql +=
      "-- dfc capture and replay. Run `dfc init` as dfc_installer before what follows: it needs\n"
      "-- the tables.\n";
  sql += CreateUser(sensor, passwords[1]);
  for (const SensorRight& right : kSensorRights) {
    sql += fmt::format("GRANT {} ON `{}`.`{}` TO {};\n", right.rights, url.database, right.table,
                       sensor);
  }
  return sql;
}

}  // namespace dfc
