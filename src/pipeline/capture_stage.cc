#include "capture_stage.h"

#include <algorithm>
#include <utility>

namespace dfc {

CaptureStage::CaptureStage(Dealer dealer, const DecodeOptions& decode, size_t files)
    : dealer_(std::move(dealer)), decoder_(decode), ledger_(files) {}

void CaptureStage::Begin(LookAhead& frames, uint64_t fingerprint) {
  frames_ = &frames;
  ledger_.BeginSource(fingerprint);
}

void CaptureStage::LearnChecksums(std::span<const Frame> frames) {
  decoder_.LearnChecksums(frames);
}

CaptureStage::Turn CaptureStage::RunOnce(size_t frames_max) {
  for (size_t n = 0; n < frames_max; ++n) {
    if (!pending_ && !decoder_.NextDatagram(packet_)) {
      Frame frame;
      if (!frames_->Next(frame)) return Turn::kEnd;
      ++packets_total_;
      const uint32_t cell = ledger_.Captured(frame.time_ns, frame.wire_bytes);
      const Verdict verdict = decoder_.Decode(frame, packet_);
      ++packets_[static_cast<size_t>(verdict)];
      bytes_[static_cast<size_t>(verdict)] += frame.wire_bytes;
      ledger_.Judged(cell, verdict, frame.wire_bytes);
      clock_ns_ = std::max(clock_ns_, frame.time_ns);
      if (verdict != Verdict::kOk) continue;
      packet_.clock_ns = clock_ns_;
      packet_.ledger_cell = cell;
    }
    pending_ = !dealer_.Deal(packet_);
    if (pending_) return Turn::kBlocked;
  }
  return Turn::kProgress;
}

bool CaptureStage::Settle() {
  while (pending_ || decoder_.NextDatagram(packet_)) {
    pending_ = !dealer_.Deal(packet_);
    if (pending_) return false;
  }
  return true;
}

}  // namespace dfc
