// What is kept in memory of every flow, as long as there is room: its key, what lists are sorted
// by, and what queries of key terms alone ask for. Pages, spans and histograms of such queries are
// found in it, where a table of a million rows, or an index of it, would be read from end to end.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "dfc/event.h"
#include "query.h"

namespace dfc {

struct FlowBrief {
  FlowId id;
  std::array<int64_t, kPageValueCount> values;  // By PageValue.
  IpAddress client;
  IpAddress server;
  uint16_t client_port;
  uint16_t server_port;
  uint8_t protocol;

  uint64_t packets() const {
    return static_cast<uint64_t>(values[static_cast<size_t>(PageValue::kPackets)]);
  }
  uint64_t bytes() const {
    return static_cast<uint64_t>(values[static_cast<size_t>(PageValue::kBytes)]);
  }
};

// Which flows a query wants that began in [from_ns, to_ns).
class BriefFilter {
 public:
  // Nothing where the query has terms that a brief cannot answer.
  static std::optional<BriefFilter> Of(const SqlFilter& filter, int64_t from_ns, int64_t to_ns);

  bool Matches(const FlowBrief& flow) const;
  int64_t from_ns() const { return from_ns_; }
  int64_t to_ns() const { return to_ns_; }

 private:
  struct Term {
    KeyTerm::Field field;
    uint64_t low, high;                   // Of ports and protocols, ...
    IpAddress low_address, high_address;  // ... and of addresses.
  };
  static bool Meets(const FlowBrief& flow, const Term& term);

  int64_t from_ns_ = 0;
  int64_t to_ns_ = 0;
  std::vector<Term> terms_;
};

// An order of flows that has pages.
struct PageOrder {
  std::optional<PageValue> value;  // Nothing: by start.
  bool descending = false;

  // Of the first flow of the list it is the smallest.
  using Place = std::tuple<int64_t, int64_t, uint64_t>;
  Place PlaceOf(int64_t value_of_flow, const FlowId& id) const;
  Place PlaceOf(const FlowRow& row) const;
  Place PlaceOf(const FlowBrief& flow) const;
  Place PlaceOf(const PageEnd& end) const;
};

// Flows of a stretch of time, in its order.
using BriefParts = std::vector<std::span<const FlowBrief>>;

// The keys of a page's flows in their order, at most `limit`, from behind `after` on.
std::vector<FlowId> FindPage(const BriefParts& parts, const BriefFilter& filter,
                             const PageOrder& order, const std::optional<PageEnd>& after,
                             uint64_t limit);

}  // namespace dfc
