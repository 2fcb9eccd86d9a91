// What may stand at the caret of a query that is being typed.
#include <algorithm>
#include <charconv>

#include "query_terms.h"

namespace dfc {

namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr size_t kSuggestionsMax = 50;

// Where the word that the caret is in begins: behind white space and brackets that are not in
// quotes.
size_t WordStart(std::string_view before) {
  size_t start = 0;
  bool quoted = false;
  for (size_t at = 0; at < before.size(); ++at) {
    if (before[at] == '"') quoted = !quoted;
    const bool separates =
        kSpace.find(before[at]) != std::string_view::npos || before[at] == '(' || before[at] == ')';
    if (separates && !quoted) start = at + 1;
  }
  while (start < before.size() && (before[start] == '-' || before[start] == '!')) ++start;
  return start;
}

// Behind the caret, what is left of the word that it is in.
size_t WordRest(std::string_view behind, std::string_view stops) {
  const size_t end = behind.find_first_of(stops);
  return end == std::string_view::npos ? behind.size() : end;
}

void SuggestFields(QueryScope scope, Completion& completion) {
  for (const QueryField& field : QueryFields()) {
    if (!IsInScope(field, scope) || !field.name.starts_with(completion.prefix)) continue;
    completion.suggestions.push_back({std::string(field.name) + ':', field.hint});
  }
}

void SuggestValues(QueryScope scope, Completion& completion) {
  const auto fields = QueryFields();
  const auto field = std::ranges::find(fields, completion.field, &QueryField::name);
  if (field == fields.end() || !IsInScope(*field, scope) || field->words == nullptr) return;
  for (const std::string& word : field->words()) {
    if (completion.suggestions.size() == kSuggestionsMax) break;
    if (word.starts_with(completion.prefix)) completion.suggestions.push_back({word, ""});
  }
}

}  // namespace

Completion CompleteQuery(std::string_view query, size_t at, QueryScope scope) {
  const std::string_view before = query.substr(0, at);
  const std::string_view behind = query.substr(before.size());
  const size_t start = WordStart(before);
  const std::string_view word = before.substr(start);
  const size_t colon = word.find(':');
  Completion completion;
  if (colon == std::string_view::npos) {
    completion.prefix = word;
    completion.from = start;
    completion.to = before.size() + WordRest(behind, " \t\r\n:()");
    // A colon that is there already is replaced, too.
    if (completion.to < query.size() && query[completion.to] == ':') ++completion.to;
    SuggestFields(scope, completion);
    return completion;
  }
  const size_t value = word.find_last_of(",:");
  const bool in_list = word[value] == ',';
  const size_t value_at = in_list ? value + 1 : colon + 1;
  completion.field = word.substr(0, colon);
  completion.prefix = word.substr(value_at);
  if (completion.prefix.starts_with('"')) completion.prefix.erase(0, 1);
  completion.from = start + value_at;
  completion.to = before.size() + WordRest(behind, " \t\r\n,()");
  SuggestValues(scope, completion);
  return completion;
}

std::string QuoteValue(std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" \t\r\n,()") == std::string_view::npos;
  return plain ? std::string(value) : '"' + std::string(value) + '"';
}

QueryMistake MistakeOf(const absl::Status& status) {
  constexpr std::string_view kColumn = "column ";
  QueryMistake mistake{0, MessageOf(status)};
  const std::string_view text = mistake.message;
  const size_t at = text.find(kColumn);
  if (at == std::string_view::npos) return mistake;
  const char* const digits = text.data() + at + kColumn.size();
  size_t column = 0;
  const auto [stop, error] = std::from_chars(digits, text.data() + text.size(), column);
  const std::string_view rest = text.substr(static_cast<size_t>(stop - text.data()));
  if (error != std::errc() || !rest.starts_with(": ")) return mistake;
  return {column, std::string(rest.substr(2))};
}

}  // namespace dfc
