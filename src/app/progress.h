// The line that grows on a terminal while a replay runs.
// Module: app
#pragma once

#include <cstdint>
#include <string>

#include "dfc/pipeline.h"
#include "output.h"

namespace dfc {

struct ProgressFigures {
  uint64_t packets = 0;
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;  // 0 when not known.
  int64_t elapsed_ns = 0;
};

// " 43 % [########------------] 129 MB of 300 MB  1,234,567 packets  412 MB/s  0:01 left", without
// the bar and what is left when the total is not known. At most `columns` columns of ASCII.
std::string ProgressLine(const ProgressFigures& figures, size_t columns);

// Draws on standard error, and only if that is a terminal. Draw() is called by one thread at a
// time: the capture thread while the run goes on.
class ProgressBar {
 public:
  explicit ProgressBar(bool wanted);
  ~ProgressBar() { Clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void Draw(const PipelineProgress& progress);

  // Takes the line away, so that what is printed next starts on an empty one.
  void Clear();

 private:
  Terminal terminal_;
  bool wanted_;
  bool drawn_ = false;
  int64_t start_ns_;
};

}  // namespace dfc
