// The query language: checked and completed while somebody types it.
// Module: store
//
//   query = and { ( "or" | "||" ) and } ;   and = not { [ "and" | "&&" ] not }
//   not   = ( "-" | "!" | "not" ) not | "(" query ")" | term
//   term  = field ":" value { "," value }
//   value = word | '"' any but '"' '"'
//
// A word ends at white space, ',' or ')'. docs/formats.md has the fields.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfc/status.h"

namespace dfc {

inline constexpr size_t kQueryBytesMax = 4096;

enum class QueryScope {
  kFlows,
  kIcmp,
  kPings,  // Flows, joined to their ICMP messages.
};

// OK, or kInvalidArgument "column 7: unknown field 'prot'; fields are ...".
absl::Status CheckQuery(std::string_view query, QueryScope scope);

// The column, from 1, that such a status names, and its message without it. 0: it names none.
struct QueryMistake {
  size_t column = 0;
  std::string message;
};
QueryMistake MistakeOf(const absl::Status& status);

// What may stand where the caret is.
struct Suggestion {
  std::string text;
  std::string hint;
};
struct Completion {
  size_t from = 0;  // The bytes [from, to) of the query are what a suggestion replaces.
  size_t to = 0;
  std::string field;   // "" while the field itself is typed.
  std::string prefix;  // What is there before the caret.
  std::vector<Suggestion> suggestions;
};
Completion CompleteQuery(std::string_view query, size_t at, QueryScope scope);

// The point in time that "2026-11-23T08:00:00Z", or a beginning of it, begins with.
std::optional<int64_t> ParseTime(std::string_view text);

// `value` as it must stand in a query: in quotes where it would end early.
std::string QuoteValue(std::string_view value);

}  // namespace dfc
