#include "dealer.h"

#include <algorithm>
#include <limits>

#include "dfc/flow_engine.h"

namespace dfc {

Dealer::Dealer(std::vector<PacketLink*> links, std::vector<Doorbell*> bells, uint64_t shard_secret)
    : shard_secret_(shard_secret) {
  DFC_CHECK(links.size() == bells.size());
  for (size_t n = 0; n < links.size(); ++n) {
    lanes_.push_back(
        {links[n], bells[n], nullptr, Tick::kNone, std::numeric_limits<int64_t>::max(), false});
  }
}

size_t Dealer::LaneOf(const Packet& packet) const {
  if (lanes_.size() == 1) return 0;
  const auto hash = static_cast<uint32_t>(ShardHash(packet, shard_secret_) >> 32);
  return (uint64_t{hash} * lanes_.size()) >> 32;
}

bool Dealer::Deal(const Packet& packet) {
  Lane& lane = lanes_[LaneOf(packet)];
  if (lane.filling != nullptr && lane.filling->Add(packet)) return true;
  if (lane.filling != nullptr) Push(lane);
  if (!Fetch(lane)) return false;
  DFC_CHECK(lane.filling->Add(packet));
  return true;
}

// Sees to it that there is a block to fill; false when the worker has them all.
bool Dealer::Fetch(Lane& lane) {
  if (lane.filling != nullptr) return true;
  lane.filling = lane.link->empty.Pop();
  if (lane.filling == nullptr) return false;
  lane.late = false;
  lane.oldest_open_ns = lane.filling->oldest_open_ns;
  lane.filling->Clear();
  return true;
}

void Dealer::Push(Lane& lane) {
  lane.filling->tick = lane.tick;
  lane.filling->clock_ns = clock_ns_;
  lane.tick = Tick::kNone;
  lane.link->filled.Push(lane.filling);
  lane.filling = nullptr;
  lane.bell->Ring();
}

void Dealer::Flush() {
  for (Lane& lane : lanes_) {
    if (lane.filling != nullptr && !lane.filling->empty()) Push(lane);
  }
}

void Dealer::TellClock(int64_t clock_ns, Tick tick) {
  clock_ns_ = clock_ns;
  for (Lane& lane : lanes_) {
    lane.tick = std::max(lane.tick, tick);
    if (Fetch(lane)) Push(lane);
  }
}

bool Dealer::Finish() {
  for (Lane& lane : lanes_) {
    if (lane.link == nullptr) continue;
    if (!Fetch(lane)) return false;
    lane.filling->last = true;
    Push(lane);
    lane.link = nullptr;
  }
  return true;
}

int64_t Dealer::oldest_open_ns() const {
  int64_t oldest = std::numeric_limits<int64_t>::max();
  for (const Lane& lane : lanes_) oldest = std::min(oldest, lane.oldest_open_ns);
  return oldest;
}

}  // namespace dfc
