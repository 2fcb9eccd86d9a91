#include "content_packer.h"

#include <algorithm>

#include "dfc/event.h"

namespace dfc {

namespace {
// The fastest that compresses at all: the next ones save a hundredth more and take a fifth longer.
constexpr int kLevel = 1;
// Below this nothing is gained: a row has more than a hundred bytes beside its content.
constexpr size_t kPackBytesMin = 256;
// Of longer content the first bytes are tried alone, because most of what does not shrink is
// encrypted or compressed from its beginning on.
constexpr size_t kProbeBytes = 4096;
constexpr size_t kProbedFrom = 4 * kProbeBytes;
constexpr size_t kHeadBytes = 4;
// No chunk's content is longer.
constexpr size_t kContentBytesMax = size_t{16} << 20;

// What it must not exceed to be worth it.
constexpr size_t Shorter(size_t bytes) { return bytes - bytes / 8; }
}  // namespace

ContentPacker::ContentPacker()
    : compressor_(libdeflate_alloc_compressor(kLevel)), room_(EventBlock::kBytes) {}

size_t ContentPacker::Compress(ByteSpan content, size_t bytes_max) {
  return libdeflate_zlib_compress(compressor_.get(), content.data(), content.size(),
                                  room_.data() + used_ + kHeadBytes, bytes_max);
}

ByteSpan ContentPacker::Pack(ByteSpan content) {
  const size_t size = content.size();
  if (size < kPackBytesMin || compressor_ == nullptr) return content;
  // The contents of a block are not longer than the block, and these are shorter.
  if (room_.bytes() - used_ < size) return content;
  if (size >= kProbedFrom && Compress(content.first(kProbeBytes), Shorter(kProbeBytes)) == 0) {
    return content;
  }
  const size_t packed = Compress(content, Shorter(size) - kHeadBytes);
  if (packed == 0) return content;
  uint8_t* const head = room_.data() + used_;
  for (size_t at = 0; at < kHeadBytes; ++at) head[at] = static_cast<uint8_t>(size >> (8 * at));
  used_ += kHeadBytes + packed;
  return {head, kHeadBytes + packed};
}

ContentUnpacker::ContentUnpacker() : decompressor_(libdeflate_alloc_decompressor()) {}

std::optional<ByteSpan> ContentUnpacker::Unpack(ByteSpan stream, size_t bytes) {
  if (bytes > kContentBytesMax || decompressor_ == nullptr) return {};
  if (content_.size() < bytes) content_.resize(bytes);
  const libdeflate_result result = libdeflate_zlib_decompress(
      decompressor_.get(), stream.data(), stream.size(), content_.data(), bytes, nullptr);
  if (result != LIBDEFLATE_SUCCESS) return {};
  return ByteSpan(content_.data(), bytes);
}

}  // namespace dfc
