// Content that becomes shorter: as MariaDB's COMPRESS() makes it, so that SQL alone can read it.
//
//   | length of the content, 4 bytes, little-endian | zlib stream (RFC 1950) |
#pragma once

#include <libdeflate.h>

#include <memory>
#include <optional>
#include <vector>

#include "dfc/bytes.h"
#include "dfc/memory.h"

namespace dfc {

// Packs the chunks of one block at a time. What it does with a chunk depends on its bytes alone.
class ContentPacker {
 public:
  ContentPacker();

  // What to store: the content itself, or where an eighth of it is saved what it was packed into,
  // which lives until Clear().
  ByteSpan Pack(ByteSpan content);
  void Clear() { used_ = 0; }

 private:
  struct Free {
    void operator()(libdeflate_compressor* of) const { libdeflate_free_compressor(of); }
  };

  // Compresses into what is left of the room; 0 when the result would be longer than that.
  size_t Compress(ByteSpan content, size_t bytes_max);

  std::unique_ptr<libdeflate_compressor, Free> compressor_;  // Null without memory: packs nothing.
  Mapping room_;
  size_t used_ = 0;
};

class ContentUnpacker {
 public:
  ContentUnpacker();

  // The `bytes` bytes that a zlib stream was made of, until the next call; nothing where the stream
  // is damaged or was made of more or fewer.
  std::optional<ByteSpan> Unpack(ByteSpan stream, size_t bytes);

 private:
  struct Free {
    void operator()(libdeflate_decompressor* of) const { libdeflate_free_decompressor(of); }
  };

  std::unique_ptr<libdeflate_decompressor, Free> decompressor_;
  std::vector<uint8_t> content_;
};

}  // namespace dfc
