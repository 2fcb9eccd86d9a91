// An owned file descriptor, and small files.
// Module: base
#pragma once

#include <string>
#include <string_view>

#include "dfc/bytes.h"
#include "dfc/status.h"

namespace dfc {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(other.Release()) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { Close(); }

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Close();

 private:
  int fd_ = -1;
};

// Opens for reading; "-" is standard input. The message names the path.
absl::StatusOr<Fd> OpenForReading(const std::string& path);

// Reads until `bytes` are there or the end of the file; returns how many it got.
absl::StatusOr<size_t> ReadFully(const Fd& fd, uint8_t* to, size_t bytes);

// The text of a file of `bytes_max` at most. The message names the path, and the remedy.
absl::StatusOr<std::string> ReadTextFile(const std::string& path, size_t bytes_max);

// The same of a password, a token or a private key: refused unless it is this user's or root's and
// nobody else has any right to it (mode 0600 or 0400).
absl::StatusOr<std::string> ReadSecretFile(const std::string& path, size_t bytes_max);
// Refuses as ReadSecretFile() does, of a file that a library reads.
absl::Status CheckSecretFile(const std::string& path);

// Makes `path` a file with this text, or leaves it as it was: readers see one or the other. Mode
// 0644; the disk may keep it later.
absl::Status ReplaceFile(const std::string& path, std::string_view text);

}  // namespace dfc
