// Takes frames from a source, decodes and checks them, and deals the packets out to the workers.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "dealer.h"
#include "dfc/decode.h"
#include "ledger.h"
#include "look_ahead.h"

namespace dfc {

class CaptureStage {
 public:
  enum class Turn {
    kProgress,
    kBlocked,  // A worker has no empty block; try again when one comes back.
    kEnd,      // The source has no more frames.
  };

  // `files` is how many sources will begin.
  CaptureStage(Dealer dealer, const DecodeOptions& decode, size_t files = 1);

  // The next source. `frames` must outlive the turns that take from it.
  void Begin(LookAhead& frames, uint64_t fingerprint = 0);
  // The first frames of a capture, before any of them is taken.
  void LearnChecksums(std::span<const Frame> frames);

  // One bounded turn: up to `frames_max` frames. Never waits.
  Turn RunOnce(size_t frames_max = 256);

  // Deals out what a turn left behind of its last frame. False while a worker has no empty block.
  bool Settle();

  // Hands on what lies in half-filled blocks.
  void Flush() { dealer_.Flush(); }

  // Tells the workers that nothing follows. False while a worker has no empty block.
  bool Finish() { return dealer_.Finish(); }

  Ledger& ledger() { return ledger_; }
  const Decoder& decoder() const { return decoder_; }
  const std::array<uint64_t, kVerdictCount>& packets() const { return packets_; }
  const std::array<uint64_t, kVerdictCount>& bytes() const { return bytes_; }
  uint64_t packets_total() const { return packets_total_; }
  int64_t clock_ns() const { return clock_ns_; }

 private:
  Dealer dealer_;
  Decoder decoder_;
  Ledger ledger_;
  LookAhead* frames_ = nullptr;
  Packet packet_{};
  bool pending_ = false;  // `packet_` is decoded and waits for a block.
  int64_t clock_ns_ = INT64_MIN;
  uint64_t packets_total_ = 0;
  std::array<uint64_t, kVerdictCount> packets_{};
  std::array<uint64_t, kVerdictCount> bytes_{};
};

}  // namespace dfc
