// Pages of flows by their end, duration, packets or bytes, for which there is no index: it would
// cost every insert. The sums of short stretches of time (flow_sums.h) tell where the rows of a
// page can lie, and the stretches are read from the most promising one on, until no other one can
// hold a better row than the page has.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "flow_cache.h"
#include "sql_reader.h"

namespace dfc {

namespace {

// What is wanted in one piece is read in one go.
constexpr uint64_t kPageRowsMax = 1'000;
// A page that may lie in more than this share of all flows is found faster by reading them all.
constexpr uint64_t kShareMax = 4;

// The rows of a page so far, best first.
class Page {
 public:
  Page(PageOrder order, uint64_t limit) : order_(order), limit_(limit) {}

  void Add(StoredFlow flow) {
    const auto behind = std::ranges::upper_bound(
        rows_, order_.PlaceOf(flow.row), std::less<>(),
        [&](const StoredFlow& other) { return order_.PlaceOf(other.row); });
    rows_.insert(behind, std::move(flow));
    if (rows_.size() > limit_) rows_.pop_back();
  }

  bool is_full() const { return rows_.size() == limit_; }
  const std::vector<StoredFlow>& rows() const { return rows_; }
  // REQUIRES: is_full(). No row with a worse value comes into the page any more.
  int64_t worst() const { return ValueOf(rows_.back().row, *order_.value); }

  // REQUIRES: is_full(). Whether a row of the stretch could come before the last one of the page.
  bool MayTake(const FlowSums::Stretch& stretch) const {
    const bool descending = order_.descending;
    const int64_t best = descending ? stretch.greatest : stretch.least;
    const int64_t start_ns = rows_.back().row.id.t_start_ns;
    if (best != worst()) return descending ? best > worst() : best < worst();
    return descending ? stretch.to_ns > start_ns : stretch.from_ns <= start_ns;
  }

 private:
  PageOrder order_;  // By a value.
  uint64_t limit_;
  std::vector<StoredFlow> rows_;
};

}  // namespace

absl::StatusOr<bool> SqlReader::PageBySums(const FlowQuery& query,
                                           const std::function<void(const StoredFlow&)>& each) {
  const auto value = PageValueOf(query.sort);
  if (!value || query.limit > kPageRowsMax || query.active_since_ns) return false;
  DFC_ASSIGN_OR_RETURN(const SqlFilter asked,
                       ParseFilter(query.filter, QueryScope::kFlows, query.now_ns));
  std::optional<uint8_t> protocol;
  if (!FlowSums::Know(asked, protocol)) return false;
  FlowQuery span_query = query;
  span_query.sort = "start";
  span_query.after.clear();
  DFC_ASSIGN_OR_RETURN(const TimeSpan span, Span(span_query));
  if (span.first_ns == span.last_ns) return false;
  const SumsLease sums(own_sums_, cache_);
  if (sums.get() == nullptr) return false;
  DFC_ASSIGN_OR_RETURN(const bool counted,
                       sums->Update(*connection_, span.first_ns, span.last_ns + 1));
  if (!counted) return false;

  const bool descending = query.sort.starts_with('-');
  auto stretches = sums->Stretches(span.first_ns, span.last_ns + 1, protocol, *value);
  uint64_t flows_left = 0;
  for (const FlowSums::Stretch& stretch : stretches) flows_left += stretch.flows;
  flows_left /= kShareMax;
  std::ranges::sort(stretches, [&](const FlowSums::Stretch& a, const FlowSums::Stretch& b) {
    return descending ? std::tie(a.greatest, a.from_ns) > std::tie(b.greatest, b.from_ns)
                      : std::tie(a.least, a.from_ns) < std::tie(b.least, b.from_ns);
  });
  Page page({value, descending}, query.limit);
  for (const FlowSums::Stretch& stretch : stretches) {
    if (page.is_full() && !page.MayTake(stretch)) break;
    if (stretch.flows > flows_left) return false;
    flows_left -= stretch.flows;
    FlowQuery part = query;
    part.from_ns = std::max(stretch.from_ns, query.from_ns.value_or(stretch.from_ns));
    part.to_ns = std::min(stretch.to_ns, query.to_ns.value_or(stretch.to_ns));
    DFC_ASSIGN_OR_RETURN(SqlFilter filter, Filter(part, QueryScope::kFlows));
    if (page.is_full()) {
      filter.values.emplace_back(page.worst());
      filter.And(fmt::format("{} {} ?", ColumnOf(*value), descending ? ">=" : "<="));
    }
    DFC_RETURN_IF_ERROR(
        FlowsOf(filter, query.sort, query.limit, [&](const StoredFlow& flow) { page.Add(flow); }));
  }
  std::ranges::for_each(page.rows(), each);
  return true;
}

}  // namespace dfc
