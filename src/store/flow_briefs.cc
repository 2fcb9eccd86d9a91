#include "flow_briefs.h"

#include <algorithm>

namespace dfc {

namespace {

using Field = KeyTerm::Field;

IpAddress AddressOf(const SqlValue& value) {
  IpAddress address;
  const auto& bytes = std::get<std::vector<uint8_t>>(value);
  std::copy_n(bytes.begin(), std::min(bytes.size(), address.bytes.size()), address.bytes.begin());
  return address;
}

bool IsOfAddress(Field field) {
  return field == Field::kClient || field == Field::kServer || field == Field::kHost;
}

}  // namespace

std::optional<BriefFilter> BriefFilter::Of(const SqlFilter& filter, int64_t from_ns,
                                           int64_t to_ns) {
  if (filter.terms != filter.key_terms.size()) return std::nullopt;
  BriefFilter brief;
  brief.from_ns_ = from_ns;
  brief.to_ns_ = to_ns;
  for (const KeyTerm& term : filter.key_terms) {
    if (term.field == Field::kAbout) return std::nullopt;
    Term& one = brief.terms_.emplace_back(Term{term.field, 0, 0, {}, {}});
    if (IsOfAddress(term.field)) {
      one.low_address = AddressOf(term.low);
      one.high_address = AddressOf(term.high);
    } else {
      one.low = std::get<uint64_t>(term.low);
      one.high = std::get<uint64_t>(term.high);
    }
  }
  return brief;
}

bool BriefFilter::Meets(const FlowBrief& flow, const Term& term) {
  const auto has_address = [&term](const IpAddress& address) {
    return address.bytes >= term.low_address.bytes && address.bytes <= term.high_address.bytes;
  };
  const auto has_number = [&term](uint64_t number) {
    return number >= term.low && number <= term.high;
  };
  switch (term.field) {
    case Field::kProtocol:
      return has_number(flow.protocol);
    case Field::kClient:
      return has_address(flow.client);
    case Field::kServer:
      return has_address(flow.server);
    case Field::kHost:
      return has_address(flow.client) || has_address(flow.server);
    case Field::kServerPort:
      return has_number(flow.server_port);
    case Field::kClientPort:
      return has_number(flow.client_port);
    case Field::kPort:
      return has_number(flow.client_port) || has_number(flow.server_port);
    case Field::kAbout:
      break;
  }
  return false;
}

bool BriefFilter::Matches(const FlowBrief& flow) const {
  if (flow.id.t_start_ns < from_ns_ || flow.id.t_start_ns >= to_ns_) return false;
  return std::ranges::all_of(terms_, [&flow](const Term& term) { return Meets(flow, term); });
}

// The bits of a complement sort the other way round.
PageOrder::Place PageOrder::PlaceOf(int64_t value_of_flow, const FlowId& id) const {
  if (!descending) return {value_of_flow, id.t_start_ns, id.flow_hash};
  return {~value_of_flow, ~id.t_start_ns, ~id.flow_hash};
}

PageOrder::Place PageOrder::PlaceOf(const FlowRow& row) const {
  return PlaceOf(value ? ValueOf(row, *value) : 0, row.id);
}

PageOrder::Place PageOrder::PlaceOf(const FlowBrief& flow) const {
  return PlaceOf(value ? flow.values[static_cast<size_t>(*value)] : 0, flow.id);
}

PageOrder::Place PageOrder::PlaceOf(const PageEnd& end) const {
  return PlaceOf(end.value.value_or(0), end.id);
}

std::vector<FlowId> FindPage(const BriefParts& parts, const BriefFilter& filter,
                             const PageOrder& order, const std::optional<PageEnd>& after,
                             uint64_t limit) {
  if (limit == 0) return {};
  const auto behind = after ? std::optional(order.PlaceOf(*after)) : std::nullopt;
  // The best so far, the worst of them in front.
  std::vector<std::pair<PageOrder::Place, FlowId>> page;
  const auto is_better = [](const auto& a, const auto& b) { return a.first < b.first; };
  const auto look_at = [&](const FlowBrief& flow) {
    if (!filter.Matches(flow)) return;
    const PageOrder::Place place = order.PlaceOf(flow);
    if (behind && place <= *behind) return;
    if (page.size() == limit) {
      if (place >= page.front().first) return;
      std::ranges::pop_heap(page, is_better);
      page.pop_back();
    }
    page.emplace_back(place, flow.id);
    std::ranges::push_heap(page, is_better);
  };
  // A list by start is complete as soon as it is full.
  const auto is_over = [&] { return !order.value && page.size() == limit; };
  for (size_t n = 0; n < parts.size() && !is_over(); ++n) {
    std::ranges::for_each(parts[order.descending ? parts.size() - 1 - n : n], look_at);
  }
  std::ranges::sort(page, is_better);
  std::vector<FlowId> ids;
  for (const auto& one : page) ids.push_back(one.second);
  return ids;
}

}  // namespace dfc
