// A byte source in memory that hands out small pieces, as a pipe would.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "byte_source.h"

namespace dfc {

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string bytes, size_t piece_bytes = SIZE_MAX,
                        absl::Status at_end = absl::OkStatus())
      : bytes_(std::move(bytes)), piece_bytes_(piece_bytes), at_end_(std::move(at_end)) {}

  absl::StatusOr<size_t> Read(uint8_t* to, size_t n) override {
    const size_t got = std::min({n, piece_bytes_, bytes_.size() - at_});
    if (got == 0 && !at_end_.ok()) return at_end_;
    if (got > 0) std::memcpy(to, bytes_.data() + at_, got);
    at_ += got;
    return got;
  }
  uint64_t bytes_taken() const override { return at_; }
  uint64_t bytes_total() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  size_t at_ = 0;
  size_t piece_bytes_;
  absl::Status at_end_;
};

}  // namespace dfc
