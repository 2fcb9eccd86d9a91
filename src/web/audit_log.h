// Who read which content: a line of JSON an access, written before the content leaves.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dfc/file.h"
#include "dfc/status.h"

namespace dfc {

struct AuditEntry {
  int64_t time_ns;
  std::string_view user;  // "" where no token is asked for.
  std::string_view peer;
  std::string_view what;  // "turns", "content", "export", "import", "imported".
  std::string_view flow = {};
  std::string_view detail = {};  // Side, format, name of a file.
  uint64_t bytes = 0;
};

class AuditLog {
 public:
  // Appends; makes the file for its owner alone. kPermissionDenied where others may read it.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(const std::string& path);

  // Any thread: a line is one write. An error means that it is not there as it should be.
  absl::Status Write(const AuditEntry& entry);

  // One thread: goes on in the file that is there now under its name, after the log was rotated.
  // After an error the former one is kept.
  absl::Status Reopen();

 private:
  AuditLog(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  Fd fd_;                             // The number stays the same as long as this lives.
  std::atomic<bool> is_torn_{false};  // The last line has no end.
};

}  // namespace dfc
