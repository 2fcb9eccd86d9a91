// Takes event blocks, counts their rows and forgets them.
#pragma once

#include "dfc/flow_engine.h"

namespace dfc {

class DiscardingOutput final : public EventOutput {
 public:
  EventBlock* Next(EventBlock* full) override {
    if (full != nullptr) rows += full->rows();
    block_.Clear();
    return &block_;
  }
  void Last(EventBlock* block) override { rows += block->rows(); }
  size_t rows = 0;

 private:
  EventBlock block_;
};

}  // namespace dfc
