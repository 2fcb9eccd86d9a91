// Blocks between threads: filling one, handing it on, and the whole way there and back.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>
#include <vector>

#include "links.h"
#include "traffic.h"

namespace dfc {
namespace {

constexpr size_t kBlocks = 8;  // Of a worker, as in the memory plan.

// What the capture thread does with each packet that it deals out. Items are packets.
void FillPacketBlock(benchmark::State& state) {
  const auto payload_bytes = static_cast<size_t>(state.range(0));
  Traffic traffic;
  traffic.Add(0, Tcp("10.0.0.1:1", "10.0.0.2:2").Data(std::string(payload_bytes, 'x')));
  const Packet& packet = traffic.packets().front();
  PacketBlock block;
  for (auto _ : state) {
    if (block.Add(packet)) continue;
    block.Clear();
    block.Add(packet);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(FillPacketBlock)->ArgName("payload")->Arg(0)->Arg(100)->Arg(1'448);

// One thread at both ends: what a ring costs by itself. Items are blocks.
void RingPushAndPop(benchmark::State& state) {
  PacketBlock block;
  SpscRing<PacketBlock> ring(kBlocks);
  for (auto _ : state) {
    ring.Push(&block);
    benchmark::DoNotOptimize(ring.Pop());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(RingPushAndPop);

void EventQueuePushAndPop(benchmark::State& state) {
  EventBlock block;
  EventBlock* popped = nullptr;
  EventQueue queue(kBlocks, 1);
  const EventQueue::Producer producer = queue.MakeProducer();
  for (auto _ : state) {
    queue.Push(producer, &block);
    benchmark::DoNotOptimize(queue.Pop(popped));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(EventQueuePushAndPop);

// Nobody sleeps at it.
void RingDoorbell(benchmark::State& state) {
  Doorbell bell;
  for (auto _ : state) bell.Ring();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(RingDoorbell);

// Another thread gives each block back at once: what waiting for each other costs. With one block
// on its way at a time, each wait is a whole round trip. Items are blocks.
void ThereAndBack(benchmark::State& state) {
  const auto on_the_way = static_cast<size_t>(state.range(0));
  PacketLink link(on_the_way);
  Doorbell there, back;
  std::atomic<bool> over{false};
  std::thread worker([&] {
    while (!over.load(std::memory_order_relaxed)) {
      const uint32_t heard = there.Heard();
      PacketBlock* const block = link.filled.Pop();
      if (block == nullptr) {
        there.WaitPast(heard);
        continue;
      }
      link.empty.Push(block);
      back.Ring();
    }
  });
  for (auto _ : state) {
    PacketBlock* block = nullptr;
    RepeatUntil(back, [&] { return (block = link.empty.Pop()) != nullptr; });
    link.filled.Push(block);
    there.Ring();
  }
  over.store(true, std::memory_order_relaxed);
  there.Ring();
  worker.join();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ThereAndBack)->ArgName("blocks")->Arg(1)->Arg(8)->UseRealTime();

}  // namespace
}  // namespace dfc
