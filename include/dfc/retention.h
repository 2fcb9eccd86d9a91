// How long a store keeps what: pins, days, and how full it gets.
// Module: store
//
// Days are those of UTC, and what belongs to a day is what began in it. MariaDB drops whole
// partitions; SQLite deletes in short steps and gives the space back. Flows that are pinned stay,
// with their content and messages.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dfc/event.h"
#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

inline constexpr int64_t kNsPerDay = 86'400'000'000'000;
inline constexpr uint32_t kKeepDaysMax = 36'500;

// What goes beyond either limit goes, the oldest day first. The day of the newest flow always stays
// within --keep-bytes.
struct KeepLimits {
  std::optional<uint32_t> days = {};   // Whole days before today, kKeepDaysMax at most.
  std::optional<uint64_t> bytes = {};  // Of all tables with their indexes.
};

// A day, or several of which all but the last have few rows.
struct StoredDay {
  int64_t end_ns;  // Midnight behind it.
  uint64_t bytes;
};

// How many of `days`, oldest first, are due at `now_ns`. Those with a flow that began at
// `newest_ns` or later are due by age only.
size_t CountDueDays(std::span<const StoredDay> days, const KeepLimits& limits, int64_t now_ns,
                    int64_t newest_ns);

struct KeepOptions {
  KeepLimits limits = {};
  bool dry_run = false;
  // Partitions that hold much may be split, which keeps writers out while their rows are copied.
  bool may_copy = false;
  const std::atomic<bool>* stop = nullptr;  // Ends it at the next step.
};

struct KeepReport {
  std::vector<StoredDay> dropped;  // Or due, where nothing is to be done.
  uint64_t partitions_made = 0;
  uint64_t bytes_before = 0;
  uint64_t bytes_after = 0;
  bool over_limit = false;  // Of bytes, with nothing left to drop.
  bool behind = false;      // Partitions have to be split by somebody who may copy.
  uint64_t steps = 0;       // Each keeps other writers out, at most so long:
  int64_t longest_step_ns = 0;
};

// Does what is due in one store, through a connection of its own. One thread.
class Keeper {
 public:
  virtual ~Keeper() = default;

  // kUnavailable: somebody else does it right now. kAborted: readers and writers left no room.
  virtual absl::StatusOr<KeepReport> RunOnce(const KeepOptions& options, int64_t now_ns) = 0;
};

// `holder` names who does it, to others that want to.
absl::StatusOr<std::unique_ptr<Keeper>> OpenKeeper(const StoreUrl& url, const std::string& holder);

// Retention leaves the flow from now on, or no longer. Pinning one twice changes nothing; false:
// it was not pinned.
absl::Status PinFlow(const StoreUrl& url, const FlowId& id, int64_t now_ns);
absl::StatusOr<bool> UnpinFlow(const StoreUrl& url, const FlowId& id);

// How much is there, and how fast it grows.
struct StoreUsage {
  uint64_t bytes = 0;                   // Of all tables with their indexes.
  uint64_t bytes_a_day = 0;             // Over the days that have flows.
  std::optional<uint64_t> free_bytes;   // Of the disk, where the store tells.
  std::optional<int64_t> kept_from_ns;  // Before that all but pinned flows has been dropped.
  KeepLimits limits;                    // Of the last time that something was dropped.
};

// Days until the store is as large as it may be, or the disk is full; nothing where it does not
// grow, or neither is known.
std::optional<double> DaysLeft(const StoreUsage& usage);

// SQL that makes three accounts for the MySQL store: one that installs and prunes, one for
// sensors, one that reads. kInvalidArgument for other stores. `passwords` in that order.
absl::StatusOr<std::string> GrantsSql(const StoreUrl& url, std::span<const std::string> passwords);

}  // namespace dfc
