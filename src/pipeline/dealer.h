// Deals packets out to the workers, each into its worker's block.
//
// A block leaves when it is full, when it is told to, and with a tick. Capture thread only.
#pragma once

#include <vector>

#include "links.h"

namespace dfc {

class Dealer {
 public:
  // `bells[n]` wakes the worker behind `links[n]`. The secret picks workers: nobody can aim at one.
  Dealer(std::vector<PacketLink*> links, std::vector<Doorbell*> bells, uint64_t shard_secret);

  // Puts the packet into its worker's block. False when that worker has no empty block.
  bool Deal(const Packet& packet);

  // The packet's worker was waited for in vain, and has not given a block back since.
  bool IsLate(const Packet& packet) const { return lanes_[LaneOf(packet)].late; }
  void SetLate(const Packet& packet) { lanes_[LaneOf(packet)].late = true; }

  // Hands on what lies in half-filled blocks.
  void Flush();

  // Live: the capture's clock has come to `clock_ns`, and all workers are told, behind the packets
  // that were dealt so far. One without an empty block is told with the next one that it gets.
  void TellClock(int64_t clock_ns, Tick tick);

  // Tells the workers that nothing follows. False while a worker has no empty block.
  bool Finish();

  // Of all workers, as far as their blocks have come back.
  int64_t oldest_open_ns() const;

 private:
  struct Lane {
    PacketLink* link;  // Null once the worker was told that nothing follows.
    Doorbell* bell;
    PacketBlock* filling;  // Null when none is at hand.
    Tick tick;             // That it has not been told of.
    int64_t oldest_open_ns;
    bool late;
  };

  size_t LaneOf(const Packet& packet) const;
  bool Fetch(Lane& lane);
  void Push(Lane& lane);

  std::vector<Lane> lanes_;
  const uint64_t shard_secret_;
  int64_t clock_ns_ = PacketBlock::kNoClock;
};

}  // namespace dfc
