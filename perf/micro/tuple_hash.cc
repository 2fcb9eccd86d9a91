// What names a packet's flow, and picks its worker. Items are packets.
#include <benchmark/benchmark.h>

#include <vector>

#include "flow.h"
#include "traffic.h"

namespace dfc {
namespace {

constexpr size_t kFrames = 4'096;
constexpr uint64_t kSecret = 0x9E3779B97F4A7C15;

template <typename Hash>
void HashAll(benchmark::State& state, Hash hash) {
  Traffic traffic;
  traffic.AddAll(MixedFrames(1, kFrames));
  const std::vector<Packet>& packets = traffic.packets();
  size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(hash(packets[at]));
    at = at + 1 == packets.size() ? 0 : at + 1;
  }
  state.SetItemsProcessed(state.iterations());
}

void ShardOfPacket(benchmark::State& state) {
  HashAll(state, [](const Packet& packet) { return ShardHash(packet, kSecret); });
}
BENCHMARK(ShardOfPacket);

void KeyAndHash(benchmark::State& state) {
  HashAll(state, [](const Packet& packet) { return HashOf(KeyOf(packet), kSecret); });
}
BENCHMARK(KeyAndHash);

}  // namespace
}  // namespace dfc
