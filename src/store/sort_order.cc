// Sort orders, and pages of them: where one ends is a cursor, with which the next one begins.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "query.h"

namespace dfc {

namespace {

struct SortColumn {
  std::string_view name;
  const char* expression;
};

constexpr SortColumn kFlowSorts[] = {
    {"start", "f.t_start"},
    {"id", "f.t_start"},
    {"end", "f.t_last"},
    {"last", "f.t_last"},
    {"duration", "f.t_last - f.t_start"},
    {"proto", "f.protocol"},
    {"client", "f.client"},
    {"client_port", "f.client_port"},
    {"server", "f.server"},
    {"server_port", "f.server_port"},
    {"state", "f.state"},
    {"packets", "f.client_packets + f.server_packets"},
    {"client_packets", "f.client_packets"},
    {"server_packets", "f.server_packets"},
    {"bytes", "f.client_bytes + f.server_bytes"},
    {"client_bytes", "f.client_bytes"},
    {"server_bytes", "f.server_bytes"},
    {"client_gaps", "f.client_gap_bytes"},
    {"server_gaps", "f.server_gap_bytes"},
    {"sensor", "s.name"},
    {"community_id", "f.community_id"},
};

constexpr SortColumn kIcmpSorts[] = {
    {"start", "i.t"},
    {"time", "i.t"},
    {"id", "i.t_start"},
    {"type", "i.type"},
    {"code", "i.code"},
    {"rtt", "COALESCE(i.rtt, -1)"},
    {"bytes", "i.payload_bytes"},
    {"proto", "f.protocol"},
    {"client", "f.client"},
    {"server", "f.server"},
    {"sensor", "s.name"},
};

constexpr SortColumn kPingSorts[] = {
    {"start", "f.t_start"},       {"id", "f.t_start"},    {"end", "f.t_last"},
    {"client", "f.client"},       {"server", "f.server"}, {"requests", "requests"},
    {"replies", "replies"},       {"lost", "lost"},       {"late", "late"},
    {"duplicates", "duplicates"}, {"errors", "errors"},   {"rtt", "rtt_avg"},
    {"sensor", "s.name"},
};

std::span<const SortColumn> SortColumns(QueryScope scope) {
  if (scope == QueryScope::kPings) return kPingSorts;
  if (scope == QueryScope::kIcmp) return kIcmpSorts;
  return kFlowSorts;
}

absl::Status UnknownSort(std::string_view name, QueryScope scope) {
  std::string names;
  for (const SortColumn& column : SortColumns(scope)) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", column.name);
  }
  return absl::InvalidArgumentError(fmt::format("can't sort by '{}'; columns are {}", name, names));
}

std::string_view NameOf(std::string_view sort) {
  return sort.substr(sort.starts_with('-') ? 1 : 0);
}

// Holds behind `end`. A page by time is bounded from the front, so that an index can find it.
std::string BehindCondition(const PageEnd& end, const char* expression, bool descending,
                            const SqlConnection& connection, std::vector<SqlValue>& values) {
  const char* const sign = descending ? "<" : ">";
  std::string text;
  if (end.value) {
    values.insert(values.end(), {*end.value, *end.value});
    text = fmt::format("{0} {1} ? OR ({0} = ? AND (f.t_start {1} ? OR (f.t_start = ? AND ",
                       expression, sign);
  } else {
    values.emplace_back(end.id.t_start_ns);
    text = fmt::format("f.t_start {0}= ? AND (f.t_start {0} ? OR (f.t_start = ? AND ", sign);
  }
  values.insert(values.end(), {end.id.t_start_ns, end.id.t_start_ns});
  text += connection.HashPast(sign, end.id.flow_hash, values);
  return text + (end.value ? ")))" : "))");
}

absl::Status AddCursor(const FlowQuery& query, QueryScope scope, const SqlConnection& connection,
                       SqlFilter& filter) {
  const std::string_view name = NameOf(query.sort);
  const auto columns = SortColumns(scope);
  const auto column = std::ranges::find(columns, name, &SortColumn::name);
  const bool by_time = IsByTime(query.sort);
  const bool has_pages = by_time || PageValueOf(query.sort).has_value();
  if (scope != QueryScope::kFlows || column == columns.end() || !has_pages) {
    return absl::InvalidArgumentError(fmt::format("there are no pages by '{}'", query.sort));
  }
  const auto end = ParsePageEnd(query.after, by_time);
  if (!end) return absl::InvalidArgumentError("'after' is no end of a page of this order");
  filter.And(BehindCondition(*end, column->expression, query.sort.starts_with('-'), connection,
                             filter.values));
  return absl::OkStatus();
}

}  // namespace

