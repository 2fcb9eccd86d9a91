// Bytes of a capture in order: from a file, a pipe, or a decompressor on top of either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "dfc/file.h"
#include "dfc/status.h"

namespace dfc {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Puts up to `n` > 0 bytes at `to` and returns how many; 0 only at the end. After an error
  // the source is not asked again: what came before it is all that there is.
  virtual absl::StatusOr<size_t> Read(uint8_t* to, size_t n) = 0;

  // Taken from the file so far, and the file's size, 0 when not known. Compressed bytes both.
  virtual uint64_t bytes_taken() const = 0;
  virtual uint64_t bytes_total() const = 0;
};

// Each read of a file or pipe asks for this much: small enough to stay in the cache until parsed.
inline constexpr size_t kReadBytes = size_t{256} << 10;

// A file or pipe as it is. kInvalidArgument for a directory.
absl::StatusOr<std::unique_ptr<ByteSource>> NewFdSource(Fd fd);

// `raw` itself or what it decompresses to, told from its first bytes: gzip (RFC 1952), zstd
// (RFC 8878) or an LZ4 frame, each also several in a row. Needs no seeking. Data cut short or
// damaged gives all that could be decoded, then kDataLoss.
absl::StatusOr<std::unique_ptr<ByteSource>> Decompress(std::unique_ptr<ByteSource> raw);

}  // namespace dfc
