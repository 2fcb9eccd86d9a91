// Looks at the first frames of an input before any is worked on, so that the decoder can learn
// whose checksums mean something.
#pragma once

#include <vector>

#include "dfc/packet_source.h"

namespace dfc {

// Hands on `source`'s frames unchanged, the first of them from memory.
class LookAhead {
 public:
  static constexpr size_t kFramesMax = 1'000;
  static constexpr size_t kBytesMax = size_t{2} << 20;

  explicit LookAhead(PacketSource& source);

  bool Next(Frame& frame) {
    const bool found = Take(frame);
    if (found) last_time_ns_ = frame.time_ns;
    return found;
  }

  // The frames that were looked at.
  const std::vector<Frame>& frames() const { return frames_; }
  // There were more of them than are looked at.
  bool is_full() const { return is_full_; }
  // Of the frame that Next() gave last; INT64_MIN before the first.
  int64_t last_time_ns() const { return last_time_ns_; }

 private:
  bool Take(Frame& frame);

  PacketSource& source_;
  std::vector<Frame> frames_;
  std::vector<uint8_t> bytes_;
  size_t at_ = 0;
  Frame over_;  // The frame that did not fit any more; valid until the source's next call.
  bool has_over_ = false;
  bool is_full_ = false;
  int64_t last_time_ns_ = INT64_MIN;
};

}  // namespace dfc
