// The capture thread's part of a live capture: turns, until it is told to stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "dfc/live_source.h"
#include "dfc/pipeline.h"
#include "live_stage.h"
#include "shedding_log.h"
#include "worker_stage.h"

namespace dfc {

class LiveRun {
 public:
  // Ledger rows go by `link` and `output`; `bell` rings when a worker gives a block back. `wake` is
  // called each second.
  LiveRun(LiveSource& source, LiveStage& stage, EventLink& link, LinkedOutput& output,
          Doorbell& bell, PipelineProgress& progress, const std::atomic<bool>& failed,
          std::function<void()> wake, std::function<void(std::string)> log)
      : source_(source),
        stage_(stage),
        link_(link),
        output_(output),
        bell_(bell),
        progress_(progress),
        failed_(failed),
        wake_(std::move(wake)),
        shedding_(std::move(log)) {}

  // Until it is told to stop; then takes what is in the rings, and the workers know that nothing
  // follows.
  void Run();

  // Once the workers have ended: hands on what is left of the ledger.
  void WriteLedger();

 private:
  bool Stopped() const {
    return progress_.stop.load(std::memory_order_relaxed) ||
           failed_.load(std::memory_order_relaxed);
  }
  void Turn(int wait_ms);
  void EachSecond();
  void CountDrops();
  void HandOnLedger();
  void Tick(int64_t now_ns);
  void Note();

  LiveSource& source_;
  LiveStage& stage_;
  EventLink& link_;
  LinkedOutput& output_;
  Doorbell& bell_;
  PipelineProgress& progress_;
  const std::atomic<bool>& failed_;
  const std::function<void()> wake_;
  SheddingLog shedding_;
  EventBlock* block_ = nullptr;  // For ledger rows; empty.
  LiveCounters counted_;
  uint64_t seconds_ = 0;
  int64_t flushed_ns_ = 0;  // These three on the machine's clock that does not jump.
  int64_t looked_ns_ = 0;
  int64_t ticked_ns_ = 0;
};

}  // namespace dfc
