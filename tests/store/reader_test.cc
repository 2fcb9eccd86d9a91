// Lists, filters, sorts and damage, on SQLite; that MariaDB reads the same is in dump_test.cc.
#include "dfc/reader.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "mariadb_server.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

class ReaderTest : public ::testing::TestWithParam<StoreUrl::Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == StoreUrl::Kind::kMysql) {
      MariadbServer& server = MariadbServer::Get();
      if (!server.Available()) GTEST_SKIP() << server.reason();
      url_ = server.FreshDatabase("reader_test");
    } else {
      url_.path = dir_ / "dfc.db";
    }
    ASSERT_TRUE(InitStore(url_).ok());
    auto store = OpenStore(url_, "gw");
    ASSERT_TRUE(store.ok()) << store.status();
    BlockBuilder builder;
    FillWithEverything(builder);
    ASSERT_TRUE((*store)->Write(builder.block()).ok());
    auto reader = OpenReader(url_);
    ASSERT_TRUE(reader.ok()) << reader.status();
    reader_ = *std::move(reader);
  }

  // The last digit of each flow's hash, in the order given: TCP "e", UDP "3", ping "4", error "5".
  std::string Flows(const std::string& filter, const std::string& sort = "start",
                    uint64_t limit = 100) {
    std::string text;
    const absl::Status status = reader_->Flows({filter, sort, limit}, [&](const StoredFlow& flow) {
      text.push_back(FormatFlowId(flow.row.id).back());
    });
    if (!status.ok()) return MessageOf(status);
    const auto count = reader_->CountFlows({.filter = filter});
    if (limit > 4) {
      EXPECT_EQ(count.value_or(99), text.size()) << filter;
    }
    return text;
  }
  std::string Icmp(const std::string& filter, const std::string& sort = "start") {
    std::string text;
    const absl::Status status = reader_->Icmp({filter, sort, 100}, [&](const StoredIcmp& message) {
      text += std::to_string(message.row.type) + " ";
    });
    return status.ok() ? text : MessageOf(status);
  }

  TempDir dir_;
  StoreUrl url_;
  std::unique_ptr<Reader> reader_;
};

// The hash with the top bit set comes last of the three with the same time: unsigned order.
TEST_P(ReaderTest, ListsByTimeThenHash) {
  EXPECT_EQ(Flows(""), "45e3");
  EXPECT_EQ(Flows("", "-start"), "3e54");
}

TEST_P(ReaderTest, Sorts) {
  EXPECT_EQ(Flows("", "-bytes"), "e354");
  EXPECT_EQ(Flows("", "proto"), "45e3");
  EXPECT_EQ(Flows("", "-client"), "3e54");
  EXPECT_EQ(Flows("", "-packets", 2), "e3");
  for (const char* name :
       {"id", "end", "last", "duration", "server", "client_port", "server_port", "state",
        "client_packets", "server_packets", "client_bytes", "server_bytes", "client_gaps",
        "server_gaps", "sensor", "community_id"}) {
    EXPECT_EQ(Flows("", name).size(), 4u) << name;
  }
}

TEST_P(ReaderTest, Filters) {
  EXPECT_EQ(Flows("proto:tcp"), "e");
  EXPECT_EQ(Flows("-proto:icmp"), "e3");
  EXPECT_EQ(Flows("host:10.0.0.0/8 -proto:tcp"), "45");
  EXPECT_EQ(Flows("host:192.0.2.7"), "45e");
  EXPECT_EQ(Flows("server:ff00::/8"), "3");
  EXPECT_EQ(Flows("client:10.0.0.2"), "");
  EXPECT_EQ(Flows("sport:80"), "e3");
  EXPECT_EQ(Flows("port:30000:50000 has:gap"), "e");
  EXPECT_EQ(Flows("state:one-way"), "453");
  EXPECT_EQ(Flows("bytes:>8"), "e");
  EXPECT_EQ(Flows("bytes:<=8"), "453");
  EXPECT_EQ(Flows("id:17979cfe3d85cd15fffffffffffffffe"), "e");
  EXPECT_EQ(Flows("sensor:gw"), "45e3");
  EXPECT_EQ(Flows("-sensor:gw"), "");
  EXPECT_EQ(Flows("community:1:gA1d5KlvUxLLxlFSyjRx7xQUB54="), "e");
  EXPECT_TRUE(Flows("x:y").starts_with("column 1: "));
}

