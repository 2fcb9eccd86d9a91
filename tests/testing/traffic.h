// Frames with times, decoded as the capture thread does it.
#pragma once

#include <deque>
#include <vector>

#include "dfc/decode.h"
#include "packet_builder.h"

namespace dfc {

struct TimedFrame {
  int64_t t_ns;
  FrameBytes bytes;
};

// Traffic of every kind, some of it out of order, lost, repeated, reset, damaged, and in fragments
// of which some contradict each other; the same for the same seed. Bytes of TCP that come again are
// the same ones with `copies_agree`.
std::vector<TimedFrame> MixedFrames(uint64_t seed, size_t count, bool copies_agree = false);

// Packets whose payloads stay valid as long as this lives. Every added frame must decode.
class Traffic {
 public:
  explicit Traffic(Checksums checksums = Checksums::kVerify) : decoder_({.checksums = checksums}) {}

  Traffic& Add(int64_t t_ns, const PacketBuilder& packet) {
    return Add(t_ns, packet.Bytes(), packet.link());
  }
  // With only the first `captured` bytes of the frame.
  Traffic& AddCut(int64_t t_ns, const PacketBuilder& packet, size_t captured);
  Traffic& Add(int64_t t_ns, const FrameBytes& frame, LinkType link = kLinkEthernet) {
    return AddFrame(t_ns, frame, static_cast<uint32_t>(frame.size()), link);
  }

  // Frames in this order of time, whether they decode or not.
  Traffic& AddAll(const std::vector<TimedFrame>& frames);

  const std::vector<Packet>& packets() const { return packets_; }

 private:
  bool TakeFrame(int64_t t_ns, const FrameBytes& frame, uint32_t wire_bytes, LinkType link);
  Traffic& AddFrame(int64_t t_ns, const FrameBytes& frame, uint32_t wire_bytes, LinkType link);

  Decoder decoder_;
  std::deque<FrameBytes> payloads_;
  std::deque<FragmentConflict> conflicts_;
  std::vector<Packet> packets_;
  int64_t clock_ns_ = INT64_MIN;
};

}  // namespace dfc
