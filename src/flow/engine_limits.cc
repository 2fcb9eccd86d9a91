// What gives way when a limit is reached, so that what was there before stays whole.
#include "engine.h"

namespace dfc {

namespace {

constexpr size_t kEvictionTriesMax = 64;
// Of the flows there may be, this part may be attempts; further ones are summed up.
constexpr size_t kTriesPart = 2;
// Above this part of them, those that are not grown make room before any other flow.
constexpr size_t kYoungPart = 4;
// Among so many streams that have waited longest the one that gives way is looked for.
constexpr size_t kHeldLooks = 32;

}  // namespace

// Flows ------------------------------------------------------------------------------------------

Youth FlowEngine::Impl::YouthOf(const Flow& flow) const {
  const bool is_attempt = flow.protocol() == kTcp && IsAttempt(tcp_[flow.extension], flow.counts) &&
                          flow.content.n == 0 && flow.content.turns == 0;
  if (is_attempt) return Youth::kAttempt;
  const bool both = flow.counts[0].packets > 0 && flow.counts[1].packets > 0;
  return both ? Youth::kGrown : Youth::kOneWay;
}

// A packet has come for a flow that was not grown.
void FlowEngine::Impl::GrowUp(uint32_t at) {
  Flow& flow = flows_[at];
  const Youth youth = YouthOf(flow);
  if (youth == flow.youth) return AgesOf(youth).Renew(at);
  AgesOf(flow.youth).Remove(at);
  flow.youth = youth;
  if (youth == Youth::kGrown) return;
  AgesOf(youth).Add(at);
  if (tries_.size() <= limits_.flows_max / kTriesPart) return;
  const uint32_t oldest = tries_.oldest();
  wheel_.Remove(oldest);
  SumUp(oldest);
}

// An attempt gets no row of its own. It is out of the wheel already.
void FlowEngine::Impl::SumUp(uint32_t at) {
  Flow& flow = flows_[at];
  current_ = at;
  for (const Side side : {Side::kClient, Side::kServer}) {
    ShedAttempt(tcp_[flow.extension], side, ContextOf(side));
  }
  attempts_.Add(RowOf(flow), flow.last_clock_ns);
  ++counters.attempts_summed;
  Free(at);
}

// Makes room for one flow.
void FlowEngine::Impl::Evict() {
  if (EvictYoung()) return;
  // The one that is due first is written out as it is. The wheel is lazy, so a flow that was active
  // since is put in anew, a few times at most.
  uint32_t at = wheel_.PopEarliest();
  DFC_CHECK(at != kNoFlow);
  for (size_t n = 0; n < kEvictionTriesMax; ++n) {
    const int64_t due_ns = flows_[at].last_clock_ns + IdleTimeout(flows_[at]);
    if (!wheel_.IsEarlierThan(at, due_ns)) break;
    wheel_.Schedule(at, due_ns);
    at = wheel_.PopEarliest();
  }
  flows_[at].flags |= kFlowEvicted;
  ++counters.flows_evicted;
  End(at);
}

// In a flood most flows are of one packet: the one of them that was quiet longest goes.
bool FlowEngine::Impl::EvictYoung() {
  const size_t many = limits_.flows_max / kYoungPart;
  if (tries_.size() > many) {
    const uint32_t at = tries_.oldest();
    wheel_.Remove(at);
    SumUp(at);
    return true;
  }
  if (one_way_.size() <= many) return false;
  const uint32_t at = one_way_.oldest();
  flows_[at].flags |= kFlowEvicted;
  ++counters.flows_evicted;
  wheel_.Remove(at);
  End(at);
  return true;
}

// Memory -----------------------------------------------------------------------------------------

// A flow with nothing but a parked turn leaves the list for nothing, which is why this goes on
// until something was freed.
bool FlowEngine::Impl::RelieveContent() {
  const size_t before = pool_.bytes_taken();
  while (content_ages_.oldest() != kNoFlow && pool_.bytes_taken() >= before) {
    const uint32_t at = content_ages_.oldest();
    content_ages_.Remove(at);
    content_.LeaveEarly(TargetOf(at));
    ++counters.content_flushed_early;
  }
  return pool_.bytes_taken() < before;
}

// Streams wait from the moment at which their first hole opened.
void FlowEngine::Impl::ListHeld(uint32_t at, Side side, int64_t clock_ns) {
  const uint32_t tcp = flows_[at].extension;
  const TcpEnd& end = tcp_[tcp].ends[static_cast<size_t>(side)];
  const uint32_t slot = HeldSlot(tcp, side);
  if (end.stream.held_bytes() == 0) return held_ages_.Remove(slot);
  if (end.stream.hole_since_ns() == clock_ns) held_ages_.Remove(slot);
  held_ages_.Add(slot);
}

// What a receiver should refuse goes before what it waits for.
bool FlowEngine::Impl::RelieveHeld() {
  uint32_t chosen = kNoSlot;
  size_t chosen_bytes = 0;
  bool chosen_waits = true;
  uint32_t slot = held_ages_.oldest();
  for (size_t n = 0; n < kHeldLooks && slot != kNoSlot; ++n, slot = held_ages_.NewerThan(slot)) {
    const TcpState& tcp = tcp_[slot / 2];
    const TcpStream& stream = tcp.ends[slot % 2].stream;
    const size_t bytes = stream.held_bytes();
    const bool waits = stream.holds();
    const bool larger = waits == chosen_waits ? bytes > chosen_bytes : !waits;
    if (tcp.flow == current_ || !larger) continue;
    chosen = slot;
    chosen_bytes = bytes;
    chosen_waits = waits;
  }
  if (chosen == kNoSlot) return false;
  const uint32_t current = current_;
  TcpState& tcp = tcp_[chosen / 2];
  const Side side = chosen % 2 == 0 ? Side::kClient : Side::kServer;
  current_ = tcp.flow;
  GiveUpTcp(tcp, side, ContextOf(side));
  current_ = current;
  held_ages_.Remove(chosen);
  return true;
}

}  // namespace dfc
