// Which bytes of a datagram have come, and whose copy counts where fragments overlap.
//
//   |  piece  |  piece  |   hole   | piece |        sorted, disjoint; at most kPiecesMax
//
// As Linux does it (6.x, inet_frag_queue_insert): a piece is a run that grew at its end, and only
// the last run grows. A fragment within a run repeats it; one that crosses an edge is an overlap,
// and so is one that lies in two runs that touch. By the other policies a piece is what is left of
// one fragment, and where two meet one of them wins the bytes that both have.
// Sources: Novak, "Target-Based Fragmentation Assembly" (2005); ip_reass() of 4.4BSD,
// ip_frag_queue() of Linux 2.4; for windows and solaris the rules that Snort's frag3 documents.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dfc/host_policy.h"

namespace dfc {

// Bytes [begin, end) of the IP payload.
struct Piece {
  uint32_t begin, end;
};

// Plain data: all-zero memory is an empty list.
class FragmentPieces {
 public:
  static constexpr size_t kPiecesMax = 256;

  enum class Fate : uint8_t {
    kTaken,      // Some of its bytes count: those in `won`.
    kDuplicate,  // None of them does; nothing changed.
    kOverlap,    // The datagram must be dropped.
    kFull,       // It would make more than kPiecesMax pieces; nothing changed.
  };

  // The parts of a fragment whose bytes count.
  struct Won {
    std::array<Piece, kPiecesMax + 1> pieces;
    size_t count = 0;
  };

  // Takes a fragment; it has bytes.
  Fate Add(HostPolicy policy, Piece fragment, Won& won);

  void Clear() { count_ = bytes_ = 0; }
  bool empty() const { return count_ == 0; }
  uint32_t bytes() const { return bytes_; }

  // Calls each(Piece) for the parts of `fragment` that are here already.
  template <typename Each>
  void ForEachShared(Piece fragment, Each each) const {
    for (size_t n = FirstBehind(fragment.begin); n < count_; ++n) {
      const Piece piece = pieces_[n];
      if (piece.begin >= fragment.end) return;
      each(Piece{piece.begin > fragment.begin ? piece.begin : fragment.begin,
                 piece.end < fragment.end ? piece.end : fragment.end});
    }
  }

 private:
  static constexpr size_t kMergedMax = 2 * kPiecesMax + 2;

  size_t FirstBehind(uint32_t place) const;
  Fate AddAsLinux(Piece fragment);
  Fate Merge(HostPolicy policy, Piece fragment, Won& won);

  uint32_t count_;
  uint32_t bytes_;
  std::array<Piece, kPiecesMax> pieces_;
};

}  // namespace dfc
