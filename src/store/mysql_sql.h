// The statements by which rows get into MariaDB or MySQL. Each lets a row only advance.
#pragma once

#include <span>
#include <string>

#include "dfc/event.h"

namespace dfc {

// What follows "INSERT INTO ... VALUES ..." of a table. Assignments run from left to right and see
// each other's results, so that a comparison is made once, by the first, into @dfc_newer.
std::string FlowUpdateSql();
std::string ChunkUpdateSql();
std::string IcmpUpdateSql();
std::string LedgerUpdateSql();
std::string FlowPartUpdateSql();

// One input's rows of one minute.
struct LedgerMinute {
  int64_t t_minute_ns;
  uint64_t source;
};

// Of minutes that are complete, what another version than the largest left behind.
std::string PruneLedgerSql(std::span<const LedgerMinute> minutes, uint32_t sensor_id);

// Appends what lies past the stored end; turns only where an element ends there. A piece whose
// chunk is not there, or ends before the piece begins, changes nothing.
void AppendExtendSql(const ChunkView& chunk, std::string& sql);

}  // namespace dfc
