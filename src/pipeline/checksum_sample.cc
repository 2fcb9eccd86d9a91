#include "checksum_sample.h"

#include <filesystem>

#include "dfc/packet_source.h"

namespace dfc {

ChecksumSample::ChecksumSample(const LookAhead& first)
    : frames_(first.frames()), is_full_(first.is_full()) {
  if (is_full_) return;
  size_t used = 0;
  for (const Frame& frame : frames_) used += frame.bytes.size();
  bytes_.reserve(LookAhead::kBytesMax -
                 used);  // Never grows, so that the frames' spans stay valid.
}

void ChecksumSample::Add(Frame frame) {
  is_full_ = frames_.size() == LookAhead::kFramesMax ||
             bytes_.capacity() - bytes_.size() < frame.bytes.size();
  if (is_full_) return;
  const size_t at = bytes_.size();
  bytes_.insert(bytes_.end(), frame.bytes.begin(), frame.bytes.end());
  frame.bytes = ByteSpan(bytes_.data() + at, frame.bytes.size());
  frames_.push_back(frame);
}

bool ChecksumSample::AddFile(const std::string& path, const std::string& filter) {
  std::error_code none;
  if (is_full_ || frames_.empty() || !std::filesystem::is_regular_file(path, none)) return false;
  const auto source = OpenCaptureFile(path, filter);
  Frame frame;
  if (!source.ok() || !(*source)->Next(frame)) return false;
  if (!GoesOn(frames_.back().time_ns, frame.time_ns)) return false;
  Add(frame);
  while (!is_full_ && (*source)->Next(frame)) Add(frame);
  return true;
}

}  // namespace dfc
