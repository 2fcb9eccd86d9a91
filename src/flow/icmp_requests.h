// ICMP requests that replies may still come to, of all flows of a worker.
//
//   (flow, side, type, sequence number) -> index -> newest request of that number -> older ...
//   and by flow: oldest -> ... -> newest, at most kPerFlowMax; then the oldest makes room
//
// Which request a reply finds is a fact of its flow alone, as long as the pool has room: a full
// pool takes no more, and counts that. Sized at construction. One worker owns it.
#pragma once

#include "dfc/memory.h"
#include "flow_table.h"

namespace dfc {

// Of one flow; all zero is a flow without requests. Slot numbers plus one.
struct IcmpExchange {
  uint32_t oldest;
  uint32_t newest;
  uint32_t count;
};

class IcmpRequests {
 public:
  static constexpr size_t kPerFlowMax = 4096;

  // What makes two requests the same but for their time.
  struct Key {
    uint32_t flow;
    uint16_t seq;
    Side side;     // That asked.
    uint8_t type;  // Of the request.
    bool operator==(const Key&) const = default;
  };

  struct Request {
    Key key;
    int64_t t_ns;
    uint64_t payload_hash;
    uint32_t payload_bytes;  // On the wire.
    uint32_t n;              // Of the message within its flow.
    uint32_t newer_in_flow;  // Slot plus one.
    uint32_t older;          // Slot plus one of one with the same key that waits, ...
    uint32_t older_n;        // ... if it still is this message.
    bool whole;              // All of the payload was captured.
    bool answered;
  };

  // `secret` keys the index.
  IcmpRequests(size_t count, uint64_t secret);

  // A slot for a request with this key, the newest of its flow; null when there is no room. All
  // but key, number, time and links is zero.
  Request* Add(IcmpExchange& exchange, const Key& key, uint32_t n, int64_t t_ns);

  // The newest request with this key, null without. With `waiting` the newest that has no answer
  // goes first.
  Request* Find(const Key& key, bool waiting);

  // The flow is over.
  void Forget(IcmpExchange& exchange);

  // Requests that made room before they had waited for a minute, or for which there was none.
  uint64_t dropped() const { return dropped_; }

 private:
  struct Entry {
    uint32_t hash;
    uint32_t slot_plus_one;  // Zero: empty.
  };

  uint32_t HashOf(const Key& key) const;
  size_t EntryOf(const Key& key, uint32_t hash) const;
  void EraseEntry(size_t hole);
  void DropOldest(IcmpExchange& exchange, int64_t now_ns);
  Request* OlderOf(const Request& request) const;

  Slab<Request> requests_;
  uint64_t secret_;
  size_t mask_;
  MappedArray<Entry> index_;
  uint64_t dropped_ = 0;
};

}  // namespace dfc
