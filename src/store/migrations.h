// The SQL of sql/, embedded at build time: what turns an older database into the newest.
#pragma once

#include <span>
#include <string_view>

namespace dfc {

struct Migration {
  int number;  // 1, 2, ...; also the schema version that it leads to.
  const char* name;
  std::string_view sql;
};

std::span<const Migration> SqliteMigrations();
std::span<const Migration> MariadbMigrations();

}  // namespace dfc
