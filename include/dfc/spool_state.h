// What a running sensor says of its spool, about once a second: DIR/state, "name value" a line.
// Module: store
#pragma once

#include <cstdint>
#include <string>

#include "dfc/spool.h"
#include "dfc/spool_files.h"
#include "dfc/status.h"

namespace dfc {

struct SpoolState {
  int64_t t_ns = 0;             // When this was written.
  uint64_t blocks_waiting = 0;  // In the spool, and not in the store.
  uint64_t rows_waiting = 0;
  uint64_t rows_stored = 0;      // Of this run.
  uint64_t rows_spooled = 0;     // Of those that were made in this run.
  uint64_t rows_dropped = 0;     // The oldest, to make room.
  uint64_t rows_unreadable = 0;  // Damaged on disk.
  uint64_t rows_dead = 0;
  uint64_t blocks_refused = 0;  // Times that the spool or its disk was full.
  uint64_t sync_failures = 0;
  uint64_t bytes_max = 0;
  uint64_t spooled_per_s = 0;  // Rows in the last second.
  uint64_t stored_per_s = 0;
  int64_t away_since_ns = 0;  // 0: the store takes what it is given.
  std::string reason;         // Why it does not.
};

// To a temporary file, which is then renamed.
absl::Status WriteSpoolState(SpoolFiles& files, const std::string& directory,
                             const SpoolState& state);
// kNotFound where no sensor has run.
absl::StatusOr<SpoolState> ReadSpoolState(SpoolFiles& files, const std::string& directory);

// What lies in a folder, without taking part: a sensor may be running.
struct SpoolContents {
  // Blocks in segments; some may be stored already, which a running sensor knows better.
  SpoolAmount waiting;
  uint64_t bytes = 0;
  uint64_t segments = 0;
  uint64_t segments_aside = 0;
  int64_t t_oldest_ns = 0;  // Of the oldest block; 0 where there is none.
  uint64_t dead_rows = 0;
  bool in_use = false;  // A sensor has it open.
};
absl::StatusOr<SpoolContents> LookAtSpool(SpoolFiles& files, const std::string& directory);

}  // namespace dfc
