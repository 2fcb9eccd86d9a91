#include "flow_sums.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

#include "dfc/time.h"
#include "flow_parts.h"
#include "sql_reader.h"

namespace dfc {

namespace {

// From the finest on. Each divides the next, and the last one is a part.
constexpr int64_t kGrainsNs[] = {kNsPerSecond,      5 * kNsPerSecond,   30 * kNsPerSecond,
                                 60 * kNsPerSecond, 300 * kNsPerSecond, kFlowPartNs};
// With the coarsest grain there may be more of them: years of traffic.
constexpr size_t kCoarsestFactor = 10;
// Counted by one statement: a day at most, so that one of a busy store ends in time.
constexpr size_t kPartsAtOnce = 144;

constexpr const char* kValues =
    "t_start, protocol, client_packets + server_packets, client_bytes + server_bytes, t_last";
constexpr const char* kBriefly = ", flow_hash, client, client_port, server, server_port";
// Blocks of a live flow are a few; a store is read for its briefs only if they may all fit.
constexpr uint64_t kWritesOfAFlow = 8;

std::string RowsSql(bool with_briefs) {
  return fmt::format("SELECT {}{} FROM flow WHERE t_start >= ? AND t_start < ? ORDER BY t_start",
                     kValues, with_briefs ? kBriefly : "");
}

// The last part ends where time does.
int64_t EndOf(int64_t begin_ns, int64_t width_ns) {
  int64_t end_ns = 0;
  const bool overflow = __builtin_add_overflow(begin_ns, width_ns, &end_ns);
  return overflow ? std::numeric_limits<int64_t>::max() : end_ns;
}

// The stretches that an edge of a bucket, or of the window, cuts. Neighbours are one.
class Cut {
 public:
  void Add(int64_t from_ns, int64_t to_ns) {
    if (!spans_.empty() && spans_.back().second >= from_ns) {
      spans_.back().second = std::max(spans_.back().second, to_ns);
    } else {
      spans_.emplace_back(from_ns, to_ns);
    }
  }
  const std::vector<std::pair<int64_t, int64_t>>& spans() const { return spans_; }

 private:
  std::vector<std::pair<int64_t, int64_t>> spans_;
};

}  // namespace

// A row of kValues.
FlowSums::Sum FlowSums::ReadFlow(const SqlCursor& cursor) {
  RowReader row(cursor);
  Sum flow{row.Signed(), row.Small<uint8_t>(), 1, row.Unsigned(), row.Unsigned(), {}, {}};
  const int64_t last_ns = row.Signed();
  // In the order of PageValue.
  flow.least = {last_ns, last_ns - flow.t_ns, static_cast<int64_t>(flow.packets),
                static_cast<int64_t>(flow.bytes)};
  flow.greatest = flow.least;
  return flow;
}

// What follows in the row.
FlowBrief FlowSums::ReadBrief(const SqlCursor& cursor, const Sum& flow) {
  RowReader row(cursor);
  for (int skipped = 0; skipped < 5; ++skipped) (void)row.Signed();
  FlowBrief brief{};
  brief.id = {flow.t_ns, row.Unsigned()};
  brief.values = flow.least;
  brief.protocol = flow.protocol;
  brief.client = row.Address();
  brief.client_port = row.Small<uint16_t>();
  brief.server = row.Address();
  brief.server_port = row.Small<uint16_t>();
  return brief;
}

bool FlowSums::Know(const SqlFilter& filter, std::optional<uint8_t>& protocol) {
  if (filter.where.empty()) return true;
  const bool is_protocol = filter.terms == 1 && filter.key_terms.size() == 1 &&
                           filter.key_terms.front().field == KeyTerm::Field::kProtocol;
  if (is_protocol) protocol = static_cast<uint8_t>(std::get<uint64_t>(filter.values.front()));
  return is_protocol;
}

int64_t FlowSums::grain_ns() const { return kGrainsNs[grain_]; }

absl::StatusOr<bool> FlowSums::Update(SqlConnection& connection, int64_t from_ns, int64_t to_ns) {
  if (from_ns >= to_ns) return true;
  DFC_ASSIGN_OR_RETURN(const std::vector<int64_t> changed,
                       FindChanged(connection, StretchOf(from_ns, kFlowPartNs), to_ns));
  for (size_t at = 0; at < changed.size();) {
    size_t behind = at + 1;
    while (behind < changed.size() && behind - at < kPartsAtOnce &&
           changed[behind] == EndOf(changed[behind - 1], kFlowPartNs)) {
      ++behind;
    }
    const absl::Status counted =
        Count(connection, changed[at], EndOf(changed[behind - 1], kFlowPartNs));
    if (!counted.ok()) Forget();  // What was counted in part looks as if it were whole.
    DFC_RETURN_IF_ERROR(counted);
    if (sums_ > kCoarsestFactor * sums_max_) {
      Forget();
      return false;
    }
    at = behind;
  }
  return true;
}

// Parts with another number of writes than when they were counted, emptied; those that the store
// has no more are forgotten.
absl::StatusOr<std::vector<int64_t>> FlowSums::FindChanged(SqlConnection& connection,
                                                           int64_t from_ns, int64_t to_ns) {
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection.Query("SELECT t_part, CAST(SUM(writes) AS SIGNED) FROM flow_part"
                       " WHERE t_part >= ? AND t_part < ? GROUP BY t_part ORDER BY t_part",
                       {from_ns, to_ns}));
  std::vector<int64_t> changed;
  auto known = parts_.lower_bound(from_ns);
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    const int64_t t_ns = found ? cursor->Integer(0) : to_ns;
    while (known != parts_.end() && known->first < t_ns) known = Drop(known);
    if (!found) return changed;
    const auto writes = static_cast<uint64_t>(cursor->Integer(1));
    const bool is_known = known != parts_.end() && known->first == t_ns;
    if (is_known && known->second.writes == writes) {
      ++known;
      continue;
    }
    if (is_known) known = Drop(known);
    parts_.emplace_hint(known, t_ns, Part{writes, {}, {}});
    changed.push_back(t_ns);
  }
}

