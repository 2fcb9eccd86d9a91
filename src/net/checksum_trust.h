// Whose checksums mean something.
//
// A host that leaves checksums to its network card shows garbage to a sensor in front of the card,
// and rewritten captures show it everywhere. So a host that has sent good checksums is held to
// them, while bad ones of a host that has never sent a good one are taken as they are, and counted.
// In the frames that are looked at ahead, three bad ones without a good one make such a host; fewer
// are refused, so that a lone bad packet stays what it is. Where more than a tenth of those frames
// are bad, and at least twenty, checksums mean nothing in the whole input (Suricata's rule).
//
// Kept by host and protocol, since cards often fill in TCP and UDP but not ICMP. A fixed table, one
// host a slot, so that a packet's checksums touch one line of the cache: a newcomer replaces who
// was there. Capture thread only.
#pragma once

#include <cstdint>

#include "dfc/memory.h"
#include "dfc/packet.h"

namespace dfc {

class ChecksumTrust {
 public:
  ChecksumTrust() : hosts_(kHostsMax) {}

  // The header of IPv4 itself counts as this protocol.
  static constexpr uint8_t kIpv4Header = 255;

  // A new input: what was learned of the last one's first frames is forgotten, hosts are not.
  void BeginInput() { sample_total_ = sample_bad_ = 0; }
  // A frame looked at ahead.
  void Learn(const IpAddress& host, uint8_t protocol, bool good);

  void SawGood(const IpAddress& host, uint8_t protocol);
  // True when the bad checksum is to be overlooked.
  bool Overlooks(const IpAddress& host, uint8_t protocol);

 private:
  static constexpr size_t kHostsMax = 1 << 16;
  static constexpr uint8_t kBadEnough = 3;
  static constexpr uint64_t kSampleBadMin = 20;

  struct State {
    uint8_t bad : 6;   // Bad ones of a host that is held to its checksums without a good one yet.
    bool good : 1;     // Has sent a good one.
    bool learned : 1;  // Was met while looking ahead, with fewer bad ones than kBadEnough.
  };
  struct Host {
    uint16_t tag;  // Tells hosts with the same slot apart; 0: nobody.
    State states[6];
  };

  State& Find(const IpAddress& host, uint8_t protocol);

  MappedArray<Host> hosts_;
  uint64_t sample_total_ = 0;
  uint64_t sample_bad_ = 0;
};

}  // namespace dfc
