// Classic pcap files, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-03.html.
//
//   | file header, 24 | record header, 16 or 24 | captured bytes | record header | ...
#pragma once

#include "capture_file.h"

namespace dfc {

class PcapFile final : public CaptureFile {
 public:
  // True for the first four bytes of a pcap file, as this machine loads them.
  static bool IsMagic(uint32_t magic);

  // REQUIRES: the reader is at its beginning, and IsMagic() of its first bytes.
  static absl::StatusOr<std::unique_ptr<PacketSource>> Open(CaptureInput input);

  bool Next(Frame& frame) override;

 private:
  using CaptureFile::CaptureFile;

  bool ReadFileHeader();
  bool ReadRecord(Frame& frame);

  FileOrder order_;
  uint16_t link_type_ = 0;
  uint16_t version_minor_ = 0;
  uint32_t fraction_ns_ = 1000;  // The unit of a timestamp's second half.
  size_t record_header_bytes_ = 16;
  const Filter::Program* program_ = nullptr;
};

}  // namespace dfc
