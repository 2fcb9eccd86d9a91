#include "flow_parts.h"

#include <algorithm>
#include <limits>

namespace dfc {

int64_t StretchOf(int64_t t_ns, int64_t width_ns) {
  const int64_t rest_ns = (t_ns % width_ns + width_ns) % width_ns;
  int64_t begin_ns = 0;
  // Of the first stretch of all time a part is missing.
  if (__builtin_sub_overflow(t_ns, rest_ns, &begin_ns)) return std::numeric_limits<int64_t>::min();
  return begin_ns;
}

void FlowParts::Add(int64_t t_start_ns) {
  const int64_t part_ns = StretchOf(t_start_ns, kFlowPartNs);
  if (parts_.empty() || parts_.back() != part_ns) parts_.push_back(part_ns);
}

const std::vector<int64_t>& FlowParts::Sorted() {
  std::ranges::sort(parts_);
  parts_.erase(std::unique(parts_.begin(), parts_.end()), parts_.end());
  return parts_;
}

}  // namespace dfc
