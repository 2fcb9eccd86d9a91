// The rows of event blocks, put together as a store does it.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dfc/event.h"
#include "dfc/flow_engine.h"

namespace dfc {

struct StoredChunk {
  uint64_t version = 0;
  int64_t t_first_ns = 0;
  std::string content;
  std::string turns;

  bool operator==(const StoredChunk&) const = default;
};

// An element of a chunk's turn index; see docs/formats.md.
struct TurnText {
  unsigned side, kind;
  long long t_ns;
  unsigned long long offset, length, at;
};
// Text that is no index fails the test.
std::vector<TurnText> ParseTurns(const std::string& turns);

// Bytes of data and datagrams that a chunk's turn index tells, without copies that lost.
uint64_t ContentBytes(const std::string& turns);

class EventRows {
 public:
  struct Key {
    int64_t t_start_ns;
    uint64_t flow_hash;
    auto operator<=>(const Key&) const = default;
  };
  static Key KeyOf(const FlowId& id) { return {id.t_start_ns, id.flow_hash}; }

  // Appends pieces of chunks to what is there; a piece that leaves a hole fails the test. So does
  // a second row of a flow, unless rows may advance: then one that goes back does.
  void Take(const EventBlock& block);
  void LetRowsAdvance() { rows_advance_ = true; }

  const std::map<Key, FlowRow>& flows() const { return flows_; }
  const std::map<std::pair<Key, uint32_t>, StoredChunk>& chunks() const { return chunks_; }
  const std::map<std::pair<Key, uint32_t>, IcmpRow>& icmp() const { return icmp_; }
  const std::vector<LedgerRow>& ledger() const { return ledger_; }
  uint64_t chunk_pieces() const { return chunk_pieces_; }

  // The only flow there is; the n-th by time.
  const FlowRow& flow() const;
  const FlowRow& flow(size_t n) const;

  // What was said, turn by turn: ">abc" by the client, "<de" by the server, ">[3]" a gap,
  // ">(abc)" a datagram, ">!abc@7!" a copy that lost at offset 7, ">^a" an urgent byte; "|" between
  // two chunks.
  std::string Transcript() const { return Transcript(flow()); }
  std::string Transcript(const FlowRow& flow) const;

  // Everything but the ledger as text, the same however the rows came.
  std::string Dump() const;

 private:
  void TakeChunk(const ChunkView& piece);
  void TakeFlow(const FlowRow& flow);

  bool rows_advance_ = false;
  std::map<Key, FlowRow> flows_;
  std::map<std::pair<Key, uint32_t>, StoredChunk> chunks_;
  std::map<std::pair<Key, uint32_t>, IcmpRow> icmp_;
  std::vector<LedgerRow> ledger_;
  uint64_t chunk_pieces_ = 0;
};

// Takes a FlowEngine's blocks; it has a single one.
class RowCollector final : public EventOutput {
 public:
  EventBlock* Next(EventBlock* full) override;
  void Last(EventBlock* block) override { rows.Take(*block); }

  EventRows rows;

 private:
  EventBlock block_;
};

}  // namespace dfc
