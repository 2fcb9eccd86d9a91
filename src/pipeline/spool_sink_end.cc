// Of SpoolSink: what it tells, forgets, and does in the end.
#include <fmt/format.h>

#include <algorithm>

#include "dfc/time.h"
#include "spool_sink.h"

namespace dfc {

namespace {

// In the end a store that has just failed gets so long to come back.
constexpr int64_t kLastPatienceNs = 2 * kNsPerSecond;
constexpr uint64_t kLevelsPercent[] = {50, 80, 100};

}  // namespace

// Markers -----------------------------------------------------------------------------------------

void SpoolSink::Forget() {
  if (is_forgetting_ || is_away_ || end_sent_) return;
  if (!backlog_epochs_.empty()) {
    const std::vector<uint64_t> kept = spool_.EpochsKept();
    for (const uint64_t epoch : backlog_epochs_) {
      if (std::ranges::find(kept, epoch) != kept.end()) continue;
      std::erase(backlog_epochs_, epoch);
      return SendForget(epoch, INT64_MAX);
    }
  }
  if (done_through_ < forget_after_) return;
  forget_after_ = done_through_ + kForgetBlocks;
  SendForget(epoch_, std::min(done_through_, spool_.OldestKept(epoch_)));
}

void SpoolSink::SendForget(uint64_t epoch, uint64_t sequence) {
  is_forgetting_ = true;
  forget_job_.kind = StoreJob::Kind::kForget;
  forget_job_.epoch = epoch;
  forget_job_.sequence = sequence;
  store_.jobs.Push(&forget_job_);
  store_.bell.Ring();
}

// The end -----------------------------------------------------------------------------------------

bool SpoolSink::is_placed() const { return std::ranges::all_of(waiting_, &Waiting::is_spooled); }

void SpoolSink::End(int64_t now_ns) {
  if (end_sent_) return;
  if (end_by_ns_ == 0) end_by_ns_ = now_ns + options_.last_drain_ns;
  // What is with the store comes back, at the latest when the statement times out.
  if (!in_flight_.empty() || is_forgetting_) return;
  const bool is_hopeless = is_late(now_ns) && is_away_;
  if (!(is_placed() && is_ledger_placed()) && !is_hopeless) return;
  const bool is_empty =
      again_.empty() && spool_.empty(Spool::Lane::kCurrent) && spool_.empty(Spool::Lane::kBacklog);
  const bool is_gone = is_away_ && now_ns - away_since_ns_ >= kLastPatienceNs;
  if (!is_empty && !is_gone && !is_late(now_ns)) return;
  if (!is_placed()) LoseWaiting();
  end_sent_ = true;
  told_ns_ = 0;  // The last word.
  forget_job_.kind = StoreJob::Kind::kEnd;
  store_.jobs.Push(&forget_job_);
  store_.bell.Ring();
}

void SpoolSink::LoseWaiting() {
  uint64_t rows = 0;
  while (!waiting_.empty()) {
    rows += waiting_.back().block->rows();
    GiveBack(waiting_.size() - 1);
  }
  status_ = absl::UnavailableError(fmt::format(
      "{} rows are lost: the store is away ({}) and the spool takes no more", rows, state_.reason));
}

// What others hear --------------------------------------------------------------------------------

void SpoolSink::Tell(int64_t now_ns, int64_t wall_ns) {
  if (!options_.tell || (told_ns_ != 0 && now_ns - told_ns_ < kNsPerSecond)) return;
  const double seconds =
      told_ns_ == 0 ? 1.0 : static_cast<double>(now_ns - told_ns_) / kNsPerSecond;
  const auto per_second = [&](uint64_t now, uint64_t before) {
    return static_cast<uint64_t>(static_cast<double>(now - before) / seconds);
  };
  state_.spooled_per_s = per_second(state_.rows_spooled, told_.rows_spooled);
  state_.stored_per_s = per_second(state_.rows_stored, told_.rows_stored);
  state_.t_ns = wall_ns;
  state_.blocks_waiting = state_.rows_waiting = 0;
  for (const Spool::Lane lane : {Spool::Lane::kBacklog, Spool::Lane::kCurrent}) {
    state_.blocks_waiting += spool_.waiting(lane).blocks;
    state_.rows_waiting += spool_.waiting(lane).rows;
  }
  for (const Carrier& carrier : carriers_) {
    if (!carrier.is_loaded) continue;
    ++state_.blocks_waiting;
    state_.rows_waiting += carrier.block.rows();
  }
  told_ns_ = now_ns;
  told_ = state_;
  options_.tell(state_);
  WarnOfLevel();
}

void SpoolSink::WarnOfLevel() {
  const uint64_t percent = spool_full_ ? 100 : spool_.bytes() * 100 / state_.bytes_max;
  uint64_t reached = 0;
  for (const uint64_t level : kLevelsPercent) reached = percent >= level ? level : reached;
  if (reached > level_percent_) Log(fmt::format("event=spool-level percent={}", reached));
  level_percent_ = reached;
}

void SpoolSink::Log(std::string line) const {
  if (options_.log) options_.log(std::move(line));
}

}  // namespace dfc
