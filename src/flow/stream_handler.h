// What goes into a TCP stream and what comes out of it.
#pragma once

#include <cstdint>

#include "dfc/bytes.h"
#include "segment_pool.h"

namespace dfc {

// Why a payload byte did not become content. Every byte that goes into a stream comes out once: as
// data, as urgent data, or discarded for one of these reasons.
enum class Discard : uint8_t {
  kDuplicate,    // Came again.
  kConflict,     // Came again, and differs from the copy that counts.
  kOutOfWindow,  // The receiver does not take it: out of window, behind FIN, forged.
  kShed,         // Too late: its gap was given up for a limit of time or memory.
};

// When a packet came, and where the ledger counts what it brought (Packet::ledger_cell).
struct Arrival {
  int64_t t_ns = 0;
  uint32_t ledger_cell = 0;
};

class StreamHandler {
 public:
  virtual ~StreamHandler() = default;

  // Content in order. `arrival` is that of the packet that brought the bytes.
  virtual void OnData(Arrival arrival, uint64_t offset, ByteSpan bytes) = 0;
  virtual void OnGap(int64_t t_ns, uint64_t offset, uint32_t bytes) = 0;
  // The byte that an urgent pointer took out of the stream (RFC 6093 2.2).
  virtual void OnUrgent(Arrival arrival, uint64_t offset, uint8_t byte) = 0;
  virtual void OnDiscard(Arrival arrival, Discard why, uint64_t offset, ByteSpan bytes) = 0;

  // Which of `bytes` differ from what was delivered at `offset`, as far as that is still at hand:
  // from the first to behind the last one that does, 0 and 0 where none does.
  struct Difference {
    size_t begin;
    size_t end;
  };
  virtual Difference CompareWithDelivered(uint64_t offset, ByteSpan bytes) = 0;
};

// Discards bytes that came again: duplicates, and a conflict between the first and the last that
// differ.
void DiscardRepeated(StreamHandler& handler, Arrival arrival, uint64_t offset, ByteSpan bytes,
                     StreamHandler::Difference difference);

// What a worker's streams hold together: kept below half of the pool, so that content has room.
struct HeldBudget {
  SegmentPool& pool;
  MemoryPressure* pressure = nullptr;  // Asked for room before a hole is given up for lack of it.
  size_t pool_bytes_taken = 0;
  uint64_t gaps_given_up = 0;  // For lack of memory to wait with.
};

// Why the receiver should refuse a segment.
enum class Doubt : uint8_t {
  kNone,
  kAckUnsent,     // It acknowledges what was never sent, as far as was seen.
  kBeyondWindow,  // It lies behind the window that was offered, as far as was seen.
  kBeforeSyn,     // Its side has not sent SYN yet, as far as was seen.
  kOther,
};

struct TcpSegment {
  uint32_t seq;  // Of the first byte.
  ByteSpan payload;
  uint32_t missing = 0;  // Bytes behind the payload that the snaplen cut off.
  bool fin = false;      // FIN stands behind them.
  Doubt doubt = Doubt::kNone;
  uint32_t ack = 0;    // Its acknowledgment number.
  uint32_t order = 0;  // Of its packet in the connection.
  Arrival arrival = {};
  int64_t clock_ns = 0;
  bool may_be_far = false;  // Nothing speaks against it, however far ahead of the stream it is.
};

}  // namespace dfc
