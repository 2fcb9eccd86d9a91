// What pcap and pcapng files have in common: input, filter, damage and counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "buffered_reader.h"
#include "dfc/packet_source.h"
#include "filter.h"

namespace dfc {

// libpcap's own limit: no frame that it would write or read is longer.
inline constexpr uint32_t kCapturedBytesMax = 262'144;

struct CaptureInput {
  std::string name;  // For messages.
  BufferedReader reader;
  Filter filter;
  uint64_t fingerprint;
};

class CaptureFile : public PacketSource {
 public:
  absl::Status status() const override { return status_; }
  uint64_t bytes_read() const override { return input_.reader.source().bytes_taken(); }
  uint64_t bytes_total() const override { return input_.reader.source().bytes_total(); }
  uint64_t fingerprint() const override { return input_.fingerprint; }
  uint64_t frames_filtered() const override { return frames_filtered_; }
  uint64_t bytes_filtered() const override { return bytes_filtered_; }

 protected:
  explicit CaptureFile(CaptureInput input) : input_(std::move(input)) {}

  BufferedReader& reader() { return input_.reader; }
  bool has_filter() const { return !input_.filter.empty(); }

  // The four ways to stop. Each returns false, for Next() to return, and makes every later call
  // find the end; the first status stays.
  //
  // No record begins for want of bytes: a clean end when none are left and the source is well.
  bool EndOrCutShort(size_t header_bytes);
  // The record that began at `offset` needs more bytes than there are.
  bool CutShort(uint64_t offset, uint64_t needs_bytes);
  // `what` tells, without a place, what is wrong with the bytes at `offset`.
  bool Damaged(uint64_t offset, std::string_view what);
  // Not damage but something that dfc can't do.
  bool Refuse(const absl::Status& status);

  // The program for frames of a link type; false as Refuse(). REQUIRES: has_filter().
  bool FindProgram(uint16_t link_type, FileOrder order, const Filter::Program*& program);

  // Runs the filter; a frame that it refuses is counted.
  bool Wants(const Filter::Program* program, const Frame& frame) {
    if (program == nullptr || Passes(*program, frame)) [[likely]]
      return true;
    ++frames_filtered_;
    bytes_filtered_ += frame.wire_bytes;
    return false;
  }

 private:
  bool Stop(absl::StatusCode code, std::string_view message);

  CaptureInput input_;
  absl::Status status_;
  uint64_t frames_filtered_ = 0;
  uint64_t bytes_filtered_ = 0;
};

// Opens what `raw` delivers as a capture called `name` in messages. OpenCaptureFile() without the
// file system, so that tests can hold out bytes.
absl::StatusOr<std::unique_ptr<PacketSource>> OpenCapture(const std::string& name,
                                                          std::unique_ptr<ByteSource> raw,
                                                          const std::string& filter);

}  // namespace dfc
