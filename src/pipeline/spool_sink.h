// The sink of a run with a spool: takes event blocks, gives them to the store while that keeps up,
// and to the spool while it does not.
//
//                       ┌──────── direct: the workers' own blocks ───────┐
//   events ──▶ waiting ─┤                                                ├─▶ StoreStage ─▶ store
//                       └─▶ spool ──▶ carriers: blocks read from there ──┘
//
// Direct while the store answers in time. A block that has waited too long, or was not taken, goes
// to the spool with all behind it; its memory goes back to its worker. From then on each block
// takes the way through the spool, until that is empty: blocks of one run reach the store in order.
// Blocks of earlier runs come beside them, one in a few.
//
// Where the spool takes no more either, blocks wait in memory. Workers then find no empty one, and
// the capture thread drops packets and counts them: what is lost is never a part of what was
// accepted.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "dfc/pipeline.h"
#include "dfc/spool.h"
#include "dfc/spool_state.h"
#include "kept_ledger.h"
#include "links.h"
#include "store_stage.h"

namespace dfc {

struct SpoolSinkOptions {
  bool durable = false;       // Each block takes the way through the spool.
  int64_t patience_ns = 0;    // A block waits that long for the store.
  int64_t last_drain_ns = 0;  // In the end, for the spool to become empty.
  uint64_t jitter_seed = 1;   // So that sensors do not all come back at the same moment.
  std::function<void(std::string)> log = {};
  std::function<void(const SpoolState&)> tell = {};  // About once a second, and in the end.
};

class SpoolSink {
 public:
  // `links` by owner; the sink ends when each has sent its end.
  SpoolSink(Spool& spool, StoreLink& store, EventQueue& events, std::vector<EventLink*> links,
            uint64_t epoch, SpoolSinkOptions options);

  // One bounded turn, which does not wait: at most one event block and two of the spool. False
  // when there was nothing to do. `now_ns` is of the clock that does not jump.
  bool RunOnce(int64_t now_ns, int64_t wall_ns);

  // Something may be due although nobody rings.
  bool is_timed() const;
  bool done() const { return done_; }

  // After the end: not OK when blocks are lost, for which neither store nor spool had room.
  const absl::Status& status() const { return status_; }
  // The spool is empty, and all is stored.
  bool all_stored() const;
  uint64_t rows() const { return state_.rows_stored; }
  uint64_t blocks() const { return sequence_; }
  const SpoolState& state() const { return state_; }

 private:
  static constexpr size_t kInFlightMax = 2;
  // So many blocks share the work of forgetting their markers.
  static constexpr uint64_t kForgetBlocks = 256;

  // A worker's block, from its arrival until it is stored or on disk.
  struct Waiting {
    EventBlock* block;
    int64_t since_ns;
    bool is_with_store;
    bool is_spooled;
  };
  // A block of the spool on its way to the store.
  struct Carrier {
    EventBlock block;
    bool is_loaded = false;
  };

  bool is_ending() const { return ended_ == links_.size(); }
  bool Collect(int64_t now_ns);
  void Finished(StoreJob& job, int64_t now_ns);
  void Took(StoreJob& job);
  void SetAway(const absl::Status& status, int64_t now_ns);
  void SetBack(int64_t now_ns);
  Carrier* CarrierOf(const EventBlock* block);
  bool TakeEvent(int64_t now_ns);
  bool MustSpool(int64_t now_ns) const;
  bool Spill(int64_t now_ns, int64_t wall_ns);
  bool SpillLedger(int64_t wall_ns);
  bool is_ledger_placed() const { return kept_.empty() && kept_block_.empty(); }
  void GiveBack(size_t n);
  bool Feed(int64_t now_ns);
  bool FeedOne();
  bool FeedDirect();
  bool FeedFrom(Spool::Lane lane);
  void Hand(EventBlock& block);
  bool any_direct() const { return !waiting_.empty() && waiting_.front().is_with_store; }
  bool is_placed() const;
  bool is_late(int64_t now_ns) const { return end_by_ns_ != 0 && now_ns >= end_by_ns_; }
  void LeaveSpool();
  void Forget();
  void SendForget(uint64_t epoch, uint64_t sequence);
  void End(int64_t now_ns);
  void LoseWaiting();
  void Tell(int64_t now_ns, int64_t wall_ns);
  bool is_told() const;
  void WarnOfLevel();
  void Log(std::string line) const;
  int64_t Jittered(int64_t pause_ns);

  Spool& spool_;
  StoreLink& store_;
  EventQueue& events_;
  std::vector<EventLink*> links_;
  const uint64_t epoch_;
  const SpoolSinkOptions options_;

  std::vector<Waiting> waiting_;  // In order; those with the store come first.
  std::array<Carrier, kInFlightMax> carriers_;
  std::vector<Carrier*> again_;  // Not taken by the store: to be sent before anything else.
  std::array<StoreJob, kInFlightMax> write_jobs_;
  std::vector<StoreJob*> free_jobs_;
  std::vector<StoreJob*> in_flight_;  // Writes, oldest first.
  KeptLedger kept_;                   // Of blocks that the spool dropped.
  EventBlock kept_block_;
  StoreJob forget_job_;
  bool is_forgetting_ = false;
  std::vector<uint64_t> backlog_epochs_;  // Whose markers are still needed.
  uint64_t forget_after_ = 0;             // Sequence.

  uint64_t sequence_ = 0;
  uint64_t done_through_ = 0;  // Blocks of this run that the store has: all before this.
  uint64_t turn_ = 0;
  unsigned fed_ = 0;
  size_t ended_ = 0;
  bool spooling_ = false;
  bool spool_full_ = false;
  int64_t spool_again_ns_ = 0;
  bool is_away_ = false;
  int64_t pause_ns_ = 0;
  int64_t retry_ns_ = 0;
  int64_t away_since_ns_ = 0;
  int64_t end_by_ns_ = 0;
  bool end_sent_ = false;
  bool done_ = false;
  uint64_t random_;
  int64_t told_ns_ = 0;
  uint64_t level_percent_ = 0;  // The alarm that was given last.
  SpoolState told_;
  SpoolState state_;
  absl::Status status_;
};

}  // namespace dfc
