#include "shedding_log.h"

#include <fmt/format.h>

#include <utility>

namespace dfc {

namespace {

constexpr auto kOverload = static_cast<size_t>(LeftOut::kOverload);

const char* WhatIsShed(uint64_t level) {
  return level == static_cast<uint64_t>(Shedding::kElephants)
             ? "content of flows past 1 MiB"
             : "content of flows past 1 MiB, and of new flows";
}
static_assert(kElephantBytes == 1 << 20, "as the log says");

}  // namespace

void SheddingLog::Look(const RunFigures& figures, int64_t now_ns) {
  uint64_t level = 0;
  size_t worker = 0;
  Shed shed;
  for (size_t n = 0; n < figures.worker_count; ++n) {
    const WorkerFigures one = figures.workers[n].Get();
    shed.flows += one.flows.left_out_flows[kOverload];
    shed.bytes += one.flows.left_out_bytes[kOverload];
    if (one.shedding <= level) continue;
    level = one.shedding;
    worker = n;
  }
  if (level == level_) return;
  if (level_ == 0) {
    since_ns_ = now_ns;
    before_ = shed;
  }
  level_ = level;
  if (!log_) return;
  if (level > 0) {
    return log_(fmt::format("event=shedding level={} worker={} what=\"{}\"", level, worker,
                            WhatIsShed(level)));
  }
  const double seconds = static_cast<double>(now_ns - since_ns_) / kNsPerSecond;
  log_(fmt::format("event=shedding-over seconds={:.1f} flows={} bytes={}", seconds,
                   shed.flows - before_.flows, shed.bytes - before_.bytes));
}

}  // namespace dfc
