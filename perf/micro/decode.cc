// Decoding: a frame from its link header to its payload, with every checksum verified.
#include "dfc/decode.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "traffic.h"

namespace dfc {
namespace {

constexpr int64_t kStart = 1'700'000'000'000'000'000;
constexpr size_t kMixedFrames = 4'096;

// One kind of frame again and again. Its items are frames.
void DecodeOne(benchmark::State& state, const PacketBuilder& packet) {
  const FrameBytes frame = packet.Bytes();
  Decoder decoder(DecodeOptions{.checksums = Checksums::kVerify});
  Packet decoded;
  const Frame captured{.time_ns = kStart,
                       .bytes = frame,
                       .wire_bytes = static_cast<uint32_t>(frame.size()),
                       .link_type = packet.link()};
  if (decoder.Decode(captured, decoded) != Verdict::kOk)
    state.SkipWithError("the frame is refused");
  for (auto _ : state) benchmark::DoNotOptimize(decoder.Decode(captured, decoded));
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(frame.size()));
}

void DecodeTcp(benchmark::State& state) {
  DecodeOne(state, Tcp("10.0.0.1:40000", "192.0.2.7:80")
                       .Data(std::string(static_cast<size_t>(state.range(0)), 'x')));
}
BENCHMARK(DecodeTcp)->ArgName("payload")->Arg(0)->Arg(100)->Arg(1'448);

void DecodeTcp6(benchmark::State& state) {
  DecodeOne(state, Tcp("[2001:db8::1]:40000", "[2001:db8::2]:80").Data(std::string(1'428, 'x')));
}
BENCHMARK(DecodeTcp6);

void DecodeUdp(benchmark::State& state) {
  DecodeOne(state, Udp("10.0.0.1:40000", "192.0.2.53:53").Data(std::string(40, 'x')));
}
BENCHMARK(DecodeUdp);

void DecodePing(benchmark::State& state) {
  DecodeOne(state, Icmp("10.0.0.1", "192.0.2.1").Echo(1, 1).Data(std::string(56, 'x')));
}
BENCHMARK(DecodePing);

// All kinds in turn, some damaged, some in fragments: branches that are hard to foresee.
void DecodeMixed(benchmark::State& state) {
  const std::vector<TimedFrame> frames = MixedFrames(1, kMixedFrames);
  Decoder decoder(DecodeOptions{.checksums = Checksums::kVerify});
  Packet decoded;
  size_t at = 0;
  int64_t delivered = 0;
  for (auto _ : state) {
    const TimedFrame& frame = frames[at];
    at = (at + 1) % kMixedFrames;
    const auto wire_bytes = static_cast<uint32_t>(frame.bytes.size());
    delivered += decoder.Decode({frame.t_ns, frame.bytes, wire_bytes}, decoded) == Verdict::kOk;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["delivered"] =
      benchmark::Counter(static_cast<double>(delivered), benchmark::Counter::kAvgIterations);
}
BENCHMARK(DecodeMixed);

}  // namespace
}  // namespace dfc
