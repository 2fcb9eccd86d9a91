#include "buffered_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dfc {

BufferedReader::BufferedReader(std::unique_ptr<ByteSource> source)
    : source_(std::move(source)),
      buffer_(std::make_unique_for_overwrite<uint8_t[]>(kBytes)),
      at_(buffer_.get()),
      end_(buffer_.get()) {}

bool BufferedReader::Fill(size_t n) {
  DFC_CHECK(n <= kBytes);
  if (ended_) return false;
  // The tail goes to the front each time, so that the same few cached pages are read into.
  size_t held = size();
  std::memmove(buffer_.get(), at_, held);
  while (held < n && !ended_) {
    const absl::StatusOr<size_t> got =
        source_->Read(buffer_.get() + held, std::min(kReadBytes, kBytes - held));
    if (!got.ok()) status_ = got.status();
    const size_t bytes = got.ok() ? *got : 0;
    ended_ = bytes == 0;
    held += bytes;
    end_offset_ += bytes;
  }
  at_ = buffer_.get();
  end_ = at_ + held;
  return held >= n;
}

bool BufferedReader::Skip(uint64_t n) {
  while (n > size()) {
    n -= size();
    at_ = end_;
    if (!Fill(1)) return false;
  }
  Advance(static_cast<size_t>(n));
  return true;
}

void BufferedReader::Stop() {
  at_ = end_;
  ended_ = true;
}

}  // namespace dfc
