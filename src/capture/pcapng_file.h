// pcapng files, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-01.html.
//
//   | section header | interface | ... | packet | packet | ... | section header | interface | ...
//   a block: | type, 4 | total length, 4 | body | total length again, 4 |
//
// A section has its own byte order and its own interfaces. Blocks that carry no packet are passed
// over, however long; one that dfc reads may have 1 MiB.
#pragma once

#include <vector>

#include "capture_file.h"
#include "time_scale.h"

namespace dfc {

class PcapngFile final : public CaptureFile {
 public:
  // The first four bytes: the same in both byte orders.
  static constexpr uint32_t kMagic = 0x0A0D0D0A;

  // Per section; one more is damage. A hostile file costs 5 MiB here at most.
  static constexpr size_t kInterfacesMax = 65'536;

  // REQUIRES: the reader is at its beginning, and the first bytes are kMagic.
  static absl::StatusOr<std::unique_ptr<PacketSource>> Open(CaptureInput input);

  bool Next(Frame& frame) override;

 private:
  using CaptureFile::CaptureFile;

  struct Interface {
    TimeScale scale;
    uint32_t snaplen = 0;  // 0 means no limit.
    uint16_t link_type = 0;
    const Filter::Program* program = nullptr;  // Found at its first frame; null without a filter.
  };

  enum class Outcome { kStop, kNoFrame, kFrame };

  // Each takes one block off the reader, or stops.
  Outcome ReadBlock(Frame& frame);
  bool ReadSectionHeader();
  bool SkipBlock(uint32_t total_bytes);

  // Each gets a block's body.
  bool ReadInterface(ByteSpan body);
  bool ReadPacket(ByteSpan body, uint32_t type, Frame& frame);
  bool ReadSimplePacket(ByteSpan body, Frame& frame);

  // Brings the whole block, at most 1 MiB, before the reader, checks both lengths and advances.
  bool TakeBlock(uint32_t total_bytes, size_t body_bytes_min, ByteSpan& body);
  bool CheckTotal(uint32_t total_bytes);
  bool CheckTrailer(uint32_t total_bytes, uint32_t trailer);
  bool FillFrame(ByteSpan data, uint32_t captured_bytes, uint32_t wire_bytes, Interface& interface,
                 Frame& frame);

  FileOrder order_;
  std::vector<Interface> interfaces_;
  const Filter::Program* program_ = nullptr;  // Of the frame read last.
  uint64_t block_at_ = 0;                     // Offset of the block at hand.
  int64_t last_time_ns_ = 0;                  // For packets that have no time of their own.
};

}  // namespace dfc
