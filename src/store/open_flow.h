// Which flows may still grow, for a row and in SQL.
#pragma once

#include <string>
#include <vector>

#include "sql_cursor.h"

namespace dfc {

// Holds for those flows `f` of which IsOpen() holds at `now_ns`; adds values for its `?`.
std::string OpenCondition(int64_t now_ns, std::vector<SqlValue>& values);

}  // namespace dfc
