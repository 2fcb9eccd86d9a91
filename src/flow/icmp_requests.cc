#define XXH_INLINE_ALL
#include "icmp_requests.h"

#include <xxhash.h>

#include <bit>

#include "dfc/time.h"

namespace dfc {

namespace {

// A request older than this has lost its reply rather than its place.
constexpr int64_t kReplyWaitNs = kNsPerMinute;

}  // namespace

// Twice as many entries as requests keeps probe runs short.
IcmpRequests::IcmpRequests(size_t count, uint64_t secret)
    : requests_(count), secret_(secret), mask_(std::bit_ceil(count * 2) - 1), index_(mask_ + 1) {}

uint32_t IcmpRequests::HashOf(const Key& key) const {
  static_assert(std::has_unique_object_representations_v<Key>, "hashed as bytes");
  return static_cast<uint32_t>(XXH3_64bits_withSeed(&key, sizeof key, secret_));
}

// Of the entry that leads to this key, or of the empty one where it would be.
size_t IcmpRequests::EntryOf(const Key& key, uint32_t hash) const {
  for (size_t at = hash & mask_;; at = (at + 1) & mask_) {
    const Entry& entry = index_[at];
    if (entry.slot_plus_one == 0) return at;
    if (entry.hash == hash && requests_[entry.slot_plus_one - 1].key == key) return at;
  }
}

// Closes the hole that the entry leaves: later entries of the run move up if they may.
void IcmpRequests::EraseEntry(size_t hole) {
  for (size_t at = (hole + 1) & mask_; index_[at].slot_plus_one != 0; at = (at + 1) & mask_) {
    const size_t home = index_[at].hash & mask_;
    const bool may_move = ((at - home) & mask_) >= ((at - hole) & mask_);
    if (!may_move) continue;
    index_[hole] = index_[at];
    hole = at;
  }
  index_[hole] = {0, 0};
}

IcmpRequests::Request* IcmpRequests::Add(IcmpExchange& exchange, const Key& key, uint32_t n,
                                         int64_t t_ns) {
  if (exchange.count == kPerFlowMax) DropOldest(exchange, t_ns);
  uint32_t slot = requests_.Take();
  if (slot == kNoFlow && exchange.count > 0) {
    DropOldest(exchange, t_ns);
    slot = requests_.Take();
  }
  if (slot == kNoFlow) {
    ++dropped_;
    return nullptr;
  }
  Request& request = requests_[slot];
  request.key = key;
  request.n = n;
  request.t_ns = t_ns;
  const uint32_t hash = HashOf(key);
  Entry& entry = index_[EntryOf(key, hash)];
  if (entry.slot_plus_one != 0) {
    // One that has its answer is passed over: the next reply is not for it.
    const Request& before = requests_[entry.slot_plus_one - 1];
    request.older = before.answered ? before.older : entry.slot_plus_one;
    request.older_n = before.answered ? before.older_n : before.n;
  }
  entry = {hash, slot + 1};
  if (exchange.newest != 0) requests_[exchange.newest - 1].newer_in_flow = slot + 1;
  if (exchange.oldest == 0) exchange.oldest = slot + 1;
  exchange.newest = slot + 1;
  ++exchange.count;
  return &request;
}

// Null when there was none, or when it has been dropped since.
IcmpRequests::Request* IcmpRequests::OlderOf(const Request& request) const {
  if (request.older == 0) return nullptr;
  Request& older = requests_[request.older - 1];
  return older.key == request.key && older.n == request.older_n ? &older : nullptr;
}

IcmpRequests::Request* IcmpRequests::Find(const Key& key, bool waiting) {
  Entry& entry = index_[EntryOf(key, HashOf(key))];
  if (entry.slot_plus_one == 0) return nullptr;
  Request* newest = &requests_[entry.slot_plus_one - 1];
  if (!waiting || !newest->answered) return newest;
  Request* const older = OlderOf(*newest);
  if (older == nullptr) return newest;
  entry.slot_plus_one = newest->older;
  return older;
}

void IcmpRequests::DropOldest(IcmpExchange& exchange, int64_t now_ns) {
  const uint32_t slot = exchange.oldest - 1;
  Request& request = requests_[slot];
  if (!request.answered && now_ns - request.t_ns < kReplyWaitNs) ++dropped_;
  const size_t at = EntryOf(request.key, HashOf(request.key));
  if (index_[at].slot_plus_one == exchange.oldest) EraseEntry(at);
  exchange.oldest = request.newer_in_flow;
  if (exchange.oldest == 0) exchange.newest = 0;
  --exchange.count;
  request.key = {kNoFlow, 0, Side::kClient, 0};  // No flow's: links to it lead nowhere.
  requests_.Give(slot);
}

void IcmpRequests::Forget(IcmpExchange& exchange) {
  const uint64_t dropped = dropped_;
  while (exchange.count > 0) DropOldest(exchange, 0);
  dropped_ = dropped;  // Lost, not dropped.
}

}  // namespace dfc