std::optional<PageEnd> ParsePageEnd(std::string_view text, bool by_time) {
  PageEnd end;
  if (!by_time) {
    const size_t dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    int64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + dot, value);
    if (error != std::errc() || stop != text.data() + dot) return std::nullopt;
    end.value = value;
    text.remove_prefix(dot + 1);
  }
  const auto id = ParseFlowId(std::string(text));
  if (!id) return std::nullopt;
  end.id = *id;
  return end;
}

bool IsByTime(std::string_view sort) {
  const std::string_view name = NameOf(sort);
  return name == "start" || name == "id";
}

std::optional<PageValue> PageValueOf(std::string_view sort) {
  const std::string_view name = NameOf(sort);
  if (name == "end" || name == "last") return PageValue::kEnd;
  if (name == "duration") return PageValue::kDuration;
  if (name == "packets") return PageValue::kPackets;
  if (name == "bytes") return PageValue::kBytes;
  return std::nullopt;
}

int64_t ValueOf(const FlowRow& row, PageValue value) {
  const SideCounts& client = row.counts[0];
  const SideCounts& server = row.counts[1];
  switch (value) {
    case PageValue::kEnd:
      return row.t_last_ns;
    case PageValue::kDuration:
      return row.t_last_ns - row.id.t_start_ns;
    case PageValue::kPackets:
      return static_cast<int64_t>(client.packets + server.packets);
    case PageValue::kBytes:
      break;
  }
  return static_cast<int64_t>(client.content_bytes + server.content_bytes);
}

const char* ColumnOf(PageValue value) {
  constexpr std::string_view kNames[] = {"end", "duration", "packets", "bytes"};
  static_assert(std::size(kNames) == kPageValueCount);
  return std::ranges::find(kFlowSorts, kNames[static_cast<size_t>(value)], &SortColumn::name)
      ->expression;
}

absl::StatusOr<std::string> FlowCursor(const StoredFlow& flow, const std::string& sort) {
  if (IsByTime(sort)) return FormatFlowId(flow.row.id);
  const auto value = PageValueOf(sort);
  if (!value) return absl::InvalidArgumentError(fmt::format("there are no pages by '{}'", sort));
  return fmt::format("{}.{}", ValueOf(flow.row, *value), FormatFlowId(flow.row.id));
}

absl::Status AddBounds(const FlowQuery& query, QueryScope scope, const SqlConnection& connection,
                       SqlFilter& filter) {
  const char* const time = scope == QueryScope::kIcmp ? "i.t" : "f.t_start";
  const auto bound = [&](const std::optional<int64_t>& value, const char* column,
                         const char* sign) {
    if (!value) return;
    filter.values.emplace_back(*value);
    filter.And(fmt::format("{} {} ?", column, sign));
  };
  bound(query.from_ns, time, ">=");
  bound(query.to_ns, time, "<");
  bound(query.active_since_ns, "f.t_last", ">");
  return query.after.empty() ? absl::OkStatus() : AddCursor(query, scope, connection, filter);
}

absl::StatusOr<std::string> ParseSort(std::string_view sort, QueryScope scope,
                                      const char* hash_order) {
  const bool descending = sort.starts_with('-');
  const std::string_view name = sort.substr(descending ? 1 : 0);
  const auto columns = SortColumns(scope);
  const auto found = std::ranges::find(columns, name, &SortColumn::name);
  if (found == columns.end()) return UnknownSort(name, scope);
  const std::string_view direction = descending ? " DESC" : "";
  std::string text = fmt::format(" ORDER BY {}{}", found->expression, direction);
  // The key's columns of the table that is listed, so that its index may have the order.
  std::string key = fmt::format(fmt::runtime(hash_order), direction);
  if (std::string_view(found->expression) != "f.t_start") {
    key = fmt::format("f.t_start{}, {}", direction, key);
  }
  if (scope == QueryScope::kIcmp) {
    for (size_t at = key.find("f."); at != key.npos; at = key.find("f.", at)) key[at] = 'i';
    key += fmt::format(", i.n{}", direction);
  }
  text += fmt::format(", {}", key);
  return text;
}

}  // namespace dfc
