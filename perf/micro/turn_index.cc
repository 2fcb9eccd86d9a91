// The turn index: what a worker writes of a conversation, and what a reader makes of it.
#include "turn_index.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "content.h"
#include "discarding_output.h"

namespace dfc {
namespace {

constexpr int64_t kStart = 1'700'000'000'000'000'000;
constexpr size_t kPoolBytes = size_t{1} << 20;
constexpr int64_t kPauseNs = 1'000'000;

// A lone flow: where memory is short its own content leaves.
class Conversation final : public MemoryPressure {
 public:
  void Say(Side side, ByteSpan bytes) {
    uint64_t& offset = offsets_[static_cast<size_t>(side)];
    log_.AddData(Grown(), side, t_ns_ += kPauseNs, offset, bytes);
    offset += bytes.size();
  }
  bool RelieveContent() override {
    log_.LeaveEarly(Target());
    return true;
  }
  // So many rows were written.
  size_t End() {
    log_.Complete(Target());
    events_.Finish();
    return output_.rows;
  }

 private:
  ContentLog::Target Target() { return {{kStart, 1}, state_, packets_}; }
  ContentLog::Target Grown() { return ++packets_, Target(); }

  DiscardingOutput output_;
  EventWriter events_{output_};
  SegmentPool pool_{kPoolBytes};
  ContentLog log_{pool_, events_, *this};
  ContentState state_{};
  uint64_t packets_ = 0;
  uint64_t offsets_[2] = {};
  int64_t t_ns_ = kStart;
};

// Question and answer by turns: each is a turn of its own, written to its chunk. Items are turns.
void WriteTurns(benchmark::State& state) {
  const std::vector<uint8_t> bytes(static_cast<size_t>(state.range(0)), uint8_t{'x'});
  Conversation conversation;
  for (auto _ : state) {
    conversation.Say(Side::kClient, bytes);
    conversation.Say(Side::kServer, bytes);
  }
  if (conversation.End() == 0) state.SkipWithError("nothing was written");
  state.SetItemsProcessed(2 * state.iterations());
  state.SetBytesProcessed(2 * state.iterations() * state.range(0));
}
BENCHMARK(WriteTurns)->ArgName("bytes")->Arg(10)->Arg(100)->Arg(1'448);

// One side speaks: turns are long, bytes are what there is to do. Items are segments.
void WriteBulk(benchmark::State& state) {
  const std::vector<uint8_t> bytes(1'448, uint8_t{'x'});
  Conversation conversation;
  for (auto _ : state) conversation.Say(Side::kServer, bytes);
  if (conversation.End() == 0) state.SkipWithError("nothing was written");
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes.size()));
}
BENCHMARK(WriteBulk);

// Items are turns.
void ReadTurns(benchmark::State& state) {
  constexpr int kTurns = 2'000;
  constexpr int kBytes = 30;
  std::string text = "[";
  for (int n = 0; n < kTurns; ++n) {
    text += fmt::format("{}[{},{},{},{},0,{}]", n == 0 ? "" : ",", n % 2, n * kPauseNs,
                        n / 2 * kBytes, kBytes, n * kBytes);
  }
  text += "]";
  int64_t turns = 0;
  for (auto _ : state) {
    TurnIndex index(text, size_t{kTurns} * kBytes);
    IndexedTurn turn;
    while (index.Next(turn) == TurnIndex::Result::kTurn) ++turns;
  }
  if (turns != kTurns * static_cast<int64_t>(state.iterations())) {
    state.SkipWithError("the index was not read to its end");
  }
  state.SetItemsProcessed(turns);
}
BENCHMARK(ReadTurns);

}  // namespace
}  // namespace dfc
