// A lease on a MySQL store: what only one may do at a time, also on a cluster, where a lock by name
// holds on one node only. Whoever has it too long has it no more.
#pragma once

#include <string>

#include "dfc/status.h"
#include "mysql_connection.h"

namespace dfc {

class MysqlLease {
 public:
  // `holder` must be nobody else's.
  MysqlLease(MysqlConnection& connection, std::string name, std::string holder)
      : connection_(connection), name_(std::move(name)), holder_(std::move(holder)) {}
  // Gives it back.
  ~MysqlLease();
  MysqlLease(const MysqlLease&) = delete;
  MysqlLease& operator=(const MysqlLease&) = delete;

  // Takes it or makes it longer, by a minute from now. kUnavailable where another one has it.
  absl::Status Hold();

 private:
  MysqlConnection& connection_;
  std::string name_;
  std::string holder_;
  bool held_ = false;
};

}  // namespace dfc
