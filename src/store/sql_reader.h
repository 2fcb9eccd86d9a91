// Reader over a SqlConnection, and how it reads rows.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "dfc/reader.h"
#include "flow_source.h"
#include "flow_sums.h"
#include "query.h"
#include "sql_cursor.h"

namespace dfc {

// Takes the columns of a row in their order, and notices values that no dfc wrote.
class RowReader {
 public:
  explicit RowReader(const SqlCursor& cursor) : cursor_(cursor) {}

  int64_t Signed() { return cursor_.Integer(column_++); }
  uint64_t Unsigned() { return static_cast<uint64_t>(Signed()); }
  // Null reads as zero; `limit` is the first value that is too large.
  template <typename T>
  T Small(uint64_t limit = uint64_t{1} << (8 * sizeof(T))) {
    const uint64_t value = Unsigned();
    if (value >= limit) damaged_ = true;
    return static_cast<T>(value < limit ? value : 0);
  }
  bool TakeNull() {
    const bool null = cursor_.IsNull(column_);
    if (null) ++column_;
    return null;
  }
  std::string Text() {
    const ByteSpan bytes = cursor_.Bytes(column_++);
    return std::string(AsChars(bytes.data()), bytes.size());
  }
  IpAddress Address() {
    IpAddress address;
    const ByteSpan bytes = cursor_.Bytes(column_++);
    if (bytes.size() == address.bytes.size()) {
      std::copy(bytes.begin(), bytes.end(), address.bytes.begin());
    } else if (!bytes.empty()) {
      damaged_ = true;
    }
    return address;
  }
  ByteSpan Bytes() { return cursor_.Bytes(column_++); }
  bool IsNull() const { return cursor_.IsNull(column_); }
  bool damaged() const { return damaged_; }

 private:
  const SqlCursor& cursor_;
  int column_ = 0;
  bool damaged_ = false;
};

// The stores count rows in 63 bits.
inline uint64_t SqlLimit(uint64_t limit) {
  return std::min(limit, static_cast<uint64_t>(std::numeric_limits<int64_t>::max()));
}

// Table flow as `f` with the sensor as `s`.
inline constexpr const char* kFlowTables =
    " FROM flow f LEFT JOIN sensor s ON s.sensor_id = f.sensor_id";

// Adds flows up, by bucket and protocol.
class BarCounter {
 public:
  BarCounter(int64_t from_ns, int64_t bucket_ns)
      : from_ns_(static_cast<uint64_t>(from_ns)), bucket_ns_(static_cast<uint64_t>(bucket_ns)) {}

  void Add(int64_t t_start_ns, uint8_t protocol, uint64_t packets, uint64_t bytes) {
    const uint64_t bucket = (static_cast<uint64_t>(t_start_ns) - from_ns_) / bucket_ns_;
    HistogramBar& bar = bars_[bucket * kBucketNsMin + protocol];
    bar.bucket = bucket;
    bar.protocol = protocol;
    ++bar.flows;
    bar.packets += packets;
    bar.bytes += bytes;
  }
  void Tell(const std::function<void(const HistogramBar&)>& each) const {
    for (const auto& one : bars_) each(one.second);
  }

 private:
  uint64_t from_ns_, bucket_ns_;
  std::unordered_map<uint64_t, HistogramBar> bars_;
};

class SqlReader final : public Reader {
 public:
  SqlReader(std::unique_ptr<SqlConnection> connection, FlowCache* cache)
      : connection_(std::move(connection)), cache_(cache) {}

  absl::Status Flows(const FlowQuery& query,
                     const std::function<void(const StoredFlow&)>& each) override;
  absl::StatusOr<uint64_t> CountFlows(const FlowQuery& query) override;
  absl::StatusOr<StoredFlow> Flow(const FlowId& id) override;
  absl::Status Turns(const FlowId& id, const std::function<void(const Turn&)>& each) override;
  absl::StatusOr<TurnsEnd> TurnsFrom(
      const TurnsQuery& query,
      const std::function<void(const Turn&, const TurnCursor&)>& each) override;
  absl::StatusOr<uint64_t> CountChunks(const FlowId& id) override;
  absl::StatusOr<ContentPlace> FindContent(const FlowId& id, Side side, uint64_t offset) override;
  absl::StatusOr<bool> ChunkContent(const FlowId& id, Side side, uint64_t& chunk,
                                    std::string& bytes) override;
  absl::Status Icmp(const FlowQuery& query,
                    const std::function<void(const StoredIcmp&)>& each) override;
  absl::Status Pings(const FlowQuery& query,
                     const std::function<void(const StoredPing&)>& each) override;
  absl::Status Tallies(const FlowQuery& query,
                       const std::function<void(const TalliedFlow&)>& each) override;
  absl::StatusOr<TimeSpan> Span(const FlowQuery& query) override;
  absl::Status Histogram(const FlowQuery& query, int64_t bucket_ns,
                         const std::function<void(const HistogramBar&)>& each) override;
  absl::Status Sensors(const std::function<void(const StoredSensor&)>& each) override;
  absl::Status Ledger(int64_t from_ns, int64_t to_ns, bool by_minute,
                      const std::function<void(const LedgerSum&)>& each) override;
  absl::StatusOr<int64_t> LastMinute(int64_t from_ns, int64_t to_ns) override;
  absl::StatusOr<StoreUsage> Usage() override;
  absl::StatusOr<std::string> Pulse() override;

 private:
  using Cursor = std::unique_ptr<SqlCursor>;

  absl::StatusOr<SqlFilter> Filter(const FlowQuery& query, QueryScope scope) const;
  // Flows in the order of `sort`, up to `limit`; `select` names columns of `f`, `s`.
  absl::StatusOr<Cursor> SelectFlows(const std::string& select, const SqlFilter& filter,
                                     const std::string& sort, uint64_t limit);
  absl::Status FlowsOf(const SqlFilter& filter, const std::string& sort, uint64_t limit,
                       const std::function<void(const StoredFlow&)>& each);
  absl::Status TellFlows(const FlowSource& source,
                         const std::function<void(const StoredFlow&)>& each);
  absl::StatusOr<std::vector<StoredFlow>> FlowsByKey(const std::vector<FlowId>& ids);

  // What a query asks of the briefs; nothing where they cannot answer it.
  absl::StatusOr<std::optional<BriefFilter>> AskBriefs(const FlowQuery& query) const;
  // Nothing where they are not kept.
  absl::StatusOr<std::optional<BriefParts>> Briefs(FlowSums* sums, const BriefFilter& filter);
  // False where the briefs don't help; then nothing was told.
  absl::StatusOr<bool> PageByBriefs(const FlowQuery& query,
                                    const std::function<void(const StoredFlow&)>& each);
  absl::StatusOr<bool> SpanByBriefs(const FlowQuery& query, TimeSpan& span);
  absl::StatusOr<bool> BarsByBriefs(const FlowQuery& query, int64_t bucket_ns,
                                    const std::function<void(const HistogramBar&)>& each);
  // False where the sums don't help; then nothing was told.
  absl::StatusOr<bool> PageBySums(const FlowQuery& query,
                                  const std::function<void(const StoredFlow&)>& each);
  absl::Status CountBars(const FlowQuery& query, int64_t bucket_ns,
                         const std::function<void(const HistogramBar&)>& each);
  // The single number of a statement; 0 without a row.
  absl::StatusOr<uint64_t> Number(const std::string& sql, const std::vector<SqlValue>& values);

  std::unique_ptr<SqlConnection> connection_;
  FlowCache* cache_;
  FlowSums own_sums_;  // Where there is no cache.
};

}  // namespace dfc
