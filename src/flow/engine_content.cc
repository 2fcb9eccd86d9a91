// What is left out of a flow's content: past a limit, by a rule, or because the sensor can't keep
// up. Packets and bytes are counted as always, and so is each byte that is left out.
#include <algorithm>

#include "engine.h"

namespace dfc {

namespace {

constexpr FlowFlag FlagOf(LeftOut why) {
  switch (why) {
    case LeftOut::kNothing:
      break;
    case LeftOut::kLimit:
      return kFlowContentLimit;
    case LeftOut::kException:
      return kFlowNoContent;
    case LeftOut::kOverload:
      return kFlowOverload;
  }
  return FlowFlag{};
}

// The reasons stand in the same order in LeftOut and, of either kind of payload, in Outcome.
constexpr Outcome OutcomeOf(LeftOut why, bool tcp) {
  const Outcome first = tcp ? Outcome::kTcpContentLimit : Outcome::kDatagramContentLimit;
  return static_cast<Outcome>(static_cast<size_t>(first) + static_cast<size_t>(why) -
                              static_cast<size_t>(LeftOut::kLimit));
}
static_assert(OutcomeOf(LeftOut::kException, true) == Outcome::kTcpNoContent);
static_assert(OutcomeOf(LeftOut::kOverload, true) == Outcome::kTcpOverload);
static_assert(OutcomeOf(LeftOut::kException, false) == Outcome::kDatagramNoContent);
static_assert(OutcomeOf(LeftOut::kOverload, false) == Outcome::kDatagramOverload);

uint64_t StoredBytes(const SideCounts& counts) {
  return counts.content_bytes + counts.urgent_bytes;
}

// A reason that a side has already stays.
void LeaveOutBoth(Flow& flow, LeftOut why) {
  for (LeftOut& each : flow.left_out) {
    if (each == LeftOut::kNothing) each = why;
  }
}

uint64_t Less(uint64_t limit, uint64_t used) { return limit > used ? limit - used : 0; }

}  // namespace

void FlowEngine::Impl::Shed(Shedding shedding) {
  shedding_ = shedding;
  leaves_out_ = leaves_out_ || shedding != Shedding::kNothing;
}

LeftOut FlowEngine::Impl::LeftOutFromStart(const FiveTuple& tuple) const {
  if (limits_.no_content.Has(tuple)) return LeftOut::kException;
  return shedding_ >= Shedding::kNewFlows ? LeftOut::kOverload : LeftOut::kNothing;
}

// How many of `bytes` more the side may have stored. Where that is not all of them, the side, or
// with it the other one, now has a reason to leave out what follows.
uint64_t FlowEngine::Impl::RoomFor(Flow& flow, Side side, uint64_t bytes) {
  LeftOut& left_out = flow.left_out[static_cast<size_t>(side)];
  if (left_out != LeftOut::kNothing) return 0;
  const uint64_t own = StoredBytes(flow.counts[static_cast<size_t>(side)]);
  const uint64_t both = own + StoredBytes(flow.counts[static_cast<size_t>(Other(side))]);
  if (shedding_ >= Shedding::kElephants && both >= kElephantBytes) {
    LeaveOutBoth(flow, LeftOut::kOverload);
    return 0;
  }
  const uint64_t flow_room = Less(limits_.content_flow_bytes_max, both);
  const uint64_t side_room = Less(limits_.content_side_bytes_max, own);
  if (bytes > side_room) left_out = LeftOut::kLimit;
  if (bytes > flow_room) LeaveOutBoth(flow, LeftOut::kLimit);
  return std::min({bytes, flow_room, side_room});
}

// Holes, too, have no turn there. REQUIRES: the side has a reason.
void FlowEngine::Impl::FlagLeftOut(Flow& flow, Side side) {
  const LeftOut why = flow.left_out[static_cast<size_t>(side)];
  if ((flow.flags & FlagOf(why)) != 0) return;
  flow.flags |= FlagOf(why);
  ++counters.left_out_flows[static_cast<size_t>(why)];
}

// REQUIRES: the side has a reason.
void FlowEngine::Impl::LeaveOut(Flow& flow, Side side, uint32_t ledger_cell, uint64_t bytes) {
  const LeftOut why = flow.left_out[static_cast<size_t>(side)];
  FlagLeftOut(flow, side);
  counters.left_out_bytes[static_cast<size_t>(why)] += bytes;
  flow.counts[static_cast<size_t>(side)].shed_bytes += bytes;
  ledger_.CountBytes(ledger_cell, OutcomeOf(why, flow.protocol() == kTcp), bytes);
}

// The part of `bytes`, from the front, that is stored.
ByteSpan FlowEngine::Impl::SideHandler::Keep(Arrival arrival, ByteSpan bytes) {
  const auto kept = static_cast<size_t>(engine_.RoomFor(flow(), side_, bytes.size()));
  if (kept < bytes.size()) {
    engine_.LeaveOut(flow(), side_, arrival.ledger_cell, bytes.size() - kept);
  }
  return bytes.first(kept);
}

// A datagram is stored whole or not at all. False where it is counted as left out.
bool FlowEngine::Impl::KeepsDatagram(const Packet& packet, uint32_t at, Side side) {
  Flow& flow = flows_[at];
  const bool had_reason = flow.left_out[static_cast<size_t>(side)] != LeftOut::kNothing;
  if (RoomFor(flow, side, packet.payload_bytes) == packet.payload_bytes && !had_reason) return true;
  ledger_.CountPayload(packet);
  if (packet.payload_bytes > 0) LeaveOut(flow, side, packet.ledger_cell, packet.payload_bytes);
  TellConflict(packet, at, side, {});
  if (packet.payload_missing == 0) return false;
  current_ = at;
  handlers_[static_cast<size_t>(side)].OnGap(packet.time_ns, 0, packet.payload_missing);
  return false;
}

}  // namespace dfc
