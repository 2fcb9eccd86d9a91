// Any bytes as a capture file: opened, and walked to their end or damage.
//
// The bytes may be compressed, too. Each input is read twice, once through a filter, which has to
// bear frames of any shape.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "capture_file.h"
#include "dfc/packet_source.h"

namespace dfc {
namespace {

// Hands out the input in pieces, so that records straddle reads.
class InputSource final : public ByteSource {
 public:
  explicit InputSource(ByteSpan input) : input_(input) {}

  absl::StatusOr<size_t> Read(uint8_t* to, size_t n) override {
    constexpr size_t kPieceBytes = 509;
    const size_t bytes = std::min({n, kPieceBytes, input_.size()});
    if (bytes > 0) std::memcpy(to, input_.data(), bytes);
    input_ = input_.subspan(bytes);
    return bytes;
  }
  uint64_t bytes_taken() const override { return 0; }
  uint64_t bytes_total() const override { return 0; }

 private:
  ByteSpan input_;
};

// Abort is how a fuzz target says that a promise was broken.
void Expect(bool promise) {
  if (!promise) std::abort();
}

void Walk(ByteSpan input, const std::string& filter) {
  auto source = OpenCapture("input", std::make_unique<InputSource>(input), filter);
  if (!source.ok()) return;
  Frame frame;
  // Enough for any input; a small one may decompress to gigabytes.
  constexpr uint64_t kFramesMax = 100'000;
  uint64_t frames = 0;
  uint32_t touched = 0;
  while (frames < kFramesMax && (*source)->Next(frame)) {
    ++frames;
    Expect(frame.wire_bytes >= frame.bytes.size() && frame.time_ns >= 0);
    if (!frame.bytes.empty()) touched += frame.bytes.front() + frame.bytes.back();
  }
  volatile uint32_t kept = touched;
  static_cast<void>(kept);
  if (frames < kFramesMax) Expect(!(*source)->Next(frame));
}

}  // namespace
}  // namespace dfc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  dfc::Walk({data, size}, "");
  dfc::Walk({data, size}, "tcp or vlan");
  return 0;
}
