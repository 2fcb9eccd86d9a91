#define XXH_INLINE_ALL
#include <xxhash.h>

#include "flow.h"

namespace dfc {

FlowKey KeyOf(const FiveTuple& tuple) {
  FlowKey key;
  const int order =
      std::memcmp(tuple.source.bytes.data(), tuple.destination.bytes.data(), sizeof(IpAddress));
  const bool source_is_low =
      order < 0 || (order == 0 && tuple.source_port <= tuple.destination_port);
  key.low = source_is_low ? tuple.source : tuple.destination;
  key.high = source_is_low ? tuple.destination : tuple.source;
  key.low_port = source_is_low ? tuple.source_port : tuple.destination_port;
  key.high_port = source_is_low ? tuple.destination_port : tuple.source_port;
  key.extra = 0;
  key.protocol = tuple.protocol;
  return key;
}

FlowKey KeyOf(const Packet& packet) {
  FlowKey key = KeyOf(packet.tuple);
  if (IsIcmp(packet.tuple.protocol) && packet.icmp.has_quote) {
    key.extra = static_cast<uint32_t>(HashOf(KeyOf(packet.icmp.quoted), 0)) | 1;
  }
  return key;
}

uint64_t HashOf(const FlowKey& key, uint64_t seed) {
  return XXH3_64bits_withSeed(&key, sizeof key, seed);
}

uint64_t ShardHash(const Packet& packet, uint64_t secret) {
  const bool quotes = IsIcmp(packet.tuple.protocol) && packet.icmp.has_quote;
  return HashOf(KeyOf(quotes ? packet.icmp.quoted : packet.tuple), secret);
}

}  // namespace dfc
