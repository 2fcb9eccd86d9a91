// Contiguous views of a byte source, for parsers of records.
//
//   buffer  | parsed | data() ... size() | free                    | 1 MiB
//                    ^ offset() of the stream
//
// Memory is taken at construction only. One owner; a view is valid until the next Need() or Skip().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "byte_source.h"
#include "dfc/bytes.h"
#include "dfc/check.h"
#include "dfc/status.h"

namespace dfc {

class BufferedReader {
 public:
  static constexpr size_t kBytes = size_t{1} << 20;

  explicit BufferedReader(std::unique_ptr<ByteSource> source);

  // True when at least `n` <= kBytes bytes are at data(). False means that the source has no more:
  // at its end, or after an error, which is then in status().
  bool Need(size_t n) { return size() >= n || Fill(n); }

  const uint8_t* data() const { return at_; }
  size_t size() const { return static_cast<size_t>(end_ - at_); }

  // REQUIRES: n <= size().
  void Advance(size_t n) {
    DFC_DCHECK(n <= size());
    at_ += n;
  }
  // Passes over `n` bytes, however many; false when there are fewer, all of which are then passed.
  bool Skip(uint64_t n);

  // Forgets all that is left: from now on the source is at its end.
  void Stop();

  // Of data() in the (uncompressed) stream.
  uint64_t offset() const { return end_offset_ - size(); }
  const absl::Status& status() const { return status_; }
  const ByteSource& source() const { return *source_; }

 private:
  bool Fill(size_t n);

  std::unique_ptr<ByteSource> source_;
  std::unique_ptr<uint8_t[]> buffer_;
  const uint8_t* at_;
  const uint8_t* end_;
  uint64_t end_offset_ = 0;
  bool ended_ = false;
  absl::Status status_;
};

}  // namespace dfc
