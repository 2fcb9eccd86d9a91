#include "mysql_connection.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include <algorithm>
#include <charconv>

#include "dfc/file.h"
#include "row_text.h"

namespace dfc {

namespace {

constexpr unsigned kConnectTimeoutSeconds = 5;
constexpr unsigned kLockTimeoutSeconds = 30;
// A row is at most a chunk in hex: 2 * (65,000 content + turns), far below this.
constexpr size_t kPacketBytesMin = 1 << 20;
// Longer statements gain nothing and cost memory.
constexpr size_t kStatementBytesMax = 4 << 20;
constexpr size_t kPacketReserveBytes = 1024;
// MySQL's ER_QUERY_TIMEOUT, which MariaDB's headers do not have.
constexpr unsigned kMysqlQueryTimeout = 3024;

// The session is gone, or good for nothing; whether it had done its work nobody knows.
bool IsLost(unsigned code) {
  switch (code) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_UNKNOWN_HOST:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case CR_SERVER_HANDSHAKE_ERR:
    case CR_SSL_CONNECTION_ERROR:
    case CR_MALFORMED_PACKET:
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
    case ER_NEW_ABORTING_CONNECTION:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED:
      return true;
    default:
      return false;
  }
}

// The server is there, and can't be used as it is: another one may.
bool IsBusy(unsigned code) {
  switch (code) {
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_USER_LIMIT_REACHED:
    case ER_HOST_IS_BLOCKED:
    case ER_UNKNOWN_COM_ERROR:          // A cluster node that is not ready.
    case ER_ERROR_DURING_COMMIT:        // One that has lost the others.
    case ER_OPTION_PREVENTS_STATEMENT:  // Read only.
    case ER_READ_ONLY_MODE:
    case ER_GET_ERRNO:             // Its disk fails.
    case ER_NET_PACKET_TOO_LARGE:  // max_allowed_packet was made smaller: a new session asks.
    case CR_NET_PACKET_TOO_LARGE:
      return true;
    default:
      return false;
  }
}

// Lost against another transaction; the same one again will do.
bool IsPassing(unsigned code) {
  switch (code) {
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_LOCK_DEADLOCK:  // On a cluster also: another node has changed the row.
    case ER_CHECKREAD:
    case ER_QUERY_INTERRUPTED:
      return true;
    default:
      return false;
  }
}

bool IsRefusedRow(unsigned code) {
  constexpr unsigned kMysqlCheckConstraint = 3819;  // Not in MariaDB's headers.
  switch (code) {
    case ER_DATA_TOO_LONG:
    case ER_TRUNCATED_WRONG_VALUE:
    case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
    case ER_WARN_DATA_OUT_OF_RANGE:
    case ER_DUP_ENTRY:
    case ER_BAD_NULL_ERROR:
    case ER_CONSTRAINT_FAILED:
    case ER_SIGNAL_EXCEPTION:  // A trigger of the operator's.
    case kMysqlCheckConstraint:
      return true;
    default:
      return false;
  }
}

// A cluster has a limit of its own (wsrep_max_ws_size), and says so in words only.
bool IsTooMuch(unsigned code, std::string_view message) {
  return code == ER_UNKNOWN_ERROR && message.find("writeset size") != std::string_view::npos;
}

size_t ParseSize(const std::optional<std::string>& text) {
  size_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

std::string HexLiteral(std::string_view bytes) {
  std::string text = "X'";
  AppendHex(AsBytes(bytes.data(), bytes.size()), text);
  return text + "'";
}

absl::StatusOr<std::unique_ptr<MysqlConnection>> MysqlConnection::Open(
    const StoreUrl& url, size_t first_host, unsigned transfer_timeout_s) {
  DFC_ASSIGN_OR_RETURN(const std::string password, StorePassword());
  if (!url.tls_key.empty()) DFC_RETURN_IF_ERROR(CheckSecretFile(url.tls_key));
  const size_t hosts = 1 + url.more_hosts.size();
  absl::Status status;
  for (size_t n = 0; n < hosts; ++n) {
    std::unique_ptr<MysqlConnection> connection(new MysqlConnection(url, (first_host + n) % hosts));
    if (connection->session_ == nullptr) return absl::UnavailableError("mysql: out of memory");
    status = connection->Connect(password, transfer_timeout_s);
    if (status.ok()) status = connection->Configure();
    if (status.ok()) return connection;
    if (!absl::IsUnavailable(status)) break;
  }
  return status;
}

void MysqlConnection::SetOptions(unsigned transfer_timeout_s) {
  MYSQL* session = session_.get();
  const auto or_usual = [](uint16_t given, unsigned usual) { return given != 0 ? given : usual; };
  const unsigned protocol = url_.socket.empty() ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
  const unsigned connect_s = or_usual(url_.connect_timeout_s, kConnectTimeoutSeconds);
  const unsigned read_s = or_usual(url_.read_timeout_s, transfer_timeout_s);
  const unsigned write_s = or_usual(url_.write_timeout_s, transfer_timeout_s);
  const unsigned no = 0;
  mysql_options(session, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(session, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
  mysql_options(session, MYSQL_OPT_READ_TIMEOUT, &read_s);
  mysql_options(session, MYSQL_OPT_WRITE_TIMEOUT, &write_s);
  mysql_options(session, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // Otherwise a server could ask for any file of this machine.
  mysql_options(session, MYSQL_OPT_LOCAL_INFILE, &no);
  if (!url_.tls) return;
  const my_bool yes = 1;
  const my_bool verify = url_.tls_verify ? 1 : 0;
  const auto path = [](const std::string& text) { return text.empty() ? nullptr : text.c_str(); };
  mysql_options(session, MYSQL_OPT_SSL_ENFORCE, &yes);
  mysql_options(session, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  mysql_options(session, MYSQL_OPT_SSL_CA, path(url_.tls_ca));
  mysql_options(session, MYSQL_OPT_SSL_CERT, path(url_.tls_cert));
  mysql_options(session, MYSQL_OPT_SSL_KEY, path(url_.tls_key));
}

absl::Status MysqlConnection::Connect(const std::string& password, unsigned transfer_timeout_s) {
  SetOptions(transfer_timeout_s);
  const StoreHost host = host_ == 0 ? StoreHost{url_.host, url_.port} : url_.more_hosts[host_ - 1];
  const bool by_socket = !url_.socket.empty();
  if (mysql_real_connect(session_.get(), by_socket ? nullptr : host.name.c_str(), url_.user.c_str(),
                         password.c_str(), url_.database.c_str(), by_socket ? 0 : host.port,
                         by_socket ? url_.socket.c_str() : nullptr, 0) == nullptr) {
    return ErrorStatus();
  }
  return absl::OkStatus();
}

// Strict: a value that does not fit is an error, never cut. READ COMMITTED: no locks on the gaps
// between rows, over which two sensors would deadlock.
absl::Status MysqlConnection::Configure() {
  DFC_RETURN_IF_ERROR(Execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"));
  DFC_RETURN_IF_ERROR(Execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"));
  DFC_ASSIGN_OR_RETURN(const auto packet, QueryText("SELECT @@max_allowed_packet"));
  const size_t packet_bytes_max = ParseSize(packet);
  if (packet_bytes_max < kPacketBytesMin) {
    return absl::FailedPreconditionError(
        fmt::format("{}: the server's max_allowed_packet is {} bytes; set it to {} or more", name_,
                    packet_bytes_max, kPacketBytesMin));
  }
  statement_bytes_max_ = std::min(packet_bytes_max - kPacketReserveBytes, kStatementBytesMax);
  return absl::OkStatus();
}

absl::Status MysqlConnection::Execute(std::string_view sql) {
  if (mysql_real_query(session_.get(), sql.data(), sql.size()) != 0) return ErrorStatus();
  if (MYSQL_RES* rows = mysql_use_result(session_.get())) mysql_free_result(rows);
  return mysql_errno(session_.get()) == 0 ? absl::OkStatus() : ErrorStatus();
}

absl::StatusOr<std::optional<std::string>> MysqlConnection::QueryText(std::string_view sql) {
  if (mysql_real_query(session_.get(), sql.data(), sql.size()) != 0) return ErrorStatus();
  MYSQL_RES* rows = mysql_store_result(session_.get());
  if (rows == nullptr) return ErrorStatus();
  std::optional<std::string> text;
  if (const MYSQL_ROW row = mysql_fetch_row(rows); row != nullptr && row[0] != nullptr) {
    text.emplace(row[0], mysql_fetch_lengths(rows)[0]);
  }
  mysql_free_result(rows);
  return text;
}

absl::StatusOr<int> MysqlConnection::SchemaVersion() {
  const auto version = QueryText("SELECT MAX(version) FROM schema_version");
  if (!version.ok()) {
    if (error_code() == ER_NO_SUCH_TABLE) return 0;
    return version.status();
  }
  return static_cast<int>(ParseSize(*version));
}

absl::Status MysqlConnection::ErrorStatus() const {
  return Describe(mysql_errno(session_.get()), mysql_error(session_.get()));
}

absl::Status MysqlConnection::Describe(unsigned code, const char* message) const {
  if (IsLost(code)) {
    return absl::UnavailableError(fmt::format(
        "{}: can't connect ({}); is the server running and the address right?", name_, message));
  }
  if (IsPassing(code)) return absl::AbortedError(fmt::format("{}: busy ({})", name_, message));
  if (IsTooMuch(code, message)) {
    return absl::ResourceExhaustedError(fmt::format("{}: too much at once ({})", name_, message));
  }
  if (IsBusy(code)) return absl::UnavailableError(fmt::format("{}: busy ({})", name_, message));
  if (IsRefusedRow(code)) {
    return absl::InvalidArgumentError(fmt::format("{}: row refused ({})", name_, message));
  }
  switch (code) {
    case ER_ACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
      return absl::PermissionDeniedError(
          fmt::format("{}: access denied for user '{}' (password from $DFC_PASSWORD_FILE or "
                      "$DFC_PASSWORD)",
                      name_, url_.user));
    case ER_DBACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
      return absl::PermissionDeniedError(
          fmt::format("{}: {}; the database's administrator can GRANT it", name_, message));
    case ER_BAD_DB_ERROR:
      return absl::NotFoundError(
          fmt::format("{}: there is no database '{}'; make it first: "
                      "CREATE DATABASE {}",
                      name_, url_.database, url_.database));
    case ER_NO_SUCH_TABLE:
      return absl::FailedPreconditionError(
          fmt::format("{0}: has no dfc tables; run: dfc init --store '{0}'", name_));
    case ER_STATEMENT_TIMEOUT:
    case kMysqlQueryTimeout:
      return absl::DeadlineExceededError(
          fmt::format("{}: the answer takes too long; ask for less", name_));
    case ER_RECORD_FILE_FULL:
    case ER_DISK_FULL:
      return absl::UnavailableError(fmt::format(
          "{}: disk full on the server ({}); free space there and run again", name_, message));
    default:
      return absl::InternalError(fmt::format("{}: {} (error {})", name_, message, code));
  }
}

MysqlLock::MysqlLock(MysqlConnection& connection, std::string_view purpose)
    : connection_(connection),
      name_(HexLiteral(fmt::format("{}:{}", purpose, connection.database()).substr(0, 64))) {
  const auto got =
      connection_.QueryText(fmt::format("SELECT GET_LOCK({}, {})", name_, kLockTimeoutSeconds));
  if (!got.ok()) {
    status_ = got.status();
  } else if (*got != "1") {
    status_ = absl::UnavailableError(
        fmt::format("{}: another dfc holds the lock '{}'; try again", connection_.name(), purpose));
  }
}

MysqlLock::~MysqlLock() {
  if (status_.ok()) (void)connection_.QueryText(fmt::format("SELECT RELEASE_LOCK({})", name_));
}

}  // namespace dfc
