#include "capture_bytes.h"

#include <utility>

#include "capture_file.h"
#include "memory_source.h"

namespace dfc {

Bytes& Bytes::Number(uint64_t value, int bytes) {
  for (int at = 0; at < bytes; ++at) {
    const int place = order_ == Order::kLittle ? at : bytes - 1 - at;
    text_.push_back(static_cast<char>(value >> (8 * place)));
  }
  return *this;
}

std::string Pcap(const PcapHeader& header) {
  Bytes bytes(header.order);
  bytes.U32(header.magic).U16(header.major).U16(header.minor).U64(0);
  return bytes.U32(header.snaplen).U32(header.link_type).str();
}

std::string Record(uint32_t seconds, uint32_t fraction, std::string_view frame, uint32_t wire_bytes,
                   const PcapHeader& header) {
  const auto captured_bytes = static_cast<uint32_t>(frame.size());
  Bytes bytes(header.order);
  bytes.U32(seconds).U32(fraction).U32(captured_bytes);
  bytes.U32(wire_bytes == 0 ? captured_bytes : wire_bytes);
  if (header.magic == kModifiedMagic) bytes.U32(7).U16(0x0800).U16(0);
  return bytes.Text(frame).str();
}

std::string Block(uint32_t type, const Bytes& body) {
  const auto total_bytes = static_cast<uint32_t>(body.str().size() + 12);
  Bytes block(body.order());
  return block.U32(type).U32(total_bytes).Text(body.str()).U32(total_bytes).str();
}

std::string Section(Order order, std::string_view options) {
  Bytes body(order);
  return Block(0x0A0D0D0A, body.U32(0x1A2B3C4D).U16(1).U16(0).U64(UINT64_MAX).Text(options));
}

std::string Interface(std::string_view options, uint16_t link_type, uint32_t snaplen, Order order) {
  return Block(1, Bytes(order).U16(link_type).U16(0).U32(snaplen).Text(options));
}

std::string PacketBlock(uint32_t interface, uint64_t ticks, std::string_view frame,
                        uint32_t wire_bytes, Order order) {
  const auto captured_bytes = static_cast<uint32_t>(frame.size());
  Bytes body(order);
  body.U32(interface).U32(static_cast<uint32_t>(ticks >> 32)).U32(static_cast<uint32_t>(ticks));
  body.U32(captured_bytes).U32(wire_bytes == 0 ? captured_bytes : wire_bytes);
  return Block(6, body.Text(frame).Pad4());
}

std::string SimplePacketBlock(std::string_view frame, uint32_t wire_bytes) {
  if (wire_bytes == 0) wire_bytes = static_cast<uint32_t>(frame.size());
  return Block(3, Bytes().U32(wire_bytes).Text(frame).Pad4());
}

std::string Option(uint16_t code, std::string_view value, Order order) {
  Bytes option(order);
  return option.U16(code).U16(static_cast<uint16_t>(value.size())).Text(value).Pad4().str();
}

std::string TimeResolution(uint8_t resolution) {
  return Option(9, std::string(1, static_cast<char>(resolution)));
}

std::string Reading::Texts() const {
  std::string texts;
  for (const Seen& frame : frames) texts += (texts.empty() ? "" : " ") + frame.bytes;
  return texts;
}

Reading ReadFrom(absl::StatusOr<std::unique_ptr<PacketSource>> source) {
  Reading reading;
  reading.opened = source.ok();
  reading.status = source.status();
  if (!source.ok()) return reading;
  Frame frame;
  while ((*source)->Next(frame)) {
    reading.frames.push_back({frame.time_ns,
                              std::string(AsChars(frame.bytes.data()), frame.bytes.size()),
                              frame.wire_bytes, frame.link_type});
  }
  reading.status = (*source)->status();
  reading.frames_filtered = (*source)->frames_filtered();
  reading.bytes_filtered = (*source)->bytes_filtered();
  reading.fingerprint = (*source)->fingerprint();
  return reading;
}

Reading Read(const std::string& capture, const std::string& filter, size_t piece_bytes) {
  return ReadFrom(OpenCapture("x", std::make_unique<MemorySource>(capture, piece_bytes), filter));
}

}  // namespace dfc