TEST_P(ReaderTest, FiltersAndSortsIcmp) {
  EXPECT_EQ(Icmp(""), "8 3 0 ");
  EXPECT_EQ(Icmp("type:3"), "3 ");
  EXPECT_EQ(Icmp("-type:3 proto:icmp code:0"), "8 0 ");
  EXPECT_EQ(Icmp("", "-rtt"), "0 3 8 ");
  for (const char* name :
       {"time", "id", "type", "code", "bytes", "proto", "client", "server", "sensor"}) {
    EXPECT_EQ(Icmp("", name).size(), 6u) << name;
  }
}

TEST_P(ReaderTest, FindsOneFlow) {
  const auto id = ParseFlowId("17979cfe3d85cd15fffffffffffffffe");
  const auto flow = reader_->Flow(*id);
  ASSERT_TRUE(flow.ok()) << flow.status();
  EXPECT_EQ(flow->row.counts[1].gap_bytes, 1460u);
  EXPECT_EQ(reader_->Flow({1, 2}).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(ReaderTest, FlowWithoutContentHasNoTurns) {
  EXPECT_TRUE(reader_->Turns({1, 2}, [](const Turn&) { FAIL(); }).ok());
}

INSTANTIATE_TEST_SUITE_P(Stores, ReaderTest,
                         ::testing::Values(StoreUrl::Kind::kSqlite, StoreUrl::Kind::kMysql),
                         [](const auto& kind) {
                           return kind.param == StoreUrl::Kind::kSqlite ? "Sqlite" : "Mariadb";
                         });

TEST(FlowId, IsThirtyTwoHexDigits) {
  EXPECT_EQ(FormatFlowId({1, 0xFFFF'FFFF'FFFF'FFFFu}), "0000000000000001ffffffffffffffff");
  EXPECT_EQ(ParseFlowId("0000000000000001FFFFFFFFFFFFFFFF"), (FlowId{1, 0xFFFF'FFFF'FFFF'FFFFu}));
  for (const char* bad : {"", "1", "-000000000000001ffffffffffffffff",
                          "0x00000000000001ffffffffffffffff", "0000000000000001fffffffffffffff "}) {
    EXPECT_EQ(ParseFlowId(bad), std::nullopt) << bad;
  }
}

class DamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    url_.path = dir_ / "dfc.db";
    auto store = OpenStore(url_, "gw");
    ASSERT_TRUE(store.ok()) << store.status();
    BlockBuilder builder;
    FillWithEverything(builder);
    ASSERT_TRUE((*store)->Write(builder.block()).ok());
  }
  void Change(const char* sql) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(url_.path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
  }
  TempDir dir_;
  StoreUrl url_;
};

TEST_F(DamageTest, DamagedIndexNamesFlowAndChunk) {
  Change("UPDATE chunk SET turns = '[[0,0,0,5,0,0],[1,7,0,99,0,5]]' WHERE length(content) = 9");
  auto reader = OpenReader(url_);
  ASSERT_TRUE(reader.ok());
  int turns = 0;
  const absl::Status status = (*reader)->Turns(*ParseFlowId("17979cfe3d85cd15fffffffffffffffe"),
                                               [&](const Turn&) { ++turns; });
  EXPECT_EQ(turns, 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(MessageOf(status),
            "flow 17979cfe3d85cd15fffffffffffffffe, chunk 0: turn index damaged at byte 29");
}

TEST_F(DamageTest, ValuesOutOfRangeAreDamage) {
  for (const char* sql : {"UPDATE flow SET state = 8", "UPDATE flow SET state = 0, client = X'01'",
                          "UPDATE flow SET client = zeroblob(16), server_port = 65536"}) {
    Change(sql);
    auto reader = OpenReader(url_);
    ASSERT_TRUE(reader.ok());
    EXPECT_EQ((*reader)->Flows({}, [](const StoredFlow&) { FAIL(); }).code(),
              absl::StatusCode::kDataLoss)
        << sql;
  }
}

}  // namespace
}  // namespace dfc
