// One flow as the worker keeps it: plain state in a slot of the flow table.
#pragma once

#include <cstring>
#include <type_traits>

#include "content.h"
#include "dfc/event.h"
#include "dfc/flow_engine.h"
#include "dfc/packet.h"
#include "tcp_connection.h"

namespace dfc {

// The order-free identity of a flow within a sensor: equal for both directions.
struct FlowKey {
  IpAddress low, high;
  uint16_t low_port, high_port;
  uint32_t extra;  // For an ICMP error: which flow it quotes, so that each has its own exchange.
  uint32_t protocol;

  bool operator==(const FlowKey& other) const {
    return std::memcmp(this, &other, sizeof *this) == 0;
  }
};
static_assert(std::has_unique_object_representations_v<FlowKey>, "hashed and compared as bytes");

FlowKey KeyOf(const FiveTuple& tuple);
// With the quoted flow in it, where there is one.
FlowKey KeyOf(const Packet& packet);
uint64_t HashOf(const FlowKey& key, uint64_t seed);

inline constexpr uint32_t kNoFlow = kNoSlot;

// Whether a flow has shown that somebody answers. At a limit, those that have not go first.
enum class Youth : uint8_t {
  kGrown,
  kAttempt,  // A TCP connection whose handshake is not over, and nothing else.
  kOneWay,   // Any other of which one side only was heard.
};

// Trivially copyable. Indices name other slots.
struct Flow {
  FlowKey key;
  FlowId id;
  int64_t t_last_ns;
  int64_t last_clock_ns;
  SideCounts counts[2];
  ContentState content;
  uint32_t timer_next, timer_previous;
  uint32_t timer_bucket;
  uint32_t hash;
  uint32_t extension;  // Slot of the TcpState or IcmpExchange; kNoFlow without.
  uint32_t icmp_messages;
  Tunnel tunnel;
  AgeLink age;  // Among those of its youth, by the last packet.
  Youth youth;
  LeftOut left_out[2];  // By Side.
  uint16_t flags;
  uint16_t vlan;
  uint8_t icmp_type, icmp_code;
  bool client_is_low;
  bool used;

  uint8_t protocol() const { return static_cast<uint8_t>(key.protocol); }
  const IpAddress& client() const { return client_is_low ? key.low : key.high; }
  const IpAddress& server() const { return client_is_low ? key.high : key.low; }
  uint16_t client_port() const { return client_is_low ? key.low_port : key.high_port; }
  uint16_t server_port() const { return client_is_low ? key.high_port : key.low_port; }
  Side SideOf(const FiveTuple& tuple) const {
    const bool from_client = tuple.source_port == client_port() && tuple.source == client();
    return from_client ? Side::kClient : Side::kServer;
  }
};

}  // namespace dfc
