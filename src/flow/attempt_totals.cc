#include "attempt_totals.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "dfc/time.h"
#include "flow.h"

namespace dfc {

namespace {

// So many attempts, lately, make a sum of their own: more than some, and than what is left in any
// counter when senders and targets are drawn at random.
constexpr uint32_t kManyAttempts = 16;
constexpr uint32_t kManyTimesMean = 4;
// So many others make it likely that one more is part of the flood.
constexpr uint64_t kManyOthers = 1024;
constexpr int64_t kLookNs = kNsPerMinute;
// A flood that goes on gets a row an hour.
constexpr int64_t kSumNsMax = 60 * kNsPerMinute;

// 0.0.0.0 or ::, as the other end is.
IpAddress Unspecified(const IpAddress& like) {
  IpAddress address = like;
  std::fill(address.bytes.begin() + (like.IsIpv4() ? 12 : 0), address.bytes.end(), uint8_t{0});
  return address;
}

void AddCounts(const SideCounts& from, SideCounts& to) {
  to.packets += from.packets;
  to.ip_bytes += from.ip_bytes;
  to.duplicate_bytes += from.duplicate_bytes;
  to.conflict_bytes += from.conflict_bytes;
  to.refused_bytes += from.refused_bytes;
  to.shed_bytes += from.shed_bytes;
}

}  // namespace

AttemptTotals::AttemptTotals(int64_t idle_ns, uint64_t secret, uint64_t identity_seed,
                             uint32_t worker)
    : idle_ns_(idle_ns),
      secret_(secret),
      identity_seed_(identity_seed),
      worker_(worker),
      sums_(kSums + 1),
      by_server_(kCounters),
      by_client_(kCounters) {}

uint64_t AttemptTotals::HashOfServer(const FlowRow& row) const {
  return XXH3_64bits_withSeed(row.server.bytes.data(), row.server.bytes.size(),
                              secret_ ^ row.server_port);
}

uint64_t AttemptTotals::HashOfClient(const FlowRow& row) const {
  return XXH3_64bits_withSeed(row.client.bytes.data(), row.client.bytes.size(), ~secret_);
}

// The row of a sum to which nothing was added: what its attempts have in common.
FlowRow AttemptTotals::EmptyRow(const FlowRow& row, bool keep_server, bool keep_client) const {
  FlowRow empty{};
  empty.client = keep_client ? row.client : Unspecified(row.server);
  empty.server = keep_server ? row.server : Unspecified(row.client);
  empty.server_port = keep_server ? row.server_port : uint16_t{0};
  if (!keep_server && !keep_client) empty.client = empty.server = IpAddress{};
  empty.protocol = row.protocol;
  empty.state = FlowState::kAttempt;
  empty.flags = kFlowAttempts;
  return empty;
}

bool AttemptTotals::IsSame(const Sum& sum, const FlowRow& empty) const {
  return sum.attempts > 0 && sum.row.client == empty.client && sum.row.server == empty.server &&
         sum.row.server_port == empty.server_port;
}

// The sum that is being made of the row's server, or of its client; null when there is neither.
const AttemptTotals::Sum* AttemptTotals::Find(const FlowRow& row) const {
  if (sums_used_ == 0) return nullptr;
  const Sum* sum = &sums_[HashOfServer(row) % kSums];
  if (IsSame(*sum, EmptyRow(row, true, false))) return sum;
  sum = &sums_[HashOfClient(row) % kSums];
  return IsSame(*sum, EmptyRow(row, false, true)) ? sum : nullptr;
}

bool AttemptTotals::Takes(const FlowRow& row) const {
  return sums_.back().attempts >= kManyOthers || Find(row) != nullptr;
}

void AttemptTotals::Add(const FlowRow& row, int64_t clock_ns) {
  const uint64_t server_hash = HashOfServer(row);
  const uint64_t client_hash = HashOfClient(row);
  const uint32_t of_server = ++by_server_[server_hash % kCounters];
  const uint32_t of_client = ++by_client_[client_hash % kCounters];
  const uint64_t many = kManyAttempts + kManyTimesMean * (counted_++ / kCounters);

  const bool is_servers = of_server >= of_client;
  FlowRow empty = EmptyRow(row, is_servers, !is_servers);
  const Sum* const known = Find(row);
  size_t at = (is_servers ? server_hash : client_hash) % kSums;
  if (known != nullptr) {
    at = static_cast<size_t>(known - sums_.data());
  } else if (sums_[at].attempts > 0 || std::max(of_server, of_client) < many) {
    empty = EmptyRow(row, false, false);
    at = kSums;
  }
  Sum* const sum = &sums_[at];
  if (sum->attempts == 0) {
    empty.id.t_start_ns = row.id.t_start_ns;
    empty.t_last_ns = row.t_last_ns;
    empty.vlan = row.vlan;
    empty.tunnel = row.tunnel;
    sum->row = empty;
    ++sums_used_;
  }
  ++sum->attempts;
  sum->clock_ns = clock_ns;
  sum->row.id.t_start_ns = std::min(sum->row.id.t_start_ns, row.id.t_start_ns);
  sum->row.t_last_ns = std::max(sum->row.t_last_ns, row.t_last_ns);
  AddCounts(row.counts[0], sum->row.counts[0]);
  AddCounts(row.counts[1], sum->row.counts[1]);
}

void AttemptTotals::Advance(int64_t clock_ns, EventWriter& events) {
  if (clock_ns < next_look_ns_) return;
  next_look_ns_ = clock_ns + kLookNs;
  for (uint32_t& count : by_server_) count /= 2;
  for (uint32_t& count : by_client_) count /= 2;
  counted_ /= 2;
  if (sums_used_ == 0) return;
  for (Sum& sum : sums_) {
    if (sum.attempts == 0) continue;
    const bool waited = clock_ns - sum.clock_ns > idle_ns_;
    if (waited || clock_ns - sum.row.id.t_start_ns > kSumNsMax) Write(sum, events);
  }
}

void AttemptTotals::Finish(EventWriter& events) {
  for (Sum& sum : sums_) {
    if (sum.attempts > 0) Write(sum, events);
  }
}

void AttemptTotals::Write(Sum& sum, EventWriter& events) {
  const FlowRow& row = sum.row;
  FlowKey key = KeyOf(FiveTuple{row.client, row.server, 0, row.server_port, row.protocol});
  key.extra = worker_ + 1;
  sum.row.id.flow_hash = HashOf(key, identity_seed_);
  events.Append(RowType::kFlow, row);
  sum = {};
  --sums_used_;
}

}  // namespace dfc
