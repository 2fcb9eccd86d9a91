#include "tunnel.h"

namespace dfc {

namespace {

Verdict FollowUdpPort(uint16_t port, Walk& walk) {
  switch (port) {
    case 1701:
      return FollowL2tp(walk);
    case 2152:
      return FollowGtp(walk);
    case 3544:
      return FollowTeredo(walk);
    case 4789:
    case 8472:
      return FollowVxlan(walk);
    case 4790:
      return FollowVxlanGpe(walk);
    case 5072:
      return FollowAyiya(walk);
    case 5247:
      return FollowCapwap(walk);
    case 6081:
      return FollowGeneve(walk);
    default:
      return Verdict::kNotIp;
  }
}

// Those that carry bare IP are made of it to the last byte; Ethernet may pad.
bool IsExact(TunnelKind kind) {
  return kind == TunnelKind::kGtp || kind == TunnelKind::kTeredo || kind == TunnelKind::kAyiya;
}

// A port says little: whatever does not fit makes it a datagram like any other.
Verdict EnterUdp(const FiveTuple& tuple, Walk& walk) {
  const Walk outside = walk;
  for (const uint16_t port : {tuple.destination_port, tuple.source_port}) {
    walk = outside;
    const Verdict verdict = FollowUdpPort(port, walk);
    if (verdict == Verdict::kTooManyHeaders) return verdict;
    if (verdict == Verdict::kOk && HasSoundIp(walk, IsExact(walk.tunnel.kind))) return verdict;
  }
  return Verdict::kNotIp;
}

Verdict EnterIp(uint8_t protocol, Walk& walk) {
  walk.tunnel = {TunnelKind::kIpInIp, 0};
  if (walk.bytes.empty()) return Verdict::kTruncated;
  const int version = protocol == kIpv4InIp ? 4 : 6;
  return walk.bytes[0] >> 4 == version ? Verdict::kOk : Verdict::kBadIpVersion;
}

}  // namespace

const char* TunnelName(TunnelKind kind) {
  switch (kind) {
    case TunnelKind::kNone:
      return "";
    case TunnelKind::kMpls:
      return "mpls";
    case TunnelKind::kPppoe:
      return "pppoe";
    case TunnelKind::kNsh:
      return "nsh";
    case TunnelKind::kIpInIp:
      return "ipip";
    case TunnelKind::kGre:
      return "gre";
    case TunnelKind::kPptp:
      return "pptp";
    case TunnelKind::kErspan:
      return "erspan";
    case TunnelKind::kL2tp:
      return "l2tp";
    case TunnelKind::kTeredo:
      return "teredo";
    case TunnelKind::kAyiya:
      return "ayiya";
    case TunnelKind::kVxlan:
      return "vxlan";
    case TunnelKind::kGeneve:
      return "geneve";
    case TunnelKind::kGtp:
      return "gtp";
    case TunnelKind::kCapwap:
      return "capwap";
  }
  return "";
}

bool HasSoundIp(const Walk& walk, bool exactly) {
  if (walk.bytes.empty()) return false;
  IpDatagram datagram;
  const bool is_ipv6 = walk.bytes[0] >> 4 == 6;
  const Verdict verdict = is_ipv6 ? DecodeIpv6(walk.bytes, walk.wire_bytes(), datagram)
                                  : DecodeIpv4(walk.bytes, walk.wire_bytes(), datagram);
  if (verdict != Verdict::kOk || datagram.destination.IsZero()) return false;
  if (datagram.protocol == kNoNextHeader) return false;  // As in a bubble of Teredo.
  if (exactly && datagram.total_bytes != walk.wire_bytes()) return false;
  return is_ipv6 || LoadBig16(walk.bytes, 10) == 0 || Ipv4ChecksumGood(walk.bytes);
}

Verdict EnterTunnel(uint8_t protocol, const FiveTuple& tuple, Walk& walk) {
  if (!walk.Stack()) return Verdict::kTooManyHeaders;
  Verdict verdict = Verdict::kNotIp;
  switch (protocol) {
    case kUdp:
      return EnterUdp(tuple, walk);
    case kIpv4InIp:
    case kIpv6InIp:
      return EnterIp(protocol, walk);
    case kGre:
      verdict = FollowGre(walk);
      break;
    case kL2tpv3:
      verdict = FollowL2tpv3(walk);
      break;
    default:
      break;
  }
  return verdict == Verdict::kArp ? Verdict::kNotIp : verdict;
}

}  // namespace dfc
