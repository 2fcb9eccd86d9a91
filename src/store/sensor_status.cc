#include "dfc/sensor_status.h"

#include <fmt/format.h>

#include "dfc/check.h"
#include "mysql_connection.h"
#include "sqlite_connection.h"

namespace dfc {

namespace {

// For an answer: a run that ends waits for its last word, and figures that come late are of no use.
constexpr unsigned kTransferTimeoutSeconds = 5;

absl::Status CheckLength(std::string_view text) {
  if (text.size() <= kSensorStatusBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("a status of {} bytes", text.size()));
}

class SqliteStatusWriter final : public SensorStatusWriter {
 public:
  SqliteStatusWriter(const StoreUrl& url, std::string sensor)
      : url_(url), sensor_(std::move(sensor)) {}

  absl::Status Write(int64_t t_ns, std::string_view text) override {
    DFC_RETURN_IF_ERROR(CheckLength(text));
    if (connection_ == nullptr) {
      DFC_ASSIGN_OR_RETURN(connection_,
                           SqliteConnection::Open(url_, SqliteConnection::Mode::kCreate));
    }
    DFC_ASSIGN_OR_RETURN(
        SqliteStatement update,
        connection_->Prepare("UPDATE sensor SET t_status = ?, status = ? WHERE name = ?"));
    update.Signed(t_ns);
    update.Text(text);
    update.Text(sensor_);
    const int code = update.Run();
    return code == SQLITE_OK ? absl::OkStatus() : connection_->ErrorStatus(code);
  }

 private:
  StoreUrl url_;
  std::string sensor_;
  std::unique_ptr<SqliteConnection> connection_;
};

class MysqlStatusWriter final : public SensorStatusWriter {
 public:
  MysqlStatusWriter(const StoreUrl& url, std::string sensor)
      : url_(url), sensor_(std::move(sensor)) {}

  absl::Status Write(int64_t t_ns, std::string_view text) override {
    DFC_RETURN_IF_ERROR(CheckLength(text));
    if (connection_ == nullptr) {
      DFC_ASSIGN_OR_RETURN(connection_, MysqlConnection::Open(url_, 0, kTransferTimeoutSeconds));
    }
    absl::Status status = connection_->Execute(
        fmt::format("UPDATE sensor SET t_status = {}, status = {} WHERE name = {}", t_ns,
                    HexLiteral(text), HexLiteral(sensor_)));
    if (!status.ok()) connection_.reset();
    return status;
  }

 private:
  StoreUrl url_;
  std::string sensor_;
  std::unique_ptr<MysqlConnection> connection_;
};

}  // namespace

std::unique_ptr<SensorStatusWriter> MakeSensorStatusWriter(const StoreUrl& url,
                                                           std::string sensor) {
  if (url.kind == StoreUrl::Kind::kMysql) {
    return std::make_unique<MysqlStatusWriter>(url, std::move(sensor));
  }
  DFC_CHECK(url.kind == StoreUrl::Kind::kSqlite);
  return std::make_unique<SqliteStatusWriter>(url, std::move(sensor));
}

}  // namespace dfc
