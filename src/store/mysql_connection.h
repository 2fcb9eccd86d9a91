// The border to a MariaDB or MySQL server (MariaDB Connector/C): one session, errors as statuses.
#pragma once

#include <mysql.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

// One session, used by one thread. Waits at most 5 s for the server to appear and 30 s for an
// answer, unless the URL says otherwise. After a lost connection it is good for nothing: open
// another.
class MysqlConnection {
 public:
  // With several hosts the first that takes it, beginning with the one of that number (modulo how
  // many there are). `transfer_timeout_s` is for URLs without one.
  static absl::StatusOr<std::unique_ptr<MysqlConnection>> Open(
      const StoreUrl& url, size_t first_host = 0,
      unsigned transfer_timeout_s = kTransferTimeoutSeconds);

  // Runs one statement; rows that it gives are dropped.
  absl::Status Execute(std::string_view sql);
  // The first column of the first row, nothing when there is none or it is NULL.
  absl::StatusOr<std::optional<std::string>> QueryText(std::string_view sql);

  // 0 when there are no tables.
  absl::StatusOr<int> SchemaVersion();

  // How long a statement may be: a little less than the server's max_allowed_packet.
  size_t statement_bytes_max() const { return statement_bytes_max_; }

  // The last error of this session, as a status and as the server's number.
  absl::Status ErrorStatus() const;
  unsigned error_code() const { return mysql_errno(session_.get()); }
  // What `code` and `message` of some call mean to a person.
  absl::Status Describe(unsigned code, const char* message) const;

  uint64_t affected_rows() const { return mysql_affected_rows(session_.get()); }
  MYSQL* session() const { return session_.get(); }
  const std::string& name() const { return name_; }
  size_t host() const { return host_; }
  const std::string& database() const { return url_.database; }

 private:
  static constexpr unsigned kTransferTimeoutSeconds = 30;
  struct CloseSession {
    void operator()(MYSQL* session) const { mysql_close(session); }
  };
  MysqlConnection(const StoreUrl& url, size_t host)
      : url_(url), host_(host), name_(url.Text()), session_(mysql_init(nullptr)) {}

  absl::Status Connect(const std::string& password, unsigned transfer_timeout_s);
  void SetOptions(unsigned transfer_timeout_s);
  absl::Status Configure();

  StoreUrl url_;
  size_t host_;       // 0 is the URL's `host`.
  std::string name_;  // The store's URL, for messages.
  std::unique_ptr<MYSQL, CloseSession> session_;
  size_t statement_bytes_max_ = 0;
};

// A lock by name on the server, "PURPOSE:DATABASE": held by one session at a time until this ends.
class MysqlLock {
 public:
  MysqlLock(MysqlConnection& connection, std::string_view purpose);
  ~MysqlLock();
  MysqlLock(const MysqlLock&) = delete;
  MysqlLock& operator=(const MysqlLock&) = delete;

  const absl::Status& status() const { return status_; }

 private:
  MysqlConnection& connection_;
  std::string name_;  // As a SQL literal.
  absl::Status status_;
};

// `bytes` as a SQL literal, X'...' in hex: nothing in it can end it.
std::string HexLiteral(std::string_view bytes);

}  // namespace dfc
