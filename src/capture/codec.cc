#include "codec.h"

#include <fmt/format.h>
#include <lz4frame.h>
#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include <utility>

namespace dfc {
namespace {

absl::Status Damaged(const char* codec, const char* reason) {
  return absl::DataLossError(fmt::format("{} data is damaged ({})", codec, reason));
}

absl::Status NoMemory(const char* codec) {
  return absl::ResourceExhaustedError(fmt::format("no memory for the {} decoder", codec));
}

class GzipCodec final : public Codec {
 public:
  ~GzipCodec() override { inflateEnd(&stream_); }

  bool Init() {
    constexpr int kWindowBits = 15 + 16;  // The largest window; +16 means gzip and nothing else.
    return inflateInit2(&stream_, kWindowBits) == Z_OK;
  }

  absl::Status Decode(ByteSpan in, std::span<uint8_t> out, CodecStep& step) override {
    if (member_ended_) {
      // Members may follow one another, and tapes pad the last with zeros (RFC 1952 2.2).
      while (step.used < in.size() && in[step.used] == 0) ++step.used;
      in = in.subspan(step.used);
      if (in.empty()) return absl::OkStatus();
      inflateReset(&stream_);
      member_ended_ = false;
    }
    stream_.next_in = in.data();
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    step.used += in.size() - stream_.avail_in;
    step.made = out.size() - stream_.avail_out;
    member_ended_ = result == Z_STREAM_END;
    if (result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR) return absl::OkStatus();
    return Damaged(name(), stream_.msg != nullptr ? stream_.msg : zError(result));
  }
  bool between_frames() const override { return member_ended_; }
  const char* name() const override { return "gzip"; }

 private:
  z_stream stream_{};
  bool member_ended_ = false;
};

class ZstdCodec final : public Codec {
 public:
  ~ZstdCodec() override { ZSTD_freeDCtx(context_); }

  bool Init() {
    // What every level up to 22 needs: a frame can't make us take more than 128 MiB.
    constexpr int kWindowLogMax = 27;
    return context_ != nullptr &&
           ZSTD_isError(ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kWindowLogMax)) == 0;
  }

  absl::Status Decode(ByteSpan in, std::span<uint8_t> out, CodecStep& step) override {
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const size_t result = ZSTD_decompressStream(context_, &to, &from);
    step = {from.pos, to.pos};
    between_frames_ = result == 0;
    if (ZSTD_isError(result) == 0) return absl::OkStatus();
    return Damaged(name(), ZSTD_getErrorName(result));
  }
  bool between_frames() const override { return between_frames_; }
  const char* name() const override { return "zstd"; }

 private:
  ZSTD_DCtx* context_ = ZSTD_createDCtx();
  bool between_frames_ = false;
};

class Lz4Codec final : public Codec {
 public:
  ~Lz4Codec() override { LZ4F_freeDecompressionContext(context_); }

  bool Init() {
    return LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) == 0;
  }

  absl::Status Decode(ByteSpan in, std::span<uint8_t> out, CodecStep& step) override {
    size_t used = in.size();
    size_t made = out.size();
    const size_t result = LZ4F_decompress(context_, out.data(), &made, in.data(), &used, nullptr);
    between_frames_ = result == 0;
    if (LZ4F_isError(result) != 0) return Damaged(name(), LZ4F_getErrorName(result));
    step = {used, made};
    return absl::OkStatus();
  }
  bool between_frames() const override { return between_frames_; }
  const char* name() const override { return "lz4"; }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool between_frames_ = false;
};

template <typename AnyCodec>
absl::StatusOr<std::unique_ptr<Codec>> NewCodec() {
  auto codec = std::make_unique<AnyCodec>();
  if (!codec->Init()) return NoMemory(codec->name());
  return codec;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Codec>> NewCodecFor(ByteSpan first) {
  constexpr uint32_t kZstdMagic = 0xFD2FB528;
  constexpr uint32_t kLz4Magic = 0x184D2204;
  // Skippable frames: both formats have them, but only zstd's tools begin a file with one.
  constexpr uint32_t kSkippableMagic = 0x184D2A50;
  constexpr uint32_t kSkippableMask = 0xFFFFFFF0;

  if (first.size() >= 2 && first[0] == 0x1F && first[1] == 0x8B) return NewCodec<GzipCodec>();
  if (first.size() < kCodecMagicBytes) return nullptr;
  const uint32_t magic = LoadNative<uint32_t>(first.data());
  if (magic == kZstdMagic || (magic & kSkippableMask) == kSkippableMagic) {
    return NewCodec<ZstdCodec>();
  }
  if (magic == kLz4Magic) return NewCodec<Lz4Codec>();
  return nullptr;
}

}  // namespace dfc
