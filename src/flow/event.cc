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
    case Outcome::kTcpContentLimit:
      return "tcp_content_limit";
    case Outcome::kTcpNoContent:
      return "tcp_no_content";
    case Outcome::kTcpOverload:
      return "tcp_overload";
    case Outcome::kDatagramPayload:
      return "datagram_payload";
    case Outcome::kDatagramStored:
      return "datagram_stored";
    case Outcome::kDatagramConflict:
      return "datagram_conflict";
    case Outcome::kDatagramContentLimit:
      return "datagram_content_limit";
    case Outcome::kDatagramNoContent:
      return "datagram_no_content";
    case Outcome::kDatagramOverload:
      return "datagram_overload";
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

namespace {

// The whole length of a row, or the least of one that has bytes behind it.
size_t RowBytes(RowType type) {
  switch (type) {
    case RowType::kFlow:
      return sizeof(FlowRow);
    case RowType::kChunk:
      return sizeof(ChunkRow);
    case RowType::kIcmp:
      return sizeof(IcmpRow);
    case RowType::kLedger:
      return sizeof(LedgerRow);
  }
  return SIZE_MAX;
}

bool IsRow(RowType type, ByteSpan row) {
  if (type != RowType::kChunk) return row.size() == RowBytes(type);
  if (row.size() < sizeof(ChunkRow)) return false;
  const auto chunk = EventBlock::Load<ChunkRow>(row.data());
  return row.size() - sizeof(ChunkRow) == size_t{chunk.content_bytes} + chunk.turns_bytes;
}

}  // namespace

bool EventBlock::Assign(ByteSpan bytes) {
  Clear();
  while (!bytes.empty()) {
    bool is_row = bytes.size() >= sizeof(RowHeader);
    const auto header = is_row ? Load<RowHeader>(bytes.data()) : RowHeader{};
    const size_t padded_bytes = Padded(header.bytes);
    is_row = is_row && bytes.size() - sizeof header >= padded_bytes;
    const ByteSpan row = is_row ? bytes.subspan(sizeof header, header.bytes) : ByteSpan();
    if (!is_row || !IsRow(header.type, row) || !AppendCopy(header.type, row)) {
      Clear();
      return false;
    }
    bytes = bytes.subspan(sizeof header + padded_bytes);
  }
  return true;
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
