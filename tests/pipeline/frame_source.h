// Frames in memory as a packet source. Like a file, it reuses the memory of the frame before.
#pragma once

#include <utility>
#include <vector>

#include "dfc/packet_source.h"
#include "traffic.h"

namespace dfc {

class FrameSource final : public PacketSource {
 public:
  explicit FrameSource(std::vector<TimedFrame> frames) : frames_(std::move(frames)) {}

  bool Next(Frame& frame) override {
    if (at_ == frames_.size()) return false;
    const TimedFrame& next = frames_[at_++];
    buffer_.assign(buffer_.size(), 0xDD);
    buffer_ = next.bytes;
    frame = {next.t_ns, buffer_, static_cast<uint32_t>(buffer_.size()), kLinkEthernet, false};
    return true;
  }
  absl::Status status() const override { return absl::OkStatus(); }
  uint64_t bytes_read() const override { return at_; }
  uint64_t bytes_total() const override { return frames_.size(); }
  uint64_t fingerprint() const override { return 7; }
  uint64_t frames_filtered() const override { return 0; }
  uint64_t bytes_filtered() const override { return 0; }

 private:
  std::vector<TimedFrame> frames_;
  FrameBytes buffer_;
  size_t at_ = 0;
};

// `count` datagrams of one UDP flow, a millisecond apart.
inline std::vector<TimedFrame> UdpFrames(size_t count, size_t data_bytes = 10) {
  std::vector<TimedFrame> frames;
  for (size_t n = 0; n < count; ++n) {
    const PacketBuilder packet =
        Udp("10.0.0.1:1000", "10.0.0.2:53").Data(std::string(data_bytes, 'u'));
    frames.push_back({static_cast<int64_t>(1'700'000'000'000 + n) * 1'000'000, packet.Bytes()});
  }
  return frames;
}

}  // namespace dfc
