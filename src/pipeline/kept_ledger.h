// Ledger rows of blocks that a full spool dropped: what was counted stays counted.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "dfc/event.h"

namespace dfc {

// Rows of the same minute, input and outcome add up. Past `kRowsMax` of them minutes become one,
// 1970-01-01, as everywhere where the ledger is full.
class KeptLedger {
 public:
  static constexpr size_t kRowsMax = 2'048;
  static_assert(kRowsMax * (sizeof(LedgerRow) + sizeof(RowHeader)) < EventBlock::kBytes / 2);

  void Take(const EventBlock& block);
  bool empty() const { return rows_.empty(); }

  // Moves all of it into `block`, which is cleared before.
  void MoveTo(EventBlock& block);

 private:
  using Key = std::tuple<int64_t, uint64_t, Outcome>;
  void Add(const LedgerRow& row);

  std::map<Key, LedgerRow> rows_;
};

}  // namespace dfc
