// The inside of FlowEngine.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "age_list.h"
#include "attempt_totals.h"
#include "changed_flows.h"
#include "content.h"
#include "dfc/flow_engine.h"
#include "event_writer.h"
#include "flow_ledger.h"
#include "flow_table.h"
#include "icmp_requests.h"

namespace dfc {

class FlowEngine::Impl final : private MemoryPressure {
 public:
  Impl(const FlowLimits& limits, std::string_view sensor, uint64_t table_secret,
       EventOutput& output);

  void Update(std::span<const Packet> packets);
  void Advance(int64_t clock_ns);
  void ShowOpen();
  void HandOn() { events_.HandOn(); }
  void Shed(Shedding shedding);
  void Finish();

  FlowCounters counters;
  const FlowLedger& ledger() const { return ledger_; }

 private:
  void UpdateBatch(std::span<const Packet> packets);
  void UpdateOne(const Packet& packet, const FlowKey& key, uint32_t hash);
  void UpdateProtocol(const Packet& packet, uint32_t at, Side side);
  void UpdateIcmp(const Packet& packet, uint32_t at, Side side, const ContentPlace& place);
  void Close(uint32_t at);
  void WriteLedger();
  ContentPlace AddDatagram(const Packet& packet, uint32_t at, Side side);

  // engine_content.cc: what is left out of a flow's content.
  bool KeepsDatagram(const Packet& packet, uint32_t at, Side side);
  LeftOut LeftOutFromStart(const FiveTuple& tuple) const;
  uint64_t RoomFor(Flow& flow, Side side, uint64_t bytes);
  void FlagLeftOut(Flow& flow, Side side);
  void LeaveOut(Flow& flow, Side side, uint32_t ledger_cell, uint64_t bytes);

  uint32_t Open(const Packet& packet, const FlowKey& key, uint32_t hash, int64_t t_start_min_ns);
  void End(uint32_t at);
  void Free(uint32_t at);
  FlowRow RowOf(const Flow& flow) const;
  FlowState StateOfFlow(const Flow& flow) const;
  int64_t IdleTimeout(const Flow& flow) const;
  bool IsExpired(const Flow& flow, int64_t clock_ns) const {
    return clock_ns - flow.last_clock_ns > IdleTimeout(flow);
  }

  // What one side of the current flow delivers.
  class SideHandler final : public StreamHandler {
   public:
    SideHandler(Impl& engine, Side side) : engine_(engine), side_(side) {}
    void OnData(Arrival arrival, uint64_t offset, ByteSpan bytes) override;
    void OnGap(int64_t t_ns, uint64_t offset, uint32_t bytes) override;
    void OnUrgent(Arrival arrival, uint64_t offset, uint8_t byte) override;
    void OnDiscard(Arrival arrival, Discard why, uint64_t offset, ByteSpan bytes) override;
    Difference CompareWithDelivered(uint64_t offset, ByteSpan bytes) override;

    // Copies that lost before the packet was put together. `payload_at` is where its payload has
    // its place in the side's stream; without one they are counted alone.
    void OnFragmentConflict(const Packet& packet, std::optional<uint64_t> payload_at);

   private:
    void AddRun(int64_t t_ns, uint64_t offset, ByteSpan bytes, TurnKind kind);
    void KeepConflict(int64_t t_ns, uint64_t offset, ByteSpan bytes);
    size_t ConflictRoom();
    ByteSpan Keep(Arrival arrival, ByteSpan bytes);
    LeftOut left_out() { return flow().left_out[static_cast<size_t>(side_)]; }
    Flow& flow() { return engine_.flows_[engine_.current_]; }
    SideCounts& counts() { return flow().counts[static_cast<size_t>(side_)]; }

    Impl& engine_;
    const Side side_;
  };
  TcpContext ContextOf(Side side) {
    return {stream_limits_, held_, handlers_[static_cast<size_t>(side)],
            handlers_[static_cast<size_t>(Other(side))], limits_.urgent == Urgent::kInline};
  }
  void TellConflict(const Packet& packet, uint32_t at, Side side,
                    std::optional<uint64_t> payload_at);
  void UpdateConnection(const Packet& packet, uint32_t at, Side side);
  ContentLog::Target TargetOf(uint32_t at);

  // engine_limits.cc: what gives way when a limit is reached.
  struct FlowAge {
    const FlowTable* flows;
    AgeLink& operator()(uint32_t at) const { return (*flows)[at].age; }
  };
  struct ContentAge {
    const FlowTable* flows;
    AgeLink& operator()(uint32_t at) const { return (*flows)[at].content.age; }
  };
  struct HeldAge {
    const Slab<TcpState>* tcp;
    AgeLink& operator()(uint32_t slot) const { return (*tcp)[slot / 2].ends[slot % 2].age; }
  };
  static uint32_t HeldSlot(uint32_t tcp, Side side) {
    return tcp * 2 + static_cast<uint32_t>(side);
  }
  AgeList<FlowAge>& AgesOf(Youth youth) { return youth == Youth::kAttempt ? tries_ : one_way_; }
  Youth YouthOf(const Flow& flow) const;
  void GrowUp(uint32_t at);
  void SumUp(uint32_t at);
  void Evict();
  bool EvictYoung();
  void ListHeld(uint32_t at, Side side, int64_t clock_ns);
  bool RelieveContent() override;
  bool RelieveHeld() override;

  const FlowLimits limits_;
  const StreamLimits stream_limits_;
  // Whether any flow has, or may come to have, content that is left out.
  bool leaves_out_;
  Shedding shedding_ = Shedding::kNothing;
  const uint64_t identity_seed_;
  const uint64_t table_secret_;
  FlowTable flows_;
  Slab<TcpState> tcp_;
  Slab<IcmpExchange> exchanges_;
  IcmpRequests requests_;
  TimerWheel wheel_;
  SegmentPool pool_;
  HeldBudget held_;
  EventWriter events_;
  ContentLog content_;
  FlowLedger ledger_;
  ChangedFlows changed_;  // Live: since the last ShowOpen().
  AttemptTotals attempts_;
  AgeList<FlowAge> tries_, one_way_;  // Of the flows that are not grown.
  AgeList<ContentAge> content_ages_;  // Of those that hold content.
  AgeList<HeldAge> held_ages_;        // Of the streams that hold segments, by HeldSlot.
  std::vector<FlowKey> keys_;
  std::vector<uint32_t> hashes_;
  SideHandler handlers_[2];
  uint32_t current_ = kNoFlow;  // The flow that the handlers are for.
};

}  // namespace dfc
