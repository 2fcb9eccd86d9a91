// Takes event blocks, writes each to the store in one transaction, gives the block back.
#pragma once

#include <vector>

#include "dfc/store.h"
#include "links.h"

namespace dfc {

class SinkStage {
 public:
  // `links` by owner; the sink is done when each has sent its end.
  SinkStage(Store& store, EventQueue& events, std::vector<EventLink*> links, uint64_t epoch)
      : store_(store), events_(events), links_(std::move(links)), epoch_(epoch) {}

  // Takes at most one block; returns false when there was none. A store that can't take the block
  // is asked again a few times, which may wait; after that the run has failed: blocks are then
  // given back unwritten, so that every thread comes to its end.
  bool RunOnce();

  bool done() const { return ended_ == links_.size(); }
  const absl::Status& status() const { return status_; }
  uint64_t rows() const { return rows_; }
  uint64_t blocks() const { return sequence_; }

 private:
  absl::Status Write(EventBlock& block);

  Store& store_;
  EventQueue& events_;
  std::vector<EventLink*> links_;
  const uint64_t epoch_;
  uint64_t sequence_ = 0;
  uint64_t rows_ = 0;
  size_t ended_ = 0;
  absl::Status status_;
};

}  // namespace dfc
