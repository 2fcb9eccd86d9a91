// Sums of flows over short stretches of time, kept by a reader: what a histogram of everything adds
// up, which would take a second to count in a million rows. Beside them the least and the greatest
// values of what lists are sorted by: where a page of such a list can lie, which would take as long
// to find.
//
// They are counted from table flow a part (flow_parts.h) at a time, and again when table flow_part
// says that flows of the part were written since. Nothing in them is estimated. As long as there is
// room, the flows that were counted are kept in short, too (flow_briefs.h).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "dfc/reader.h"
#include "dfc/status.h"
#include "flow_briefs.h"
#include "query.h"
#include "sql_cursor.h"

namespace dfc {

class FlowSums {
 public:
  static constexpr size_t kSumsMax = 50'000;  // 6 MB a reader.

  explicit FlowSums(size_t sums_max = kSumsMax, size_t briefs_max = 0)
      : sums_max_(sums_max), briefs_max_(briefs_max) {}

  struct Window {
    int64_t from_ns, to_ns;  // Flows that began in [from_ns, to_ns).
    int64_t bucket_ns;       // Bucket 0 begins at from_ns.
    std::optional<uint8_t> protocol;
  };

  // Whether the sums tell flows of the filter from others: it has no term, or a protocol alone.
  static bool Know(const SqlFilter& filter, std::optional<uint8_t>& protocol);

  // Counts what has changed in the parts of [from_ns, to_ns). False where the sums would take more
  // memory than they may: then nothing is kept.
  absl::StatusOr<bool> Update(SqlConnection& connection, int64_t from_ns, int64_t to_ns);

  // Whether briefs are kept. With more flows than there is room for they never are again.
  bool has_briefs() const { return briefs_max_ > 0; }
  // Whether it is worth trying: a store of many more flows is not read for it.
  absl::StatusOr<bool> BriefsFit(SqlConnection& connection);
  // REQUIRES: has_briefs(), and Update() of the same time has returned true. Whole parts; valid
  // until the next Update().
  BriefParts Briefs(int64_t from_ns, int64_t to_ns) const;

  // A stretch of time, and the values of the flows that began in it.
  struct Stretch {
    int64_t from_ns, to_ns;
    int64_t least, greatest;
    uint64_t flows;
  };

  // REQUIRES: Update() of the same time has returned true. In the order of time, whole stretches,
  // all that have such flows.
  std::vector<Stretch> Stretches(int64_t from_ns, int64_t to_ns, std::optional<uint8_t> protocol,
                                 PageValue value) const;

  // REQUIRES: Update() of the same time has returned true. Stretches that an edge of a bucket cuts
  // are read from the flows.
  absl::Status Bars(SqlConnection& connection, const Window& window,
                    const std::function<void(const HistogramBar&)>& each) const;

 private:
  // Flows of one protocol that began in the stretch of grain_ns() from t_ns on.
  struct Sum {
    int64_t t_ns;
    uint8_t protocol;
    uint64_t flows, packets, bytes;
    std::array<int64_t, kPageValueCount> least, greatest;  // By PageValue.
  };
  struct Part {
    uint64_t writes = 0;
    std::vector<Sum> sums;          // In the order of time.
    std::vector<FlowBrief> briefs;  // In the order of time.
  };
  using Parts = std::map<int64_t, Part>;

  static Sum ReadFlow(const SqlCursor& cursor);
  static FlowBrief ReadBrief(const SqlCursor& cursor, const Sum& flow);
  int64_t grain_ns() const;
  absl::StatusOr<std::vector<int64_t>> FindChanged(SqlConnection& connection, int64_t from_ns,
                                                   int64_t to_ns);
  absl::Status Count(SqlConnection& connection, int64_t from_ns, int64_t to_ns);
  void Add(const Sum& flow, Part& part);
  void Keep(const FlowBrief& flow, Part& part);
  Parts::iterator Drop(Parts::iterator part);
  void Coarsen();
  void Forget();

  size_t sums_max_;
  size_t briefs_max_;
  size_t briefs_ = 0;  // In all parts.
  Parts parts_;
  size_t sums_ = 0;   // In all parts.
  size_t grain_ = 0;  // The finest that keeps sums_ within its limit.
};

}  // namespace dfc
