// Turns and content of one flow, whole or a part at a time.
#include <fmt/format.h>

#include "sql_reader.h"
#include "turn_index.h"

namespace dfc {

namespace {

// What a window reads at most, so that one side of a large flow that says little takes no longer.
constexpr uint64_t kWindowChunksMax = 16;
// No chunk's content is longer.
constexpr size_t kChunkBytesMax = 16 << 20;

std::string_view TextOf(ByteSpan bytes) { return {AsChars(bytes.data()), bytes.size()}; }

absl::Status DamagedIndex(const FlowId& id, uint64_t chunk, size_t at) {
  return absl::DataLossError(
      fmt::format("flow {}, chunk {}: turn index damaged at byte {}", FormatFlowId(id), chunk, at));
}

// Calls each(turn) for the index of one chunk until it returns false.
template <typename Each>
absl::Status ForEachTurn(const FlowId& id, uint64_t chunk, ByteSpan text, ByteSpan content,
                         Each each) {
  TurnIndex index(TextOf(text), content.size());
  IndexedTurn turn{};
  TurnIndex::Result result{};
  while ((result = index.Next(turn)) == TurnIndex::Result::kTurn) {
    Turn shown{turn.side, turn.kind, 0, turn.offset, turn.length, {}};
    if (__builtin_add_overflow(id.t_start_ns, turn.dt_ns, &shown.t_ns)) break;
    if (turn.kind != TurnKind::kGap) shown.bytes = content.subspan(turn.position, turn.length);
    if (!each(shown)) return absl::OkStatus();
  }
  if (result == TurnIndex::Result::kEnd) return absl::OkStatus();
  return DamagedIndex(id, chunk, index.at());
}

bool IsContentOf(Side side, Side turn_side, TurnKind kind) {
  return turn_side == side && (kind == TurnKind::kData || kind == TurnKind::kDatagram);
}

// Cuts turns to what is left of a window.
class Window {
 public:
  using Each = std::function<void(const Turn&, const TurnCursor&)>;

  Window(const TurnsQuery& query, const Each& each) : query_(query), each_(each) {
    end_.next = query.from;
  }

  void BeginChunk(uint64_t chunk) {
    if (chunk != end_.next.chunk) end_.next = {chunk, 0, 0};
    turn_ = 0;
  }

  // False when the window is full.
  bool Take(const Turn& turn) {
    if (turn_ < end_.next.turn) {
      ++turn_;
      return true;
    }
    if (query_.side && turn.side != *query_.side) return GoOn();
    if (turns_ == query_.turns_max || bytes_ == query_.bytes_max) {
      full_ = true;
      return false;
    }
    Show(turn);
    return !full_;
  }

  bool full() const { return full_; }
  TurnsEnd End(bool is_end) const { return {end_.next, is_end}; }

 private:
  bool GoOn() {
    end_.next.turn = ++turn_;
    end_.next.byte = 0;
    return true;
  }

  void Show(const Turn& turn) {
    Turn piece = turn;
    // A cursor that somebody made up may point past the turn's end: then nothing is left of it.
    const uint64_t skip = std::min<uint64_t>(end_.next.byte, turn.bytes.size());
    const uint64_t left = turn.bytes.size() - skip;
    const uint64_t taken = std::min(left, query_.bytes_max - bytes_);
    if (turn.kind != TurnKind::kGap) {
      piece.offset += skip;
      piece.length = taken;
      piece.bytes = turn.bytes.subspan(skip, taken);
    }
    each_(piece, {end_.next.chunk, turn_, skip});
    ++turns_;
    bytes_ += taken;
    if (taken == left) {
      GoOn();
      return;
    }
    end_.next.byte = skip + taken;
    full_ = true;
  }

