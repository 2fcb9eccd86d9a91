// Packets in packets: what an IP packet may carry besides a transport.
//
//   IP | GRE ... | IP         the protocol says that it is one: 4, 41, 47, 115
//   IP | UDP | VXLAN ... | IP  a port only hints at it: every field must fit, down to the IP header
//
// What is no tunnel to an IP packet stays what it is without: a datagram, or a packet of GRE.
#pragma once

#include "ip.h"
#include "walk.h"

namespace dfc {

// True when it is worth a look; the switch that every packet pays for.
inline bool MayBeTunnelPort(uint16_t port) {
  switch (port) {
    case 1701:  // L2TP.
    case 2152:  // GTP-U.
    case 3544:  // Teredo.
    case 4789:  // VXLAN.
    case 4790:  // VXLAN with the generic protocol extension.
    case 5072:  // AYIYA.
    case 5247:  // CAPWAP, data.
    case 6081:  // Geneve.
    case 8472:  // VXLAN, as Linux had it.
      return true;
    default:
      return false;
  }
}
inline bool MayBeTunnel(uint8_t protocol, const FiveTuple& tuple) {
  switch (protocol) {
    case kUdp:
      return MayBeTunnelPort(tuple.destination_port) || MayBeTunnelPort(tuple.source_port);
    case kIpv4InIp:
    case kIpv6InIp:
    case kGre:
    case kL2tpv3:
      return true;
    default:
      return false;
  }
}

// Goes from the payload of such a packet (of UDP: what follows its header), which the walk's bytes
// are, down to the next IP header. kNotIp: it is no tunnel to one. The walk is then anywhere.
Verdict EnterTunnel(uint8_t protocol, const FiveTuple& tuple, Walk& walk);

// Each as in walk.h, for a header behind IP or UDP.
Verdict FollowGre(Walk& walk);  // RFC 2784, 2890, 2637; with ERSPAN and NVGRE (RFC 7637).
Verdict FollowErspan(uint16_t type, bool has_sequence, Walk& walk);
Verdict FollowL2tp(Walk& walk);    // RFC 2661 over UDP; RFC 3931 over UDP.
Verdict FollowL2tpv3(Walk& walk);  // RFC 3931 over IP.
Verdict FollowGtp(Walk& walk);     // 3GPP TS 29.281.
Verdict FollowTeredo(Walk& walk);  // RFC 4380.
Verdict FollowVxlan(Walk& walk);   // RFC 7348.
Verdict FollowVxlanGpe(Walk& walk);
Verdict FollowGeneve(Walk& walk);  // RFC 8926.
Verdict FollowAyiya(Walk& walk);
Verdict FollowCapwap(Walk& walk);  // RFC 5415, 5416.

// True when a sound IP header begins the walk's bytes: version, lengths, options, the checksum of
// IPv4, and something behind it. `exactly`: the packet fills what there is, as it does without an
// Ethernet header.
bool HasSoundIp(const Walk& walk, bool exactly);

}  // namespace dfc
