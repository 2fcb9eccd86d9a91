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
#include <cstdint>
#include <memory>
#include <span>

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
  size_t ledger_cells = 1;  // Packet::ledger_cell lies below.
  uint32_t worker = 0;      // Tells the rows apart that two workers write about one flood.
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
  uint64_t icmp_messages = 0;
  uint64_t icmp_requests_dropped = 0;  // Made room for others before a reply came.

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

  // Writes out everything and hands on the last block. Nothing may be called after it.
  void Finish();

  const FlowCounters& counters() const;
  // REQUIRES: cell < ledger_cells. Complete after Finish().
  const FlowTally& tally(uint32_t cell) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The hash that picks a packet's worker: the same for both directions of a flow, and for an ICMP
// error the hash of the flow that it quotes.
uint64_t ShardHash(const Packet& packet, uint64_t secret);

}  // namespace dfc
