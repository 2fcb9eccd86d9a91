// One term of a query, "field:value,value", as a SQL condition, and the table of fields.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "query.h"

namespace dfc {

// Where a term stands, and where its values go.
struct TermContext {
  QueryScope scope;
  int64_t now_ns;
  std::vector<SqlValue>& values;
  std::optional<KeyTerm> key_term = {};  // What the last condition is, if it is one.
};

// Adds values for the `?` of the condition that it returns. The status' message tells what is wrong
// with the field or value, not where.
absl::StatusOr<std::string> TermCondition(std::string_view field, std::string_view value,
                                          TermContext& context);

// What is known of a field.
struct QueryField {
  std::string_view name;
  absl::StatusOr<std::string> (*condition)(std::string_view value, TermContext& context);
  bool icmp_only;
  const char* hint;                     // What its values are.
  std::vector<std::string> (*words)();  // All of them, where they are words; else null.
};
std::span<const QueryField> QueryFields();
inline bool IsInScope(const QueryField& field, QueryScope scope) {
  return !field.icmp_only || scope == QueryScope::kIcmp;
}

}  // namespace dfc
