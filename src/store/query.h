// A query and the sort order as SQL. Values never become part of the text. dfc/query.h has the
// grammar. The flow table is `f`, the sensor `s`, and for ICMP messages `i`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dfc/query.h"
#include "dfc/reader.h"
#include "dfc/status.h"
#include "sql_cursor.h"

namespace dfc {

// "" and no values when everything is wanted; otherwise " WHERE ...".
struct SqlFilter {
  std::string where;
  std::vector<SqlValue> values;

  // Adds one more condition that must hold; its values are there already.
  void And(std::string_view condition);
};

// kInvalidArgument, "column 7: unknown field 'prot'; fields are ...", when it can't be parsed.
absl::StatusOr<SqlFilter> ParseFilter(std::string_view filter, QueryScope scope,
                                      int64_t now_ns = 0);

// " ORDER BY ..." for "start", "-bytes", ...: ends in the key, so that the order is the same each
// time. `hash_order` is SqlConnection::HashOrder().
absl::StatusOr<std::string> ParseSort(std::string_view sort, QueryScope scope,
                                      const char* hash_order);

// Adds what `query` asks for beside its text: times, and what comes behind its cursor.
absl::Status AddBounds(const FlowQuery& query, QueryScope scope, const SqlConnection& connection,
                       SqlFilter& filter);

}  // namespace dfc
