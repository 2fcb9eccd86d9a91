// A FlowEngine over a piece of traffic, and the rows that it comes to.
#pragma once

#include <memory>
#include <vector>

#include "dfc/flow_engine.h"
#include "event_rows.h"
#include "traffic.h"

namespace dfc {

inline FlowLimits SmallLimits() {
  FlowLimits limits;
  limits.flows_max = 1'024;
  limits.content_bytes_max = size_t{8} << 20;
  return limits;
}

struct RunOptions {
  FlowLimits limits = SmallLimits();
  size_t batch_packets = SIZE_MAX;  // How many packets each Update() gets.
  size_t engines = 1;               // Dealt to by ShardHash.
  uint64_t secret = 1;
};

struct FlowRun {
  EventRows rows;
  FlowCounters counters;  // Of the only engine.
};

inline FlowRun RunFlows(const std::vector<Packet>& packets, const RunOptions& options = {}) {
  FlowRun run;
  for (size_t shard = 0; shard < options.engines; ++shard) {
    RowCollector collector;
    std::swap(collector.rows, run.rows);  // Each engine adds to what is there.
    FlowEngine engine(options.limits, "test", options.secret, collector);
    std::vector<Packet> dealt;
    for (const Packet& packet : packets) {
      if (ShardHash(packet, options.secret) % options.engines == shard) dealt.push_back(packet);
    }
    for (std::span<const Packet> rest = dealt; !rest.empty();) {
      const size_t n = std::min(rest.size(), options.batch_packets);
      engine.Update(rest.first(n));
      rest = rest.subspan(n);
    }
    engine.Finish();
    run.counters = engine.counters();
    std::swap(collector.rows, run.rows);
  }
  return run;
}

inline FlowRun RunFlows(const Traffic& traffic, const RunOptions& options = {}) {
  return RunFlows(traffic.packets(), options);
}

}  // namespace dfc