absl::Status FlowSums::Count(SqlConnection& connection, int64_t from_ns, int64_t to_ns) {
  const bool with_briefs = has_briefs();
  DFC_ASSIGN_OR_RETURN(const auto cursor, connection.Query(RowsSql(with_briefs), {from_ns, to_ns}));
  auto part = parts_.find(from_ns);
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
    if (!found) return absl::OkStatus();
    const Sum flow = ReadFlow(*cursor);
    const int64_t part_ns = StretchOf(flow.t_ns, kFlowPartNs);
    if (part == parts_.end() || part->first != part_ns) part = parts_.find(part_ns);
    // Written since the parts were read: their next number of writes says so.
    if (part == parts_.end()) continue;
    Add(flow, part->second);
    if (with_briefs) Keep(ReadBrief(*cursor, flow), part->second);
    if (sums_ > sums_max_ && grain_ + 1 < std::size(kGrainsNs)) Coarsen();
    if (sums_ > kCoarsestFactor * sums_max_) return absl::OkStatus();
  }
}

void FlowSums::Add(const Sum& flow, Part& part) {
  const int64_t t_ns = StretchOf(flow.t_ns, grain_ns());
  // Protocols of one stretch follow each other.
  for (auto sum = part.sums.rbegin(); sum != part.sums.rend() && sum->t_ns == t_ns; ++sum) {
    if (sum->protocol != flow.protocol) continue;
    sum->flows += flow.flows;
    sum->packets += flow.packets;
    sum->bytes += flow.bytes;
    for (size_t n = 0; n < kPageValueCount; ++n) {
      sum->least[n] = std::min(sum->least[n], flow.least[n]);
      sum->greatest[n] = std::max(sum->greatest[n], flow.greatest[n]);
    }
    return;
  }
  part.sums.push_back(flow);
  part.sums.back().t_ns = t_ns;
  ++sums_;
}

void FlowSums::Keep(const FlowBrief& flow, Part& part) {
  if (!has_briefs()) return;
  part.briefs.push_back(flow);
  if (++briefs_ <= briefs_max_) return;
  briefs_max_ = 0;
  briefs_ = 0;
  for (auto& one : parts_) one.second.briefs = {};
}

FlowSums::Parts::iterator FlowSums::Drop(Parts::iterator part) {
  sums_ -= part->second.sums.size();
  briefs_ -= part->second.briefs.size();
  return parts_.erase(part);
}

