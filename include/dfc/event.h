// Event blocks: the hand-off unit, the insert batch and the database transaction, all in one.
// Module: flow
//
//   | RowHeader | FlowRow | RowHeader | ChunkRow | content | turns | RowHeader | ...  free  |
//   0                                                                            used    1 MiB
//
// Plain data: rows are trivially copyable, host order, 8-byte aligned. A block belongs to one
// thread at a time; a worker fills it, the sink reads it and gives it back. docs/formats.md has the
// layout.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "dfc/bytes.h"
#include "dfc/check.h"
#include "dfc/memory.h"
#include "dfc/packet.h"
#include "dfc/verdict.h"

namespace dfc {

// Names a flow for ever: time of its first packet and a hash of sensor name and tuple.
struct FlowId {
  int64_t t_start_ns = 0;
  uint64_t flow_hash = 0;
  bool operator==(const FlowId&) const = default;
};

enum class Side : uint8_t { kClient = 0, kServer = 1 };
inline Side Other(Side side) { return side == Side::kClient ? Side::kServer : Side::kClient; }

enum class TurnKind : uint8_t {
  kData = 0,
  kGap = 1,
  kDatagram = 2,
  kConflict = 3,  // Another copy of bytes of the stream that differs: it lost.
  kUrgent = 4,    // A byte that an urgent pointer took out of the stream.
};

// In the order of a flow's life.
enum class FlowState : uint8_t {
  kAttempt,      // TCP: a SYN without an answer.
  kOneWay,       // All but TCP: only one side has spoken.
  kTwoWay,       // All but TCP: both have.
  kEstablished,  // TCP: data may flow.
  kClosing,      // TCP: one side has sent FIN.
  kClosed,       // TCP: both sides have sent FIN.
  kReset,        // TCP: ended by RST.
  kRejected,     // TCP: the first answer to the SYN was RST.
};
inline constexpr size_t kFlowStateCount = static_cast<size_t>(FlowState::kRejected) + 1;
// "attempt", "one-way", "two-way", "established", "closing", "closed", "reset", "rejected".
const char* FlowStateName(FlowState state);

// "tcp", "udp", "icmp", "icmp6", "sctp", "gre" ..., or the number.
std::string ProtocolName(uint8_t protocol);

// Facts about a flow, or-ed together.
enum FlowFlag : uint16_t {
  kFlowMidstream = 1,      // No SYN was seen.
  kFlowGap = 2,            // Content is missing somewhere.
  kFlowOutOfOrder = 4,     // Segments came early and were held.
  kFlowConflict = 8,       // Two copies of a byte differed, as far as both were at hand.
  kFlowFragmented = 16,    // Some datagram came in fragments.
  kFlowTruncated = 32,     // The snaplen cut content off.
  kFlowReused = 64,        // The ports were those of an earlier flow that this one ended.
  kFlowEvicted = 128,      // Written out early because a limit was reached.
  kFlowUrgent = 256,       // An urgent pointer took bytes out of the stream.
  kFlowAttempts = 512,     // Many attempts to connect in one row: its unknown ends are unspecified.
  kFlowAfterReset = 1024,  // TCP: data came after RST; who sent that may have been a third.
  // Content was left out, and is counted as shed:
  kFlowContentLimit = 2048,  // What came past a limit of content.
  kFlowNoContent = 4096,     // All of it, as its port or network is recorded without.
  kFlowOverload = 8192,      // What came while the sensor could not keep up.
};

struct SideCounts {
  uint64_t packets = 0;
  uint64_t ip_bytes = 0;         // IP datagrams as on the wire, headers included.
  uint64_t content_bytes = 0;    // Restored content.
  uint64_t gap_bytes = 0;        // Known to be missing between the restored bytes.
  uint64_t duplicate_bytes = 0;  // Came again: retransmissions, keep-alives, overlaps.
  uint64_t conflict_bytes = 0;   // Came again, and differ from the copy that counts.
  uint64_t refused_bytes =
      0;                      // The receiver does not take them: out of window, behind FIN, forged.
  uint64_t urgent_bytes = 0;  // Taken out of the stream by an urgent pointer.
  uint64_t shed_bytes = 0;    // Given up: too late for a gap, or left out as the flow's flags tell.
};

struct FlowRow {
  FlowId id;
  int64_t t_last_ns;
  IpAddress client;
  IpAddress server;
  uint16_t client_port;
  uint16_t server_port;
  uint8_t protocol;
  uint8_t icmp_type;  // Of the first message, for Community ID.
  uint8_t icmp_code;
  FlowState state;
  uint16_t flags;
  uint16_t vlan;
  Tunnel tunnel;         // Of its first packet, as the VLAN id.
  SideCounts counts[2];  // By Side.
};

// A piece of a chunk. Nearly always the whole chunk: `content_at` and `turns_at` are zero. When
// memory ran short, or to show an open flow, a chunk leaves in pieces; a store appends the part of
// a piece that lies past what it has, so that pieces may come twice and rows only grow. The bytes
// follow the row: `content_bytes` of content, then `turns_bytes` of turn index, which is the inside
// of a JSON array (no brackets; a piece that continues an index starts with a comma).
//
// `version` tells how much of the flow had been seen when the piece got its last byte or gap: a
// capture that was cut short gives up gaps that the whole one fills, so of two versions of a chunk
// the larger is the better.
struct ChunkRow {
  FlowId id;
  uint64_t version;    // Packets of the flow.
  int64_t t_first_ns;  // Of the chunk's first turn; only meaningful when both *_at are zero.
  uint32_t n;          // 0, 1, 2, ... within the flow.
  uint32_t content_at;
  uint32_t content_bytes;
  uint32_t turns_at;
  uint32_t turns_bytes;
};

// What an ICMP message is to the request that it belongs to.
enum class IcmpPairing : uint8_t {
  kNone,  // Neither asks nor answers.
  kRequest,
  kReply,
  kLate,       // A reply after more than 4 s.
  kDuplicate,  // One more reply to a request that has one.
  kStray,      // A reply without a request, as far as requests were seen and remembered.
  kError,      // An error that quotes a request.
};
inline constexpr size_t kIcmpPairingCount = static_cast<size_t>(IcmpPairing::kError) + 1;
// "", "request", "reply", "late", "duplicate", "stray", "error".
const char* IcmpPairingName(IcmpPairing pairing);

// What came back in an echo reply, beside what was sent.
enum class IcmpPayload : uint8_t { kUnknown, kEqual, kDiffers };

inline constexpr uint32_t kNoIcmpMessage = UINT32_MAX;

struct IcmpRow {
  FlowId id;  // The ICMP flow.
  int64_t t_ns;
  int64_t rtt_ns;  // Of what belongs to a request that was seen: time since; -1 otherwise.
  uint32_t n;      // 0, 1, 2, ... within the flow.
  uint32_t payload_bytes;
  uint32_t rest;
  uint16_t ident;
  uint16_t seq;
  Side side;
  uint8_t type;
  uint8_t code;
  bool has_quote;
  bool quote_found;  // `about` names a flow that was known when the error came.
  FlowId about;      // The quoted flow; t_start_ns is 0 when that flow was not known.
  FiveTuple quoted;
  bool quote_cut;  // `quoted` has no ports, and names no flow: a later fragment, or too short.
  IcmpPairing pairing;
  IcmpPayload payload;
  uint32_t request_n;      // Of the request, in this flow or, of an error, in `about`.
  uint32_t content_n;      // Where the payload lies: the chunk, ...
  uint32_t content_at;     // ... the position in its content ...
  uint32_t content_bytes;  // ... and as much of it as was captured.
};

// What the ledger counts. Values below kVerdictCount are the verdict of that number: exactly one a
// captured frame. Each delivered packet is in one of kFlow*, each payload byte of a TCP packet in
// kTcpPayload and in one of those behind it; of all others in kDatagramPayload and so on. `dfc
// verify` proves it.
enum class Outcome : uint8_t {
  kCaptured = kVerdictCount,  // A frame was read; counted before anyone looks at it.
  kFlowTcp,                   // A flow has counted the packet, and its bytes as IP on the wire.
  kFlowUdp,
  kFlowIcmp,
  kFlowIcmpv6,
  kFlowOther,
  kTcpPayload,  // Captured payload; from here on there are bytes only.
  kTcpStored,
  kTcpDuplicate,
  kTcpConflict,
  kTcpUrgent,         // Taken out of the stream by an urgent pointer, and kept beside it.
  kTcpUrgentDropped,  // The same, and not kept.
  kTcpOutOfWindow,
  kTcpShed,          // Too late for a gap that was given up for a limit.
  kTcpContentLimit,  // Left out: past a limit of the flow's or the side's content.
  kTcpNoContent,     // Left out: its port or network is recorded without content.
  kTcpOverload,      // Left out: the sensor could not keep up.
  kDatagramPayload,
  kDatagramStored,
  kDatagramConflict,      // A copy that lost of bytes in fragments: on offer beside the datagram.
  kDatagramContentLimit,  // Left out, for the same reasons as TCP's.
  kDatagramNoContent,
  kDatagramOverload,
};
inline constexpr Outcome kTcpFateLast = Outcome::kTcpOverload;
inline constexpr Outcome kDatagramFateLast = Outcome::kDatagramOverload;
inline constexpr size_t kOutcomeCount = static_cast<size_t>(kDatagramFateLast) + 1;
static_assert(kOutcomeCount <= 256);
constexpr Outcome OutcomeOf(Verdict verdict) { return static_cast<Outcome>(verdict); }
// VerdictName, or "captured", "flow_tcp", "tcp_duplicate": stored, so never reuse one.
const char* OutcomeName(Outcome outcome);
// kFlowTcp and so on.
Outcome FlowOutcome(uint8_t protocol);

// Packets and bytes that came to one outcome in one minute. A minute's rows come together, the one
// of kCaptured last: it completes them.
struct LedgerRow {
  int64_t t_minute_ns;
  uint64_t source;  // Which input the row counts, so that counting it again changes nothing.
  uint64_t packets;
  uint64_t bytes;
  Outcome outcome;
  // How much of the input was counted: of two versions of a minute the larger stays, whole. 0: part
  // of a live capture's minute, to be added to what is there.
  uint64_t version = 0;
};

enum class RowType : uint32_t { kFlow = 0, kChunk = 1, kIcmp = 2, kLedger = 3 };
inline constexpr size_t kRowTypeCount = 4;

struct RowHeader {
  uint32_t bytes;  // Of the row and what follows it, without this header and without padding.
  RowType type;
};

inline constexpr size_t kChunkContentBytesMax = 65'000;
inline constexpr size_t kChunkTurnsMax = 2'000;

class EventBlock {
 public:
  static constexpr size_t kBytes = size_t{1} << 20;

