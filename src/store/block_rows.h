// The rows of a block by table, each in the order of its key: so a B-tree is written from left to
// right, and two sensors lock rows in the same order.
#pragma once

#include <cstdint>
#include <vector>

#include "dfc/event.h"

namespace dfc {

class BlockRows {
 public:
  // Rows point into `block` and are valid as long as it is.
  void Take(const EventBlock& block);

  // Versions of one row, and pieces of one chunk, stay in the order in which they came.
  const std::vector<ByteSpan>& flows() const { return flows_; }
  const std::vector<ByteSpan>& chunks() const { return chunks_; }
  const std::vector<ByteSpan>& messages() const { return messages_; }
  // As they came: a minute's last row completes it.
  const std::vector<ByteSpan>& ledger() const { return ledger_; }
  // Of a type that no row has.
  bool damaged() const { return damaged_; }

 private:
  struct Key {
    FlowId id;
    uint32_t n;
    uint32_t at;
  };

  template <typename Row>
  void Sort(std::vector<ByteSpan>& rows);

  std::vector<ByteSpan> flows_, chunks_, messages_, ledger_;
  std::vector<ByteSpan> sorted_;
  std::vector<Key> keys_;
  bool damaged_ = false;
};

}  // namespace dfc
