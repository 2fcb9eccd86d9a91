// The filter language and the sort order as SQL. Values never become part of the text.
//
//   filter = { term } ;  term = [ "-" | "!" ] key ":" value
//   value  = word | '"' any but '"' '"'
//
// All terms must hold. The flow table is `f`, the sensor `s`, and for ICMP messages `i`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dfc/status.h"
#include "sql_cursor.h"

namespace dfc {

enum class QueryScope {
  kFlows,
  kIcmp,
  kPings,  // Flows, joined to their ICMP messages.
};

// "" and no values when everything is wanted; otherwise " WHERE ...".
struct SqlFilter {
  std::string where;
  std::vector<SqlValue> values;
};

// kInvalidArgument, "column 7: unknown field 'prot'; fields are ...", when it can't be parsed.
absl::StatusOr<SqlFilter> ParseFilter(std::string_view filter, QueryScope scope);

// " ORDER BY ..." for "start", "-bytes", ...: ends in the key, so that the order is the same each
// time. `hash_order` is SqlConnection::HashOrder().
absl::StatusOr<std::string> ParseSort(std::string_view sort, QueryScope scope,
                                      const char* hash_order);

}  // namespace dfc
