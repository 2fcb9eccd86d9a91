// What the service manager hears of a capture while it runs: that it began, a line about how it
// goes, and as long as its threads advance, that it is well.
// Module: app
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dfc/pipeline.h"
#include "service.h"

namespace dfc {

// Tells whether threads advance, from what they count.
//
// The capture thread turns at least twenty times a second, and wakes all others each second: each
// that runs has counted on by the next look, whether there is traffic or not. A worker that waits
// for the store's blocks counts on, too. A sink whose call is with the store is given two minutes:
// it is the store that is slow, and a restart would make that no better. So a thread that stands
// still is one that is stuck.
class Pulse {
 public:
  explicit Pulse(const RunFigures& figures) : figures_(figures) {}

  // The threads that have not advanced since the last call, "" for none: "capture,worker-0".
  std::string Stuck(int64_t now_ns);

 private:
  const RunFigures& figures_;
  std::vector<uint64_t> last_;
};

// "1,234 packets/s, 0 dropped, 17 flows", and since when the store is away.
class StatusLine {
 public:
  explicit StatusLine(const RunFigures& figures) : figures_(figures) {}
  std::string Next(int64_t now_ns);

 private:
  const RunFigures& figures_;
  uint64_t packets_ = 0;
  int64_t then_ns_ = 0;
};

class ServiceWatch {
 public:
  // All of it outlives it.
  ServiceWatch(const ServiceManager& manager, const PipelineProgress& progress,
               std::function<void(std::string)> log)
      : manager_(manager),
        progress_(progress),
        log_(std::move(log)),
        pulse_(progress.figures),
        status_(progress.figures) {}

  // Does `work` in the calling thread, and watches meanwhile if there is somebody to be told.
  void Around(const std::function<void()>& work);

  void RunOnce(int64_t now_ns);

 private:
  void Watch(int64_t now_ns);

  const ServiceManager& manager_;
  const PipelineProgress& progress_;
  const std::function<void(std::string)> log_;
  Pulse pulse_;
  StatusLine status_;
  bool is_ready_ = false;
  bool is_stopping_ = false;
  std::string stuck_;
  int64_t watched_ns_ = 0;
  int64_t told_ns_ = 0;
};

}  // namespace dfc
