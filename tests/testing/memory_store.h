// A store in memory. It may be told to fail.
#pragma once

#include <cstdint>
#include <set>

#include "dfc/store.h"
#include "event_rows.h"

namespace dfc {

class MemoryStore final : public Store {
 public:
  // What Write() answers, for the first `failures` times.
  explicit MemoryStore(absl::Status answer = absl::OkStatus(), uint64_t failures = UINT64_MAX)
      : answer_(std::move(answer)), failures_(failures) {}

  absl::Status Write(const EventBlock& block) override {
    ++writes;
    if (!answer_.ok() && writes <= failures_) return answer_;
    if (sequences.insert(block.sequence).second) rows.Take(block);
    return absl::OkStatus();
  }

  absl::Status EndRun(uint64_t epoch) override {
    ended_epoch = epoch;
    return absl::OkStatus();
  }

  EventRows rows;
  uint64_t writes = 0;
  std::set<uint64_t> sequences;  // Of the blocks written.
  uint64_t ended_epoch = 0;

 private:
  absl::Status answer_;
  uint64_t failures_;
};

}  // namespace dfc
