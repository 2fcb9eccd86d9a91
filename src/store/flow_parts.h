// Time in parts of ten minutes. The stores count, in table flow_part, how often flows that began in
// a part were written; who keeps sums of a part knows by that number whether they still hold.
#pragma once

#include <cstdint>
#include <vector>

namespace dfc {

inline constexpr int64_t kFlowPartNs = 600'000'000'000;

// Where the stretch of `width_ns` begins that `t_ns` is in; stretches are counted from 1970.
int64_t StretchOf(int64_t t_ns, int64_t width_ns);

// The parts that one block touches, each once. Its flows come nearly in the order of time.
class FlowParts {
 public:
  void Clear() { parts_.clear(); }
  void Add(int64_t t_start_ns);
  // In the order of time, so that two writers lock them in the same order.
  const std::vector<int64_t>& Sorted();

 private:
  std::vector<int64_t> parts_;
};

}  // namespace dfc
