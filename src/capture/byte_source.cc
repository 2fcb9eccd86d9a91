#include "byte_source.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "codec.h"
#include "dfc/bytes.h"

namespace dfc {
namespace {

class FdSource final : public ByteSource {
 public:
  FdSource(Fd fd, uint64_t bytes_total) : fd_(std::move(fd)), bytes_total_(bytes_total) {}

  absl::StatusOr<size_t> Read(uint8_t* to, size_t n) override {
    for (;;) {
      const ssize_t got = ::read(fd_.get(), to, n);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus(errno, "read");
      bytes_taken_ += static_cast<uint64_t>(got);
      return static_cast<size_t>(got);
    }
  }
  uint64_t bytes_taken() const override { return bytes_taken_; }
  uint64_t bytes_total() const override { return bytes_total_; }

 private:
  Fd fd_;
  uint64_t bytes_taken_ = 0;
  uint64_t bytes_total_;
};

// A raw source with the bytes that were read ahead of their use.
struct Input {
  explicit Input(std::unique_ptr<ByteSource> source)
      : raw(std::move(source)), buffer(std::make_unique_for_overwrite<uint8_t[]>(kReadBytes)) {}

  ByteSpan bytes() const { return {buffer.get() + at, end - at}; }
  void Take(size_t n) { at += n; }

  // Reads once more behind what is there, which the caller keeps far below the buffer's size.
  absl::Status Refill() {
    if (at == end) at = end = 0;
    DFC_ASSIGN_OR_RETURN(const size_t got, raw->Read(buffer.get() + end, kReadBytes - end));
    end += got;
    ended = got == 0;
    return absl::OkStatus();
  }

  std::unique_ptr<ByteSource> raw;
  std::unique_ptr<uint8_t[]> buffer;
  size_t at = 0;
  size_t end = 0;
  bool ended = false;
};

// Hands on what was read to tell the format, then gets out of the way.
class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(Input input) : input_(std::move(input)) {}

  absl::StatusOr<size_t> Read(uint8_t* to, size_t n) override {
    const ByteSpan early = input_.bytes();
    if (early.empty()) return input_.ended ? size_t{0} : input_.raw->Read(to, n);
    const size_t bytes = std::min(n, early.size());
    std::memcpy(to, early.data(), bytes);
    input_.Take(bytes);
    return bytes;
  }
  uint64_t bytes_taken() const override { return input_.raw->bytes_taken(); }
  uint64_t bytes_total() const override { return input_.raw->bytes_total(); }

 private:
  Input input_;
};

class CompressedSource final : public ByteSource {
 public:
  CompressedSource(Input input, std::unique_ptr<Codec> codec)
      : input_(std::move(input)), codec_(std::move(codec)) {}

  absl::StatusOr<size_t> Read(uint8_t* to, size_t n) override {
    DFC_RETURN_IF_ERROR(error_);
    // Every turn takes input, or is one of two in a row that may not: so the loop ends.
    for (int idle_turns = 0; idle_turns < 2;) {
      if (input_.bytes().empty() && !input_.ended) DFC_RETURN_IF_ERROR(input_.Refill());
      if (AtEnd()) return size_t{0};
      CodecStep step;
      error_ = codec_->Decode(input_.bytes(), {to, n}, step);
      input_.Take(step.used);
      if (step.made > 0) return step.made;
      DFC_RETURN_IF_ERROR(error_);
      idle_turns = step.used > 0 ? 0 : idle_turns + 1;
    }
    if (AtEnd()) return size_t{0};
    return absl::DataLossError(fmt::format("{} data is cut short", codec_->name()));
  }
  uint64_t bytes_taken() const override { return input_.raw->bytes_taken(); }
  uint64_t bytes_total() const override { return input_.raw->bytes_total(); }

 private:
  bool AtEnd() const { return input_.ended && input_.bytes().empty() && codec_->between_frames(); }

  Input input_;
  std::unique_ptr<Codec> codec_;
  absl::Status error_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> NewFdSource(Fd fd) {
  struct stat facts {};
  if (::fstat(fd.get(), &facts) != 0) return ErrnoStatus(errno, "stat");
  if (S_ISDIR(facts.st_mode)) {
    return absl::InvalidArgumentError("is a directory; name the capture files in it");
  }
  // Only a hint: refused for pipes, which is just as well.
  ::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  const uint64_t bytes_total = S_ISREG(facts.st_mode) ? static_cast<uint64_t>(facts.st_size) : 0;
  return std::make_unique<FdSource>(std::move(fd), bytes_total);
}

absl::StatusOr<std::unique_ptr<ByteSource>> Decompress(std::unique_ptr<ByteSource> raw) {
  Input input(std::move(raw));
  while (input.bytes().size() < kCodecMagicBytes && !input.ended) {
    DFC_RETURN_IF_ERROR(input.Refill());
  }
  DFC_ASSIGN_OR_RETURN(std::unique_ptr<Codec> codec, NewCodecFor(input.bytes()));
  if (codec == nullptr) return std::make_unique<PlainSource>(std::move(input));
  return std::make_unique<CompressedSource>(std::move(input), std::move(codec));
}

}  // namespace dfc
