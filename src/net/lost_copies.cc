#include "lost_copies.h"

#include <algorithm>

namespace dfc {

size_t LostCopies::Add(Piece part, const uint8_t* bytes, size_t blocks_max,
                       FragmentBlocks& blocks) {
  const uint32_t all = part.end - part.begin;
  bytes_ += all;
  const uint32_t room = static_cast<uint32_t>(FragmentConflict::kBytesMax) - kept_;
  const uint32_t count = std::min(all, room);
  if (count == 0 || count_ == FragmentConflict::kRunsMax) return 0;
  const Piece kept{kept_, kept_ + count};
  const size_t lacking = FragmentBlocks::Lacking(places_, kept);
  if (lacking > std::min(blocks_max, blocks.free())) return 0;
  blocks.Write(places_, kept, bytes);
  runs_[count_++] = {part.begin, part.begin + count};
  kept_ += count;
  return lacking;
}

void LostCopies::Read(const FragmentBlocks& blocks, FragmentConflict& to) const {
  to.bytes = bytes_;
  to.run_count = count_;
  to.kept_bytes = kept_;
  for (size_t n = 0; n < count_; ++n) to.runs[n] = {runs_[n].begin, runs_[n].end - runs_[n].begin};
  blocks.Read(places_, {0, kept_}, to.kept.data());
}

}  // namespace dfc
