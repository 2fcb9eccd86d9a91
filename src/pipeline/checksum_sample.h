// The frames that tell whose checksums mean something: the first ones of a capture.
//
//   file 1          file 2       file 3
//   | frame frame | | frame ... |            the sample: 1,000 frames, 2 MiB
//
// A capture may be in several files, as when its program begins a new one now and then: a file that
// goes on where the one before it ended is part of the same capture. So a capture that is cut in
// two is judged as it is in one piece, and captures that have nothing to do with each other are
// judged each on its own.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "look_ahead.h"

namespace dfc {

class ChecksumSample {
 public:
  // The pause between two frames of one capture that are in different files.
  static constexpr int64_t kPauseNsMax = int64_t{60} * 1'000'000'000;

  // True when a file that begins at `first_ns` goes on with one that ended at `last_ns`.
  static bool GoesOn(int64_t last_ns, int64_t first_ns) {
    return first_ns >= last_ns && first_ns - last_ns <= kPauseNsMax;
  }

  // Begins with what was looked at of the capture's first file.
  explicit ChecksumSample(const LookAhead& first);

  // Adds the front of the next file, if it goes on and there is room. False when nothing was added.
  // Pipes are not looked at: they can be read only once.
  bool AddFile(const std::string& path, const std::string& filter);

  // Valid as long as this and the look-ahead.
  std::span<const Frame> frames() const { return frames_; }
  // The files behind have nothing more to say.
  bool is_full() const { return is_full_; }

 private:
  void Add(Frame frame);

  std::vector<Frame> frames_;
  std::vector<uint8_t> bytes_;  // Of the frames that were added.
  bool is_full_;
};

}  // namespace dfc
