// What is found in memory (flow_briefs.h), as far as the readers of a store share some.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "flow_cache.h"
#include "flow_parts.h"
#include "sql_reader.h"

namespace dfc {

namespace {

constexpr uint64_t kPageRowsMax = 1'000;
// SQLite takes 500 parts of a union.
constexpr size_t kKeysAtOnce = 250;

// A table `k` of the keys.
std::string KeysSql(std::span<const FlowId> ids, std::vector<SqlValue>& values) {
  std::string text;
  for (const FlowId& id : ids) {
    text += text.empty() ? "SELECT ? AS t_start, ? AS flow_hash" : " UNION ALL SELECT ?, ?";
    values.emplace_back(id.t_start_ns);
    values.emplace_back(id.flow_hash);
  }
  return text;
}

}  // namespace

absl::StatusOr<std::optional<BriefFilter>> SqlReader::AskBriefs(const FlowQuery& query) const {
  if (cache_ == nullptr || query.active_since_ns) return std::nullopt;
  DFC_ASSIGN_OR_RETURN(const SqlFilter filter,
                       ParseFilter(query.filter, QueryScope::kFlows, query.now_ns));
  constexpr int64_t kFirstNs = std::numeric_limits<int64_t>::min() + kFlowPartNs;
  return BriefFilter::Of(filter, query.from_ns.value_or(kFirstNs),
                         query.to_ns.value_or(std::numeric_limits<int64_t>::max()));
}

absl::StatusOr<bool> SqlReader::PageByBriefs(const FlowQuery& query,
                                             const std::function<void(const StoredFlow&)>& each) {
  const PageOrder order{PageValueOf(query.sort), query.sort.starts_with('-')};
  const bool is_by_time = IsByTime(query.sort);
  if ((!is_by_time && !order.value) || query.limit > kPageRowsMax) return false;
  if (is_by_time && query.filter.empty()) return false;  // The key has them in this order.
  DFC_ASSIGN_OR_RETURN(const auto filter, AskBriefs(query));
  if (!filter) return false;
  std::optional<PageEnd> after;
  if (!query.after.empty() && !(after = ParsePageEnd(query.after, is_by_time))) return false;
  std::vector<FlowId> ids;
  {
    const SumsLease sums(own_sums_, cache_);
    DFC_ASSIGN_OR_RETURN(const auto parts, Briefs(sums.get(), *filter));
    if (!parts) return false;
    ids = FindPage(*parts, *filter, order, after, query.limit);
  }
  DFC_ASSIGN_OR_RETURN(std::vector<StoredFlow> flows, FlowsByKey(ids));
  if (flows.size() != ids.size()) return false;  // Some have gone in the meantime.
  std::ranges::sort(flows, std::less<>(),
                    [&order](const StoredFlow& flow) { return order.PlaceOf(flow.row); });
  std::ranges::for_each(flows, each);
  return true;
}

absl::StatusOr<std::optional<BriefParts>> SqlReader::Briefs(FlowSums* sums,
                                                            const BriefFilter& filter) {
  if (sums == nullptr) return std::nullopt;
  DFC_ASSIGN_OR_RETURN(const bool fit, sums->BriefsFit(*connection_));
  if (!fit) return std::nullopt;
  DFC_ASSIGN_OR_RETURN(const bool counted,
                       sums->Update(*connection_, filter.from_ns(), filter.to_ns()));
  if (!counted || !sums->has_briefs()) return std::nullopt;
  return sums->Briefs(filter.from_ns(), filter.to_ns());
}

absl::StatusOr<std::vector<StoredFlow>> SqlReader::FlowsByKey(const std::vector<FlowId>& ids) {
  std::vector<StoredFlow> flows;
  for (size_t at = 0; at < ids.size(); at += kKeysAtOnce) {
    FlowSource source;
    const std::string keys =
        KeysSql(std::span(ids).subspan(at, std::min(kKeysAtOnce, ids.size() - at)), source.values);
    source.text = FlowsOfKeys(*connection_, keys, "");
    DFC_RETURN_IF_ERROR(TellFlows(source, [&](const StoredFlow& flow) { flows.push_back(flow); }));
  }
  return flows;
}

absl::StatusOr<bool> SqlReader::SpanByBriefs(const FlowQuery& query, TimeSpan& span) {
  if (query.filter.empty()) return false;
  DFC_ASSIGN_OR_RETURN(const auto filter, AskBriefs(query));
  if (!filter) return false;
  const SumsLease sums(own_sums_, cache_);
  DFC_ASSIGN_OR_RETURN(const auto parts, Briefs(sums.get(), *filter));
  if (!parts) return false;
  for (const bool last : {false, true}) {
    const auto ids = FindPage(*parts, *filter, {{}, last}, {}, 1);
    if (ids.empty()) break;
    (last ? span.last_ns : span.first_ns) = ids.front().t_start_ns;
  }
  return true;
}

absl::StatusOr<bool> SqlReader::BarsByBriefs(const FlowQuery& query, int64_t bucket_ns,
                                             const std::function<void(const HistogramBar&)>& each) {
  DFC_ASSIGN_OR_RETURN(const auto filter, AskBriefs(query));
  if (!filter) return false;
  BarCounter bars(filter->from_ns(), bucket_ns);
  {
    const SumsLease sums(own_sums_, cache_);
    DFC_ASSIGN_OR_RETURN(const auto parts, Briefs(sums.get(), *filter));
    if (!parts) return false;
    for (const auto& part : *parts) {
      for (const FlowBrief& flow : part) {
        if (!filter->Matches(flow)) continue;
        bars.Add(flow.id.t_start_ns, flow.protocol, flow.packets(), flow.bytes());
      }
    }
  }
  bars.Tell(each);
  return true;
}

}  // namespace dfc
