#include "dfc/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace dfc {
namespace {

// What is read is what was looked at: both are done to the same open file.
absl::Status CheckSecret(const Fd& fd, const std::string& path) {
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return ErrnoStatus(errno, path);
  if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return absl::FailedPreconditionError(
        fmt::format("{}: others may read or write it; run: chmod 600 {}", path, path));
  }
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: it is another user's; run: chown {} {}", path, ::geteuid(), path));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadText(const Fd& fd, const std::string& path, size_t bytes_max) {
  std::string text(bytes_max + 1, '\0');
  const absl::StatusOr<size_t> bytes =
      ReadFully(fd, static_cast<uint8_t*>(static_cast<void*>(text.data())), text.size());
  if (!bytes.ok()) return Annotate(bytes.status(), path);
  if (*bytes > bytes_max) {
    return absl::FailedPreconditionError(
        fmt::format("{}: has more than {} bytes", path, bytes_max));
  }
  text.resize(*bytes);
  return text;
}

}  // namespace

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}

void Fd::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

absl::StatusOr<Fd> OpenForReading(const std::string& path) {
  if (path == "-") return Fd(::dup(STDIN_FILENO));
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("open {}", path));
  return fd;
}

absl::StatusOr<size_t> ReadFully(const Fd& fd, uint8_t* to, size_t bytes) {
  size_t done = 0;
  while (done < bytes) {
    const ssize_t got = ::read(fd.get(), to + done, bytes - done);
    if (got == 0) break;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoStatus(errno, "read");
    done += static_cast<size_t>(got);
  }
  return done;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max) {
  const absl::StatusOr<Fd> fd = OpenForReading(path);
  if (!fd.ok()) return fd.status();
  return ReadText(*fd, path, bytes_max);
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path, size_t bytes_max) {
  const absl::StatusOr<Fd> fd = OpenForReading(path);
  if (!fd.ok()) return fd.status();
  DFC_RETURN_IF_ERROR(CheckSecret(*fd, path));
  return ReadText(*fd, path, bytes_max);
}

absl::Status CheckSecretFile(const std::string& path) {
  const absl::StatusOr<Fd> fd = OpenForReading(path);
  if (!fd.ok()) return fd.status();
  return CheckSecret(*fd, path);
}

absl::Status ReplaceFile(const std::string& path, std::string_view text) {
  const std::string aside = path + ".tmp";
  const Fd fd(::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!fd.ok()) return ErrnoStatus(errno, fmt::format("write {}", aside));
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd.get(), text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      const int error = errno;
      ::unlink(aside.c_str());
      return ErrnoStatus(error, fmt::format("write {}", aside));
    }
    text.remove_prefix(static_cast<size_t>(wrote));
  }
  if (::rename(aside.c_str(), path.c_str()) != 0) {
    return ErrnoStatus(errno, fmt::format("rename {} to {}", aside, path));
  }
  return absl::OkStatus();
}

}  // namespace dfc
