// What a run tells of itself while it goes on. Each figure has one writer, and anybody may read it:
// relaxed, so that figures read together need not be of the same packet.
// Module: pipeline
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "dfc/flow_engine.h"
#include "dfc/time.h"
#include "dfc/verdict.h"

namespace dfc {

inline constexpr size_t kWorkersMax = 64;

// The value that its one writer has set last, word by word.
template <typename T>
class Published {
 public:
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % sizeof(uint64_t) == 0);

  void Set(const T& value) {
    const auto words = std::bit_cast<Words>(value);
    for (size_t n = 0; n < words.size(); ++n) {
      words_[n].store(words[n], std::memory_order_relaxed);
    }
  }
  T Get() const {
    Words words;
    for (size_t n = 0; n < words.size(); ++n) {
      words[n] = words_[n].load(std::memory_order_relaxed);
    }
    return std::bit_cast<T>(words);
  }

 private:
  using Words = std::array<uint64_t, sizeof(T) / sizeof(uint64_t)>;
  std::array<std::atomic<uint64_t>, sizeof(T) / sizeof(uint64_t)> words_{};
};

// By the capture thread, five times a second.
struct CaptureFigures {
  std::array<uint64_t, kVerdictCount> packets;
  std::array<uint64_t, kVerdictCount> bytes;
};

// By a worker, after each block.
struct WorkerFigures {
  FlowCounters flows;
  uint64_t packet_blocks_waiting;  // For the worker.
  uint64_t event_blocks_used;      // Being filled, and on their way to the store or the spool.
  uint64_t shedding;               // Of a live capture: a Shedding.
};

// By the thread that talks to the store, after each block that it has written, or could not write.
struct StoreFigures {
  static constexpr size_t kTimes = 12;
  // Upper ends of the first kTimes - 1 classes of time; the last one has no end.
  static constexpr std::array<int64_t, kTimes - 1> kTimesNs = {
      kNsPerMs,       2 * kNsPerMs,    5 * kNsPerMs,   10 * kNsPerMs,
      20 * kNsPerMs,  50 * kNsPerMs,   100 * kNsPerMs, 200 * kNsPerMs,
      500 * kNsPerMs, 1000 * kNsPerMs, 5000 * kNsPerMs};

  uint64_t blocks;
  uint64_t rows;
  uint64_t failures;
  uint64_t busy_ns;
  std::array<uint64_t, kTimes> times;  // Blocks by how long they took.
};

// By the sink, about once a second. All 0 where there is no spool.
struct SpoolFigures {
  uint64_t bytes_max;
  uint64_t bytes;
  uint64_t rows_waiting;
  uint64_t rows_spooled;
  uint64_t rows_dropped;
  uint64_t rows_unreadable;
  uint64_t rows_dead;
  uint64_t away_s;  // For how long the store has been; 0 where it is not.
};

struct RunFigures {
  // Each goes up as long as its thread does something, or looks for something to do: see Pulse.
  std::atomic<uint64_t> capture_turns{0};
  std::atomic<uint64_t> sink_turns{0};
  // When the call that is with the store began, on the clock that does not jump; 0: none is.
  std::atomic<int64_t> store_call_ns{0};
  std::array<std::atomic<uint64_t>, kWorkersMax> worker_turns{};
  Published<CaptureFigures> capture;
  std::array<Published<WorkerFigures>, kWorkersMax> workers;
  Published<StoreFigures> store;
  Published<SpoolFigures> spool;
  // Set before the threads start.
  std::atomic<uint64_t> started_s{0};  // Since 1970.
  std::atomic<uint64_t> worker_count{0};
  std::atomic<uint64_t> packet_blocks{0};  // A worker.
  std::atomic<uint64_t> event_blocks{0};   // A worker.
  std::atomic<uint64_t> flows_max{0};      // A worker.
};

}  // namespace dfc
