// A store that tells how long its blocks take.
#pragma once

#include <algorithm>

#include "dfc/run_figures.h"
#include "dfc/store.h"

namespace dfc {

class MeasuredStore final : public Store {
 public:
  MeasuredStore(Store& store, RunFigures& run) : store_(store), run_(run) {}

  absl::Status Write(const EventBlock& block) override {
    const int64_t started_ns = MonotonicClockNs();
    run_.store_call_ns.store(started_ns, std::memory_order_relaxed);
    absl::Status status = store_.Write(block);
    run_.store_call_ns.store(0, std::memory_order_relaxed);
    const int64_t took_ns = MonotonicClockNs() - started_ns;
    figures_.busy_ns += static_cast<uint64_t>(took_ns);
    if (status.ok()) {
      ++figures_.blocks;
      figures_.rows += block.rows();
    } else {
      ++figures_.failures;
    }
    const auto& ends = StoreFigures::kTimesNs;
    ++figures_.times[static_cast<size_t>(std::ranges::lower_bound(ends, took_ns) - ends.begin())];
    run_.store.Set(figures_);
    return status;
  }
  absl::Status EndRun(uint64_t epoch) override { return store_.EndRun(epoch); }
  absl::Status MakeIndexes() override { return store_.MakeIndexes(); }
  absl::Status Forget(uint64_t epoch, uint64_t sequence) override {
    return store_.Forget(epoch, sequence);
  }

 private:
  Store& store_;
  RunFigures& run_;
  StoreFigures figures_{};
};

}  // namespace dfc
