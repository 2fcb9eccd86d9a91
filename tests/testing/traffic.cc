#include "traffic.h"

#include <algorithm>

#include "dfc/check.h"

namespace dfc {

Traffic& Traffic::AddCut(int64_t t_ns, const PacketBuilder& packet, size_t captured) {
  FrameBytes frame = packet.Bytes();
  const auto wire_bytes = static_cast<uint32_t>(frame.size());
  frame.resize(captured);
  return AddFrame(t_ns, frame, wire_bytes, packet.link());
}

Traffic& Traffic::AddFrame(int64_t t_ns, const FrameBytes& frame, uint32_t wire_bytes,
                           LinkType link) {
  DFC_CHECK(TakeFrame(t_ns, frame, wire_bytes, link));
  return *this;
}

Traffic& Traffic::AddAll(const std::vector<TimedFrame>& frames) {
  for (const TimedFrame& frame : frames) {
    TakeFrame(frame.t_ns, frame.bytes, static_cast<uint32_t>(frame.bytes.size()), kLinkEthernet);
  }
  return *this;
}

// False when the frame was refused.
bool Traffic::TakeFrame(int64_t t_ns, const FrameBytes& frame, uint32_t wire_bytes, LinkType link) {
  Packet packet{};
  const Frame captured{t_ns, ByteSpan(frame), wire_bytes, link, false};
  const Verdict verdict = decoder_.Decode(captured, packet);
  clock_ns_ = std::max(clock_ns_, t_ns);
  if (verdict == Verdict::kFragmentHeld) return true;
  if (verdict != Verdict::kOk) return false;
  packet.clock_ns = clock_ns_;
  do {
    payloads_.emplace_back(packet.payload, packet.payload + packet.payload_bytes);
    packets_.push_back(packet);
    packets_.back().payload = payloads_.back().data();
    if (packet.conflict != nullptr)
      packets_.back().conflict = &conflicts_.emplace_back(*packet.conflict);
  } while (decoder_.NextDatagram(packet));
  return true;
}

}  // namespace dfc
