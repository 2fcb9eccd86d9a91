// Appends rows to the worker's current event block and swaps it for an empty one when it is full.
#pragma once

#include "dfc/event.h"
#include "dfc/flow_engine.h"

namespace dfc {

class EventWriter {
 public:
  explicit EventWriter(EventOutput& output) : output_(output) {}

  // Room for a row and `extra` bytes behind it; the row is already copied in. The returned bytes
  // are those behind it. May wait for an empty block.
  template <typename Row>
  uint8_t* Append(RowType type, const Row& row, size_t extra = 0) {
    uint8_t* at = Reserve(type, sizeof row + extra);
    std::memcpy(at, &row, sizeof row);
    return at + sizeof row;
  }

  // What is in the block at hand leaves.
  void HandOn() {
    if (block_ == nullptr || block_->empty()) return;
    output_.Last(block_);
    block_ = nullptr;
  }

  void Finish() {
    if (block_ != nullptr) output_.Last(block_);
    block_ = nullptr;
  }

 private:
  uint8_t* Reserve(RowType type, size_t bytes) {
    if (block_ == nullptr) block_ = output_.Next(nullptr);
    uint8_t* at = block_->Append(type, bytes);
    if (at != nullptr) return at;
    block_ = output_.Next(block_);
    at = block_->Append(type, bytes);
    DFC_CHECK(at != nullptr);  // Every row fits an empty block.
    return at;
  }

  EventOutput& output_;
  EventBlock* block_ = nullptr;
};

}  // namespace dfc
