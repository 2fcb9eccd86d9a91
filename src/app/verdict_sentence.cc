#include "verdict_sentence.h"

#include <array>

namespace dfc {

namespace {

// In the order of the enum.
constexpr std::array<const char*, kVerdictCount> kSentences = {
    "delivered to a flow",                              // kOk
    "fragment, kept until its datagram is whole",       // kFragmentHeld
    "ARP, which carries no flow",                       // kArp
    "not IP",                                           // kNotIp
    "IP without a transport",                           // kOtherTransport
    "link type not known",                              // kUnknownLink
    "capture ends inside a header",                     // kTruncated
    "too many stacked headers",                         // kTooManyHeaders
    "IP version is neither 4 nor 6",                    // kBadIpVersion
    "IP header length is wrong",                        // kBadIpHeaderLength
    "IP option does not fit the header",                // kBadIpOption
    "IP length is shorter than the headers",            // kBadIpLength
    "IP length is longer than the frame",               // kIpBeyondFrame
    "IPv6 extension header does not fit",               // kBadIpExtension
    "source address is zero",                           // kZeroSource
    "destination address is zero",                      // kZeroDestination
    "TCP header length is wrong",                       // kBadTcpHeaderLength
    "UDP length is wrong",                              // kBadUdpLength
    "ICMP message is shorter than its header",          // kBadIcmpLength
    "IP checksum is wrong",                             // kBadIpChecksum
    "TCP checksum is wrong",                            // kBadTcpChecksum
    "UDP checksum is wrong",                            // kBadUdpChecksum
    "ICMP checksum is wrong",                           // kBadIcmpChecksum
    "fragment overlaps another",                        // kFragmentOverlap
    "fragment lies past the end of its datagram",       // kFragmentBeyond
    "fragment makes too many pieces",                   // kFragmentLimit
    "fragment repeats what is there",                   // kFragmentDuplicate
    "first fragment ends inside the transport header",  // kFragmentTiny
    "fragments disagree about ECN",                     // kFragmentEcn
    "header of a tunnel or link contradicts itself",    // kBadTunnelHeader
    "Wi-Fi frame is encrypted",                         // kProtected
    "Wi-Fi frame holds several others",                 // kAggregated
    "SCTP chunk does not fit",                          // kBadSctpLength
    "SCTP checksum is wrong",                           // kBadSctpChecksum
    "not wanted by the filter",                         // kFiltered
    "dropped by the network card or its driver",        // kDroppedByInterface
    "dropped by the kernel: the ring was full",         // kDroppedByKernel
    "dropped by dfc: the workers or store came late",   // kDroppedBySensor
    "of dfc's own connections",                         // kOwnTraffic
};

}  // namespace

const char* VerdictSentence(Verdict verdict) {
  const auto at = static_cast<size_t>(verdict);
  return at < kSentences.size() ? kSentences[at] : "refused for a reason without a name";
}

}  // namespace dfc
