#include "spool_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dfc/log_value.h"
#include "dfc/time.h"

namespace dfc {

namespace {

constexpr int64_t kFirstPauseNs = 20 * kNsPerMs;
constexpr int64_t kPauseNsMax = 5 * kNsPerSecond;
// What the spool refused is offered again.
constexpr int64_t kSpoolPauseNs = 100 * kNsPerMs;
// Beside live data one block in so many is of an earlier run.
constexpr unsigned kBacklogShare = 4;

}  // namespace

SpoolSink::SpoolSink(Spool& spool, StoreLink& store, EventQueue& events,
                     std::vector<EventLink*> links, uint64_t epoch, SpoolSinkOptions options)
    : spool_(spool),
      store_(store),
      events_(events),
      links_(std::move(links)),
      epoch_(epoch),
      options_(std::move(options)),
      backlog_epochs_(spool.EpochsKept()),
      forget_after_(kForgetBlocks),
      random_(options_.jitter_seed | 1) {
  size_t blocks = 0;
  for (const EventLink* link : links_) blocks += link->storage.size();
  waiting_.reserve(blocks);
  for (StoreJob& job : write_jobs_) free_jobs_.push_back(&job);
  in_flight_.reserve(kInFlightMax);
  again_.reserve(kInFlightMax);
  state_.bytes_max = spool_.options().bytes_max;
  spool_.OnDropped([this](const EventBlock& block) { kept_.Take(block); });
}

bool SpoolSink::RunOnce(int64_t now_ns, int64_t wall_ns) {
  if (done_) return false;
  bool any = Collect(now_ns);
  any = TakeEvent(now_ns) || any;
  any = Spill(now_ns, wall_ns) || any;
  any = Feed(now_ns) || any;
  spool_.Tend(now_ns);
  LeaveSpool();
  Forget();
  if (is_ending()) End(now_ns);
  Tell(now_ns, wall_ns);
  return any;
}

bool SpoolSink::is_timed() const {
  return is_ending() || !in_flight_.empty() || !waiting_.empty() || !again_.empty() ||
         !spool_.empty(Spool::Lane::kCurrent) || !spool_.empty(Spool::Lane::kBacklog) ||
         spool_.needs_tending() || (options_.tell && !is_told());
}

bool SpoolSink::is_told() const {
  return told_.rows_stored == state_.rows_stored && told_.rows_waiting == 0 &&
         told_.stored_per_s == 0 && told_.spooled_per_s == 0;
}

bool SpoolSink::all_stored() const {
  return status_.ok() && waiting_.empty() && again_.empty() &&
         spool_.empty(Spool::Lane::kCurrent) && spool_.empty(Spool::Lane::kBacklog);
}

// What the store says -----------------------------------------------------------------------------

bool SpoolSink::Collect(int64_t now_ns) {
  bool any = false;
  while (StoreJob* const job = store_.done.Pop()) {
    any = true;
    if (job->kind == StoreJob::Kind::kForget) {
      is_forgetting_ = false;
    } else if (job->kind == StoreJob::Kind::kEnd) {
      done_ = true;
    } else {
      DFC_CHECK(in_flight_.front() == job);
      in_flight_.erase(in_flight_.begin());
      free_jobs_.push_back(job);
      Finished(*job, now_ns);
    }
  }
  return any;
}

SpoolSink::Carrier* SpoolSink::CarrierOf(const EventBlock* block) {
  for (Carrier& carrier : carriers_) {
    if (&carrier.block == block) return &carrier;
  }
  return nullptr;
}

void SpoolSink::Finished(StoreJob& job, int64_t now_ns) {
  if (job.status.ok()) {
    Took(job);
    SetBack(now_ns);
    return;
  }
  if (!absl::IsCancelled(job.status)) SetAway(job.status, now_ns);
  if (Carrier* const carrier = CarrierOf(job.block)) {
    again_.push_back(carrier);
    return;
  }
  for (size_t n = 0; n < waiting_.size(); ++n) {
    if (waiting_[n].block != job.block) continue;
    waiting_[n].is_with_store = false;
    if (waiting_[n].is_spooled) GiveBack(n);
    return;
  }
}

void SpoolSink::Took(StoreJob& job) {
  state_.rows_stored += job.written.stored;
  state_.rows_dead += job.written.dead;
  if (job.written.dead > 0) Log(fmt::format("event=dead-letters rows={}", job.written.dead));
  if (job.epoch == epoch_) done_through_ = job.sequence + 1;
  if (Carrier* const carrier = CarrierOf(job.block)) {
    carrier->is_loaded = false;
    spool_.Acknowledge(job.epoch, job.sequence);
    return;
  }
  DFC_CHECK(waiting_.front().block == job.block);
  if (waiting_.front().is_spooled) spool_.Acknowledge(job.epoch, job.sequence);
  GiveBack(0);
}

void SpoolSink::SetAway(const absl::Status& status, int64_t now_ns) {
  ++turn_;
  pause_ns_ = std::clamp(pause_ns_ * 2, kFirstPauseNs, kPauseNsMax);
  retry_ns_ = now_ns + Jittered(pause_ns_);
  if (!is_away_) away_since_ns_ = now_ns;
  is_away_ = true;
  const std::string reason = MessageOf(status);
  // A transaction that lost against another one is nothing to speak of.
  if (absl::IsAborted(status) || reason == state_.reason) return;
  state_.reason = reason;
  if (state_.away_since_ns == 0) state_.away_since_ns = WallClockNs();
  Log(fmt::format("event=store-away reason={}", LogValue(reason)));
}

void SpoolSink::SetBack(int64_t now_ns) {
  if (!is_away_) return;
  is_away_ = false;
  pause_ns_ = 0;
  if (state_.away_since_ns == 0) return;
  state_.away_since_ns = 0;
  state_.reason.clear();
  Log(fmt::format("event=store-back away_s={}", (now_ns - away_since_ns_) / kNsPerSecond));
}

// From half of a pause to one and a half.
int64_t SpoolSink::Jittered(int64_t pause_ns) {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return pause_ns / 2 + static_cast<int64_t>(random_ % static_cast<uint64_t>(pause_ns));
}

// What the workers send ---------------------------------------------------------------------------

bool SpoolSink::TakeEvent(int64_t now_ns) {
  EventBlock* block = nullptr;
  if (!events_.Pop(block)) return false;
  if (block == nullptr) {
    ++ended_;
    return true;
  }
  waiting_.push_back({block, now_ns, false, false});
  if (block->empty()) {
    GiveBack(waiting_.size() - 1);
    return true;
  }
  block->epoch = epoch_;
  block->sequence = sequence_++;
  return true;
}

void SpoolSink::GiveBack(size_t n) {
  EventBlock* const block = waiting_[n].block;
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(n));
  EventLink& link = *links_[block->owner];
  link.empty.Push(block);
  link.bell.Ring();
}

