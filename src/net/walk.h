// The walk from a frame's first byte down to an IP header: what is left to read, and what was
// stepped over on the way.
//
//   frame | link | tag, label, PPPoE ... | IP | GRE, UDP and VXLAN ... | Ethernet ... | IP | ...
//                                         ^ each Follow...() stops at the next of these
//
// A header that is stacked on another counts, and kHeadersMax are too many of them for anything but
// an attack: with that, calls nest as deep at most, and every walk ends. Capture thread only.
#pragma once

#include "dfc/packet.h"
#include "dfc/verdict.h"

namespace dfc {

struct Walk {
  static constexpr uint8_t kHeadersMax = 8;

  ByteSpan bytes;            // From the next header on, as far as they were captured.
  size_t missing_bytes = 0;  // Behind them on the wire: what the snaplen cut off.
  uint8_t headers = 0;       // Tags, labels and tunnels stacked so far.
  uint16_t vlan = 0;         // The outermost one that is not zero.
  Tunnel tunnel;             // The innermost.

  size_t wire_bytes() const { return bytes.size() + missing_bytes; }
  void Skip(size_t count) { bytes = bytes.subspan(count); }
  // Leaves out what lies behind `count` bytes on the wire, of which there are as many.
  void CutTo(size_t count) {
    missing_bytes = count > bytes.size() ? count - bytes.size() : 0;
    if (count < bytes.size()) bytes = bytes.first(count);
  }
  // One header more; false when that is one too many.
  bool Stack() { return ++headers <= kHeadersMax; }
};

// Each takes a walk whose bytes begin with such a header, and goes on until they begin with an IP
// header. Any verdict but kOk leaves the walk anywhere.
Verdict FollowEthernet(Walk& walk);                  // IEEE 802.3.
Verdict FollowEtherType(uint16_t type, Walk& walk);  // What an Ethernet type says comes next.
Verdict FollowLlc(Walk& walk);                       // IEEE 802.2, RFC 1042.
Verdict FollowMpls(Walk& walk);                      // RFC 3032, 4385, 4448.
Verdict FollowPppoe(Walk& walk);                     // RFC 2516, the session stage.
Verdict FollowPpp(Walk& walk);                       // RFC 1661, 1662.
Verdict FollowNsh(Walk& walk);                       // RFC 8300.
Verdict FollowRadiotap(Walk& walk);                  // https://www.radiotap.org
Verdict FollowPrism(Walk& walk);                     // Prism and AVS in front of IEEE 802.11.
Verdict FollowPpi(Walk& walk);                       // Per-Packet Information.
Verdict FollowCiscoHdlc(Walk& walk);
Verdict FollowFrameRelay(Walk& walk);  // Q.922, RFC 2427.
Verdict FollowNflog(Walk& walk);       // Linux netfilter's log.

// How an IEEE 802.11 frame deviates from the standard.
struct WlanForm {
  bool padded = false;   // Its header, to a multiple of four bytes: some drivers.
  bool swapped = false;  // The two bytes of its frame control: controllers of Cisco.
};
Verdict FollowWlan(Walk& walk, WlanForm form = {});

}  // namespace dfc
