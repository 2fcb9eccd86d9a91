#include "dfc/verdict.h"

#include <array>

namespace dfc {

namespace {

// In the order of the enum.
constexpr std::array<const char*, kVerdictCount> kNames = {
    "delivered",              // kOk
    "fragment",               // kFragmentHeld
    "arp",                    // kArp
    "not_ip",                 // kNotIp
    "other_transport",        // kOtherTransport
    "unknown_link_type",      // kUnknownLink
    "truncated_header",       // kTruncated
    "too_many_headers",       // kTooManyHeaders
    "bad_ip_version",         // kBadIpVersion
    "bad_ip_header_length",   // kBadIpHeaderLength
    "bad_ip_option",          // kBadIpOption
    "bad_ip_length",          // kBadIpLength
    "ip_beyond_frame",        // kIpBeyondFrame
    "bad_ip_extension",       // kBadIpExtension
    "zero_source",            // kZeroSource
    "zero_destination",       // kZeroDestination
    "bad_tcp_header_length",  // kBadTcpHeaderLength
    "bad_udp_length",         // kBadUdpLength
    "bad_icmp_length",        // kBadIcmpLength
    "bad_ip_checksum",        // kBadIpChecksum
    "bad_tcp_checksum",       // kBadTcpChecksum
    "bad_udp_checksum",       // kBadUdpChecksum
    "bad_icmp_checksum",      // kBadIcmpChecksum
    "fragment_overlap",       // kFragmentOverlap
    "fragment_beyond",        // kFragmentBeyond
    "fragment_limit",         // kFragmentLimit
    "fragment_duplicate",     // kFragmentDuplicate
    "fragment_tiny",          // kFragmentTiny
    "fragment_ecn",           // kFragmentEcn
    "bad_tunnel_header",      // kBadTunnelHeader
    "protected",              // kProtected
    "aggregated",             // kAggregated
    "bad_sctp_length",        // kBadSctpLength
    "bad_sctp_checksum",      // kBadSctpChecksum
    "filtered",               // kFiltered
    "dropped_by_interface",   // kDroppedByInterface
    "dropped_by_kernel",      // kDroppedByKernel
    "dropped_by_sensor",      // kDroppedBySensor
    "own_traffic",            // kOwnTraffic
};

}  // namespace

const char* VerdictName(Verdict verdict) {
  const auto at = static_cast<size_t>(verdict);
  return at < kNames.size() ? kNames[at] : "unknown";
}

}  // namespace dfc