bool SpoolSink::MustSpool(int64_t now_ns) const {
  if (waiting_.empty()) return false;
  if (options_.durable || (is_ending() && is_away_) || is_late(now_ns)) return true;
  return now_ns - waiting_.front().since_ns > options_.patience_ns ||
         waiting_.size() > waiting_.capacity() / 2;
}

// Puts all that waits into the spool, in order. What the store is trying meanwhile stays where it
// is until it comes back from there.
bool SpoolSink::Spill(int64_t now_ns, int64_t wall_ns) {
  if (!spooling_ && !MustSpool(now_ns)) return false;
  if (!spooling_ && !options_.durable) Log("event=spooling");
  spooling_ = true;
  if (now_ns < spool_again_ns_) return false;
  bool any = false;
  for (size_t n = 0; n < waiting_.size();) {
    Waiting& waiting = waiting_[n];
    if (!waiting.is_spooled) {
      const absl::Status status = spool_.Append(*waiting.block, wall_ns);
      if (!status.ok()) {
        spool_again_ns_ = now_ns + kSpoolPauseNs;
        if (!std::exchange(spool_full_, true)) {
          Log(fmt::format("event=spool-refuses reason={}", LogValue(MessageOf(status))));
        }
        break;
      }
      spool_full_ = false;
      waiting.is_spooled = any = true;
      state_.rows_spooled += waiting.block->rows();
    }
    waiting.is_with_store ? static_cast<void>(++n) : GiveBack(n);
  }
  return SpillLedger(wall_ns) || any;
}

