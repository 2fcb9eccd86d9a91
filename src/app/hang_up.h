// SIGHUP, by which files are opened again and configurations are read again.
// Module: app
#pragma once

#include <cstdint>

namespace dfc {

// From the first one on, SIGHUP no longer ends the process. Each is told of each signal by itself.
class HangUp {
 public:
  HangUp();

  // Whether a signal has come since it was asked last. One thread.
  bool Came();

 private:
  uint32_t seen_;
};

}  // namespace dfc
