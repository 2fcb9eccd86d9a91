// Capture files for tests: bytes put together record by record, and what dfc reads from them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dfc/packet_source.h"

namespace dfc {

enum class Order { kLittle, kBig };

// Numbers one behind the other, in the byte order of a file.
class Bytes {
 public:
  explicit Bytes(Order order = Order::kLittle) : order_(order) {}

  Bytes& U16(uint16_t value) { return Number(value, 2); }
  Bytes& U32(uint32_t value) { return Number(value, 4); }
  Bytes& U64(uint64_t value) { return Number(value, 8); }
  Bytes& Text(std::string_view text) { return text_.append(text), *this; }
  Bytes& Pad4() { return text_.resize((text_.size() + 3) / 4 * 4), *this; }

  const std::string& str() const { return text_; }
  Order order() const { return order_; }

 private:
  Bytes& Number(uint64_t value, int bytes);

  Order order_;
  std::string text_;
};

inline constexpr uint32_t kMicroMagic = 0xA1B2C3D4;
inline constexpr uint32_t kNanoMagic = 0xA1B23C4D;
inline constexpr uint32_t kModifiedMagic = 0xA1B2CD34;

struct PcapHeader {
  Order order = Order::kLittle;
  uint32_t magic = kMicroMagic;
  uint16_t major = 2;
  uint16_t minor = 4;
  uint32_t snaplen = 65'535;
  uint32_t link_type = kLinkEthernet;
};
std::string Pcap(const PcapHeader& header = {});
// `wire_bytes` 0 means as many as there are.
std::string Record(uint32_t seconds, uint32_t fraction, std::string_view frame,
                   uint32_t wire_bytes = 0, const PcapHeader& header = {});

// One pcapng block around `body`, and the bodies that matter.
std::string Block(uint32_t type, const Bytes& body);
std::string Section(Order order = Order::kLittle, std::string_view options = "");
std::string Interface(std::string_view options = "", uint16_t link_type = kLinkEthernet,
                      uint32_t snaplen = 0, Order order = Order::kLittle);
std::string PacketBlock(uint32_t interface, uint64_t ticks, std::string_view frame,
                        uint32_t wire_bytes = 0, Order order = Order::kLittle);
std::string SimplePacketBlock(std::string_view frame, uint32_t wire_bytes = 0);
std::string Option(uint16_t code, std::string_view value, Order order = Order::kLittle);
std::string TimeResolution(uint8_t resolution);

// A frame with its bytes copied out of the reader.
struct Seen {
  int64_t time_ns;
  std::string bytes;
  uint32_t wire_bytes;
  uint16_t link_type;
  bool operator==(const Seen&) const = default;
};

struct Reading {
  bool opened = false;
  absl::Status status;  // Of opening, or of the source at its end.
  std::vector<Seen> frames;
  uint64_t frames_filtered = 0;
  uint64_t bytes_filtered = 0;
  uint64_t fingerprint = 0;

  std::string Texts() const;  // The frames' bytes, with a space between two.
  std::string message() const { return MessageOf(status); }
};

// Reads all of a capture called "x" that arrives in pieces of at most `piece_bytes`.
Reading Read(const std::string& capture, const std::string& filter = "",
             size_t piece_bytes = SIZE_MAX);
Reading ReadFrom(absl::StatusOr<std::unique_ptr<PacketSource>> source);

}  // namespace dfc
