// Tells when a live capture begins to shed content, sheds more or less, and is over it.
//
//   event=shedding level=2 worker=0 what="content of flows past 1 MiB, and of new flows"
//   event=shedding-over seconds=12.4 flows=31 bytes=48211963
#pragma once

#include <functional>
#include <string>

#include "dfc/run_figures.h"

namespace dfc {

class SheddingLog {
 public:
  // Lines go to `log`, if there is one.
  explicit SheddingLog(std::function<void(std::string)> log) : log_(std::move(log)) {}

  // A few times a second; `now_ns` on any clock that does not jump.
  void Look(const RunFigures& figures, int64_t now_ns);

 private:
  struct Shed {
    uint64_t flows = 0;
    uint64_t bytes = 0;
  };

  const std::function<void(std::string)> log_;
  uint64_t level_ = 0;  // The highest of all workers.
  int64_t since_ns_ = 0;
  Shed before_;  // As it began.
};

}  // namespace dfc
