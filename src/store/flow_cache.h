// How readers share FlowSums.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "concurrentqueue/blockingconcurrentqueue.h"
#include "dfc/reader.h"
#include "flow_sums.h"

namespace dfc {

// Holds the one FlowSums while nobody has it.
struct FlowCache::Shelf {
  explicit Shelf(size_t briefs_max) {
    idle.enqueue(std::make_unique<FlowSums>(FlowSums::kSumsMax, briefs_max));
  }

  // False after half a statement's time.
  bool Take(std::unique_ptr<FlowSums>& sums) {
    return idle.wait_dequeue_timed(sums, std::chrono::milliseconds(2'500));
  }

  moodycamel::BlockingConcurrentQueue<std::unique_ptr<FlowSums>> idle;
};

// A reader's own sums, or those of all, which go back when it goes.
class SumsLease {
 public:
  SumsLease(FlowSums& own, FlowCache* cache) : sums_(&own) {
    if (cache == nullptr) return;
    shelf_ = &cache->shelf();
    shelf_->Take(lent_);
    sums_ = lent_.get();
  }
  SumsLease(const SumsLease&) = delete;
  SumsLease& operator=(const SumsLease&) = delete;
  ~SumsLease() {
    if (lent_ != nullptr) shelf_->idle.enqueue(std::move(lent_));
  }

  // Null while others are too long at it.
  FlowSums* get() const { return sums_; }
  FlowSums* operator->() const { return sums_; }

 private:
  FlowSums* sums_;
  FlowCache::Shelf* shelf_ = nullptr;
  std::unique_ptr<FlowSums> lent_;
};

}  // namespace dfc