// Only behind all that has a number already: what is acknowledged takes those before it along.
bool SpoolSink::SpillLedger(int64_t wall_ns) {
  if (!is_placed() || is_ledger_placed()) return false;
  if (kept_block_.empty()) kept_.MoveTo(kept_block_);
  kept_block_.epoch = epoch_;
  kept_block_.sequence = sequence_;
  if (!spool_.Append(kept_block_, wall_ns).ok()) return false;
  ++sequence_;
  kept_block_.Clear();
  return true;
}

// What the store gets -----------------------------------------------------------------------------

bool SpoolSink::Feed(int64_t now_ns) {
  bool any = false;
  while (in_flight_.size() < kInFlightMax && !end_sent_) {
    if (is_away_ && (now_ns < retry_ns_ || !in_flight_.empty())) break;
    if (is_late(now_ns) && is_placed()) break;
    if (!FeedOne()) break;
    any = true;
  }
  return any;
}

bool SpoolSink::FeedOne() {
  if (!again_.empty()) {
    Hand(again_.front()->block);
    again_.erase(again_.begin());
    return true;
  }
  if (++fed_ % kBacklogShare == 0 && FeedFrom(Spool::Lane::kBacklog)) return true;
  if (FeedDirect()) return true;
  return FeedFrom(Spool::Lane::kCurrent) || FeedFrom(Spool::Lane::kBacklog);
}

// Not while older blocks of this run are in the spool.
bool SpoolSink::FeedDirect() {
  if (!spool_.empty(Spool::Lane::kCurrent)) return false;
  for (Waiting& waiting : waiting_) {
    if (waiting.is_with_store) continue;
    waiting.is_with_store = true;
    Hand(*waiting.block);
    return true;
  }
  return false;
}

bool SpoolSink::FeedFrom(Spool::Lane lane) {
  // What is with the store may be in the spool as well.
  if (lane == Spool::Lane::kCurrent && any_direct()) return false;
  for (Carrier& carrier : carriers_) {
    if (carrier.is_loaded) continue;
    if (!spool_.Next(lane, carrier.block)) return false;
    carrier.is_loaded = true;
    Hand(carrier.block);
    return true;
  }
  return false;
}

void SpoolSink::Hand(EventBlock& block) {
  StoreJob* const job = free_jobs_.back();
  free_jobs_.pop_back();
  job->kind = StoreJob::Kind::kWrite;
  job->block = &block;
  job->epoch = block.epoch;
  job->sequence = block.sequence;
  job->turn = turn_;
  in_flight_.push_back(job);
  store_.jobs.Push(job);
  store_.bell.Ring();
}

void SpoolSink::LeaveSpool() {
  const SpoolCounters& counters = spool_.counters();
  state_.rows_dropped = counters.dropped.rows;
  state_.rows_unreadable = counters.unreadable.rows;
  state_.blocks_refused = counters.refused;
  state_.sync_failures = counters.sync_failures;
  if (options_.durable || is_away_ || !spool_.empty(Spool::Lane::kCurrent)) return;
  if (spooling_ && is_ledger_placed() && !std::ranges::any_of(waiting_, &Waiting::is_spooled)) {
    spooling_ = false;
    Log("event=spool-empty");
  }
  if (!spooling_) spool_.Rest();
}

}  // namespace dfc
