// One direction of a connection put back in order. Items are segments.
#include "tcp_stream.h"

#include <benchmark/benchmark.h>

#include <vector>

namespace dfc {
namespace {

constexpr size_t kPoolBytes = size_t{1} << 20;
constexpr uint32_t kFirstSeq = 0xFFFF'0000;  // Wraps soon.

class Discarding final : public StreamHandler {
 public:
  void OnData(Arrival, uint64_t, ByteSpan bytes) override { data_bytes += bytes.size(); }
  void OnGap(int64_t, uint64_t, uint32_t bytes) override { other_bytes += bytes; }
  void OnUrgent(Arrival, uint64_t, uint8_t) override { ++other_bytes; }
  void OnDiscard(Arrival, Discard, uint64_t, ByteSpan bytes) override {
    other_bytes += bytes.size();
  }
  Difference CompareWithDelivered(uint64_t, ByteSpan) override { return {0, 0}; }

  uint64_t data_bytes = 0;
  uint64_t other_bytes = 0;
};

// Segments of one size go in by their numbers.
class Feeder {
 public:
  explicit Feeder(size_t segment_bytes) : payload_(segment_bytes, uint8_t{'x'}) {
    stream_.Anchor(kFirstSeq, context_);
  }
  ~Feeder() { stream_.Finish(0, context_); }

  void Insert(uint64_t number) {
    const auto seq = static_cast<uint32_t>(kFirstSeq + number * payload_.size());
    stream_.Insert({.seq = seq, .payload = payload_}, context_);
  }

  // Each byte is to be delivered once, and `again` of them come again.
  void Report(benchmark::State& state, uint64_t segments, uint64_t again) {
    if (handler_.data_bytes != (segments - again) * payload_.size() ||
        handler_.other_bytes != again * payload_.size()) {
      state.SkipWithError("not all segments came out as they should");
    }
    state.SetItemsProcessed(static_cast<int64_t>(segments));
    state.SetBytesProcessed(static_cast<int64_t>(segments * payload_.size()));
  }

 private:
  std::vector<uint8_t> payload_;
  SegmentPool pool_{kPoolBytes};
  HeldBudget budget_{pool_};
  StreamLimits limits_{.held_bytes_max = kPoolBytes / 2, .gap_hold_ns = INT64_MAX};
  Discarding handler_;
  StreamContext context_{limits_, budget_, handler_};
  TcpStream stream_{};
};

void StreamInOrder(benchmark::State& state) {
  Feeder feeder(static_cast<size_t>(state.range(0)));
  uint64_t number = 0;
  for (auto _ : state) feeder.Insert(number++);
  feeder.Report(state, number, 0);
}
BENCHMARK(StreamInOrder)->ArgName("payload")->Arg(1)->Arg(100)->Arg(1'448);

// Of each window the first segment comes last: all others are held, then leave at once.
void StreamReordered(benchmark::State& state) {
  const auto window = static_cast<uint64_t>(state.range(0));
  Feeder feeder(1'448);
  uint64_t number = 0;
  for (auto _ : state) {
    for (uint64_t n = 1; n < window; ++n) feeder.Insert(number + n);
    feeder.Insert(number);
    number += window;
  }
  feeder.Report(state, number, 0);
}
BENCHMARK(StreamReordered)->ArgName("window")->Arg(2)->Arg(16)->Arg(128);

// Each segment comes twice.
void StreamRepeated(benchmark::State& state) {
  Feeder feeder(1'448);
  uint64_t number = 0;
  for (auto _ : state) {
    feeder.Insert(number);
    feeder.Insert(number++);
  }
  feeder.Report(state, 2 * number, number);
}
BENCHMARK(StreamRepeated);

}  // namespace
}  // namespace dfc
