// Takes the frames of a live capture, decodes and checks them, deals the packets out to the
// workers.
//
// Where a packet's worker has no empty block, the ring has room for what comes meanwhile: the stage
// waits for it, but not for long, and not again before that worker has given a block back. Until
// then its packets are dropped, and counted, so that nobody else's wait for them.
#pragma once

#include <array>
#include <cstdint>

#include "dealer.h"
#include "dfc/decode.h"
#include "dfc/live_source.h"
#include "live_ledger.h"
#include "own_connections.h"

namespace dfc {

class LiveStage final : public FrameHandler {
 public:
  static constexpr int64_t kTickNs = 500'000'000;

  // A packet waits at most `patience_ns` for its worker. `tick_ns`, on the capture's clock, is how
  // often what the workers have written leaves for the store; every second time open flows are
  // shown.
  LiveStage(Dealer dealer, const DecodeOptions& decode, uint64_t ledger_source, size_t ledger_cells,
            int64_t patience_ns, int64_t tick_ns = kTickNs);

  void OnFrame(const Frame& frame) override;

  // No frame from before `clock_ns` will come any more: the capture's clock goes on without one.
  void Idle(int64_t clock_ns) { Advance(clock_ns); }

  // Frames that nobody gets to see.
  void Dropped(Verdict verdict, uint64_t frames);

  // Connections of this process; packets of theirs are counted, and end here.
  void SetOwnConnections(const OwnConnections& own) { own_ = own; }

  void Flush() { dealer_.Flush(); }
  bool Finish() { return dealer_.Finish(); }

  // Writes ledger rows into `block` as far as there is room; false when none were left to write.
  bool WriteLedger(EventBlock& block);
  // How often open flows were shown.
  uint64_t seconds() const { return seconds_; }

  const Decoder& decoder() const { return decoder_; }
  const std::array<uint64_t, kVerdictCount>& packets() const { return packets_; }
  const std::array<uint64_t, kVerdictCount>& bytes() const { return bytes_; }
  uint64_t packets_total() const { return packets_total_; }
  uint64_t bytes_total() const { return bytes_total_; }
  uint64_t datagrams_dropped() const { return datagrams_dropped_; }

 private:
  void Advance(int64_t clock_ns);
  Verdict Take(const Frame& frame);
  bool Deal();
  void Count(Verdict verdict, uint64_t frames, uint64_t wire_bytes);

  Dealer dealer_;
  Decoder decoder_;
  LiveLedger ledger_;
  OwnConnections own_;
  const int64_t patience_ns_;
  const int64_t tick_ns_;
  Packet packet_{};
  int64_t clock_ns_ = 0;
  int64_t tick_ = 0;  // Of the clock: the last one that the workers were told of.
  uint64_t seconds_ = 0;
  uint64_t packets_total_ = 0;
  uint64_t bytes_total_ = 0;
  uint64_t datagrams_dropped_ = 0;  // Of frames whose first one was dealt.
  std::array<uint64_t, kVerdictCount> packets_{};
  std::array<uint64_t, kVerdictCount> bytes_{};
};

}  // namespace dfc
