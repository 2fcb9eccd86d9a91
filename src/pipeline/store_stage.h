// The thread that talks to the store where there is a spool: it may hang for as long as a statement
// takes to time out, and nobody waits for it.
//
//   sink ──jobs──▶ StoreStage ──▶ Store
//        ◀─done──
#pragma once

#include <cstdint>

#include "dfc/block_writer.h"
#include "dfc/store.h"
#include "links.h"

namespace dfc {

struct StoreJob {
  enum class Kind : uint8_t { kWrite, kForget, kEnd };
  Kind kind = Kind::kWrite;
  // kWrite: read only, also by the sink, which may put it into the spool meanwhile.
  EventBlock* block = nullptr;
  uint64_t epoch = 0;
  uint64_t sequence = 0;
  // After a job that failed, those of the same turn fail unseen: the store never gets a block
  // without those before it.
  uint64_t turn = 0;
  absl::Status status;
  WrittenRows written;
};

struct StoreLink {
  static constexpr size_t kJobs = 4;
  SpscRing<StoreJob> jobs{kJobs};
  SpscRing<StoreJob> done{kJobs};
  Doorbell bell;  // Rung when there is a job.
};

class StoreStage {
 public:
  StoreStage(Store& store, DeadLetters* dead, StoreLink& link, Doorbell& sink_bell)
      : store_(store), writer_(store, dead), link_(link), sink_bell_(sink_bell) {}

  // Takes at most one job; false when there was none.
  bool RunOnce();
  bool done() const { return done_; }

 private:
  Store& store_;
  BlockWriter writer_;
  StoreLink& link_;
  Doorbell& sink_bell_;
  uint64_t failed_turn_ = UINT64_MAX;
  bool done_ = false;
};

}  // namespace dfc