  const TurnsQuery& query_;
  const Each& each_;
  TurnsEnd end_{};
  uint64_t turn_ = 0;  // Of the chunk.
  uint64_t turns_ = 0;
  uint64_t bytes_ = 0;
  bool full_ = false;
};

}  // namespace

absl::Status SqlReader::Turns(const FlowId& id, const std::function<void(const Turn&)>& each) {
  DFC_ASSIGN_OR_RETURN(const auto cursor,
                       connection_->Query("SELECT n, turns, content FROM v_content"
                                          " WHERE t_start = ? AND flow_hash = ? ORDER BY n",
                                          {id.t_start_ns, id.flow_hash}));
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return absl::OkStatus();
    DFC_RETURN_IF_ERROR(ForEachTurn(id, static_cast<uint64_t>(cursor->Integer(0)), cursor->Bytes(1),
                                    cursor->Bytes(2), [&](const Turn& turn) {
                                      each(turn);
                                      return true;
                                    }));
  }
}

absl::StatusOr<TurnsEnd> SqlReader::TurnsFrom(
    const TurnsQuery& query, const std::function<void(const Turn&, const TurnCursor&)>& each) {
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection_->Query(
          "SELECT n, turns, content FROM v_content WHERE t_start = ?"
          " AND flow_hash = ? AND n >= ? ORDER BY n LIMIT ?",
          {query.id.t_start_ns, query.id.flow_hash, query.from.chunk, kWindowChunksMax}));
  Window window(query, each);
  for (uint64_t chunks = 0;; ++chunks) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return window.End(chunks < kWindowChunksMax);
    const auto n = static_cast<uint64_t>(cursor->Integer(0));
    window.BeginChunk(n);
    DFC_RETURN_IF_ERROR(ForEachTurn(query.id, n, cursor->Bytes(1), cursor->Bytes(2),
                                    [&](const Turn& turn) { return window.Take(turn); }));
    if (window.full()) return window.End(false);
  }
}

absl::StatusOr<uint64_t> SqlReader::CountChunks(const FlowId& id) {
  return Number("SELECT COUNT(*) FROM chunk WHERE t_start = ? AND flow_hash = ?",
                {id.t_start_ns, id.flow_hash});
}

absl::StatusOr<ContentPlace> SqlReader::FindContent(const FlowId& id, Side side, uint64_t offset) {
  DFC_ASSIGN_OR_RETURN(const auto cursor,
                       connection_->Query("SELECT n, turns FROM chunk"
                                          " WHERE t_start = ? AND flow_hash = ? ORDER BY n",
                                          {id.t_start_ns, id.flow_hash}));
  ContentPlace place;
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return place;
    const auto n = static_cast<uint64_t>(cursor->Integer(0));
    const uint64_t before = place.total;
    // The content itself is not read here: how long it is, is checked when it is.
    TurnIndex index(TextOf(cursor->Bytes(1)), kChunkBytesMax);
    IndexedTurn turn{};
    TurnIndex::Result result{};
    while ((result = index.Next(turn)) == TurnIndex::Result::kTurn) {
      if (IsContentOf(side, turn.side, turn.kind)) place.total += turn.length;
    }
    if (result != TurnIndex::Result::kEnd) return DamagedIndex(id, n, index.at());
    if (before <= offset && offset < place.total) {
      place.chunk = n;
      place.skip = offset - before;
    }
  }
}

absl::StatusOr<bool> SqlReader::ChunkContent(const FlowId& id, Side side, uint64_t& chunk,
                                             std::string& bytes) {
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection_->Query("SELECT n, turns, content FROM v_content WHERE t_start = ?"
                         " AND flow_hash = ? AND n >= ? ORDER BY n LIMIT 1",
                         {id.t_start_ns, id.flow_hash, chunk}));
  DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
  if (!found) return false;
  chunk = static_cast<uint64_t>(cursor->Integer(0));
  bytes.clear();
  DFC_RETURN_IF_ERROR(
      ForEachTurn(id, chunk, cursor->Bytes(1), cursor->Bytes(2), [&](const Turn& turn) {
        if (!IsContentOf(side, turn.side, turn.kind)) return true;
        bytes.append(AsChars(turn.bytes.data()), turn.bytes.size());
        return true;
      }));
  return true;
}

}  // namespace dfc
