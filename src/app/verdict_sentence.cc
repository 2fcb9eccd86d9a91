#include "verdict_sentence.h"

namespace dfc {

const char* VerdictSentence(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "delivered to a flow";
    case Verdict::kFragmentHeld:
      return "fragment, kept until its datagram is whole";
    case Verdict::kArp:
      return "ARP, which carries no flow";
    case Verdict::kNotIp:
      return "not IP";
    case Verdict::kOtherTransport:
      return "IP without a transport";
    case Verdict::kUnknownLink:
      return "link type not known";
    case Verdict::kTruncated:
      return "capture ends inside a header";
    case Verdict::kTooManyHeaders:
      return "too many stacked headers";
    case Verdict::kBadIpVersion:
      return "IP version is neither 4 nor 6";
    case Verdict::kBadIpHeaderLength:
      return "IP header length is wrong";
    case Verdict::kBadIpOption:
      return "IP option does not fit the header";
    case Verdict::kBadIpLength:
      return "IP length is shorter than the headers";
    case Verdict::kIpBeyondFrame:
      return "IP length is longer than the frame";
    case Verdict::kBadIpExtension:
      return "IPv6 extension header does not fit";
    case Verdict::kZeroSource:
      return "source address is zero";
    case Verdict::kZeroDestination:
      return "destination address is zero";
    case Verdict::kBadTcpHeaderLength:
      return "TCP header length is wrong";
    case Verdict::kBadUdpLength:
      return "UDP length is wrong";
    case Verdict::kBadIcmpLength:
      return "ICMP message is shorter than its header";
    case Verdict::kBadIpChecksum:
      return "IP checksum is wrong";
    case Verdict::kBadTcpChecksum:
      return "TCP checksum is wrong";
    case Verdict::kBadUdpChecksum:
      return "UDP checksum is wrong";
    case Verdict::kBadIcmpChecksum:
      return "ICMP checksum is wrong";
    case Verdict::kFragmentOverlap:
      return "fragment overlaps another";
    case Verdict::kFragmentBeyond:
      return "fragment lies past the end of its datagram";
    case Verdict::kFragmentLimit:
      return "fragment makes too many pieces";
    case Verdict::kFragmentDuplicate:
      return "fragment repeats what is there";
    case Verdict::kFragmentTiny:
      return "first fragment ends inside the transport header";
    case Verdict::kFragmentEcn:
      return "fragments disagree about ECN";
    case Verdict::kBadTunnelHeader:
      return "header of a tunnel or link contradicts itself";
    case Verdict::kProtected:
      return "Wi-Fi frame is encrypted";
    case Verdict::kAggregated:
      return "Wi-Fi frame holds several others";
    case Verdict::kBadSctpLength:
      return "SCTP chunk does not fit";
    case Verdict::kBadSctpChecksum:
      return "SCTP checksum is wrong";
    case Verdict::kFiltered:
      return "not wanted by the filter";
  }
  return "refused for a reason without a name";
}

}  // namespace dfc
