#include "dfc/flow_engine.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <utility>

#include "engine.h"
#include "icmp_exchange.h"

namespace dfc {

namespace {

constexpr size_t kBatchPackets = 256;
constexpr size_t kRequestsPerFlow = 2;  // ICMP requests remembered: as many for each flow there is.
constexpr size_t kPrefetchAhead = 8;    // Packets between the fetch of a slot and its use.

// Where the payload of a segment that was taken note of has its place in its side's stream, if it
// has one and that is known.
std::optional<uint64_t> PlaceOfPayload(const TcpState& tcp, const Packet& packet, Side side) {
  const TcpStream& stream = tcp.ends[static_cast<size_t>(side)].stream;
  if ((packet.tcp.flags & kRst) != 0 || !stream.anchored()) return {};
  const uint32_t syn = (packet.tcp.flags & kSyn) != 0 ? 1 : 0;
  const int64_t offset = stream.OffsetOf(packet.tcp.seq + syn);
  if (offset < 0) return {};
  return static_cast<uint64_t>(offset);
}

uint64_t IdentitySeed(std::string_view sensor) { return XXH3_64bits(sensor.data(), sensor.size()); }

}  // namespace

FlowEngine::FlowEngine(const FlowLimits& limits, std::string_view sensor, uint64_t table_secret,
                       EventOutput& output)
    : impl_(std::make_unique<Impl>(limits, sensor, table_secret, output)) {}

FlowEngine::~FlowEngine() = default;

void FlowEngine::Update(std::span<const Packet> packets) { impl_->Update(packets); }
void FlowEngine::Advance(int64_t clock_ns) { impl_->Advance(clock_ns); }
void FlowEngine::ShowOpen() { impl_->ShowOpen(); }
void FlowEngine::Shed(Shedding shedding) { impl_->Shed(shedding); }
void FlowEngine::HandOn() { impl_->HandOn(); }
void FlowEngine::Finish() { impl_->Finish(); }
int64_t FlowEngine::oldest_open_ns() const { return impl_->ledger().oldest_open_ns(); }
const FlowCounters& FlowEngine::counters() const { return impl_->counters; }
const FlowTally& FlowEngine::tally(uint32_t cell) const { return impl_->ledger().tally(cell); }

FlowEngine::Impl::Impl(const FlowLimits& limits, std::string_view sensor, uint64_t table_secret,
                       EventOutput& output)
    : limits_(limits),
      stream_limits_{limits.held_bytes_max, limits.gap_hold_ns},
      leaves_out_(limits.content_flow_bytes_max != UINT64_MAX ||
                  limits.content_side_bytes_max != UINT64_MAX || !limits.no_content.empty()),
      identity_seed_(IdentitySeed(sensor)),
      table_secret_(table_secret),
      flows_(limits.flows_max),
      tcp_(limits.flows_max),
      exchanges_(limits.flows_max),
      requests_(limits.flows_max * kRequestsPerFlow, table_secret),
      wheel_(flows_),
      pool_(limits.content_bytes_max),
      held_{pool_, this},
      events_(output),
      content_(pool_, events_, *this),
      ledger_(limits.ledger_cells, limits.live_source),
      changed_(limits.live_source ? limits.flows_max : 0),
      attempts_(2 * limits.tcp_attempt_idle_ns, table_secret, identity_seed_, limits.worker),
      tries_({&flows_}),
      one_way_({&flows_}),
      content_ages_({&flows_}),
      held_ages_({&tcp_}),
      keys_(kBatchPackets),
      hashes_(kBatchPackets),
      handlers_{{*this, Side::kClient}, {*this, Side::kServer}} {}

void FlowEngine::Impl::Update(std::span<const Packet> packets) {
  while (!packets.empty()) {
    const size_t n = std::min(packets.size(), kBatchPackets);
    UpdateBatch(packets.first(n));
    packets = packets.subspan(n);
  }
}

// Keys and hashes of a whole batch first, so that the memory they lead to is on its way.
void FlowEngine::Impl::UpdateBatch(std::span<const Packet> packets) {
  Advance(packets.front().clock_ns);
  for (size_t n = 0; n < packets.size(); ++n) {
    keys_[n] = KeyOf(packets[n]);
    hashes_[n] = static_cast<uint32_t>(HashOf(keys_[n], table_secret_));
    flows_.Prefetch(hashes_[n]);
  }
  for (size_t n = 0; n < packets.size(); ++n) {
    if (n + kPrefetchAhead < packets.size()) flows_.PrefetchSlot(hashes_[n + kPrefetchAhead]);
    UpdateOne(packets[n], keys_[n], hashes_[n]);
  }
}

void FlowEngine::Impl::Advance(int64_t clock_ns) {
  attempts_.Advance(clock_ns, events_);
  for (uint32_t at; (at = wheel_.PopDue(clock_ns)) != kNoFlow;) {
    const Flow& flow = flows_[at];
    if (IsExpired(flow, clock_ns)) {
      End(at);
    } else {
      wheel_.Schedule(at, flow.last_clock_ns + IdleTimeout(flow));
    }
  }
}

void FlowEngine::Impl::UpdateOne(const Packet& packet, const FlowKey& key, uint32_t hash) {
  uint32_t at = flows_.Find(key, hash);
  if (at == kNoFlow) {
    at = Open(packet, key, hash, INT64_MIN);
  } else {
    const Flow& flow = flows_[at];
    const bool expired = IsExpired(flow, packet.clock_ns);
    const bool reused =
        !expired && flow.protocol() == kTcp &&
        StartsNewConnection(tcp_[flow.extension], packet.tcp, flow.SideOf(packet.tuple));
    if (reused || expired) {
      // Ports used again within one tick of the capture's clock still make a flow of their own. One
      // that has expired is as good as forgotten, since the wheel may have forgotten it before.
      const int64_t t_start_min_ns = reused ? flow.id.t_start_ns + 1 : INT64_MIN;
      wheel_.Remove(at);
      End(at);
      at = Open(packet, key, hash, t_start_min_ns);
      if (reused) flows_[at].flags |= kFlowReused;
    }
  }
  Flow& flow = flows_[at];
  const Side side = flow.SideOf(packet.tuple);
  SideCounts& counts = flow.counts[static_cast<size_t>(side)];
  if (!packet.continues) {
    ++counts.packets;
    counts.ip_bytes += packet.ip_bytes;
    ledger_.CountPacket(packet);
  }
  flow.t_last_ns = std::max(flow.t_last_ns, packet.time_ns);
  flow.last_clock_ns = packet.clock_ns;
  if (packet.fragmented) flow.flags |= kFlowFragmented;
  if (packet.payload_missing > 0) flow.flags |= kFlowTruncated;
  UpdateProtocol(packet, at, side);
  changed_.Add(at);
  if (flow.youth != Youth::kGrown) GrowUp(at);
}

void FlowEngine::Impl::UpdateProtocol(const Packet& packet, uint32_t at, Side side) {
  Flow& flow = flows_[at];
  if (flow.protocol() != kTcp) {
    if (!packet.has_datagram) return TellConflict(packet, at, side, {});
    const ContentPlace place = AddDatagram(packet, at, side);
    if (IsIcmp(flow.protocol())) UpdateIcmp(packet, at, side, place);
    return;
  }
  UpdateConnection(packet, at, side);
}

void FlowEngine::Impl::UpdateConnection(const Packet& packet, uint32_t at, Side side) {
  TcpState& tcp = tcp_[flows_[at].extension];
  const bool was_over = IsOver(tcp);
  const bool after_reset = tcp.reset && packet.payload_bytes > 0 && (packet.tcp.flags & kRst) == 0;
  if (after_reset) flows_[at].flags |= kFlowAfterReset;
  current_ = at;
  ledger_.CountPayload(packet);
  UpdateTcp(tcp, packet, side, ContextOf(side));
  for (const Side each : {Side::kClient, Side::kServer}) {
    const TcpEnd& end = tcp.ends[static_cast<size_t>(each)];
    if (end.stream.held_bytes() > 0 || end.age.listed) ListHeld(at, each, packet.clock_ns);
  }
  if (packet.conflict != nullptr) {
    TellConflict(packet, at, side, PlaceOfPayload(tcp, packet, side));
  }
  if (!was_over && IsOver(tcp)) Close(at);
}

// Two versions of a datagram came in fragments: the one that lost goes beside the content.
void FlowEngine::Impl::TellConflict(const Packet& packet, uint32_t at, Side side,
                                    std::optional<uint64_t> payload_at) {
  if (packet.conflict == nullptr) return;
  current_ = at;
  handlers_[static_cast<size_t>(side)].OnFragmentConflict(packet, payload_at);
}

// The connection is over: its content leaves, and it is kept for a shorter time, for stragglers.
void FlowEngine::Impl::Close(uint32_t at) {
  content_.Complete(TargetOf(at));
  content_ages_.Remove(at);
  wheel_.Remove(at);
  wheel_.Schedule(at, flows_[at].last_clock_ns + IdleTimeout(flows_[at]));
}

ContentPlace FlowEngine::Impl::AddDatagram(const Packet& packet, uint32_t at, Side side) {
  if (leaves_out_ && !KeepsDatagram(packet, at, side)) return {};
  content_ages_.Add(at);
  SideCounts& counts = flows_[at].counts[static_cast<size_t>(side)];
  const uint64_t offset = counts.content_bytes + counts.gap_bytes;
  ledger_.CountPayload(packet);
  const ContentPlace place = content_.AddDatagram(TargetOf(at), side, packet.time_ns, offset,
                                                  ByteSpan(packet.payload, packet.payload_bytes));
  content_ages_.Add(at);
  counts.content_bytes += packet.payload_bytes;
  counters.content_bytes += packet.payload_bytes;
  ledger_.CountBytes(packet.ledger_cell, Outcome::kDatagramStored, packet.payload_bytes);
  TellConflict(packet, at, side, offset);
  if (packet.payload_missing == 0) return place;
  current_ = at;
  handlers_[static_cast<size_t>(side)].OnGap(packet.time_ns, offset + packet.payload_bytes,
                                             packet.payload_missing);
  return place;
}

uint32_t FlowEngine::Impl::Open(const Packet& packet, const FlowKey& key, uint32_t hash,
                                int64_t t_start_min_ns) {
  uint32_t at = flows_.Insert(key, hash);
  if (at == kNoFlow) {
    Evict();
    at = flows_.Insert(key, hash);
    DFC_CHECK(at != kNoFlow);
  }
  Flow& flow = flows_[at];
  flow.id.t_start_ns = std::max(packet.time_ns, t_start_min_ns);
  flow.id.flow_hash = HashOf(key, identity_seed_);
  flow.t_last_ns = packet.time_ns;
  flow.last_clock_ns = packet.clock_ns;
  flow.vlan = packet.vlan;
  flow.tunnel = packet.tunnel;
  if (leaves_out_) flow.left_out[0] = flow.left_out[1] = LeftOutFromStart(packet.tuple);
  bool source_is_client = true;
  if (key.protocol == kTcp) {
    const uint8_t flags = packet.tcp.flags & (kSyn | kAck);
    source_is_client = flags != (kSyn | kAck);
    if ((flags & kSyn) == 0) flow.flags |= kFlowMidstream;
    flow.extension = tcp_.Take();
    TcpState& tcp = tcp_[flow.extension];
    tcp.flow = at;
    for (const Side side : {Side::kClient, Side::kServer}) {
      const bool to_destination = (side == Side::kClient) == source_is_client;
      tcp.ends[static_cast<size_t>(side)].policy =
          limits_.host_policies.Of(to_destination ? packet.tuple.destination : packet.tuple.source);
    }
  } else if (IsIcmp(packet.tuple.protocol)) {
    source_is_client = !OpensWithAnswer(packet);
    flow.icmp_type = packet.icmp.type;
    flow.icmp_code = packet.icmp.code;
    flow.extension = exchanges_.Take();
  }
  const bool source_is_low =
      packet.tuple.source == key.low && packet.tuple.source_port == key.low_port;
  flow.client_is_low = source_is_low == source_is_client;
  ++counters.flows[FlowCounters::KindOf(flow.protocol())];
  counters.flows_now = flows_.size();
  flow.youth = Youth::kOneWay;
  one_way_.Add(at);
  const bool attempts = key.protocol == kTcp && (packet.tcp.flags & kSyn) != 0;
  wheel_.Schedule(at,
                  packet.clock_ns + (attempts ? limits_.tcp_attempt_idle_ns : IdleTimeout(flow)));
  return at;
}

// Writes the flow out and frees its slot. It is out of the wheel already.
void FlowEngine::Impl::End(uint32_t at) {
  Flow& flow = flows_[at];
  if (flow.youth == Youth::kAttempt && attempts_.Takes(RowOf(flow))) return SumUp(at);
  if (flow.protocol() == kTcp) {
    TcpState& tcp = tcp_[flow.extension];
    current_ = at;
    for (const Side side : {Side::kClient, Side::kServer}) {
      FinishTcp(tcp, side, flow.t_last_ns, ContextOf(side));
      if (tcp.ends[static_cast<size_t>(side)].stream.out_of_order()) {
        flow.flags |= kFlowOutOfOrder;
      }
    }
  }
  content_.Complete(TargetOf(at));
  events_.Append(RowType::kFlow, RowOf(flow));
  Free(at);
}

// The flow's row was written, or is part of a sum.
void FlowEngine::Impl::Free(uint32_t at) {
  const Flow& flow = flows_[at];
  for (const SideCounts& counts : flow.counts) {
    counters.duplicate_bytes += counts.duplicate_bytes;
    counters.conflict_bytes += counts.conflict_bytes;
    counters.refused_bytes += counts.refused_bytes;
    counters.shed_bytes += counts.shed_bytes;
  }
  counters.gaps_given_up_early = held_.gaps_given_up;
  changed_.Remove(at);
  content_ages_.Remove(at);
  AgesOf(flow.youth).Remove(at);
  if (flow.protocol() == kTcp) {
    held_ages_.Remove(HeldSlot(flow.extension, Side::kClient));
    held_ages_.Remove(HeldSlot(flow.extension, Side::kServer));
    tcp_.Give(flow.extension);
  } else if (flow.extension != kNoFlow) {
    requests_.Forget(exchanges_[flow.extension]);
    exchanges_.Give(flow.extension);
  }
  flows_.Erase(at);
  counters.flows_now = flows_.size();
}

void FlowEngine::Impl::Finish() {
  for (uint32_t at = 0; at < flows_.high_water(); ++at) {
    if (!flows_[at].used) continue;
    wheel_.Remove(at);
    End(at);
  }
  attempts_.Finish(events_);
  WriteLedger();
  events_.Finish();
}

FlowState FlowEngine::Impl::StateOfFlow(const Flow& flow) const {
  if (flow.protocol() == kTcp) return StateOf(tcp_[flow.extension], flow.counts);
  const bool both = flow.counts[0].packets > 0 && flow.counts[1].packets > 0;
  return both ? FlowState::kTwoWay : FlowState::kOneWay;
}

FlowRow FlowEngine::Impl::RowOf(const Flow& flow) const {
  FlowRow row{};
  row.id = flow.id;
  row.t_last_ns = std::max(flow.t_last_ns, flow.id.t_start_ns);
  row.client = flow.client();
  row.server = flow.server();
  row.client_port = flow.client_port();
  row.server_port = flow.server_port();
  row.protocol = flow.protocol();
  row.icmp_type = flow.icmp_type;
  row.icmp_code = flow.icmp_code;
  row.state = StateOfFlow(flow);
  row.flags = flow.flags;
  row.vlan = flow.vlan;
  row.tunnel = flow.tunnel;
  row.counts[0] = flow.counts[0];
  row.counts[1] = flow.counts[1];
  return row;
}

int64_t FlowEngine::Impl::IdleTimeout(const Flow& flow) const {
  if (IsIcmp(flow.protocol())) return limits_.icmp_idle_ns;
  if (flow.protocol() != kTcp) return limits_.udp_idle_ns;
  const TcpState& tcp = tcp_[flow.extension];
  if (IsOver(tcp)) return limits_.tcp_closed_idle_ns;
  const bool one_sided_syn = tcp.ends[0].syn_seen && flow.counts[1].packets == 0;
  return one_sided_syn ? limits_.tcp_attempt_idle_ns : limits_.tcp_idle_ns;
}

ContentLog::Target FlowEngine::Impl::TargetOf(uint32_t at) {
  Flow& flow = flows_[at];
  return {flow.id, flow.content, flow.counts[0].packets + flow.counts[1].packets};
}

}  // namespace dfc
