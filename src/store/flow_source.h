// Where the flows of a query are read from. A store's own optimizer does not know how many rows a
// value has, and reads a million to find a few, or the other way round; so they are counted first.
//
//   few     (kFlowsFew) an index names them: their keys, then their rows
//   many    and wanted by time: along the index of the value, or of each of the two, until the
//   limit else    along the key, which is time: what is frequent comes soon
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dfc/status.h"
#include "query.h"
#include "sql_cursor.h"

namespace dfc {

// " FROM ... [WHERE ...]" of flows `f` and sensors `s`, and the values for its `?`.
struct FlowSource {
  std::string text;
  std::vector<SqlValue> values;
  bool is_keys = false;  // Read by keys, which are all found before the first row is.
};

// What follows it in the statement.
struct FlowOrder {
  std::string text;         // " ORDER BY ...", or "" where it does not matter.
  bool is_by_time = false;  // It begins with t_start.
  uint64_t limit = 0;
};

// Flows and sensors as a FlowSource's text has them, of a table of keys: a statement that gives
// t_start and flow_hash.
std::string FlowsOfKeys(SqlConnection& connection, const std::string& keys,
                        const std::string& where);

// Of a list, all but the first are read in vain; of what is added up each is wanted, and only past
// this many a walk along the table takes less than so many looks into it.
inline constexpr uint64_t kFlowsFew = 10'000;
inline constexpr uint64_t kFlowsFewWithoutOrder = 100'000;

// Counts at most `few` entries of an index for each term.
absl::StatusOr<FlowSource> ChooseFlowSource(SqlConnection& connection, const SqlFilter& filter,
                                            const FlowOrder& order, uint64_t few = kFlowsFew);

}  // namespace dfc
