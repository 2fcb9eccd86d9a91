// What becomes of the bytes of one side of a connection: content, evidence, counts.
#include <algorithm>

#include "engine.h"

namespace dfc {

namespace {

constexpr size_t kConflictBytesMax = 4'096;  // Kept of a direction's copies that lost.

Outcome OutcomeOf(Discard why) {
  switch (why) {
    case Discard::kDuplicate:
      return Outcome::kTcpDuplicate;
    case Discard::kConflict:
      return Outcome::kTcpConflict;
    case Discard::kOutOfWindow:
      return Outcome::kTcpOutOfWindow;
    case Discard::kShed:
      return Outcome::kTcpShed;
  }
  return Outcome::kTcpOutOfWindow;
}

}  // namespace

void FlowEngine::Impl::SideHandler::AddRun(int64_t t_ns, uint64_t offset, ByteSpan bytes,
                                           TurnKind kind) {
  const uint32_t at = engine_.current_;
  engine_.content_ages_.Add(at);
  engine_.content_.AddData(engine_.TargetOf(at), side_, t_ns, offset, bytes, kind);
  engine_.content_ages_.Add(at);  // Relief may have unlisted it on the way.
}

void FlowEngine::Impl::SideHandler::OnData(Arrival arrival, uint64_t offset, ByteSpan bytes) {
  if (engine_.leaves_out_) {
    bytes = Keep(arrival, bytes);
    if (bytes.empty()) return;
  }
  AddRun(arrival.t_ns, offset, bytes, TurnKind::kData);
  engine_.ledger_.CountBytes(arrival.ledger_cell, Outcome::kTcpStored, bytes.size());
  counts().content_bytes += bytes.size();
  engine_.counters.content_bytes += bytes.size();
}

void FlowEngine::Impl::SideHandler::OnGap(int64_t t_ns, uint64_t offset, uint32_t bytes) {
  const uint32_t at = engine_.current_;
  if (left_out() == LeftOut::kNothing) {  // A hole in what is stored, that is.
    engine_.content_ages_.Add(at);
    engine_.content_.AddGap(engine_.TargetOf(at), side_, t_ns, offset, bytes);
    engine_.content_ages_.Add(at);
  } else {
    engine_.FlagLeftOut(flow(), side_);
  }
  counts().gap_bytes += bytes;
  flow().flags |= kFlowGap;
  ++engine_.counters.gaps;
  engine_.counters.gap_bytes += bytes;
}

void FlowEngine::Impl::SideHandler::OnUrgent(Arrival arrival, uint64_t offset, uint8_t byte) {
  if (engine_.leaves_out_ && Keep(arrival, ByteSpan(&byte, 1)).empty()) return;
  const bool kept = engine_.limits_.urgent != Urgent::kDrop;
  if (kept) AddRun(arrival.t_ns, offset, ByteSpan(&byte, 1), TurnKind::kUrgent);
  engine_.ledger_.CountBytes(arrival.ledger_cell,
                             kept ? Outcome::kTcpUrgent : Outcome::kTcpUrgentDropped, 1);
  ++counts().urgent_bytes;
  ++engine_.counters.urgent_bytes;
  flow().flags |= kFlowUrgent;
}

void FlowEngine::Impl::SideHandler::OnDiscard(Arrival arrival, Discard why, uint64_t offset,
                                              ByteSpan bytes) {
  engine_.ledger_.CountBytes(arrival.ledger_cell, OutcomeOf(why), bytes.size());
  switch (why) {
    case Discard::kDuplicate:
      counts().duplicate_bytes += bytes.size();
      break;
    case Discard::kConflict:
      KeepConflict(arrival.t_ns, offset, bytes);
      counts().conflict_bytes += bytes.size();
      flow().flags |= kFlowConflict;
      break;
    case Discard::kOutOfWindow:
      counts().refused_bytes += bytes.size();
      break;
    case Discard::kShed:
      counts().shed_bytes += bytes.size();
      break;
  }
}

// The copy that lost is evidence: both can be read, up to a bound. Not counted yet.
void FlowEngine::Impl::SideHandler::KeepConflict(int64_t t_ns, uint64_t offset, ByteSpan bytes) {
  const TcpEnd& end = engine_.tcp_[flow().extension].ends[static_cast<size_t>(side_)];
  if (!end.stream.anchored()) return;  // Its offset is not known yet.
  const ByteSpan kept = bytes.first(std::min(bytes.size(), ConflictRoom()));
  if (!kept.empty()) AddRun(t_ns, offset, kept, TurnKind::kConflict);
}

size_t FlowEngine::Impl::SideHandler::ConflictRoom() {
  if (left_out() != LeftOut::kNothing) return 0;
  const uint64_t so_far = counts().conflict_bytes;
  return so_far < kConflictBytesMax ? kConflictBytesMax - static_cast<size_t>(so_far) : 0;
}

void FlowEngine::Impl::SideHandler::OnFragmentConflict(const Packet& packet,
                                                       std::optional<uint64_t> payload_at) {
  const FragmentConflict& conflict = *packet.conflict;
  const bool tcp = packet.tuple.protocol == kTcp;
  engine_.ledger_.CountBytes(
      packet.ledger_cell, tcp ? Outcome::kTcpPayload : Outcome::kDatagramPayload, conflict.bytes);
  engine_.ledger_.CountBytes(
      packet.ledger_cell, tcp ? Outcome::kTcpConflict : Outcome::kDatagramConflict, conflict.bytes);
  size_t room = ConflictRoom();
  if (payload_at) {
    conflict.ForEachRun([&](uint32_t at, ByteSpan bytes) {
      const ByteSpan kept = bytes.first(std::min(bytes.size(), room));
      room -= kept.size();
      if (!kept.empty()) AddRun(packet.time_ns, *payload_at + at, kept, TurnKind::kConflict);
    });
  }
  counts().conflict_bytes += conflict.bytes;
  flow().flags |= kFlowConflict;
}

StreamHandler::Difference FlowEngine::Impl::SideHandler::CompareWithDelivered(uint64_t offset,
                                                                              ByteSpan bytes) {
  return engine_.content_.Compare(flow().content, side_, offset, bytes);
}

}  // namespace dfc
