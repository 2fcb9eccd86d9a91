// How a run is told to come to its end.
// Module: app
#pragma once

#include <atomic>

namespace dfc {

// Lets SIGINT and SIGTERM stop a run in good order; a second one ends the process at once, should
// the run be stuck (in reading a pipe, say). One at a time.
class StopOnSignal {
 public:
  explicit StopOnSignal(std::atomic<bool>& stop);
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;
};

}  // namespace dfc
