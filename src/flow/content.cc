#include "content.h"

#include <fmt/compile.h>

#include <algorithm>
#include <new>

#include "dfc/time.h"

namespace dfc {

namespace {

// How long contiguous bytes of one side may join one turn, counted from its first byte.
constexpr int64_t kRunNs = kNsPerSecond;

uint32_t Aligned(uint32_t at) { return (at + 7u) & ~7u; }

// Walks a chain: each run with the pieces of its bytes that are still here.
class ChainWalk {
 public:
  explicit ChainWalk(const Segment* first) : segment_(first) {}

  // The next run, or null at the end. All bytes of the run before it must have been taken.
  const ContentRun* NextRun() {
    at_ = Aligned(at_);
    while (segment_ != nullptr && at_ >= segment_->used) Step();
    if (segment_ == nullptr) return nullptr;
    const auto* run =
        static_cast<const ContentRun*>(static_cast<const void*>(segment_->data() + at_));
    at_ += sizeof(ContentRun);
    return run;
  }

  // Up to `bytes` bytes in one piece; empty only when none are wanted.
  ByteSpan Take(size_t bytes) {
    if (bytes == 0) return {};
    while (at_ >= segment_->used) Step();
    const size_t here = std::min<size_t>(bytes, segment_->used - at_);
    const ByteSpan piece(segment_->data() + at_, here);
    at_ += static_cast<uint32_t>(here);
    return piece;
  }

 private:
  void Step() {
    segment_ = segment_->next;
    at_ = 0;
  }

