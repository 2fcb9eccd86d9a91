// A worker's flows: takes packets, gives rows.
// Module: flow
//
//   packets -> flow table -> TCP streams | datagrams | ICMP exchanges -> content -> EventBlocks
//
// Everything that decides a row is a fact of the flow's own packets and of the capture's clock,
// never of the run: the same packets give the same rows whatever the number of workers. Owned by
// one worker thread; takes no lock, and does not allocate after construction.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dfc/content_exceptions.h"
#include "dfc/event.h"
#include "dfc/host_policy.h"
#include "dfc/packet.h"

namespace dfc {

// What becomes of the byte that a TCP urgent pointer names.
enum class Urgent : uint8_t {
  kOutOfBand,  // Taken out of the stream and kept beside it, as an application finds it by default.
  kInline,     // Part of the stream (SO_OOBINLINE, and what RFC 6093 recommends).
  kDrop,       // Taken out of the stream, counted, and not kept.
};

// Why content is left out that was captured: not stored, but counted. Of a side that has a reason
// everything is, from there to the flow's end.
enum class LeftOut : uint8_t {
  kNothing,
  kLimit,      // FlowLimits::content_flow_bytes_max, content_side_bytes_max.
  kException,  // FlowLimits::no_content.
  kOverload,   // Shedding.
};
inline constexpr size_t kLeftOutCount = static_cast<size_t>(LeftOut::kOverload) + 1;

// What a live capture leaves out where it can't keep up; each level has those before it.
enum class Shedding : uint8_t {
  kNothing,
  kElephants,  // Content of flows that have kElephantBytes of it already.
  kNewFlows,   // Content of flows that begin meanwhile.
};
inline constexpr uint64_t kElephantBytes = uint64_t{1} << 20;

struct FlowLimits {
  size_t flows_max = 1 << 20;             // At the limit the flow that is due first is written out.
  size_t content_bytes_max = 192u << 20;  // Held content; at the limit the oldest leaves early.
  size_t held_bytes_max = 4u << 20;  // Early segments of one direction; then a gap is given up.
  int64_t gap_hold_ns = 60 * int64_t{1'000'000'000};  // How long a hole may wait for its bytes.
  int64_t tcp_idle_ns = 3600 * int64_t{1'000'000'000};
  int64_t tcp_attempt_idle_ns = 300 * int64_t{1'000'000'000};  // No answer to the SYN.
  int64_t tcp_closed_idle_ns = 300 * int64_t{1'000'000'000};   // After FIN or RST.
  int64_t udp_idle_ns = 180 * int64_t{1'000'000'000};          // And of all others.
  int64_t icmp_idle_ns = 60 * int64_t{1'000'000'000};
  HostPolicies host_policies = {};  // Whose copy counts where segments overlap.
  Urgent urgent = Urgent::kOutOfBand;
  size_t ledger_cells = 1;                       // Packet::ledger_cell lies below.
  uint64_t content_flow_bytes_max = UINT64_MAX;  // Stored of a flow; the rest is left out.
  uint64_t content_side_bytes_max = UINT64_MAX;  // Stored of one side of it.
  ContentExceptions no_content = {};
  uint32_t worker = 0;  // Tells the rows apart that two workers write about one flood.
  // Of a live capture: names it in the rows of the ledger, which leave while it runs. Cell 0 is
  // then minute 0, and any other that of its packets' clock; a cell may serve another minute once
  // oldest_open_ns() is past its own.
  std::optional<uint64_t> live_source = {};
};

// Where full blocks go and empty ones come from. Next() hands `full` on (null the first time) and
// returns an empty block; it may wait. Last() hands on the block that will not be filled further.
class EventOutput {
 public:
  virtual ~EventOutput() = default;
  virtual EventBlock* Next(EventBlock* full) = 0;
  virtual void Last(EventBlock* block) = 0;
};

// Counted by the worker, read by anyone: one writer, relaxed (each figure stands alone).
struct FlowCounters {
  uint64_t flows[6] = {};  // TCP, UDP, ICMP, ICMPv6, SCTP, others.
  uint64_t flows_now = 0;
  uint64_t flows_evicted = 0;          // Written out early: flows_max was reached.
  uint64_t attempts_summed = 0;        // In rows with kFlowAttempts, with none of their own.
  uint64_t content_flushed_early = 0;  // Pieces written early: content_bytes_max was reached.
  uint64_t gaps = 0;
  uint64_t gap_bytes = 0;
  uint64_t content_bytes = 0;
  uint64_t duplicate_bytes = 0;
  uint64_t conflict_bytes = 0;
  uint64_t refused_bytes = 0;
  uint64_t urgent_bytes = 0;
  uint64_t shed_bytes = 0;
  uint64_t gaps_given_up_early = 0;  // Holes not waited for: no memory to hold what came behind.
  // By LeftOut: flows of which bytes were, and those bytes.
  uint64_t left_out_flows[kLeftOutCount] = {};
  uint64_t left_out_bytes[kLeftOutCount] = {};
  uint64_t icmp_messages = 0;
  uint64_t icmp_requests_dropped = 0;  // Made room for others before a reply came.

  // All of them are numbers of 64 bits, so that none can be left out.
  void Add(const FlowCounters& other) {
    using Numbers = std::array<uint64_t, sizeof(FlowCounters) / sizeof(uint64_t)>;
    auto sums = std::bit_cast<Numbers>(*this);
    const auto more = std::bit_cast<Numbers>(other);
    for (size_t at = 0; at < sums.size(); ++at) sums[at] += more[at];
    *this = std::bit_cast<FlowCounters>(sums);
  }

  // Where in `flows` a protocol is counted.
  static size_t KindOf(uint8_t protocol) {
    switch (protocol) {
      case kTcp:
        return 0;
      case kUdp:
        return 1;
      case kIcmp:
        return 2;
      case kIcmpv6:
        return 3;
      case kSctp:
        return 4;
      default:
        return 5;
    }
  }
};

// What became of the packets and payload bytes of one ledger cell, by Outcome from kFlowTcp on.
// Each byte counts in the cell of the packet that brought it, whenever its fate was decided.
struct FlowTally {
  static constexpr size_t kFirst = static_cast<size_t>(Outcome::kFlowTcp);
  static constexpr size_t kPackets = static_cast<size_t>(Outcome::kTcpPayload) - kFirst;

  std::array<uint64_t, kPackets> packets;
  std::array<uint64_t, kOutcomeCount - kFirst> bytes;

  uint64_t PacketsOf(Outcome outcome) const {
    const size_t at = static_cast<size_t>(outcome) - kFirst;
    return at < kPackets ? packets[at] : 0;
  }
  uint64_t BytesOf(Outcome outcome) const { return bytes[static_cast<size_t>(outcome) - kFirst]; }
  void Add(const FlowTally& other) {
    for (size_t at = 0; at < packets.size(); ++at) packets[at] += other.packets[at];
    for (size_t at = 0; at < bytes.size(); ++at) bytes[at] += other.bytes[at];
  }
};

class FlowEngine {
 public:
  // `sensor` names the sensor: it is part of every flow's identity. `table_secret` keys the flow
  // table's hash; any number will do, but attackers must not know it.
  FlowEngine(const FlowLimits& limits, std::string_view sensor, uint64_t table_secret,
             EventOutput& output);
  ~FlowEngine();

  void Update(std::span<const Packet> packets);

  // Writes out what has been idle too long at `clock_ns`; Update() does so by itself.
  void Advance(int64_t clock_ns);

  // Live: from now on. A flow of which content was left out stays so.
  void Shed(Shedding shedding);

  // Live: the content of open flows leaves, as do the rows of those that have changed since the
  // last call, and what the ledger has counted since. Attempts to connect have no row before they
  // end: they may become part of a sum.
  void ShowOpen();
  // The block at hand leaves, if there is anything in it.
  void HandOn();

  // Writes out everything and hands on the last block. Nothing may be called after it.
  void Finish();

  // The earliest minute, but for that of cell 0, with bytes whose fate was open at the last
  // ShowOpen(). INT64_MAX when there is none.
  int64_t oldest_open_ns() const;

  const FlowCounters& counters() const;
  // REQUIRES: cell < ledger_cells. Complete after Finish(); live, what has not left.
  const FlowTally& tally(uint32_t cell) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The hash that picks a packet's worker: the same for both directions of a flow, and for an ICMP
// error the hash of the flow that it quotes.
uint64_t ShardHash(const Packet& packet, uint64_t secret);

}  // namespace dfc
