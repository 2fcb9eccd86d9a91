// What became of every frame, by minute of capture time.
//
// Capture thread only. Holds up to kMinutesMax minutes of one input; frames of any further minute
// are counted under minute 0, 1970.
#pragma once

#include <array>
#include <cstdint>

#include "dfc/event.h"
#include "dfc/memory.h"
#include "dfc/verdict.h"

namespace dfc {

class Ledger {
 public:
  Ledger() : minutes_(kMinutesMax * 2) {}

  void Count(int64_t time_ns, Verdict outcome, uint64_t bytes);

  // Calls write(LedgerRow) for each minute and outcome that has packets, and forgets them.
  template <typename Write>
  void Drain(uint64_t source, Write write) {
    for (size_t at = 0; at < minutes_.size() && used_ > 0; ++at) {
      Minute& minute = minutes_[at];
      if (!minute.used) continue;
      for (size_t outcome = 0; outcome < kVerdictCount; ++outcome) {
        if (minute.packets[outcome] == 0) continue;
        write(LedgerRow{minute.start_ns, source, minute.packets[outcome], minute.bytes[outcome],
                        static_cast<Verdict>(outcome)});
      }
      minute = Minute{};
    }
    used_ = 0;
    recent_ = nullptr;
  }

 private:
  static constexpr size_t kMinutesMax = 32'768;

  struct Minute {
    bool used;
    int64_t start_ns;
    std::array<uint64_t, kVerdictCount> packets;
    std::array<uint64_t, kVerdictCount> bytes;
  };

  Minute& Find(int64_t start_ns);

  MappedArray<Minute> minutes_;
  size_t used_ = 0;
  Minute* recent_ = nullptr;
};

}  // namespace dfc
