// Writes a block, and sets aside the rows that a store refuses.
// Module: store
//
//            block (sequence 9): refused
//           /                           \                  halves, quarters ... until one row is
//     first half: refused            second half: stored   left, which becomes a dead letter
//      /            \                (2^44 * 3 + 9)
//   stored      one row: dead letter
//
// Each part is a block of its own, whose sequence says which part it is, so that trying the whole
// again after a lost reply finds those that are in already.
#pragma once

#include <string>
#include <vector>

#include "dfc/dead_letters.h"
#include "dfc/event.h"
#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

struct WrittenRows {
  uint64_t stored = 0;
  uint64_t dead = 0;
};

class BlockWriter {
 public:
  // More rows of one block are not single ones: it is the table that is wrong, or the program, and
  // none of them is set aside.
  static constexpr uint64_t kDeadRowsMax = 64;

  // Without `dead` a row that is refused fails its block.
  BlockWriter(Store& store, DeadLetters* dead) : store_(store), dead_(dead) {}

  // As Store::Write(), but kInvalidArgument and kResourceExhausted only where there is nowhere to
  // set rows aside, and kFailedPrecondition where there are too many of them.
  absl::Status Write(const EventBlock& block, WrittenRows& written);

 private:
  struct RefusedRow {
    uint32_t at;  // In the block.
    uint64_t sequence;
    std::string reason;
  };

  absl::Status WritePart(const EventBlock& block, uint32_t first, uint32_t rows, uint64_t part);
  absl::Status SetAside(const EventBlock& block, const RefusedRow& row);
  void Cut(const EventBlock& block, uint32_t first, uint32_t rows);

  Store& store_;
  DeadLetters* const dead_;
  EventBlock part_;
  std::vector<RefusedRow> refused_;
  WrittenRows written_;
};

}  // namespace dfc
