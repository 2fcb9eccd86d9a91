#include "mysql_sql.h"

#include <fmt/format.h>

#include "mysql_connection.h"
#include "row_columns.h"
#include "upsert.h"

namespace dfc {

namespace {

// How far along a version of a flow is; see the same in the SQLite store. `form` holds {0}.
std::string FlowAge(std::string_view form) {
  constexpr const char* kPackets[] = {"client_packets", "server_packets"};
  std::string packets, bytes;
  for (const char* column : kPackets) {
    packets += (packets.empty() ? "" : " + ") + fmt::format(fmt::runtime(form), column);
  }
  for (const char* side : {"client", "server"}) {
    for (const char* what : {"bytes", "gap_bytes", "duplicate_bytes", "conflict_bytes",
                             "refused_bytes", "urgent_bytes", "shed_bytes"}) {
      const std::string column = fmt::format("{}_{}", side, what);
      bytes += (bytes.empty() ? "" : " + ") + fmt::format(fmt::runtime(form), column);
    }
  }
  return fmt::format("({}, {}, {}, {})", packets, fmt::format(fmt::runtime(form), "t_last"),
                     fmt::format(fmt::runtime(form), "state"), bytes);
}

}  // namespace

std::string FlowUpdateSql() {
  return fmt::format(
      " ON DUPLICATE KEY UPDATE sensor_id = IF(@dfc_newer := ({} >= {}), VALUES(sensor_id), "
      "sensor_id), {}",
      FlowAge("VALUES({0})"), FlowAge("{0}"),
      JoinColumns(std::span(kFlowColumns).subspan(3), "{0} = IF(@dfc_newer, VALUES({0}), {0})"));
}

std::string ChunkUpdateSql() {
  return " ON DUPLICATE KEY UPDATE"
         " turns = IF(@dfc_newer := ((VALUES(version), VALUES(content_bytes),"
         " LENGTH(VALUES(turns))) > (version, content_bytes, LENGTH(turns))),"
         " VALUES(turns), turns),"
         " t_first = IF(@dfc_newer, VALUES(t_first), t_first),"
         " content = IF(@dfc_newer, VALUES(content), content),"
         " content_bytes = IF(@dfc_newer, VALUES(content_bytes), content_bytes),"
         " version = IF(@dfc_newer, VALUES(version), version)";
}

std::string IcmpUpdateSql() {
  return " ON DUPLICATE KEY UPDATE"
         " pairing = IF(rtt IS NULL AND VALUES(rtt) IS NOT NULL, VALUES(pairing), pairing),"
         " request_n = COALESCE(request_n, VALUES(request_n)),"
         " payload_equal = COALESCE(payload_equal, VALUES(payload_equal)),"
         " rtt = COALESCE(rtt, VALUES(rtt)), " +
         JoinColumns(std::span(kIcmpColumns).subspan(12, 5), "{0} = COALESCE({0}, VALUES({0}))") +
         ", about_t_start = IF(VALUES(quote_found) > quote_found, VALUES(about_t_start),"
         " about_t_start),"
         " about_flow_hash = IF(VALUES(quote_found) > quote_found, VALUES(about_flow_hash),"
         " about_flow_hash),"
         " quote_found = GREATEST(quote_found, VALUES(quote_found))";
}

// Parts of a live capture's minute add up: each is in one block, which counts once.
std::string LedgerUpdateSql() {
  return " ON DUPLICATE KEY UPDATE bytes = IF(VALUES(version) >= version,"
         " IF(VALUES(version) = 0, bytes, 0) + VALUES(bytes), bytes),"
         " packets = IF(VALUES(version) >= version,"
         " IF(VALUES(version) = 0, packets, 0) + VALUES(packets), packets),"
         " version = GREATEST(version, VALUES(version))";
}

std::string FlowPartUpdateSql() { return " ON DUPLICATE KEY UPDATE writes = writes + 1"; }

// Minutes first, then each one's rows by the key.
std::string PruneLedgerSql(std::span<const LedgerMinute> minutes, uint32_t sensor_id) {
  std::string keys;
  for (const LedgerMinute& minute : minutes) {
    if (!keys.empty()) keys += ", ";
    fmt::format_to(std::back_inserter(keys), "({}, {}, {})", minute.t_minute_ns, sensor_id,
                   minute.source);
  }
  return fmt::format(
      "DELETE l FROM (SELECT t_minute, sensor_id, source, MAX(version) AS newest FROM ledger"
      " WHERE (t_minute, sensor_id, source) IN ({}) GROUP BY t_minute, sensor_id, source) AS m"
      " STRAIGHT_JOIN ledger AS l ON l.t_minute = m.t_minute AND l.sensor_id = m.sensor_id"
      " AND l.source = m.source WHERE l.version < m.newest",
      keys);
}

void AppendExtendSql(const ChunkView& chunk, std::string& sql) {
  const std::string content =
      HexLiteral(std::string_view(AsChars(chunk.content.data()), chunk.content.size()));
  const std::string turns = HexLiteral(chunk.turns);
  fmt::format_to(
      std::back_inserter(sql),
      "UPDATE chunk SET content = IF(content_bytes >= {1} AND content_bytes - {1} < {2},"
      " CONCAT(IF(LENGTH(content) < content_bytes, UNCOMPRESS(content), content),"
      " SUBSTR({0}, content_bytes - {1} + 1)), content),"
      " content_bytes = IF(content_bytes >= {1} AND content_bytes - {1} < {2}, {1} + {2},"
      " content_bytes),"
      " turns = IF(LENGTH(turns) - 2 >= {4} AND LENGTH(turns) - 2 - {4} < {5}"
      " AND (LENGTH(turns) = 2 OR SUBSTR({3}, LENGTH(turns) - 2 - {4} + 1, 1) = ','),"
      " CONCAT(LEFT(turns, LENGTH(turns) - 1), SUBSTR({3}, LENGTH(turns) - 2 - {4} + 1), ']'),"
      " turns), version = {6}",
      content, chunk.row.content_at, chunk.content.size(), turns, chunk.row.turns_at,
      chunk.turns.size(), chunk.row.version);
  fmt::format_to(std::back_inserter(sql),
                 " WHERE t_start = {} AND flow_hash = {} AND n = {} AND version <= {}",
                 chunk.row.id.t_start_ns, chunk.row.id.flow_hash, chunk.row.n, chunk.row.version);
}

}  // namespace dfc
