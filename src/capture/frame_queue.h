// Frames of one of several interfaces, copied out of its ring until their turn in time comes.
#pragma once

#include <array>
#include <cstring>

#include "dfc/check.h"
#include "dfc/live_source.h"
#include "dfc/memory.h"

namespace dfc {

// Filled as a whole, then emptied. Memory is for the longest frames, and only touched as far as
// they need it.
class FrameQueue final : public FrameHandler {
 public:
  static constexpr size_t kFramesMax = 64;

  explicit FrameQueue(size_t frame_bytes_max) : memory_(kFramesMax * frame_bytes_max) {}

  // REQUIRES: fewer than kFramesMax since it was empty last.
  void OnFrame(const Frame& frame) override {
    DFC_CHECK(count_ < kFramesMax && frame.bytes.size() <= memory_.bytes() - used_);
    Frame& copy = frames_[count_++];
    copy = frame;
    copy.bytes = ByteSpan(memory_.data() + used_, frame.bytes.size());
    std::memcpy(memory_.data() + used_, frame.bytes.data(), frame.bytes.size());
    used_ += frame.bytes.size();
  }

  bool empty() const { return at_ == count_; }
  // REQUIRES: not empty.
  const Frame& front() const { return frames_[at_]; }
  void Pop() {
    if (++at_ == count_) at_ = count_ = used_ = 0;
  }

 private:
  Mapping memory_;
  std::array<Frame, kFramesMax> frames_;
  size_t count_ = 0;
  size_t at_ = 0;
  size_t used_ = 0;
};

}  // namespace dfc
