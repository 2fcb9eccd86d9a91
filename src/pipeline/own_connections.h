// The TCP connections of this process, which a sensor must not record: each row that it sends to
// its database would make the next one.
#pragma once

#include <vector>

#include "dfc/packet.h"

namespace dfc {

class OwnConnections {
 public:
  // Past this many the rest is recorded like any other connection.
  static constexpr size_t kMax = 256;

  // Looks through the descriptors of this process. A socket that listens at one address stands for
  // every connection there, also for those that begin and end between two looks.
  static OwnConnections Find();

  // True for packets of either direction.
  bool Has(const FiveTuple& tuple) const {
    if (tuples_.empty() || tuple.protocol != kTcp) return false;
    for (const FiveTuple& own : tuples_) {
      if (IsOf(own, tuple)) return true;
    }
    return false;
  }

  void Add(const FiveTuple& tuple) { tuples_.push_back(tuple); }
  size_t size() const { return tuples_.size(); }

 private:
  static bool IsOf(const FiveTuple& own, const FiveTuple& tuple) {
    return Is(own, tuple.source, tuple.source_port, tuple.destination, tuple.destination_port) ||
           Is(own, tuple.destination, tuple.destination_port, tuple.source, tuple.source_port);
  }
  static bool Is(const FiveTuple& own, const IpAddress& here, uint16_t port, const IpAddress& there,
                 uint16_t peer_port) {
    if (own.source_port != port || own.source != here) return false;
    return own.destination_port == 0 ||
           (own.destination_port == peer_port && own.destination == there);
  }

  std::vector<FiveTuple> tuples_;  // This end is the source; a listener has no other end: port 0.
};

}  // namespace dfc
