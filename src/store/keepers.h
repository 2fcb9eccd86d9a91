// The keepers of either kind of store, and what they share.
#pragma once

#include <array>
#include <string>

#include "dfc/retention.h"

namespace dfc {

// Of a table, or of a subquery that reads it, named `t`: rows of a flow that is not pinned.
inline constexpr const char* kNotPinned =
    "NOT EXISTS (SELECT 1 FROM pin AS p WHERE p.t_start = t.t_start AND p.flow_hash = t.flow_hash)";

// What all tables take with their indexes.
inline constexpr const char* kSqliteBytesSql =
    "SELECT (page_count - freelist_count) * page_size"
    " FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
inline constexpr const char* kMysqlBytesSql =
    "SELECT CAST(COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS SIGNED)"
    " FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()";

// Table retention: what began before `end_ns` is gone, or about to go; and within which limits. The
// second changes nothing where they are known, or there are none.
std::string HorizonSql(int64_t end_ns);
std::string LimitsSql(const KeepLimits& limits);
// Table flow_part once flows before `end_ns` are gone. Parts with flows that are left are news to
// who keeps sums of them.
std::array<std::string, 2> PartsSql(int64_t end_ns);

// What began before is too old.
int64_t KeptFromNs(const KeepLimits& limits, int64_t now_ns);

absl::StatusOr<std::unique_ptr<Keeper>> OpenSqliteKeeper(const StoreUrl& url);
absl::StatusOr<std::unique_ptr<Keeper>> OpenMysqlKeeper(const StoreUrl& url,
                                                        const std::string& holder);

}  // namespace dfc
