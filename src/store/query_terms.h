// One term of a filter, "key:value", as a SQL condition. The table of keys is in query_terms.cc.
#pragma once

#include <string>
#include <string_view>

#include "query.h"

namespace dfc {

// Adds values for the `?` of the condition that it returns. The status' message tells what is wrong
// with the key or value, not where.
absl::StatusOr<std::string> TermCondition(std::string_view key, std::string_view value,
                                          QueryScope scope, std::vector<SqlValue>& values);

}  // namespace dfc
