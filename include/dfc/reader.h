// Reads flows and their content back from a store, for the command line and the browser.
// Module: store
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dfc/event.h"
#include "dfc/status.h"
#include "dfc/store.h"

namespace dfc {

// A flow id as users see it: t_start and flow_hash as 32 hex digits.
std::string FormatFlowId(const FlowId& id);
std::optional<FlowId> ParseFlowId(const std::string& text);

// A flow as stored. Besides the row: what only the store knows.
struct StoredFlow {
  FlowRow row;
  std::string sensor;
  std::string community_id;
};

struct FlowQuery {
  std::string filter;          // "proto:tcp host:10.0.0.1 -port:53", "" for all.
  std::string sort = "start";  // A column's name, "-" in front for descending.
  uint64_t limit = 100;
};

// One turn with its bytes; `bytes` is empty for a gap and valid during the call only.
struct Turn {
  Side side;
  TurnKind kind;
  int64_t t_ns;
  uint64_t offset;  // In the side's restored stream, gaps counted.
  uint64_t length;  // Of the turn; a gap's length is what is missing.
  ByteSpan bytes;
};

struct StoredIcmp {
  IcmpRow row;
  IpAddress source;  // Of this message.
  IpAddress destination;
  uint8_t protocol;  // kIcmp or kIcmpv6.
  bool has_about;
  FlowId about;  // The flow that an error quotes, as far as the store has it.
  // The first kIcmpPayloadShown bytes of what follows the 8-byte header, but for echoes; valid
  // during the call only.
  ByteSpan payload;
};

inline constexpr uint64_t kIcmpPayloadShown = 1280;

// The queries and answers of one ICMP flow, added up.
struct StoredPing {
  FlowId id;
  IpAddress client;
  IpAddress server;
  uint8_t protocol;
  uint8_t type;  // Of the flow's first message.
  uint16_t ident;
  int64_t t_last_ns;
  uint64_t requests;
  uint64_t replies;     // Every one.
  uint64_t lost;        // Requests without a reply.
  uint64_t late;        // Of the replies.
  uint64_t duplicates;  // Of the replies.
  uint64_t strays;      // Of the replies.
  uint64_t differing;   // Of the replies: not what was sent.
  uint64_t errors;      // Messages that quote the flow: unreachable, time exceeded, ...
  // Of the first reply to each request; -1 without.
  int64_t rtt_min_ns, rtt_avg_ns, rtt_max_ns;
};

class Reader {
 public:
  virtual ~Reader() = default;

  // kInvalidArgument with the column of the mistake when the filter can't be parsed.
  virtual absl::Status Flows(const FlowQuery& query,
                             const std::function<void(const StoredFlow&)>& each) = 0;
  virtual absl::StatusOr<uint64_t> CountFlows(const std::string& filter) = 0;

  // kNotFound when there is none.
  virtual absl::StatusOr<StoredFlow> Flow(const FlowId& id) = 0;

  // Every turn of a flow in the order of arrival; memory is one chunk, whatever the flow's size.
  virtual absl::Status Turns(const FlowId& id, const std::function<void(const Turn&)>& each) = 0;

  virtual absl::Status Icmp(const FlowQuery& query,
                            const std::function<void(const StoredIcmp&)>& each) = 0;

  // One for each ICMP flow of the query that has requests or replies.
  virtual absl::Status Pings(const FlowQuery& query,
                             const std::function<void(const StoredPing&)>& each) = 0;
};

absl::StatusOr<std::unique_ptr<Reader>> OpenReader(const StoreUrl& url);

}  // namespace dfc
