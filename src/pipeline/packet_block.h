// Packet blocks: what the capture thread hands to a worker, and gets back empty.
//
//   | packet 0 | packet 1 | ...  |      | payload 0 | payload 1 | ...        free |
//   packets, at most kPacketsMax        bytes, kBytes; a payload may have its conflict behind it
//
// A block belongs to one thread at a time. Payloads are copied in, which is the one copy on the way
// to the worker; headers stay behind.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <span>

#include "dfc/memory.h"
#include "dfc/packet.h"

namespace dfc {

// What a worker does once it has taken a block of a live capture; the later ones include those
// before them.
enum class Tick : uint8_t {
  kNone,
  kHandOn,    // What it has written leaves for the store.
  kShowOpen,  // Open flows can be read, as they are now.
};

class PacketBlock {
 public:
  static constexpr int64_t kNoClock = std::numeric_limits<int64_t>::min();

  static constexpr size_t kPacketsMax = 256;
  static constexpr size_t kBytes = size_t{320} << 10;  // More than the largest payload.

  PacketBlock() : packets_(kPacketsMax), memory_(kBytes) {}

  // False when there is no room: the block must go first.
  bool Add(const Packet& packet) {
    const size_t conflict_bytes =
        packet.conflict == nullptr ? 0 : kPadding + packet.conflict->MemoryBytes();
    if (count_ == kPacketsMax || kBytes - used_ < packet.payload_bytes + conflict_bytes) {
      return false;
    }
    Packet& copy = packets_[count_++];
    copy = packet;
    copy.payload = memory_.data() + used_;
    if (packet.payload_bytes > 0) {
      std::memcpy(memory_.data() + used_, packet.payload, packet.payload_bytes);
    }
    used_ += packet.payload_bytes;
    if (packet.conflict != nullptr) copy.conflict = CopyConflict(*packet.conflict);
    return true;
  }

  std::span<const Packet> packets() const { return {packets_.data(), count_}; }
  bool empty() const { return count_ == 0; }
  void Clear() {
    count_ = used_ = 0;
    last = false;
    tick = Tick::kNone;
    clock_ns = kNoClock;
  }

  static constexpr size_t MemoryBytes() { return kBytes + kPacketsMax * sizeof(Packet); }

  bool last = false;  // Nothing follows: the worker writes out what it has and stops.
  Tick tick = Tick::kNone;
  int64_t clock_ns = kNoClock;  // Live: so far the capture's clock has come behind the packets.
  // Set by the worker on the way back: FlowEngine::oldest_open_ns().
  int64_t oldest_open_ns = std::numeric_limits<int64_t>::max();

 private:
  static constexpr size_t kPadding = alignof(FragmentConflict) - 1;

  // Only what is in use of it; whoever reads it does not look further.
  const FragmentConflict* CopyConflict(const FragmentConflict& conflict) {
    used_ = (used_ + kPadding) & ~kPadding;
    uint8_t* const at = memory_.data() + used_;
    std::memcpy(at, &conflict, conflict.MemoryBytes());
    used_ += conflict.MemoryBytes();
    return static_cast<const FragmentConflict*>(static_cast<const void*>(at));
  }

  MappedArray<Packet> packets_;
  Mapping memory_;
  size_t count_ = 0;
  size_t used_ = 0;
};

}  // namespace dfc
