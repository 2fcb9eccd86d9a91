#include "query.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "query_terms.h"

namespace dfc {

namespace {

// A filter typed by hand has a few terms; a longer one is an accident or an attack.
constexpr size_t kFilterBytesMax = 4096;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Cuts a filter into terms and remembers where each began.
class FilterReader {
 public:
  explicit FilterReader(std::string_view text) : text_(text) {}

  struct Term {
    size_t at;  // Of the key.
    bool negated;
    std::string_view key;
    std::string_view value;
  };

  // False at the end.
  absl::StatusOr<bool> Next(Term& term);

 private:
  absl::StatusOr<std::string_view> TakeValue();
  std::string_view TakeUntil(auto stops) {
    const size_t begin = at_;
    while (at_ < text_.size() && !stops(text_[at_])) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  size_t at_ = 0;
};

absl::Status Mistake(size_t at, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("column {}: {}", at + 1, what));
}

absl::StatusOr<bool> FilterReader::Next(Term& term) {
  (void)TakeUntil([](char c) { return !IsSpace(c); });
  if (at_ == text_.size()) return false;
  term.negated = text_[at_] == '-' || text_[at_] == '!';
  if (term.negated) ++at_;
  term.at = at_;
  term.key = TakeUntil([](char c) { return c == ':' || IsSpace(c); });
  if (at_ == text_.size() || text_[at_] != ':') {
    return Mistake(term.at, fmt::format("'{}' is no term; a term is field:value", term.key));
  }
  ++at_;
  DFC_ASSIGN_OR_RETURN(term.value, TakeValue());
  if (term.value.empty()) {
    return Mistake(at_, fmt::format("a value must follow '{}:'", term.key));
  }
  return true;
}

absl::StatusOr<std::string_view> FilterReader::TakeValue() {
  if (at_ == text_.size() || text_[at_] != '"') return TakeUntil(IsSpace);
  const size_t quote_at = at_++;
  const std::string_view value = TakeUntil([](char c) { return c == '"'; });
  if (at_ == text_.size()) return Mistake(quote_at, "the quote is not closed");
  ++at_;
  return value;
}

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

}  // namespace

absl::StatusOr<SqlFilter> ParseFilter(std::string_view filter, QueryScope scope) {
  if (filter.size() > kFilterBytesMax) {
    return Mistake(kFilterBytesMax, fmt::format("a filter has at most {} bytes", kFilterBytesMax));
  }
  SqlFilter result;
  FilterReader reader(filter);
  FilterReader::Term term{};
  for (;;) {
    DFC_ASSIGN_OR_RETURN(const bool found, reader.Next(term));
    if (!found) return result;
    const auto condition = TermCondition(term.key, term.value, scope, result.values);
    if (!condition.ok()) return Mistake(term.at, MessageOf(condition.status()));
    result.where += fmt::format("{}{}({})", result.where.empty() ? " WHERE " : " AND ",
                                term.negated ? "NOT " : "", *condition);
  }
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
  if (std::string_view(found->expression) != "f.t_start") {
    text += fmt::format(", f.t_start{}", direction);
  }
  text += ", " + fmt::format(fmt::runtime(hash_order), direction);
  if (scope == QueryScope::kIcmp) text += fmt::format(", i.n{}", direction);
  return text;
}

}  // namespace dfc
