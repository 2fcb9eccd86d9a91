// Whichever way the flows of a query are found, they are the same, and SQLite and MariaDB go the
// way that was chosen.
#include "flow_source.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

#include "flow_sums.h"
#include "mariadb_server.h"
#include "rows.h"
#include "sanitized.h"
#include "sql_reader.h"
#include "temp_dir.h"

namespace dfc {
namespace {

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr size_t kFlows = 400;

// Flows of few hosts and ports within two hours.
std::vector<FlowRow> RandomFlows(uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t limit) { return random() % limit; };
  std::vector<FlowRow> flows;
  for (size_t n = 0; n < kFlows; ++n) {
    FlowRow row = TestFlow(random(), 1 + below(20));
    row.id.t_start_ns += static_cast<int64_t>(below(7'200)) * kSecondNs;
    row.t_last_ns = row.id.t_start_ns + static_cast<int64_t>(below(100)) * kSecondNs;
    row.client = Address(fmt::format("10.0.0.{}", below(6)));
    row.server = Address(fmt::format("10.0.0.{}", below(20)));
    row.client_port = static_cast<uint16_t>(n % 50 == 0 ? 77 : 40'000 + below(30));
    row.server_port = static_cast<uint16_t>(below(4) == 0 ? below(100) : 443);
    row.protocol = below(3) == 0 ? kUdp : kTcp;
    row.counts[1].content_bytes = below(5'000);
    flows.push_back(row);
  }
  return flows;
}

class FlowSourceTest : public ::testing::TestWithParam<StoreUrl::Kind> {
 protected:
  void SetUp() override {
    const bool mysql = GetParam() == StoreUrl::Kind::kMysql;
    if (mysql) {
      MariadbServer& server = MariadbServer::Get();
      if (!server.Available()) GTEST_SKIP() << server.reason();
      url_ = server.FreshDatabase("flow_source_test");
    } else {
      url_.path = dir_ / "dfc.db";
    }
    ASSERT_TRUE(InitStore(url_).ok());
    Write(RandomFlows(1), 1);
    auto connection = mysql ? OpenMysqlForReading(url_) : OpenSqliteForReading(url_);
    ASSERT_TRUE(connection.ok()) << connection.status();
    connection_ = *std::move(connection);
  }

  void Write(const std::vector<FlowRow>& flows, uint64_t epoch) {
    auto store = OpenStore(url_, "gw");
    ASSERT_TRUE(store.ok()) << store.status();
    BlockBuilder builder(1, epoch);
    for (const FlowRow& row : flows) builder.Add(row);
    ASSERT_TRUE((*store)->Write(builder.block()).ok());
    ASSERT_TRUE((*store)->EndRun(epoch).ok());
  }

  SqlFilter Parse(const std::string& filter) {
    auto parsed = ParseFilter(filter, QueryScope::kFlows);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    return *std::move(parsed);
  }
  FlowOrder Order(const std::string& sort, uint64_t limit) {
    return {*ParseSort(sort, QueryScope::kFlows, connection_->HashOrder()), IsByTime(sort), limit};
  }
  std::string Rows(const FlowSource& source, const FlowOrder& order) {
    std::vector<SqlValue> values = source.values;
    values.emplace_back(order.limit);
    const auto cursor = connection_->Query(
        "SELECT f.t_start, f.flow_hash" + source.text + order.text + " LIMIT ?", values);
    if (!cursor.ok()) return MessageOf(cursor.status());
    std::string text;
    while ((*cursor)->Next().value_or(false)) {
      text += fmt::format("{:x}.{:x} ", (*cursor)->Integer(0), (*cursor)->Integer(1));
    }
    return text;
  }

  TempDir dir_;
  StoreUrl url_;
  std::unique_ptr<SqlConnection> connection_;
};

TEST_P(FlowSourceTest, EveryWayGivesTheSameFlows) {
  for (const char* filter :
       {"", "client:10.0.0.1", "server:10.0.0.2", "host:10.0.0.3", "host:10.0.0.4/30", "sport:443",
        "sport:5", "port:77", "cport:77", "port:443", "host:10.0.0.1 port:443 proto:udp",
        "host:10.0.0.1 or sport:5", "-host:10.0.0.1 sport:443", "client:10.0.0.1,10.0.0.2",
        "(host:10.0.0.2) bytes:>2000", "server:10.0.0.99", "sport:1:50 host:10.0.0.0/29"}) {
    const SqlFilter parsed = Parse(filter);
    const FlowSource plain{kFlowTables + parsed.where, parsed.values};
    for (const char* sort : {"start", "-start", "-bytes"}) {
      for (const uint64_t limit : {7u, 1'000u}) {
        const FlowOrder order = Order(sort, limit);
        const std::string wanted = Rows(plain, order);
        for (const uint64_t few : {0u, 40u, 10'000u}) {
          const auto source = ChooseFlowSource(*connection_, parsed, order, few);
          ASSERT_TRUE(source.ok()) << source.status();
          EXPECT_EQ(Rows(*source, order), wanted) << filter << " by " << sort << ", few " << few;
        }
      }
    }
  }
}

TEST_P(FlowSourceTest, FewGoByTheirIndexAndManyByTime) {
  const auto index_of = [&](const std::string& filter, uint64_t few) {
    const auto source = ChooseFlowSource(*connection_, Parse(filter), Order("-start", 10), few);
    std::string names;
    for (const char* name : {"flow_client", "flow_server ", "flow_server)", "flow_server_port"}) {
      if (source.ok() && source->text.find(name) != std::string::npos) names += name;
    }
    return names;
  };
  const bool mysql = GetParam() == StoreUrl::Kind::kMysql;
  EXPECT_EQ(index_of("client:10.0.0.1", 10'000), "flow_client");
  EXPECT_EQ(index_of("client:10.0.0.1", 0), "flow_client");
  EXPECT_EQ(index_of("host:10.0.0.1", 0),
            mysql ? "flow_clientflow_server)" : "flow_clientflow_server ");
  EXPECT_EQ(index_of("sport:443 client:10.0.0.1", 10'000), "flow_client");
  EXPECT_EQ(index_of("client:10.0.0.0/8", 10), "");
  EXPECT_EQ(index_of("port:9", 0), "flow_server_port");
  EXPECT_EQ(index_of("port:443", 0), "");
  EXPECT_EQ(index_of("-client:10.0.0.1", 10'000), "");
  EXPECT_EQ(index_of("proto:tcp", 10'000), "");
}

TEST_P(FlowSourceTest, IndexesAreUsedAsAsked) {
  if (GetParam() == StoreUrl::Kind::kMysql) GTEST_SKIP() << "large_store_test.py reads its log";
  const auto plan = [&](const std::string& filter, uint64_t few) {
    const FlowOrder order = Order("-start", 10);
    auto source = ChooseFlowSource(*connection_, Parse(filter), order, few);
    source->values.emplace_back(order.limit);
    const auto cursor = connection_->Query(
        "EXPLAIN QUERY PLAN SELECT f.t_start" + source->text + order.text + " LIMIT ?",
        source->values);
    std::string text;
    while ((*cursor)->Next().value_or(false)) {
      text += fmt::format("{}; ", AsChars((*cursor)->Bytes(3).data()));
    }
    return text;
  };
  const auto has = [](const std::string& text, const char* what) {
    return text.find(what) != std::string::npos;
  };
  EXPECT_TRUE(has(plan("client:10.0.0.1", 0), "USING INDEX flow_client (client=?)"));
  EXPECT_TRUE(has(plan("client:10.0.0.0/30", 10'000), "COVERING INDEX flow_client (client>? AND"));
  EXPECT_TRUE(has(plan("host:10.0.0.1", 10'000), "PRIMARY KEY (t_start=? AND flow_hash=?)"));
  EXPECT_TRUE(has(plan("port:9", 0), "COVERING INDEX flow_server_port"));
  EXPECT_TRUE(has(plan("time:2023-11-14 client:10.0.0.0/8", 0), "PRIMARY KEY (t_start>? AND"));
  EXPECT_TRUE(has(plan("proto:tcp", 0), "TEMP B-TREE FOR RIGHT PART OF ORDER BY"));
}

// "bucket.protocol:flows,packets,bytes ...", in order.
std::string Text(std::map<std::pair<uint64_t, uint8_t>, std::array<uint64_t, 3>> bars) {
  std::string text;
  for (const auto& [key, sums] : bars) {
    text += fmt::format("{}.{}:{} ", key.first, key.second, fmt::join(sums, ","));
  }
  return text;
}

struct SumsCase {
  int64_t from_ns, to_ns, bucket_ns;
};

TEST_P(FlowSourceTest, SumsAreThoseOfTheRowsWhateverTheirGrain) {
  constexpr int64_t kSpanNs = 7'300 * kSecondNs;
  std::vector<FlowRow> flows = RandomFlows(1);
  for (const size_t sums_max : {100'000u, 100u, 10u}) {
    FlowSums sums(sums_max);
    for (uint64_t epoch = 2; epoch < 4; ++epoch) {
      for (const SumsCase& one : {SumsCase{kTestTime, kTestTime + kSpanNs, kSpanNs / 9},
                                  {kTestTime + kSecondNs / 3, kTestTime + kSpanNs / 2, 1'000'003},
                                  {kTestTime - kSpanNs, kTestTime + 2 * kSpanNs, kSpanNs},
                                  {kTestTime + 7, kTestTime + 7 + 90 * kSecondNs, kSecondNs}}) {
        std::map<std::pair<uint64_t, uint8_t>, std::array<uint64_t, 3>> wanted, found;
        for (const FlowRow& row : flows) {
          if (row.id.t_start_ns < one.from_ns || row.id.t_start_ns >= one.to_ns) continue;
          const auto bucket =
              static_cast<uint64_t>((row.id.t_start_ns - one.from_ns) / one.bucket_ns);
          auto& sum = wanted[{bucket, row.protocol}];
          ++sum[0];
          sum[1] += row.counts[0].packets + row.counts[1].packets;
          sum[2] += row.counts[0].content_bytes + row.counts[1].content_bytes;
        }
        const auto updated = sums.Update(*connection_, one.from_ns, one.to_ns);
        ASSERT_TRUE(updated.ok()) << updated.status();
        ASSERT_TRUE(*updated);
        const absl::Status told =
            sums.Bars(*connection_, {one.from_ns, one.to_ns, one.bucket_ns, {}},
                      [&](const HistogramBar& bar) {
                        auto& sum = found[{bar.bucket, bar.protocol}];
                        sum[0] += bar.flows;
                        sum[1] += bar.packets;
                        sum[2] += bar.bytes;
                      });
        ASSERT_TRUE(told.ok()) << told;
        EXPECT_EQ(Text(found), Text(wanted));
      }
      // A flow that goes on, and new ones.
      flows.front().counts[1].content_bytes += 1'000;
      flows.front().counts[1].packets += 1;
      const std::vector<FlowRow> more = RandomFlows(epoch * sums_max);
      Write({flows.front()}, epoch + sums_max);
      Write(more, epoch + sums_max + 1);
      flows.insert(flows.end(), more.begin(), more.end());
    }
  }
}

// All pages of a list, each of `limit` flows.
std::vector<FlowId> WalkPages(Reader& reader, FlowQuery query) {
  std::vector<FlowId> ids;
  for (bool more = true; more;) {
    more = false;
    std::string after;
    const absl::Status status = reader.Flows(query, [&](const StoredFlow& flow) {
      ids.push_back(flow.row.id);
      after = FlowCursor(flow, query.sort).value_or("");
      more = true;
    });
    EXPECT_TRUE(status.ok()) << status;
    query.after = after;
  }
  return ids;
}

// All of a test's questions, or each fourth of them under a sanitizer, which is slow.
class EachQuestion {
 public:
  bool Asks() { return !kIsSanitized || ++number_ % 4 == 1; }

 private:
  size_t number_ = 0;
};

TEST_P(FlowSourceTest, PagesByAValueAreThoseOfTheWholeList) {
  std::vector<FlowRow> flows = RandomFlows(1);
  const auto reader = OpenReader(url_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EachQuestion question;
  for (const auto& [name, value] :
       {std::pair{"end", PageValue::kEnd}, std::pair{"duration", PageValue::kDuration},
        std::pair{"packets", PageValue::kPackets}, std::pair{"bytes", PageValue::kBytes}}) {
    const auto place = [by = value](const FlowRow& row) {
      return std::tuple(ValueOf(row, by), row.id.t_start_ns, row.id.flow_hash);
    };
    std::ranges::sort(flows, std::less<>(), place);
    for (const bool descending : {false, true}) {
      for (const char* filter : {"", "proto:udp", "server:10.0.0.3"}) {
        std::vector<FlowId> wanted;
        for (const FlowRow& row : flows) {
          const bool is_udp = row.protocol == kUdp;
          const bool is_third = row.server == Address("10.0.0.3");
          const std::string_view asked(filter);
          if (asked.empty() || (asked == "proto:udp" ? is_udp : is_third)) {
            wanted.push_back(row.id);
          }
        }
        if (descending) std::ranges::reverse(wanted);
        if (!question.Asks()) continue;
        const std::string sort = fmt::format("{}{}", descending ? "-" : "", name);
        EXPECT_EQ(WalkPages(**reader, {.filter = filter, .sort = sort, .limit = 29}), wanted)
            << sort << " of " << filter;
      }
    }
  }
}

// "first..last; bucket.protocol:flows,packets,bytes ...".
std::string SpanAndBars(Reader& reader, const std::string& filter) {
  const auto span = reader.Span({.filter = filter});
  EXPECT_TRUE(span.ok()) << span.status();
  std::map<std::pair<uint64_t, uint8_t>, std::array<uint64_t, 3>> bars;
  const FlowQuery window{.filter = filter,
                         .from_ns = kTestTime + kSecondNs / 3,
                         .to_ns = kTestTime + 5'000 * kSecondNs};
  const absl::Status told = reader.Histogram(window, 977 * kSecondNs, [&](const HistogramBar& bar) {
    bars[{bar.bucket, bar.protocol}] = {bar.flows, bar.packets, bar.bytes};
  });
  EXPECT_TRUE(told.ok()) << told;
  return fmt::format("{}..{}; {}", span->first_ns, span->last_ns, Text(bars));
}

// A cache with room for all, and one that is found too small.
TEST_P(FlowSourceTest, ACacheChangesNoAnswer) {
  EachQuestion question;
  for (const size_t briefs_max : {10'000u, 300u}) {
    FlowCache cache(briefs_max * sizeof(FlowBrief));
    const auto plain = OpenReader(url_);
    const auto cached = OpenReader(url_, {.cache = &cache});
    ASSERT_TRUE(plain.ok() && cached.ok()) << plain.status() << cached.status();
    for (uint64_t epoch = 2; epoch < 4; ++epoch) {
      for (const char* filter :
           {"", "proto:udp", "client:10.0.0.1", "server:10.0.0.0/30", "host:10.0.0.3", "port:77",
            "cport:40000:40004", "sport:443 host:10.0.0.5", "sport:1:99 proto:tcp", "host:10.9.9.9",
            "-port:443", "port:77 bytes:>1000", "port:77 or port:443"}) {
        EXPECT_EQ(SpanAndBars(**cached, filter), SpanAndBars(**plain, filter)) << filter;
        for (const char* sort : {"start", "-start", "-bytes"}) {
          if (!question.Asks()) continue;
          const FlowQuery query{.filter = filter, .sort = sort, .limit = 170};
          EXPECT_EQ(WalkPages(**cached, query), WalkPages(**plain, query)) << filter << sort;
        }
      }
      Write(RandomFlows(epoch), epoch + briefs_max);
    }
  }
}

// As many as a page may have, which is more than a statement takes at once.
TEST_P(FlowSourceTest, AWholePageComesFromTheCache) {
  FlowCache cache(1 << 20);
  const auto reader = OpenReader(url_, {.cache = &cache});
  ASSERT_TRUE(reader.ok()) << reader.status();
  const FlowQuery query{.filter = "host:10.0.0.0/24", .sort = "-packets", .limit = 1'000};
  EXPECT_EQ(WalkPages(**reader, query).size(), kFlows);
}

TEST_P(FlowSourceTest, TooManySumsAreNotKept) {
  FlowSums sums(1);
  const auto updated = sums.Update(*connection_, kTestTime, kTestTime + 7'200 * kSecondNs);
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_FALSE(*updated);
}

INSTANTIATE_TEST_SUITE_P(Stores, FlowSourceTest,
                         ::testing::Values(StoreUrl::Kind::kSqlite, StoreUrl::Kind::kMysql),
                         [](const auto& test) {
                           return test.param == StoreUrl::Kind::kSqlite ? "Sqlite" : "Mariadb";
                         });

}  // namespace
}  // namespace dfc
