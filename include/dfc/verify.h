// Whether what a store holds adds up: nothing lost, nothing twice, nothing cut off.
// Module: store
//
//   ledger      a minute of an input: captured = sum of the verdicts; delivered = packets in flows;
//               payload on offer = what was stored + what was not, by reason
//   flows       a flow's counts = sums over its turns; each chunk's index fits its content; no
//   chunk
//               and no ICMP message without its flow
//   both        a sensor's flows together = its ledger; not more than it, once retention has taken
//               flows of which the ledger still counts the last packets
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "dfc/event.h"
#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

// One thing that is off.
struct Finding {
  std::string sensor;  // "" where it is not known.
  std::optional<int64_t> t_minute_ns;
  std::optional<uint64_t> source;  // Of that minute.
  std::optional<FlowId> flow;
  std::string what;              // "captured packets with an outcome".
  std::optional<uint64_t> have;  // As stored. Without it `what` says all.
  uint64_t want = 0;             // What it must be, or at most be.
  bool at_most = false;
};

// What was looked at.
struct Verified {
  uint64_t sensors = 0;
  uint64_t minutes = 0;  // Of all inputs.
  uint64_t flows = 0;
  uint64_t chunks = 0;
  uint64_t content_bytes = 0;
  uint64_t icmp_messages = 0;
  uint64_t findings = 0;
  // Markers of event blocks: a run goes on, has failed or was killed. Such a store may be off until
  // the same replay has come to its end.
  uint64_t unfinished_blocks = 0;
  // Of what is older only pinned flows are looked at: retention has taken the rest.
  std::optional<int64_t> kept_from_ns = {};
};

// Reads the whole store once, in the order of its keys; memory is one chunk, and some counters for
// each sensor and input. Calls each(finding) as it finds them. Not OK only where the store can't be
// read.
absl::StatusOr<Verified> VerifyStore(const StoreUrl& url,
                                     const std::function<void(const Finding&)>& each);

}  // namespace dfc
