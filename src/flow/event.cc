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

std::string ProtocolName(uint8_t protocol) {
  switch (protocol) {
    case kTcp:
      return "tcp";
    case kUdp:
      return "udp";
    case kIcmp:
      return "icmp";
    case kIcmpv6:
      return "icmp6";
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
