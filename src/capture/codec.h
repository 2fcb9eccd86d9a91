// The border to the compression libraries: one step of decoding, bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dfc/bytes.h"
#include "dfc/status.h"

namespace dfc {

struct CodecStep {
  size_t used = 0;  // Of the input.
  size_t made = 0;  // Of the output; valid on error too.
};

class Codec {
 public:
  virtual ~Codec() = default;

  // Decodes some of `in`, which may be empty, into `out`. An error is kDataLoss and final.
  virtual absl::Status Decode(ByteSpan in, std::span<uint8_t> out, CodecStep& step) = 0;

  // True when the input may end here: the last frame is whole, and all of it has come out.
  virtual bool between_frames() const = 0;

  virtual const char* name() const = 0;
};

// How many first bytes tell a format.
inline constexpr size_t kCodecMagicBytes = 4;

// The codec for data that begins with `first`; null when it is not compressed.
absl::StatusOr<std::unique_ptr<Codec>> NewCodecFor(ByteSpan first);

}  // namespace dfc
