// Where frames come from: a capture file, a compressed one, standard input.
// Module: capture
#pragma once

#include <memory>
#include <string>

#include "dfc/packet.h"
#include "dfc/status.h"

namespace dfc {

// Owned and called by one thread, the capture thread. No allocation per frame.
class PacketSource {
 public:
  virtual ~PacketSource() = default;

  // Sets `frame` to the next one; its bytes stay valid until the next call. False at the end or at
  // damage: then `status()` tells which. Frames that the filter refuses are counted, not returned.
  virtual bool Next(Frame& frame) = 0;

  // OK while all is well and at a clean end. Damage is kDataLoss, and the message has the name of
  // the file and the offset (in the uncompressed stream) at which the damage begins.
  virtual absl::Status status() const = 0;

  // For progress: bytes taken from the file so far (of the compressed file, if it is one), and the
  // size of the file, 0 when not known (a pipe).
  virtual uint64_t bytes_read() const = 0;
  virtual uint64_t bytes_total() const = 0;

  // A fingerprint of the input that does not depend on its name: known after the first call of
  // Next() or when OpenCaptureFile returns. Made of the first bytes (up to 64 KiB) and the filter.
  virtual uint64_t fingerprint() const = 0;

  virtual uint64_t frames_filtered() const = 0;
  virtual uint64_t bytes_filtered() const = 0;
};

// True when `filter` compiles for Ethernet; otherwise the message has libpcap's reason.
absl::Status CheckFilter(const std::string& filter);

// Opens pcap (micro- and nanosecond, both byte orders, and Kuznetzov's modified format) or pcapng
// (all sections, interfaces and timestamp resolutions), plain or compressed by gzip, zstd or lz4,
// which is told from the first bytes and not from the name; "-" is standard input. `filter` is in
// libpcap's language, "" for none; it is compiled once for each link type met.
// Waits until the first 64 KiB, or all there is, have arrived.
//   kNotFound, kPermissionDenied  the file can't be opened
//   kInvalidArgument              not a capture file, or the filter does not compile
//   kDataLoss                     damage inside the file header
// The link types of a pcapng file are met on the way: a filter that does not compile for one of
// them ends the source with kInvalidArgument at its first frame.
absl::StatusOr<std::unique_ptr<PacketSource>> OpenCaptureFile(const std::string& path,
                                                              const std::string& filter);

}  // namespace dfc