void FlowSums::Coarsen() {
  ++grain_;
  sums_ = 0;
  for (auto& [t_ns, part] : parts_) {
    const std::vector<Sum> finer = std::move(part.sums);
    part.sums.clear();
    for (const Sum& sum : finer) Add(sum, part);
  }
}

void FlowSums::Forget() {
  parts_.clear();
  sums_ = 0;
  briefs_ = 0;
  grain_ = 0;
}

absl::StatusOr<bool> FlowSums::BriefsFit(SqlConnection& connection) {
  if (!has_briefs() || !parts_.empty()) return has_briefs();
  DFC_ASSIGN_OR_RETURN(
      const auto cursor,
      connection.Query("SELECT CAST(COALESCE(SUM(writes), 0) AS SIGNED) FROM flow_part", {}));
  DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
  const auto writes = found ? static_cast<uint64_t>(cursor->Integer(0)) : 0;
  return writes / kWritesOfAFlow <= briefs_max_;
}

BriefParts FlowSums::Briefs(int64_t from_ns, int64_t to_ns) const {
  BriefParts parts;
  for (auto part = parts_.lower_bound(StretchOf(from_ns, kFlowPartNs));
       part != parts_.end() && part->first < to_ns; ++part) {
    parts.emplace_back(part->second.briefs);
  }
  return parts;
}

std::vector<FlowSums::Stretch> FlowSums::Stretches(int64_t from_ns, int64_t to_ns,
                                                   std::optional<uint8_t> protocol,
                                                   PageValue value) const {
  const auto n = static_cast<size_t>(value);
  std::vector<Stretch> stretches;
  for (auto part = parts_.lower_bound(StretchOf(from_ns, kFlowPartNs));
       part != parts_.end() && part->first < to_ns; ++part) {
    for (const Sum& sum : part->second.sums) {
      const int64_t end_ns = EndOf(sum.t_ns, grain_ns());
      if (end_ns <= from_ns || sum.t_ns >= to_ns || (protocol && sum.protocol != *protocol)) {
        continue;
      }
      if (stretches.empty() || stretches.back().from_ns != sum.t_ns) {
        stretches.push_back({sum.t_ns, end_ns, sum.least[n], sum.greatest[n], 0});
      }
      Stretch& stretch = stretches.back();
      stretch.least = std::min(stretch.least, sum.least[n]);
      stretch.greatest = std::max(stretch.greatest, sum.greatest[n]);
      stretch.flows += sum.flows;
    }
  }
  return stretches;
}

absl::Status FlowSums::Bars(SqlConnection& connection, const Window& window,
                            const std::function<void(const HistogramBar&)>& each) const {
  const auto bucket_of = [&window](int64_t t_ns) {
    return (static_cast<uint64_t>(t_ns) - static_cast<uint64_t>(window.from_ns)) /
           static_cast<uint64_t>(window.bucket_ns);
  };
  const auto show = [&](const Sum& sum) {
    if (window.protocol && sum.protocol != *window.protocol) return;
    each({bucket_of(sum.t_ns), sum.protocol, sum.flows, sum.packets, sum.bytes});
  };
  Cut cut;
  const int64_t first_ns = StretchOf(window.from_ns, kFlowPartNs);
  for (auto part = parts_.lower_bound(first_ns); part != parts_.end() && part->first < window.to_ns;
       ++part) {
    for (const Sum& sum : part->second.sums) {
      const int64_t end_ns = EndOf(sum.t_ns, grain_ns());
      if (end_ns <= window.from_ns || sum.t_ns >= window.to_ns) continue;
      const bool is_inside = sum.t_ns >= window.from_ns && end_ns <= window.to_ns &&
                             bucket_of(sum.t_ns) == bucket_of(end_ns - 1);
      if (is_inside) {
        show(sum);
      } else {
        cut.Add(std::max(sum.t_ns, window.from_ns), std::min(end_ns, window.to_ns));
      }
    }
  }
  for (const auto& [from_ns, to_ns] : cut.spans()) {
    DFC_ASSIGN_OR_RETURN(const auto cursor, connection.Query(RowsSql(false), {from_ns, to_ns}));
    for (;;) {
      DFC_ASSIGN_OR_RETURN(const bool found, cursor->Next());
      if (!found) break;
      show(ReadFlow(*cursor));
    }
  }
  return absl::OkStatus();
}

}  // namespace dfc
