#include "compress.h"

#include <gtest/gtest.h>
#include <lz4frame.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "dfc/bytes.h"

namespace dfc {

std::string Gzip(const std::string& plain) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::basic_string<uint8_t> packed(deflateBound(&stream, plain.size()) + 32, 0);
  stream.next_in = AsBytes(plain.data(), plain.size()).data();
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  const size_t bytes = stream.total_out;
  deflateEnd(&stream);
  return {AsChars(packed.data()), bytes};
}

std::string Zstd(const std::string& plain) {
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  const size_t bytes = ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 1);
  EXPECT_FALSE(ZSTD_isError(bytes));
  packed.resize(bytes);
  return packed;
}

std::string Lz4(const std::string& plain) {
  std::string packed(LZ4F_compressFrameBound(plain.size(), nullptr), '\0');
  const size_t bytes =
      LZ4F_compressFrame(packed.data(), packed.size(), plain.data(), plain.size(), nullptr);
  EXPECT_FALSE(LZ4F_isError(bytes));
  packed.resize(bytes);
  return packed;
}

}  // namespace dfc
