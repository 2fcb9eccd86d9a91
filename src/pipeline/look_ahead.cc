#include "look_ahead.h"

namespace dfc {

LookAhead::LookAhead(PacketSource& source) : source_(source) {
  frames_.reserve(kFramesMax);
  bytes_.reserve(kBytesMax);  // Never grows, so that the frames' spans stay valid.
  Frame frame;
  while (frames_.size() < kFramesMax && source_.Next(frame)) {
    if (kBytesMax - bytes_.size() < frame.bytes.size()) {
      over_ = frame;
      has_over_ = true;
      break;
    }
    const size_t at = bytes_.size();
    bytes_.insert(bytes_.end(), frame.bytes.begin(), frame.bytes.end());
    frame.bytes = ByteSpan(bytes_.data() + at, frame.bytes.size());
    frames_.push_back(frame);
  }
  is_full_ = frames_.size() == kFramesMax || has_over_;
}

bool LookAhead::Take(Frame& frame) {
  if (at_ < frames_.size()) {
    frame = frames_[at_++];
    return true;
  }
  if (has_over_) {
    frame = over_;
    has_over_ = false;
    return true;
  }
  return source_.Next(frame);
}

}  // namespace dfc
