#include "block_rows.h"

#include <algorithm>
#include <tuple>

namespace dfc {

void BlockRows::Take(const EventBlock& block) {
  for (auto* rows : {&flows_, &chunks_, &messages_, &ledger_}) rows->clear();
  damaged_ = false;
  block.ForEach([&](RowType type, ByteSpan row) {
    switch (type) {
      case RowType::kFlow:
        return flows_.push_back(row);
      case RowType::kChunk:
        return chunks_.push_back(row);
      case RowType::kIcmp:
        return messages_.push_back(row);
      case RowType::kLedger:
        return ledger_.push_back(row);
    }
    damaged_ = true;
  });
  Sort<FlowRow>(flows_);
  Sort<ChunkRow>(chunks_);
  Sort<IcmpRow>(messages_);
}

template <typename Row>
void BlockRows::Sort(std::vector<ByteSpan>& rows) {
  keys_.clear();
  for (uint32_t at = 0; at < rows.size(); ++at) {
    const Row row = EventBlock::Load<Row>(rows[at].data());
    uint32_t n = 0;
    if constexpr (requires { row.n; }) n = row.n;
    keys_.push_back({row.id, n, at});
  }
  const auto order = [](const Key& key) {
    return std::tuple(key.id.t_start_ns, key.id.flow_hash, key.n, key.at);
  };
  std::ranges::sort(keys_, {}, order);
  sorted_.clear();
  for (const Key& key : keys_) sorted_.push_back(rows[key.at]);
  rows.swap(sorted_);
}

}  // namespace dfc
