#include "event_rows.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <iterator>

namespace dfc {

std::vector<TurnText> ParseTurns(const std::string& turns) {
  std::vector<TurnText> parsed;
  for (size_t at = 0; at < turns.size();) {
    TurnText turn{};
    int used = 0;
    const int fields =
        std::sscanf(turns.c_str() + at, "[%u,%lld,%llu,%llu,%u,%llu]%n", &turn.side, &turn.t_ns,
                    &turn.offset, &turn.length, &turn.kind, &turn.at, &used);
    if (fields != 6 || used == 0) {
      ADD_FAILURE() << "no turn index: " << turns.substr(at);
      break;
    }
    parsed.push_back(turn);
    at += static_cast<size_t>(used);
    if (at < turns.size() && turns[at++] != ',') ADD_FAILURE() << "no comma in " << turns;
  }
  return parsed;
}

namespace {

std::string TurnWords(const TurnText& turn, const std::string& content) {
  const char mark = turn.side == 0 ? '>' : '<';
  const auto kind = static_cast<TurnKind>(turn.kind);
  if (kind == TurnKind::kGap) return fmt::format("{}[{}]", mark, turn.length);
  if (turn.at > content.size() || content.size() - turn.at < turn.length) {
    ADD_FAILURE() << "a turn past the content";
    return "";
  }
  const std::string text = content.substr(turn.at, turn.length);
  switch (kind) {
    case TurnKind::kDatagram:
      return fmt::format("{}({})", mark, text);
    case TurnKind::kConflict:
      return fmt::format("{}!{}@{}!", mark, text, turn.offset);
    case TurnKind::kUrgent:
      return fmt::format("{}^{}", mark, text);
    default:
      return mark + text;
  }
}

std::string CountsText(const SideCounts& c) {
  return fmt::format(
      "{} packets {} bytes, {} content {} gap {} duplicate {} conflict "
      "{} refused {} urgent {} shed",
      c.packets, c.ip_bytes, c.content_bytes, c.gap_bytes, c.duplicate_bytes, c.conflict_bytes,
      c.refused_bytes, c.urgent_bytes, c.shed_bytes);
}

std::string TupleText(const FiveTuple& tuple) {
  return fmt::format("{}:{}>{}:{}", FormatAddress(tuple.source), tuple.source_port,
                     FormatAddress(tuple.destination), tuple.destination_port);
}

}  // namespace

uint64_t ContentBytes(const std::string& turns) {
  uint64_t bytes = 0;
  for (const TurnText& turn : ParseTurns(turns)) {
    const auto kind = static_cast<TurnKind>(turn.kind);
    if (kind == TurnKind::kData || kind == TurnKind::kDatagram) bytes += turn.length;
  }
  return bytes;
}

void EventRows::TakeChunk(const ChunkView& piece) {
  ++chunk_pieces_;
  StoredChunk& chunk = chunks_[{KeyOf(piece.row.id), piece.row.n}];
  if (piece.row.content_at == 0 && piece.row.turns_at == 0) chunk.t_first_ns = piece.row.t_first_ns;
  EXPECT_GE(piece.row.version, chunk.version);
  chunk.version = piece.row.version;
  const auto append = [](std::string& have, size_t at, std::string_view part) {
    EXPECT_LE(at, have.size()) << "a piece is missing before this one";
    if (at > have.size() || at + part.size() <= have.size()) return;
    have += part.substr(have.size() - at);
  };
  append(chunk.content, piece.row.content_at,
         std::string_view(AsChars(piece.content.data()), piece.content.size()));
  append(chunk.turns, piece.row.turns_at, piece.turns);
}

void EventRows::TakeFlow(const FlowRow& flow) {
  const auto [known, is_new] = flows_.emplace(KeyOf(flow.id), flow);
  if (is_new) return;
  EXPECT_TRUE(rows_advance_) << "a second row of one flow";
  FlowRow& row = known->second;
  EXPECT_GE(flow.counts[0].packets + flow.counts[1].packets,
            row.counts[0].packets + row.counts[1].packets);
  EXPECT_GE(flow.t_last_ns, row.t_last_ns);
  row = flow;
}

void EventRows::Take(const EventBlock& block) {
  block.ForEach([this](RowType type, ByteSpan row) {
    if (type == RowType::kFlow) {
      TakeFlow(EventBlock::Load<FlowRow>(row.data()));
    } else if (type == RowType::kChunk) {
      TakeChunk(ViewChunk(row));
    } else if (type == RowType::kIcmp) {
      const auto icmp = EventBlock::Load<IcmpRow>(row.data());
      EXPECT_TRUE(icmp_.emplace(std::pair(KeyOf(icmp.id), icmp.n), icmp).second);
    } else {
      ledger_.push_back(EventBlock::Load<LedgerRow>(row.data()));
    }
  });
}

const FlowRow& EventRows::flow() const {
  EXPECT_EQ(flows_.size(), 1u);
  return flow(0);
}

const FlowRow& EventRows::flow(size_t n) const {
  DFC_CHECK(n < flows_.size());
  return std::next(flows_.begin(), static_cast<ptrdiff_t>(n))->second;
}

std::string EventRows::Transcript(const FlowRow& flow) const {
  std::string words;
  const Key key = KeyOf(flow.id);
  for (uint32_t n = 0;; ++n) {
    const auto found = chunks_.find({key, n});
    if (found == chunks_.end()) return words;
    if (n > 0) words += " |";
    for (const TurnText& turn : ParseTurns(found->second.turns)) {
      if (!words.empty()) words += ' ';
      words += TurnWords(turn, found->second.content);
    }
  }
}

std::string EventRows::Dump() const {
  std::string text;
  for (const auto& [key, row] : flows_) {
    const FiveTuple tuple{row.client, row.server, row.client_port, row.server_port, row.protocol};
    text +=
        fmt::format("flow {}/{:x} to {} {} {} {}/{} {} flags {} vlan {} tunnel {} {}\n  {}\n  {}\n",
                    key.t_start_ns, key.flow_hash, row.t_last_ns, ProtocolName(row.protocol),
                    TupleText(tuple), row.icmp_type, row.icmp_code, FlowStateName(row.state),
                    row.flags, row.vlan, TunnelName(row.tunnel.kind), row.tunnel.id,
                    CountsText(row.counts[0]), CountsText(row.counts[1]));
  }
  for (const auto& [key, chunk] : chunks_) {
    text += fmt::format("chunk {}/{:x} {} version {} at {}: {} {}\n", key.first.t_start_ns,
                        key.first.flow_hash, key.second, chunk.version, chunk.t_first_ns,
                        chunk.turns, chunk.content);
  }
  for (const auto& [key, row] : icmp_) {
    text += fmt::format("icmp {}/{:x} {} at {} rtt {} side {} {}/{} {:x} quote {} {} {}/{:x} {}",
                        key.first.t_start_ns, key.first.flow_hash, key.second, row.t_ns, row.rtt_ns,
                        static_cast<int>(row.side), row.type, row.code, row.rest, row.has_quote,
                        row.quote_found, row.about.t_start_ns, row.about.flow_hash,
                        row.has_quote ? TupleText(row.quoted) : "");
    text += fmt::format(" {} {} payload {} at {}/{}+{}\n", IcmpPairingName(row.pairing),
                        row.request_n, static_cast<int>(row.payload), row.content_n, row.content_at,
                        row.content_bytes);
  }
  return text;
}

EventBlock* RowCollector::Next(EventBlock* full) {
  if (full != nullptr) rows.Take(*full);
  block_.Clear();
  return &block_;
}

}  // namespace dfc
