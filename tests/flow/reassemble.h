// TCP streams in a small notation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tcp_stream.h"

namespace dfc {

struct ReassembleOptions {
  uint32_t first_seq = 1000;
  bool anchored = true;  // As if SYN had been seen.
  StreamLimits limits{size_t{4} << 20, int64_t{60} * 1'000'000'000};
  HostPolicy policy = HostPolicy::kLinux;
  size_t pool_bytes_max = size_t{8} << 20;
};

// Puts the words of a script into a stream, one after another:
//
//   6:ghi     the segment "ghi" whose first byte has offset 6, which may be negative
//   6:ghi+4   with four more bytes that the snaplen cut off
//   6:ghiF    with FIN behind it; 9:F is FIN alone, at offset 9
//   ?6:ghi    set aside: the receiver should refuse it
//   9K        the receiver acknowledges everything before offset 9
//   3U        the byte at offset 3 is urgent
//   0A        an anchor: SYN was seen right before offset 0
//   @2500     it is now 2,500 ms
//   !         the stream is finished: gaps are given up
//
// What comes out is text; a gap of n bytes is "<n>", an urgent byte "^x". Data is lower case, as F
// is FIN.
class StreamPlayer final : public StreamHandler {
 public:
  explicit StreamPlayer(const ReassembleOptions& options = {});
  // Ends the stream if the script has not, so that the pool is empty again; else the test fails.
  ~StreamPlayer() override;

  // Returns what the stream has delivered since the start.
  const std::string& Play(std::string_view script);

  const TcpStream& stream() const { return stream_; }
  uint64_t discarded(Discard why) const { return discarded_[static_cast<size_t>(why)]; }
  // Bytes and why, in order: "conflict 2:xx".
  const std::string& conflicts() const { return conflicts_; }
  const HeldBudget& budget() const { return budget_; }
  SegmentPool& pool() { return pool_; }
  uint64_t payload_bytes() const { return payload_bytes_; }
  uint64_t data_bytes() const { return data_bytes_; }

  void Insert(int64_t offset, std::string_view text, uint32_t missing = 0, bool fin = false);

 private:
  StreamContext Context() { return {options_.limits, budget_, *this, options_.policy}; }
  void PlaySegment(std::string_view word, bool aside);
  void PlayWord(std::string_view word);
  void OnData(Arrival arrival, uint64_t offset, ByteSpan bytes) override;
  void OnGap(int64_t t_ns, uint64_t offset, uint32_t bytes) override;
  void OnUrgent(Arrival arrival, uint64_t offset, uint8_t byte) override;
  void OnDiscard(Arrival arrival, Discard why, uint64_t offset, ByteSpan bytes) override;
  Difference CompareWithDelivered(uint64_t offset, ByteSpan bytes) override;

  const ReassembleOptions options_;
  SegmentPool pool_;
  HeldBudget budget_;
  TcpStream stream_{};
  uint64_t discarded_[4] = {};
  std::string conflicts_;
  std::string delivered_;  // By offset; a gap is blank.
  int64_t clock_ns_ = 0;
  std::string output_;
  uint64_t offset_ = 0;
  uint64_t payload_bytes_ = 0;
  uint64_t data_bytes_ = 0;
};

inline std::string Reassemble(std::string_view script, const ReassembleOptions& options = {}) {
  return StreamPlayer(options).Play(script);
}

}  // namespace dfc
