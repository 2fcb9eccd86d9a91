#include "capture_stage.h"

#include <algorithm>

#include "dfc/flow_engine.h"

namespace dfc {

CaptureStage::CaptureStage(std::vector<PacketLink*> links, std::vector<Doorbell*> bells,
                           const DecodeOptions& decode, uint64_t shard_secret, size_t files)
    : links_(std::move(links)),
      bells_(std::move(bells)),
      filling_(links_.size(), nullptr),
      shard_secret_(shard_secret),
      decoder_(decode),
      ledger_(files) {}

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
    pending_ = !Deal();
    if (pending_) return Turn::kBlocked;
  }
  return Turn::kProgress;
}

bool CaptureStage::Settle() {
  while (pending_ || decoder_.NextDatagram(packet_)) {
    pending_ = !Deal();
    if (pending_) return false;
  }
  return true;
}

// Puts the packet into its worker's block. False when that worker has no empty block.
bool CaptureStage::Deal() {
  size_t worker = 0;
  if (links_.size() > 1) {
    const auto hash = static_cast<uint32_t>(ShardHash(packet_, shard_secret_) >> 32);
    worker = (uint64_t{hash} * links_.size()) >> 32;
  }
  PacketBlock*& block = filling_[worker];
  if (block != nullptr && block->Add(packet_)) return true;
  if (block != nullptr) Push(worker);
  block = links_[worker]->empty.Pop();
  if (block == nullptr) return false;
  block->Clear();
  DFC_CHECK(block->Add(packet_));
  return true;
}

void CaptureStage::Push(size_t worker) {
  links_[worker]->filled.Push(filling_[worker]);
  filling_[worker] = nullptr;
  bells_[worker]->Ring();
}

void CaptureStage::Flush() {
  for (size_t worker = 0; worker < filling_.size(); ++worker) {
    if (filling_[worker] != nullptr && !filling_[worker]->empty()) Push(worker);
  }
}

bool CaptureStage::Finish() {
  for (size_t worker = 0; worker < filling_.size(); ++worker) {
    if (links_[worker] == nullptr) continue;  // Told already.
    if (filling_[worker] == nullptr) {
      filling_[worker] = links_[worker]->empty.Pop();
      if (filling_[worker] == nullptr) return false;
      filling_[worker]->Clear();
    }
    filling_[worker]->last = true;
    Push(worker);
    links_[worker] = nullptr;
  }
  return true;
}

}  // namespace dfc