  const Segment* segment_;
  uint32_t at_ = 0;
};

// Widens `difference` by where `piece`, at offset `at`, differs from `bytes`, at `offset`.
void CompareAt(uint64_t offset, ByteSpan bytes, uint64_t at, ByteSpan piece,
               StreamHandler::Difference& difference) {
  const uint64_t begin = std::max(offset, at);
  const uint64_t end = std::min(offset + bytes.size(), at + piece.size());
  if (begin >= end) return;
  const uint8_t* const ours = bytes.data() + (begin - offset);
  const uint8_t* const there = piece.data() + (begin - at);
  if (std::memcmp(ours, there, end - begin) == 0) return;
  for (size_t n = 0; n < end - begin; ++n) {
    if (ours[n] == there[n]) continue;
    const size_t where = n + static_cast<size_t>(begin - offset);
    if (difference.end == 0) difference = {where, where + 1};
    difference.begin = std::min(difference.begin, where);
    difference.end = std::max(difference.end, where + 1);
  }
}

size_t BytesHere(const ContentRun& run) {
  return run.kind == TurnKind::kGap ? 0 : run.bytes - run.left;
}

}  // namespace

ContentLog::ContentLog(SegmentPool& pool, EventWriter& events, MemoryPressure& pressure)
    : pool_(pool),
      events_(events),
      pressure_(pressure),
      turn_text_((kChunkTurnsMax + 1) * kTurnTextMax) {}

// The chain's last segment if it has room for `least`, else a new one with room for about `want`.
// Relief may let this very flow's bytes leave, so the state is looked at afresh each time.
Segment* ContentLog::SegmentWith(ContentState& state, size_t least, size_t want) {
  while (true) {
    if (state.last != nullptr && state.last->room() >= least) return state.last;
    Segment* segment = pool_.Take(std::max(least, want));
    if (segment != nullptr) {
      (state.last == nullptr ? state.first : state.last->next) = segment;
      state.last = segment;
      return segment;
    }
    // Held segments are kept below half the pool, so content can always make room.
    DFC_CHECK(pressure_.RelieveContent());
  }
}

// Begins a run; the one before it is closed by that.
void ContentLog::OpenRun(Target to, const ContentRun& run) {
  ContentState& state = to.state;
  Unpark(state);
  if (state.turns == kChunkTurnsMax) Complete(to);
  ContentRun placed = run;
  const size_t want = sizeof run + 8 + (state.bytes < 200 ? size_t{200} : size_t{4096});
  Segment* segment = nullptr;
  do {  // Relief may park the run before this one, which then goes in first.
    Unpark(state);
    segment = SegmentWith(state, sizeof run + 8, want);
  } while (state.has_parked);
  if (state.turns == 0) state.t_first_ns = run.t_ns;
  state.version = to.packets;
  placed.at = state.bytes;
  segment->used = Aligned(segment->used);
  state.open = new (segment->data() + segment->used) ContentRun(placed);
  segment->used += static_cast<uint32_t>(sizeof placed);
  ++state.turns;
}

// Puts the parked run back in front of an empty chain.
void ContentLog::Unpark(ContentState& state) {
  if (!state.has_parked) return;
  Segment* segment = SegmentWith(state, sizeof(ContentRun) + 8, 200);
  segment->used = Aligned(segment->used);
  state.open = new (segment->data() + segment->used) ContentRun(state.parked);
  segment->used += static_cast<uint32_t>(sizeof(ContentRun));
  state.has_parked = false;
}

// Copies bytes behind the open run.
void ContentLog::CopyIn(ContentState& state, ByteSpan bytes) {
  while (!bytes.empty()) {
    Unpark(state);
    Segment* segment = SegmentWith(state, 1, bytes.size());
    if (state.has_parked) continue;  // Relief took the chain away in between.
    const size_t here = std::min<size_t>(bytes.size(), segment->room());
    std::memcpy(segment->data() + segment->used, bytes.data(), here);
    segment->used += static_cast<uint32_t>(here);
    state.open->bytes += static_cast<uint32_t>(here);
    state.bytes += static_cast<uint32_t>(here);
    bytes = bytes.subspan(here);
  }
}

void ContentLog::AddData(Target to, Side side, int64_t t_ns, uint64_t offset, ByteSpan bytes,
                         TurnKind kind) {
  ContentState& state = to.state;
  while (!bytes.empty()) {
    if (state.bytes >= kChunkContentBytesMax) Complete(to);
    Unpark(state);
    const ContentRun* open = state.open;
    const bool joins = open != nullptr && open->side == side && open->kind == kind &&
                       open->offset + open->bytes == offset && t_ns - open->t_ns < kRunNs;
    if (!joins) OpenRun(to, {t_ns, offset, 0, 0, 0, side, kind});
    const size_t here = std::min<size_t>(bytes.size(), kChunkContentBytesMax - state.bytes);
    state.version = to.packets;
    CopyIn(state, bytes.first(here));
    offset += here;
    bytes = bytes.subspan(here);
  }
}

// Looks at the runs that are here one after another: at most a chunk's, and only when bytes come
// again.
StreamHandler::Difference ContentLog::Compare(const ContentState& state, Side side, uint64_t offset,
                                              ByteSpan bytes) const {
  StreamHandler::Difference difference{0, 0};
  const uint64_t end = offset + bytes.size();
  ChainWalk walk(state.first);
  while (const ContentRun* run = walk.NextRun()) {
    uint64_t at = run->offset + run->left;
    const bool concerned = run->side == side && run->kind == TurnKind::kData &&
                           run->offset + run->bytes > offset && at < end;
    for (size_t left = BytesHere(*run); left > 0;) {
      const ByteSpan piece = walk.Take(left);
      left -= piece.size();
      if (concerned) CompareAt(offset, bytes, at, piece, difference);
      at += piece.size();
    }
  }
  return difference;
}

// A datagram stays whole: one larger than a chunk may be makes a larger chunk of its own.
ContentPlace ContentLog::AddDatagram(Target to, Side side, int64_t t_ns, uint64_t offset,
                                     ByteSpan bytes) {
  ContentState& state = to.state;
  if (state.bytes > 0 && state.bytes + bytes.size() > kChunkContentBytesMax) Complete(to);
  OpenRun(to, {t_ns, offset, 0, 0, 0, side, TurnKind::kDatagram});
  const ContentPlace place{state.n, state.bytes, static_cast<uint32_t>(bytes.size())};
  state.in_datagram = true;
  CopyIn(state, bytes);
  state.in_datagram = false;
  return place;
}

void ContentLog::AddGap(Target to, Side side, int64_t t_ns, uint64_t offset, uint32_t bytes) {
  OpenRun(to, {t_ns, offset, bytes, 0, 0, side, TurnKind::kGap});
}

// Writes the turns of the chain's runs into `turn_text_`; returns the length.
size_t ContentLog::WriteTurnText(const Target& to, bool with_open_run) {
  char* const begin = static_cast<char*>(static_cast<void*>(turn_text_.data()));
  char* at = begin;
  bool first = to.state.turns_left == 0;
  ChainWalk walk(to.state.first);
  while (const ContentRun* run = walk.NextRun()) {
    if (run != to.state.open || with_open_run) {
      at = fmt::format_to(at, FMT_COMPILE("{}[{},{},{},{},{},{}]"), first ? "" : ",",
                          static_cast<int>(run->side), run->t_ns - to.id.t_start_ns, run->offset,
                          run->bytes, static_cast<int>(run->kind), run->at);
      first = false;
    }
    for (size_t left = BytesHere(*run); left > 0;) left -= walk.Take(left).size();
  }
  return static_cast<size_t>(at - begin);
}

void ContentLog::Write(Target to, bool with_open_run) {
  ContentState& state = to.state;
  const auto turns_bytes = static_cast<uint32_t>(WriteTurnText(to, with_open_run));
  const uint32_t content_bytes = state.bytes - state.bytes_left;
  if (turns_bytes + content_bytes > 0) {
    const ChunkRow row{to.id,         state.version,    state.t_first_ns, state.n, state.bytes_left,
                       content_bytes, state.turns_left, turns_bytes};
    uint8_t* at = events_.Append(RowType::kChunk, row, content_bytes + turns_bytes);
    ChainWalk walk(state.first);
    while (const ContentRun* run = walk.NextRun()) {
      for (size_t left = BytesHere(*run); left > 0;) {
        const ByteSpan piece = walk.Take(left);
        std::memcpy(at, piece.data(), piece.size());
        at += piece.size();
        left -= piece.size();
      }
    }
    std::memcpy(at, turn_text_.data(), turns_bytes);
  }
  state.bytes_left = state.bytes;
  state.turns_left += turns_bytes;
  if (state.open != nullptr && !with_open_run) {
    state.parked = *state.open;
    state.parked.left = state.parked.kind == TurnKind::kGap ? 0 : state.parked.bytes;
    state.has_parked = true;
  }
  pool_.GiveChain(state.first);
  state.first = state.last = nullptr;
  state.open = nullptr;
}

void ContentLog::LeaveEarly(Target to) {
  if (to.state.first == nullptr) return;
  const ContentRun* open = to.state.open;
  const bool may_grow = open != nullptr && open->kind != TurnKind::kGap &&
                        (open->kind != TurnKind::kDatagram || to.state.in_datagram);
  Write(to, !may_grow);
}

void ContentLog::Complete(Target to) {
  ContentState& state = to.state;
  Unpark(state);
  if (state.turns == 0) return;
  if (state.first != nullptr) Write(to, true);
  state.has_parked = false;
  state.n += 1;
  state.bytes = state.bytes_left = state.turns = state.turns_left = 0;
}

}  // namespace dfc
