// A chunk's turn index: "[[side,dt,offset,length,kind,position],...]", read one turn at a time.
#pragma once

#include <cstdint>
#include <string_view>

#include "dfc/event.h"

namespace dfc {

// As stored: dt_ns counts from the flow's t_start, position from the front of the chunk's content.
struct IndexedTurn {
  Side side;
  int64_t dt_ns;
  uint64_t offset;
  uint64_t length;
  TurnKind kind;
  uint64_t position;
};

// Strict: the text is what dfc writes, without white space, or it is damaged. A turn that Next()
// gives lies within the content. `text` must outlive this.
class TurnIndex {
 public:
  enum class Result { kTurn, kEnd, kDamaged };

  TurnIndex(std::string_view text, size_t content_bytes)
      : text_(text), content_bytes_(content_bytes) {}

  Result Next(IndexedTurn& turn);

  // Where in the text reading stopped, for a message.
  size_t at() const { return at_; }

 private:
  bool Take(char expected);
  bool TakeInteger(int64_t& value);
  bool TakeTurn(IndexedTurn& turn);
  bool Fits(const IndexedTurn& turn) const;

  std::string_view text_;
  size_t content_bytes_;
  size_t at_ = 0;
};

}  // namespace dfc
