#include "turn_index.h"

#include <charconv>

namespace dfc {

bool TurnIndex::Take(char expected) {
  if (at_ >= text_.size() || text_[at_] != expected) return false;
  ++at_;
  return true;
}

bool TurnIndex::TakeInteger(int64_t& value) {
  const char* begin = text_.data() + at_;
  const auto [stop, error] = std::from_chars(begin, text_.data() + text_.size(), value);
  if (error != std::errc()) return false;
  // dfc writes no zero in front of a number, and no zero with a sign.
  const char* const digits = *begin == '-' ? begin + 1 : begin;
  if (*digits == '0' && stop - begin > 1) return false;
  at_ += static_cast<size_t>(stop - begin);
  return true;
}

bool TurnIndex::TakeTurn(IndexedTurn& turn) {
  int64_t values[6];
  char before = '[';
  for (int64_t& value : values) {
    if (!Take(before) || !TakeInteger(value)) return false;
    before = ',';
  }
  if (!Take(']')) return false;
  const auto& [side, dt_ns, offset, length, kind, position] = values;
  const bool in_range = (side == 0 || side == 1) && kind >= 0 &&
                        kind <= static_cast<int64_t>(TurnKind::kUrgent) && offset >= 0 &&
                        length >= 0 && position >= 0;
  if (!in_range) return false;
  turn = {static_cast<Side>(side),       dt_ns,
          static_cast<uint64_t>(offset), static_cast<uint64_t>(length),
          static_cast<TurnKind>(kind),   static_cast<uint64_t>(position)};
  return Fits(turn);
}

bool TurnIndex::Fits(const IndexedTurn& turn) const {
  if (turn.kind == TurnKind::kGap) return true;
  return turn.position <= content_bytes_ && turn.length <= content_bytes_ - turn.position;
}

TurnIndex::Result TurnIndex::Next(IndexedTurn& turn) {
  const bool first = at_ == 0;
  if (first && !Take('[')) return Result::kDamaged;
  if (Take(']')) return at_ == text_.size() ? Result::kEnd : Result::kDamaged;
  if (!first && !Take(',')) return Result::kDamaged;
  return TakeTurn(turn) ? Result::kTurn : Result::kDamaged;
}

}  // namespace dfc
