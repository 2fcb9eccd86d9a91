// Takes event blocks, writes each to the store in one transaction, gives the block back. The sink
// of a run without a spool: what the store does not take yet waits here.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "dfc/block_writer.h"
#include "dfc/store.h"
#include "links.h"

namespace dfc {

struct SinkOptions {
  // A store that is away is asked again for as long as this is false.
  const std::atomic<bool>* give_up = nullptr;
  std::function<void(std::string)> log = {};  // One line when it goes, one when it comes back.
  DeadLetters* dead_letters = nullptr;        // For rows that the store refuses; without, they end
                                              // the run.
};

class SinkStage {
 public:
  // `links` by owner; the sink is done when each has sent its end.
  SinkStage(Store& store, EventQueue& events, std::vector<EventLink*> links, uint64_t epoch,
            SinkOptions options = {})
      : store_(store),
        writer_(store, options.dead_letters),
        events_(events),
        links_(std::move(links)),
        epoch_(epoch),
        options_(std::move(options)) {}

  // Takes at most one block; returns false when there was none. A store that can't take the block
  // is asked again a few times, which may wait; after that the run has failed: blocks are then
  // given back unwritten, so that every thread comes to its end.
  bool RunOnce();

  // REQUIRES: done(). Store::EndRun(), for which the store is waited for as well.
  absl::Status EndRun();

  bool done() const { return ended_ == links_.size(); }
  const absl::Status& status() const { return status_; }
  uint64_t rows() const { return rows_; }
  uint64_t dead_rows() const { return dead_rows_; }
  uint64_t blocks() const { return sequence_; }

 private:
  absl::Status Write(EventBlock& block);
  // Tries a few times, and then for as long as the store is to be waited for.
  absl::Status Insist(const std::function<absl::Status()>& attempt);
  absl::Status InsistOnceBack(const std::function<absl::Status()>& attempt, absl::Status status);
  absl::Status TryOnce(const EventBlock& block);
  void Log(std::string line) const;

  Store& store_;
  BlockWriter writer_;
  EventQueue& events_;
  std::vector<EventLink*> links_;
  const uint64_t epoch_;
  const SinkOptions options_;
  uint64_t sequence_ = 0;
  uint64_t rows_ = 0;
  uint64_t dead_rows_ = 0;
  size_t ended_ = 0;
  absl::Status status_;
};

}  // namespace dfc
