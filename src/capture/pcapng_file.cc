#include "pcapng_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace dfc {
namespace {

enum BlockType : uint32_t {
  kInterfaceBlock = 1,
  kOldPacketBlock = 2,  // Obsolete; like kEnhancedPacketBlock but for its first word.
  kSimplePacketBlock = 3,
  kEnhancedPacketBlock = 6,
  kSectionBlock = PcapngFile::kMagic,
};

constexpr size_t kBlockHeadBytes = 8;  // Type and total length.
constexpr size_t kTrailerBytes = 4;
constexpr size_t kBlockBytesMin = kBlockHeadBytes + kTrailerBytes;

// The fixed part of each body.
constexpr size_t kSectionBodyBytes = 16;
constexpr size_t kInterfaceBodyBytes = 8;
constexpr size_t kPacketBodyBytes = 20;
constexpr size_t kSimplePacketBodyBytes = 4;

// Calls visit(code, value) for each option; false when one runs past the end.
template <typename Visitor>
bool ForEachOption(FileOrder order, ByteSpan options, Visitor visit) {
  constexpr size_t kOptionHeadBytes = 4;
  constexpr uint16_t kEndOfOptions = 0;
  while (options.size() >= kOptionHeadBytes) {
    const uint16_t code = order.Load16(options.data());
    const size_t bytes = order.Load16(options.data() + 2);
    if (code == kEndOfOptions) return true;
    options = options.subspan(kOptionHeadBytes);
    if (options.size() < bytes) return false;
    visit(code, options.first(bytes));
    const size_t padded_bytes = (bytes + 3) & ~size_t{3};
    options = options.subspan(std::min(padded_bytes, options.size()));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PacketSource>> PcapngFile::Open(CaptureInput input) {
  std::unique_ptr<PcapngFile> file(new PcapngFile(std::move(input)));
  if (!file->ReadSectionHeader()) return file->status();
  return file;
}

bool PcapngFile::Next(Frame& frame) {
  for (;;) {
    const Outcome outcome = ReadBlock(frame);
    if (outcome == Outcome::kStop) return false;
    if (outcome == Outcome::kFrame && Wants(program_, frame)) return true;
  }
}

PcapngFile::Outcome PcapngFile::ReadBlock(Frame& frame) {
  const auto went_on = [](bool ok) { return ok ? Outcome::kNoFrame : Outcome::kStop; };
  const auto gave_frame = [](bool ok) { return ok ? Outcome::kFrame : Outcome::kStop; };

  if (!reader().Need(kBlockBytesMin)) return went_on(EndOrCutShort(kBlockBytesMin));
  block_at_ = reader().offset();
  const uint32_t type = order_.Load32(reader().data());
  const uint32_t total_bytes = order_.Load32(reader().data() + 4);

  ByteSpan body;
  switch (type) {
    case kEnhancedPacketBlock:
    case kOldPacketBlock:
      return gave_frame(TakeBlock(total_bytes, kPacketBodyBytes, body) &&
                        ReadPacket(body, type, frame));
    case kSimplePacketBlock:
      return gave_frame(TakeBlock(total_bytes, kSimplePacketBodyBytes, body) &&
                        ReadSimplePacket(body, frame));
    case kInterfaceBlock:
      return went_on(TakeBlock(total_bytes, kInterfaceBodyBytes, body) && ReadInterface(body));
    case kSectionBlock:
      return went_on(ReadSectionHeader());
    default:
      return went_on(SkipBlock(total_bytes));
  }
}

bool PcapngFile::ReadSectionHeader() {
  // Its own length can't be read before its byte order is known.
  block_at_ = reader().offset();
  if (!reader().Need(kBlockBytesMin)) return CutShort(block_at_, kBlockBytesMin);
  constexpr uint32_t kByteOrderMagic = 0x1A2B3C4D;
  const auto byte_order = LoadNative<uint32_t>(reader().data() + kBlockHeadBytes);
  if (byte_order != kByteOrderMagic && byte_order != __builtin_bswap32(kByteOrderMagic)) {
    return Damaged(block_at_, "section header without a byte order");
  }
  order_.swapped = byte_order != kByteOrderMagic;
  ByteSpan body;
  if (!TakeBlock(order_.Load32(reader().data() + 4), kSectionBodyBytes, body)) return false;

  constexpr uint16_t kVersionMajor = 1;
  const uint16_t version_major = order_.Load16(body.data() + 4);
  if (version_major != kVersionMajor) {
    return Refuse(absl::InvalidArgumentError(
        fmt::format("pcapng version {}.x at offset {} is not supported; dfc reads version 1.x",
                    version_major, block_at_)));
  }
  // The section's length is not used: it is often unknown, and blocks tell their own.
  const auto ignore = [](uint16_t, ByteSpan) {};
  if (!ForEachOption(order_, body.subspan(kSectionBodyBytes), ignore)) {
    return Damaged(block_at_, "section header with an option that runs past its end");
  }
  interfaces_.clear();
  return true;
}

bool PcapngFile::ReadInterface(ByteSpan body) {
  constexpr uint16_t kTimeResolution = 9;
  constexpr uint16_t kTimeOffset = 14;
  uint8_t resolution = 6;
  int64_t offset_seconds = 0;
  bool lengths_fit = true;
  const auto read_option = [&](uint16_t code, ByteSpan value) {
    if (code == kTimeResolution) {
      lengths_fit = lengths_fit && value.size() == sizeof resolution;
      if (lengths_fit) resolution = value[0];
    }
    if (code == kTimeOffset) {
      lengths_fit = lengths_fit && value.size() == sizeof offset_seconds;
      if (lengths_fit) offset_seconds = static_cast<int64_t>(order_.Load64(value.data()));
    }
  };
  if (!ForEachOption(order_, body.subspan(kInterfaceBodyBytes), read_option)) {
    return Damaged(block_at_, "interface with an option that runs past its end");
  }
  if (!lengths_fit) return Damaged(block_at_, "interface with a time option of the wrong length");
  if (interfaces_.size() >= kInterfacesMax) {
    return Damaged(block_at_, fmt::format("more than {} interfaces", kInterfacesMax));
  }
  Interface& interface = interfaces_.emplace_back();
  interface.scale = TimeScale(resolution, offset_seconds);
  interface.link_type = order_.Load16(body.data());
  interface.snaplen = order_.Load32(body.data() + 4);
  return true;
}

bool PcapngFile::ReadPacket(ByteSpan body, uint32_t type, Frame& frame) {
  // The old block has a count of drops in the upper half of the word.
  const size_t id =
      type == kOldPacketBlock ? order_.Load16(body.data()) : order_.Load32(body.data());
  if (id >= interfaces_.size()) {
    return Damaged(block_at_, fmt::format("packet of interface {}, which is not described", id));
  }
  Interface& interface = interfaces_[id];
  const uint64_t ticks_high = order_.Load32(body.data() + 4);
  const uint32_t ticks_low = order_.Load32(body.data() + 8);
  const uint32_t captured_bytes = order_.Load32(body.data() + 12);
  const uint32_t wire_bytes = order_.Load32(body.data() + 16);
  last_time_ns_ = interface.scale.ToNs(ticks_high << 32 | ticks_low);
  return FillFrame(body.subspan(kPacketBodyBytes), captured_bytes, wire_bytes, interface, frame);
}

bool PcapngFile::ReadSimplePacket(ByteSpan body, Frame& frame) {
  if (interfaces_.empty()) {
    return Damaged(block_at_, "packet of interface 0, which is not described");
  }
  Interface& interface = interfaces_.front();
  const uint32_t wire_bytes = order_.Load32(body.data());
  const uint32_t captured_bytes =
      interface.snaplen == 0 ? wire_bytes : std::min(wire_bytes, interface.snaplen);
  return FillFrame(body.subspan(kSimplePacketBodyBytes), captured_bytes, wire_bytes, interface,
                   frame);
}

bool PcapngFile::FillFrame(ByteSpan data, uint32_t captured_bytes, uint32_t wire_bytes,
                           Interface& interface, Frame& frame) {
  if (captured_bytes > kCapturedBytesMax) [[unlikely]] {
    return Damaged(block_at_,
                   fmt::format("packet of {} bytes (limit {})", captured_bytes, kCapturedBytesMax));
  }
  if (data.size() < captured_bytes) [[unlikely]] {
    return Damaged(block_at_, fmt::format("packet of {} bytes in a block that has room for {}",
                                          captured_bytes, data.size()));
  }
  if (has_filter() && interface.program == nullptr &&
      !FindProgram(interface.link_type, order_, interface.program)) {
    return false;
  }
  program_ = interface.program;
  frame.time_ns = last_time_ns_;
  frame.bytes = data.first(captured_bytes);
  frame.wire_bytes = std::max(wire_bytes, captured_bytes);
  frame.link_type = interface.link_type;
  frame.checksums_unfilled = false;
  return true;
}

bool PcapngFile::TakeBlock(uint32_t total_bytes, size_t body_bytes_min, ByteSpan& body) {
  if (!CheckTotal(total_bytes)) return false;
  if (total_bytes - kBlockBytesMin < body_bytes_min || total_bytes > BufferedReader::kBytes) {
    return Damaged(block_at_, fmt::format("block of {} bytes (at least {}, limit {})", total_bytes,
                                          kBlockBytesMin + body_bytes_min, BufferedReader::kBytes));
  }
  if (!reader().Need(total_bytes)) return CutShort(block_at_, total_bytes);
  const uint8_t* block = reader().data();
  if (!CheckTrailer(total_bytes, order_.Load32(block + total_bytes - kTrailerBytes))) return false;
  body = {block + kBlockHeadBytes, total_bytes - kBlockBytesMin};
  reader().Advance(total_bytes);
  return true;
}

bool PcapngFile::SkipBlock(uint32_t total_bytes) {
  if (!CheckTotal(total_bytes)) return false;
  if (!reader().Skip(total_bytes - kTrailerBytes) || !reader().Need(kTrailerBytes)) {
    return CutShort(block_at_, total_bytes);
  }
  if (!CheckTrailer(total_bytes, order_.Load32(reader().data()))) return false;
  reader().Advance(kTrailerBytes);
  return true;
}

bool PcapngFile::CheckTotal(uint32_t total_bytes) {
  if (total_bytes >= kBlockBytesMin && total_bytes % 4 == 0) [[likely]]
    return true;
  return Damaged(block_at_, fmt::format("block of {} bytes (at least {}, in steps of 4)",
                                        total_bytes, kBlockBytesMin));
}

bool PcapngFile::CheckTrailer(uint32_t total_bytes, uint32_t trailer) {
  if (trailer == total_bytes) [[likely]]
    return true;
  return Damaged(block_at_, fmt::format("block of {} bytes that ends with the length {}",
                                        total_bytes, trailer));
}

}  // namespace dfc
