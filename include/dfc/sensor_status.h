// What a running sensor says of itself, beside its name in the store: the newest only.
// Module: store
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

inline constexpr size_t kSensorStatusBytesMax = 60'000;

// By a connection of its own, so that nobody waits for it, and which stays: a capture leaves out
// its connections, once it knows them. One thread.
class SensorStatusWriter {
 public:
  virtual ~SensorStatusWriter() = default;

  // `text` is in Prometheus' text format. Takes as long as the store takes to answer.
  // REQUIRES: the sensor has a row, which OpenStore() makes.
  virtual absl::Status Write(int64_t t_ns, std::string_view text) = 0;
};

// Connects with the first Write(), and again after one that failed. Not for null:.
std::unique_ptr<SensorStatusWriter> MakeSensorStatusWriter(const StoreUrl& url, std::string sensor);

}  // namespace dfc
