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
#include "dfc/retention.h"
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
  int64_t now_ns = 0;  // From which "time:-1h" and "is:open" count.

  std::optional<int64_t> from_ns = {};  // Flows that began then or later; messages of then ...
  std::optional<int64_t> to_ns = {};    // ... and before then.
  std::optional<int64_t> active_since_ns = {};  // Flows with a packet after then.
  std::string after = {};  // FlowCursor() of the last one that is known already.
};

// Where a page that ends in `flow` ends, for FlowQuery::after: "ID", or "VALUE.ID" where `sort` is
// not by time. kInvalidArgument for a sort without pages: those by end, duration, packets and bytes
// have them too.
absl::StatusOr<std::string> FlowCursor(const StoredFlow& flow, const std::string& sort);

// Whether the flow may still grow at `now_ns`: TCP has not ended it, and it was not idle for longer
// than flows of its kind may be.
bool IsOpen(const FlowRow& row, int64_t now_ns);

// One turn with its bytes; `bytes` is empty for a gap and valid during the call only.
struct Turn {
  Side side;
  TurnKind kind;
  int64_t t_ns;
  uint64_t offset;  // In the side's restored stream, gaps counted.
  uint64_t length;  // Of the turn; a gap's length is what is missing.
  ByteSpan bytes;
};

// A place in a flow's stored content: the chunk, the turn in its index, the byte of that turn.
struct TurnCursor {
  uint64_t chunk = 0;
  uint64_t turn = 0;
  uint64_t byte = 0;
};

// A part of a flow's turns. At most `bytes_max` bytes and `turns_max` turns, of which the first and
// the last may be cut.
struct TurnsQuery {
  FlowId id;
  TurnCursor from;
  uint64_t bytes_max = 65'536;
  uint64_t turns_max = 2'000;
  std::optional<Side> side;
};
struct TurnsEnd {
  TurnCursor next;
  bool is_end;  // Nothing is stored behind it so far.
};

// Where the bytes of one side begin, counted without gaps.
struct ContentPlace {
  uint64_t total = 0;  // All of the side's bytes.
  uint64_t chunk = 0;  // The chunk with the byte asked for, ...
  uint64_t skip = 0;   // ... and how many of the side's bytes in it come before.
};

// What is counted of a flow for totals.
struct TalliedFlow {
  IpAddress client;
  IpAddress server;
  uint16_t server_port;
  uint8_t protocol;
  FlowState state;
  uint16_t flags;
  std::string sensor;
  uint64_t packets;
  uint64_t client_bytes;
  uint64_t server_bytes;
};

struct TimeSpan {
  int64_t first_ns = 0;
  int64_t last_ns = -1;  // Before the first where there is nothing.
};

// More than there are protocols.
inline constexpr int64_t kBucketNsMin = 256;

// Flows of one protocol that began in one stretch of time.
struct HistogramBar {
  uint64_t bucket;
  uint8_t protocol;
  uint64_t flows;
  uint64_t packets;
  uint64_t bytes;
};

struct StoredSensor {
  std::string name;
  int64_t t_status_ns = 0;  // Of a capture: when it said `status`; 0 where it never did.
  std::string status;       // In Prometheus' text format.
};

struct LedgerSum {
  std::string sensor;
  int64_t t_minute_ns;  // 0 in sums over all minutes.
  std::string outcome;
  uint64_t packets;
  uint64_t bytes;
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
  virtual absl::StatusOr<uint64_t> CountFlows(const FlowQuery& query) = 0;

  // kNotFound when there is none.
  virtual absl::StatusOr<StoredFlow> Flow(const FlowId& id) = 0;

  // Every turn of a flow in the order of arrival; memory is one chunk, whatever the flow's size.
  virtual absl::Status Turns(const FlowId& id, const std::function<void(const Turn&)>& each) = 0;

  // A window of them; each(turn, where it begins). Reads 16 chunks at most.
  virtual absl::StatusOr<TurnsEnd> TurnsFrom(
      const TurnsQuery& query, const std::function<void(const Turn&, const TurnCursor&)>& each) = 0;
  virtual absl::StatusOr<uint64_t> CountChunks(const FlowId& id) = 0;

  // Where byte `offset` of a side's restored content is. Reads the index of every chunk.
  virtual absl::StatusOr<ContentPlace> FindContent(const FlowId& id, Side side,
                                                   uint64_t offset) = 0;
  // The side's restored bytes in the first chunk from `chunk` on, which becomes that chunk's
  // number. False when there is none.
  virtual absl::StatusOr<bool> ChunkContent(const FlowId& id, Side side, uint64_t& chunk,
                                            std::string& bytes) = 0;

  virtual absl::Status Icmp(const FlowQuery& query,
                            const std::function<void(const StoredIcmp&)>& each) = 0;

  // One for each ICMP flow of the query that has requests or replies.
  virtual absl::Status Pings(const FlowQuery& query,
                             const std::function<void(const StoredPing&)>& each) = 0;

  // The newest flows of the query, at most its limit.
  virtual absl::Status Tallies(const FlowQuery& query,
                               const std::function<void(const TalliedFlow&)>& each) = 0;
  // The first and the last start of a flow of the query.
  virtual absl::StatusOr<TimeSpan> Span(const FlowQuery& query) = 0;
  // REQUIRES: from_ns is set, bucket_ns >= kBucketNsMin. Bucket 0 begins at from_ns.
  virtual absl::Status Histogram(const FlowQuery& query, int64_t bucket_ns,
                                 const std::function<void(const HistogramBar&)>& each) = 0;

  // All that ever wrote into the store, by name.
  virtual absl::Status Sensors(const std::function<void(const StoredSensor&)>& each) = 0;

  // The ledger of the minutes in [from_ns, to_ns), summed over inputs and, unless `by_minute`, over
  // minutes. In the order of sensor, minute, outcome.
  virtual absl::Status Ledger(int64_t from_ns, int64_t to_ns, bool by_minute,
                              const std::function<void(const LedgerSum&)>& each) = 0;

  // The last minute of the ledger in [from_ns, to_ns); 0 where there is none.
  virtual absl::StatusOr<int64_t> LastMinute(int64_t from_ns, int64_t to_ns) = 0;

  // How much is in the store, and how fast it grows.
  virtual absl::StatusOr<StoreUsage> Usage() = 0;

  // Changes when something is written to the store: compare two of one reader.
  virtual absl::StatusOr<std::string> Pulse() = 0;
};

// What readers of one store have counted and found out about its flows, kept for the next question
// of whichever reader. One uses it at a time, the others wait, from any thread. It outlives them.
class FlowCache {
 public:
  // Flows take 88 bytes each. With more of them than there is room for only sums are kept, and
  // lists that no index has in their order, and histograms of what is frequent, take their time.
  explicit FlowCache(uint64_t bytes_max);
  ~FlowCache();

  struct Shelf;
  Shelf& shelf() { return *shelf_; }

 private:
  std::unique_ptr<Shelf> shelf_;
};

struct ReaderOptions {
  // A statement that takes longer fails with kDeadlineExceeded; 0: it may take as long as it likes.
  int64_t statement_ms_max = 0;
  FlowCache* cache = nullptr;
};

absl::StatusOr<std::unique_ptr<Reader>> OpenReader(const StoreUrl& url,
                                                   const ReaderOptions& options = {});

}  // namespace dfc
