#include "dfc/verdict.h"

namespace dfc {

const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "delivered";
    case Verdict::kFragmentHeld:
      return "fragment";
    case Verdict::kArp:
      return "arp";
    case Verdict::kNotIp:
      return "not_ip";
    case Verdict::kOtherTransport:
      return "other_transport";
    case Verdict::kUnknownLink:
      return "unknown_link_type";
    case Verdict::kTruncated:
      return "truncated_header";
    case Verdict::kTooManyHeaders:
      return "too_many_headers";
    case Verdict::kBadIpVersion:
      return "bad_ip_version";
    case Verdict::kBadIpHeaderLength:
      return "bad_ip_header_length";
    case Verdict::kBadIpOption:
      return "bad_ip_option";
    case Verdict::kBadIpLength:
      return "bad_ip_length";
    case Verdict::kIpBeyondFrame:
      return "ip_beyond_frame";
    case Verdict::kBadIpExtension:
      return "bad_ip_extension";
    case Verdict::kZeroSource:
      return "zero_source";
    case Verdict::kZeroDestination:
      return "zero_destination";
    case Verdict::kBadTcpHeaderLength:
      return "bad_tcp_header_length";
    case Verdict::kBadUdpLength:
      return "bad_udp_length";
    case Verdict::kBadIcmpLength:
      return "bad_icmp_length";
    case Verdict::kBadIpChecksum:
      return "bad_ip_checksum";
    case Verdict::kBadTcpChecksum:
      return "bad_tcp_checksum";
    case Verdict::kBadUdpChecksum:
      return "bad_udp_checksum";
    case Verdict::kBadIcmpChecksum:
      return "bad_icmp_checksum";
    case Verdict::kFragmentOverlap:
      return "fragment_overlap";
    case Verdict::kFragmentBeyond:
      return "fragment_beyond";
    case Verdict::kFragmentLimit:
      return "fragment_limit";
    case Verdict::kFragmentDuplicate:
      return "fragment_duplicate";
    case Verdict::kFragmentTiny:
      return "fragment_tiny";
    case Verdict::kFragmentEcn:
      return "fragment_ecn";
    case Verdict::kBadTunnelHeader:
      return "bad_tunnel_header";
    case Verdict::kProtected:
      return "protected";
    case Verdict::kAggregated:
      return "aggregated";
    case Verdict::kBadSctpLength:
      return "bad_sctp_length";
    case Verdict::kBadSctpChecksum:
      return "bad_sctp_checksum";
    case Verdict::kFiltered:
      return "filtered";
  }
  return "unknown";
}

}  // namespace dfc
