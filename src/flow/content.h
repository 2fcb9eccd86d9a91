// The content of one flow that has not left yet: both sides' bytes in the order of arrival.
//
//   chain of segments:  | run | bytes... | run | bytes... | open run | bytes... |
//
// A run is what becomes one turn: bytes of one side without a break. Contiguous bytes of the same
// side join the open run for up to kRunNs; datagrams and gaps are runs of their own. At 65,000
// bytes or 2,000 turns the chunk is complete and leaves. When memory runs short a chunk leaves in
// pieces (see ChunkRow); the open run's turn is then written by a later piece, so that the chunk in
// the store is the same in the end, whenever and however often that happened.
#pragma once

#include <cstdint>

#include "age_list.h"
#include "dfc/event.h"
#include "event_writer.h"
#include "segment_pool.h"
#include "stream_handler.h"

namespace dfc {

// Lives in segment memory in front of its bytes.
struct ContentRun {
  int64_t t_ns;
  uint64_t offset;  // In the side's stream.
  uint32_t bytes;   // Length of the turn so far.
  uint32_t left;    // How many of them have left already; only the chain's first run has any.
  uint32_t at;      // Position in the chunk's content.
  Side side;
  TurnKind kind;
};

// Plain state inside a flow; all zero is a flow without content.
struct ContentState {
  Segment* first;
  Segment* last;
  ContentRun* open;   // The run that may still grow, in the chain; null when there is none.
  ContentRun parked;  // The open run while the chain is empty, its bytes having left.
  bool has_parked;
  bool in_datagram;     // A datagram's bytes are being copied in.
  AgeLink age;          // Among the worker's flows that hold content.
  uint32_t n;           // Of the chunk.
  uint32_t bytes;       // In the chunk, with what has left.
  uint32_t bytes_left;  // Have left in earlier pieces.
  uint32_t turns;       // In the chunk.
  uint32_t turns_left;  // Bytes of turn text that have left in earlier pieces.
  int64_t t_first_ns;   // Of the chunk's first turn.
  uint64_t version;     // Packets of the flow when the chunk last grew.
};

// Where in a flow's content something lies.
struct ContentPlace {
  uint32_t n;   // Of the chunk.
  uint32_t at;  // Position in the chunk's content.
  uint32_t bytes;
};

// Works on the state of whichever flow it is handed. One worker owns it.
class ContentLog {
 public:
  ContentLog(SegmentPool& pool, EventWriter& events, MemoryPressure& pressure);

  struct Target {
    FlowId id;
    ContentState& state;
    uint64_t packets;  // Of the flow so far.
  };

  // Bytes at `offset` of the side's stream. Splits at the chunk's end.
  void AddData(Target to, Side side, int64_t t_ns, uint64_t offset, ByteSpan bytes,
               TurnKind kind = TurnKind::kData);
  ContentPlace AddDatagram(Target to, Side side, int64_t t_ns, uint64_t offset, ByteSpan bytes);
  void AddGap(Target to, Side side, int64_t t_ns, uint64_t offset, uint32_t bytes);

  // Which of `bytes` differ from the side's data at `offset`, as far as it has not left.
  StreamHandler::Difference Compare(const ContentState& state, Side side, uint64_t offset,
                                    ByteSpan bytes) const;

  // Everything leaves and the chunk is complete; what follows belongs to the next chunk.
  void Complete(Target to);
  // The bytes leave now; the chunk goes on.
  void LeaveEarly(Target to);

 private:
  // Longest text of one turn: ",[1," and three numbers of 20, two of 10 digits, their commas, "]".
  static constexpr size_t kTurnTextMax = 80;

  void OpenRun(Target to, const ContentRun& run);
  void Unpark(ContentState& state);
  Segment* SegmentWith(ContentState& state, size_t least, size_t want);
  void CopyIn(ContentState& state, ByteSpan bytes);
  void Write(Target to, bool with_open_run);
  size_t WriteTurnText(const Target& to, bool with_open_run);

  SegmentPool& pool_;
  EventWriter& events_;
  MemoryPressure& pressure_;
  Mapping turn_text_;
};

}  // namespace dfc
