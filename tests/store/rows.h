// Short ways to make rows and blocks, and to read a whole store back as text.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "dfc/event.h"
#include "dfc/store.h"

namespace dfc {

inline constexpr int64_t kTestTime = 1'700'000'000'123'456'789;

// "10.0.0.1" or "fd00::1".
IpAddress Address(const std::string& text);

// A TCP flow from 10.0.0.1:40000 to 192.0.2.7:80, told apart by `hash`.
FlowRow TestFlow(uint64_t hash, uint64_t packets = 5);

struct Piece {
  std::string content;
  std::string turns;  // Inside of the array.
  uint32_t content_at = 0;
  uint32_t turns_at = 0;
};

class BlockBuilder {
 public:
  explicit BlockBuilder(uint64_t sequence = 1, uint64_t epoch = 1) {
    block_.epoch = epoch;
    block_.sequence = sequence;
  }
  BlockBuilder& Add(const FlowRow& row);
  BlockBuilder& Add(const IcmpRow& row);
  BlockBuilder& Add(const LedgerRow& row);
  BlockBuilder& Add(const FlowId& id, uint32_t n, const Piece& piece);

  EventBlock& block() { return block_; }

 private:
  template <typename Row>
  BlockBuilder& AddPlain(RowType type, const Row& row);

  EventBlock block_;
};

// One block with every kind of row in it: TCP with content, a gap and NUL bytes, IPv6 UDP, a ping
// and its answer, an error that quotes the TCP flow, and two ledger rows.
void FillWithEverything(BlockBuilder& builder);

// Everything that Reader gives, a line a thing.
std::string DumpByReader(const StoreUrl& url);
// Every view, by name of column, a line a row.
std::string DumpByViews(const StoreUrl& url);
// The first column of each row, "," between them; "error: ..." when it can't be read.
std::string QueryColumn(const StoreUrl& url, const std::string& sql);

}  // namespace dfc
