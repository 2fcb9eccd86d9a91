// Takes packet blocks, keeps the flows, fills event blocks.
#pragma once

#include "dfc/flow_engine.h"
#include "links.h"
#include "overload.h"

namespace dfc {

// The producer's end of an EventLink. Next() waits for an empty block: that is the back-pressure of
// the store, which reaches the capture thread through the packet blocks.
class LinkedOutput final : public EventOutput {
 public:
  LinkedOutput(EventLink& link, EventQueue& events, Doorbell& sink_bell)
      : link_(link), events_(events), sink_bell_(sink_bell) {}

  EventBlock* Next(EventBlock* full) override;
  void Last(EventBlock* block) override;
  // Tells the sink that nothing follows.
  void End();

 private:
  void Push(EventBlock* block);

  EventLink& link_;
  EventQueue& events_;
  Doorbell& sink_bell_;
};

class WorkerStage {
 public:
  // `events`, of a live capture, are the blocks behind `output`: a shortage of them or of packet
  // blocks is overload. Without them nothing is shed.
  WorkerStage(const FlowLimits& limits, std::string_view sensor, uint64_t table_secret,
              PacketLink& packets, EventOutput& output, Doorbell& capture_bell,
              const EventLink* events = nullptr)
      : packets_(packets),
        events_(events),
        capture_bell_(capture_bell),
        engine_(limits, sensor, table_secret, output) {}

  // Takes at most one block; returns false when there was none.
  bool RunOnce();
  bool done() const { return done_; }
  Shedding shedding() const { return overload_.level(); }
  const FlowCounters& counters() const { return engine_.counters(); }
  const FlowTally& tally(uint32_t cell) const { return engine_.tally(cell); }

 private:
  void LookForOverload(int64_t now_ns);

  PacketLink& packets_;
  const EventLink* const events_;
  Doorbell& capture_bell_;
  FlowEngine engine_;
  Overload overload_;
  bool done_ = false;
};

}  // namespace dfc
