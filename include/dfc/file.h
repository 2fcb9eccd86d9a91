// An owned file descriptor.
// Module: base
#pragma once

#include <string>

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

}  // namespace dfc
