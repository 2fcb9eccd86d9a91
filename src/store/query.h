// A query and the sort order as SQL. Values never become part of the text. dfc/query.h has the
// grammar. The flow table is `f`, the sensor `s`, and for ICMP messages `i`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dfc/query.h"
#include "dfc/reader.h"
#include "dfc/status.h"
#include "sql_cursor.h"

namespace dfc {

// A term that all flows of a query meet, and for which an index, or one number of them, is enough.
struct KeyTerm {
  enum class Field { kProtocol, kClient, kServer, kHost, kServerPort, kClientPort, kPort, kAbout };
  Field field;
  SqlValue low, high;
  bool is_one;  // low == high.
};

// "" and no values when everything is wanted; otherwise " WHERE ...".
struct SqlFilter {
  std::string where;
  std::vector<SqlValue> values;
  std::vector<KeyTerm> key_terms = {};
  size_t terms = 0;  // How many values the query names.

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

// Whether the order begins with t_start of flows.
bool IsByTime(std::string_view sort);

// What else flows have pages by.
enum class PageValue { kEnd, kDuration, kPackets, kBytes };
inline constexpr size_t kPageValueCount = static_cast<size_t>(PageValue::kBytes) + 1;
std::optional<PageValue> PageValueOf(std::string_view sort);
int64_t ValueOf(const FlowRow& row, PageValue value);
const char* ColumnOf(PageValue value);

// Where a page ended: "ID", or "VALUE.ID" of a list that is not by time.
struct PageEnd {
  std::optional<int64_t> value;
  FlowId id;
};
std::optional<PageEnd> ParsePageEnd(std::string_view text, bool by_time);

// Adds what `query` asks for beside its text: times, and what comes behind its cursor.
absl::Status AddBounds(const FlowQuery& query, QueryScope scope, const SqlConnection& connection,
                       SqlFilter& filter);

}  // namespace dfc
