#include "kept_ledger.h"

namespace dfc {

void KeptLedger::Take(const EventBlock& block) {
  block.ForEach([&](RowType type, ByteSpan row) {
    if (type == RowType::kLedger) Add(EventBlock::Load<LedgerRow>(row.data()));
  });
}

void KeptLedger::Add(const LedgerRow& row) {
  LedgerRow added = row;
  Key key(row.t_minute_ns, row.source, row.outcome);
  if (rows_.size() >= kRowsMax - kOutcomeCount && !rows_.contains(key)) {
    added.t_minute_ns = 0;
    key = Key(0, row.source, row.outcome);
  }
  const auto [at, is_new] = rows_.try_emplace(key, added);
  if (is_new) return;
  at->second.packets += row.packets;
  at->second.bytes += row.bytes;
}

void KeptLedger::MoveTo(EventBlock& block) {
  block.Clear();
  for (const auto& [key, row] : rows_) {
    uint8_t* const at = block.Append(RowType::kLedger, sizeof row);
    DFC_CHECK(at != nullptr);
    std::memcpy(at, &row, sizeof row);
  }
  rows_.clear();
}

}  // namespace dfc