  EventBlock() : memory_(kBytes) {}

  // Room for one row of `bytes`, or null when the block is too full. The room is uninitialised.
  uint8_t* Append(RowType type, size_t bytes) {
    const size_t need = sizeof(RowHeader) + Padded(bytes);
    if (kBytes - used_ < need) return nullptr;
    const RowHeader header{static_cast<uint32_t>(bytes), type};
    std::memcpy(memory_.data() + used_, &header, sizeof header);
    uint8_t* room = memory_.data() + used_ + sizeof header;
    used_ += need;
    ++counts_[static_cast<size_t>(type)];
    return room;
  }

  // Calls visit(RowType, ByteSpan row) for each row in the order of appending.
  template <typename Visitor>
  void ForEach(Visitor visit) const {
    for (size_t at = 0; at < used_;) {
      const RowHeader header = Load<RowHeader>(memory_.data() + at);
      visit(header.type, ByteSpan(memory_.data() + at + sizeof header, header.bytes));
      at += sizeof header + Padded(header.bytes);
    }
  }

  // The fixed part of a row.
  template <typename Row>
  static Row Load(const uint8_t* at) {
    static_assert(std::is_trivially_copyable_v<Row>);
    return LoadNative<Row>(at);
  }

  void Clear() {
    used_ = 0;
    counts_ = {};
  }
  // All rows as one piece, for keeping; another block takes them from it.
  ByteSpan bytes() const { return {memory_.data(), used_}; }
  // Takes what bytes() gave. False, and empty, where it is nothing of the kind: whoever walks the
  // rows trusts their lengths.
  bool Assign(ByteSpan bytes);
  // A copy of a row of another block; false when there is no room.
  bool AppendCopy(RowType type, ByteSpan row) {
    uint8_t* const room = Append(type, row.size());
    if (room != nullptr) std::memcpy(room, row.data(), row.size());
    return room != nullptr;
  }

  bool empty() const { return used_ == 0; }
  size_t used() const { return used_; }
  uint32_t count(RowType type) const { return counts_[static_cast<size_t>(type)]; }
  uint32_t rows() const { return counts_[0] + counts_[1] + counts_[2] + counts_[3]; }

  uint32_t owner = 0;     // The worker that the block goes back to.
  uint64_t epoch = 0;     // Which run of the sensor, set by the sink.
  uint64_t sequence = 0;  // Of the block within the run, set by the sink.

 private:
  static size_t Padded(size_t bytes) { return (bytes + 7) & ~size_t{7}; }

  Mapping memory_;
  size_t used_ = 0;
  std::array<uint32_t, kRowTypeCount> counts_{};
};

// Content and turn index of a chunk row as it lies in a block.
struct ChunkView {
  ChunkRow row;
  ByteSpan content;
  std::string_view turns;
};
ChunkView ViewChunk(ByteSpan row);

// Community ID version 1 with seed 0, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", the same for both
// directions. https://github.com/corelight/community-id-spec. `tuple` runs from client to server;
// for ICMP the type and code of the flow's first message stand in for the ports.
std::string CommunityId(const FlowRow& row);

}  // namespace dfc
