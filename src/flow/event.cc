#include "dfc/event.h"

#include <fmt/format.h>

namespace dfc {

const char* FlowStateName(FlowState state) {
  switch (state) {
    case FlowState::kAttempt:
      return "attempt";
    case FlowState::kOneWay:
      return "one-way";
    case FlowState::kTwoWay:
      return "two-way";
    case FlowState::kEstablished:
      return "established";
    case FlowState::kClosing:
      return "closing";
    case FlowState::kClosed:
      return "closed";
    case FlowState::kReset:
      return "reset";
    case FlowState::kRejected:
      return "rejected";
  }
  return "unknown";
}

const char* OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kCaptured:
      return "captured";
    case Outcome::kFlowTcp:
      return "flow_tcp";
    case Outcome::kFlowUdp:
      return "flow_udp";
    case Outcome::kFlowIcmp:
      return "flow_icmp";
    case Outcome::kFlowIcmpv6:
      return "flow_icmp6";
    case Outcome::kFlowOther:
      return "flow_other";
    case Outcome::kTcpPayload:
      return "tcp_payload";
    case Outcome::kTcpStored:
      return "tcp_stored";
    case Outcome::kTcpDuplicate:
      return "tcp_duplicate";
    case Outcome::kTcpConflict:
      return "tcp_conflict";
    case Outcome::kTcpUrgent:
      return "tcp_urgent";
    case Outcome::kTcpUrgentDropped:
      return "tcp_urgent_dropped";
    case Outcome::kTcpOutOfWindow:
      return "tcp_out_of_window";
    case Outcome::kTcpShed:
      return "tcp_shed";
    case Outcome::kDatagramPayload:
      return "datagram_payload";
    case Outcome::kDatagramStored:
      return "datagram_stored";
    case Outcome::kDatagramConflict:
      return "datagram_conflict";
  }
  return VerdictName(static_cast<Verdict>(outcome));
}

Outcome FlowOutcome(uint8_t protocol) {
  switch (protocol) {
    case kTcp:
      return Outcome::kFlowTcp;
    case kUdp:
      return Outcome::kFlowUdp;
    case kIcmp:
      return Outcome::kFlowIcmp;
    case kIcmpv6:
      return Outcome::kFlowIcmpv6;
    default:
      return Outcome::kFlowOther;
  }
}

// As in the views: sql/.
std::string ProtocolName(uint8_t protocol) {
  switch (protocol) {
    case kIcmp:
      return "icmp";
    case kIgmp:
      return "igmp";
    case kIpv4InIp:
      return "ipv4";
    case kTcp:
      return "tcp";
    case kUdp:
      return "udp";
    case 33:
      return "dccp";
    case kIpv6InIp:
      return "ipv6";
    case 46:
      return "rsvp";
    case kGre:
      return "gre";
    case 50:
      return "esp";
    case kAuthentication:
      return "ah";
    case kIcmpv6:
      return "icmp6";
    case 88:
      return "eigrp";
    case 89:
      return "ospf";
    case 103:
      return "pim";
    case 112:
      return "vrrp";
    case kL2tpv3:
      return "l2tp";
    case kSctp:
      return "sctp";
    case 136:
      return "udplite";
    default:
      return fmt::format("{}", protocol);
  }
}

const char* IcmpPairingName(IcmpPairing pairing) {
  switch (pairing) {
    case IcmpPairing::kNone:
      return "";
    case IcmpPairing::kRequest:
      return "request";
    case IcmpPairing::kReply:
      return "reply";
    case IcmpPairing::kLate:
      return "late";
    case IcmpPairing::kDuplicate:
      return "duplicate";
    case IcmpPairing::kStray:
      return "stray";
    case IcmpPairing::kError:
      return "error";
  }
  return "";
}

ChunkView ViewChunk(ByteSpan row) {
  ChunkView view;
  DFC_CHECK(row.size() >= sizeof(ChunkRow));
  view.row = EventBlock::Load<ChunkRow>(row.data());
  const ByteSpan rest = row.subspan(sizeof(ChunkRow));
  DFC_CHECK(rest.size() == size_t{view.row.content_bytes} + view.row.turns_bytes);
  view.content = rest.first(view.row.content_bytes);
  const ByteSpan turns = rest.subspan(view.row.content_bytes);
  view.turns = std::string_view(AsChars(turns.data()), turns.size());
  return view;
}

}  // namespace dfc
