#include "fragment_pieces.h"

#include <algorithm>
#include <cstring>

namespace dfc {

namespace {

// Whether a fragment's copy of the bytes that it shares with an older piece replaces the older one.
bool Replaces(HostPolicy policy, Piece fragment, Piece old) {
  switch (policy) {
    case HostPolicy::kLast:
      return true;
    case HostPolicy::kBsd:
      return fragment.begin < old.begin;
    case HostPolicy::kLinuxNs:
    case HostPolicy::kOldLinux:
      return fragment.begin <= old.begin;
    case HostPolicy::kSolaris:
      return fragment.begin < old.begin && fragment.end >= old.end;
    case HostPolicy::kWindows:
    case HostPolicy::kVista:
      return fragment.begin < old.begin && fragment.end > old.end;
    case HostPolicy::kFirst:
    case HostPolicy::kLinux:
      return false;
  }
  return false;
}

}  // namespace

// The first piece that ends behind `place`.
size_t FragmentPieces::FirstBehind(uint32_t place) const {
  const Piece* const at =
      std::upper_bound(pieces_.data(), pieces_.data() + count_, place,
                       [](uint32_t value, const Piece& piece) { return value < piece.end; });
  return static_cast<size_t>(at - pieces_.data());
}

FragmentPieces::Fate FragmentPieces::Add(HostPolicy policy, Piece fragment, Won& won) {
  if (policy != HostPolicy::kLinux) return Merge(policy, fragment, won);
  const Fate fate = AddAsLinux(fragment);
  won.count = fate == Fate::kTaken ? 1 : 0;
  won.pieces[0] = fragment;
  return fate;
}

FragmentPieces::Fate FragmentPieces::AddAsLinux(Piece fragment) {
  const size_t at = FirstBehind(fragment.begin);
  if (at < count_ && pieces_[at].begin < fragment.end) {
    const bool within = pieces_[at].begin <= fragment.begin && fragment.end <= pieces_[at].end;
    return within ? Fate::kDuplicate : Fate::kOverlap;
  }
  const bool continues_last = at == count_ && count_ > 0 && pieces_[at - 1].end == fragment.begin;
  if (continues_last) {
    pieces_[at - 1].end = fragment.end;
  } else {
    if (count_ == kPiecesMax) return Fate::kFull;
    std::memmove(pieces_.data() + at + 1, pieces_.data() + at, (count_ - at) * sizeof(Piece));
    pieces_[at] = fragment;
    ++count_;
  }
  bytes_ += fragment.end - fragment.begin;
  return Fate::kTaken;
}

// Walks the older pieces from left to right: between them, and over those that it replaces, the
// fragment has its parts.
FragmentPieces::Fate FragmentPieces::Merge(HostPolicy policy, Piece fragment, Won& won) {
  std::array<Piece, kMergedMax> merged;
  const size_t first = FirstBehind(fragment.begin);
  size_t count = first;
  std::copy_n(pieces_.begin(), first, merged.begin());

  won.count = 0;
  uint32_t from = fragment.begin;  // Where the part that has no end yet begins.
  const auto end_part = [&](uint32_t end) {
    if (from >= end) return;
    merged[count++] = won.pieces[won.count++] = {from, end};
  };
  size_t at = first;
  uint32_t rest = 0;  // End of a replaced piece that goes on behind the fragment.
  for (; at < count_ && pieces_[at].begin < fragment.end; ++at) {
    const Piece old = pieces_[at];
    if (!Replaces(policy, fragment, old)) {
      end_part(old.begin);
      merged[count++] = old;
      from = old.end;
      continue;
    }
    if (old.begin < fragment.begin) merged[count++] = {old.begin, fragment.begin};
    if (old.end > fragment.end) rest = old.end;
  }
  end_part(fragment.end);
  if (rest != 0) merged[count++] = {fragment.end, rest};
  if (won.count == 0) return Fate::kDuplicate;

  const size_t behind = count_ - at;
  if (count + behind > kPiecesMax) return Fate::kFull;
  std::memmove(pieces_.data() + count, pieces_.data() + at, behind * sizeof(Piece));
  std::copy_n(merged.begin(), count, pieces_.begin());
  count_ = static_cast<uint32_t>(count + behind);
  bytes_ = 0;
  for (size_t n = 0; n < count_; ++n) bytes_ += pieces_[n].end - pieces_[n].begin;
  return Fate::kTaken;
}

}  // namespace dfc
