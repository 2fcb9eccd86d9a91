#include "audit_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "dfc/time.h"
#include "json.h"

namespace dfc {

namespace {

absl::StatusOr<Fd> OpenLog(const std::string& path) {
  Fd fd(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
               S_IRUSR | S_IWUSR));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("open {}", path));
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return ErrnoStatus(errno, path);
  if (S_ISREG(facts.st_mode) && (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::PermissionDeniedError(
        fmt::format("{}: others may read it; run: chmod 600 {}", path, path));
  }
  return fd;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path) {
  DFC_ASSIGN_OR_RETURN(Fd fd, OpenLog(path));
  return std::unique_ptr<AuditLog>(new AuditLog(path, std::move(fd)));
}

absl::Status AuditLog::Reopen() {
  DFC_ASSIGN_OR_RETURN(const Fd fd, OpenLog(path_));
  // In one step: who writes meanwhile writes to the one or to the other.
  if (::dup3(fd.get(), fd_.get(), O_CLOEXEC) < 0) {
    return ErrnoStatus(errno, fmt::format("open {}", path_));
  }
  is_torn_.store(false);
  return absl::OkStatus();
}

absl::Status AuditLog::Write(const AuditEntry& entry) {
  Json json;
  json.BeginObject();
  json.Text("time", FormatTime(entry.time_ns));
  json.Optional("user", entry.user);
  json.Text("from", entry.peer);
  json.Text("what", entry.what);
  json.Optional("flow", entry.flow);
  json.Optional("detail", entry.detail);
  json.Count("bytes", entry.bytes);
  json.EndObject();
  const bool was_torn = is_torn_.exchange(false);
  const std::string line = fmt::format("{}{}\n", was_torn ? "\n" : "", json.Take());
  ssize_t written = 0;
  do {
    written = ::write(fd_.get(), line.data(), line.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(line.size())) return absl::OkStatus();
  const int why = written < 0 ? errno : ENOSPC;
  if (written > 0 || was_torn) is_torn_.store(true);
  return ErrnoStatus(why, fmt::format("write {}", path_));
}

}  // namespace dfc
