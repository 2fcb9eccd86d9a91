#include "ledger.h"

#include <bit>

#include "dfc/check.h"
#include "dfc/time.h"

namespace dfc {

Ledger::Ledger(size_t files) : cells_(CellsMax(files)), index_(std::bit_ceil(2 * CellsMax(files))) {
  sources_.reserve(files);
}

void Ledger::BeginSource(uint64_t fingerprint) {
  const auto known = std::ranges::find(sources_, fingerprint, &Source::fingerprint);
  source_ = static_cast<uint32_t>(known - sources_.begin());
  if (known == sources_.end()) sources_.push_back({fingerprint, 0});
  recent_ = UINT32_MAX;
}

// The index is twice as long as it may get full, and minute 0 always finds its place.
uint32_t Ledger::Find(int64_t start_ns) {
  const uint64_t minute =
      static_cast<uint64_t>(start_ns / kNsPerMinute) + (uint64_t{source_} << 32);
  const size_t mask = index_.size() - 1;
  for (size_t at = (minute * 0x9E3779B97F4A7C15u) >> 32 & mask;; at = (at + 1) & mask) {
    if (index_[at] != 0) {
      const Cell& cell = cells_[index_[at] - 1];
      if (cell.start_ns == start_ns && cell.source == source_) return index_[at] - 1;
      continue;
    }
    if (start_ns != 0 && minutes_ == kMinutesMax) return Find(0);
    if (start_ns != 0) ++minutes_;
    DFC_CHECK(used_ < cells_.size());
    cells_[used_].start_ns = start_ns;
    cells_[used_].source = source_;
    index_[at] = ++used_;
    return used_ - 1;
  }
}

uint32_t Ledger::Captured(int64_t time_ns, uint64_t wire_bytes) {
  const bool recent = recent_ != UINT32_MAX && time_ns >= cells_[recent_].start_ns &&
                      time_ns - cells_[recent_].start_ns < kNsPerMinute;
  if (!recent) recent_ = Find(MinuteOf(time_ns));
  Cell& cell = cells_[recent_];
  ++cell.packets[kCaptured];
  cell.bytes[kCaptured] += wire_bytes;
  ++sources_[source_].version;
  return recent_;
}

void Ledger::Judged(uint32_t cell, Verdict verdict, uint64_t wire_bytes) {
  const auto at = static_cast<size_t>(verdict);
  ++cells_[cell].packets[at];
  cells_[cell].bytes[at] += wire_bytes;
  if (verdict == Verdict::kOk) ++sources_[source_].version;
}

void Ledger::Filtered(uint64_t frames, uint64_t wire_bytes) {
  if (frames == 0) return;
  Cell& cell = cells_[Find(0)];
  for (const size_t at : {kCaptured, static_cast<size_t>(Verdict::kFiltered)}) {
    cell.packets[at] += frames;
    cell.bytes[at] += wire_bytes;
  }
  sources_[source_].version += frames;
}

void WriteLedger(const Ledger& ledger, const std::function<FlowTally(uint32_t)>& tally,
                 EventOutput& output) {
  EventBlock* block = nullptr;
  const auto write = [&](const LedgerRow& row) {
    if (block == nullptr) block = output.Next(nullptr);
    uint8_t* at = block->Append(RowType::kLedger, sizeof row);
    if (at == nullptr) {
      block = output.Next(block);
      at = block->Append(RowType::kLedger, sizeof row);
    }
    std::memcpy(at, &row, sizeof row);
  };
  ledger.ForEachRow(tally, write);
  if (block != nullptr) output.Last(block);
}

}  // namespace dfc
