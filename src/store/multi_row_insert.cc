#include "multi_row_insert.h"

namespace dfc {

absl::Status MultiRowInsert::Send(MysqlConnection& connection) {
  if (rows_ == 0) return absl::OkStatus();
  text_ += suffix_;
  const absl::Status status = connection.Execute(text_);
  Clear();
  return status;
}

absl::Status MultiRowInsert::SendBefore(size_t row_at, MysqlConnection& connection) {
  if (rows_ == 1) return Send(connection);
  const std::string last = text_.substr(row_at + 1);  // Without its comma.
  text_.resize(row_at);
  DFC_RETURN_IF_ERROR(Send(connection));
  text_ = prefix_ + last;
  rows_ = 1;
  return absl::OkStatus();
}

void MultiRowInsert::Clear() {
  text_.clear();
  rows_ = 0;
}

}  // namespace dfc
