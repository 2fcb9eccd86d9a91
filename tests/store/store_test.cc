// What every kind of store promises, tried on SQLite and on MariaDB.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <thread>

#include "dfc/reader.h"
#include "dfc/store_options.h"
#include "dfc/time.h"
#include "mariadb_server.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

// A store, and how rows get into it.
struct Way {
  const char* name;
  StoreUrl::Kind kind;
  StoreOptions options;
};

class StoreTest : public ::testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    if (GetParam().kind == StoreUrl::Kind::kMysql) {
      MariadbServer& server = MariadbServer::Get();
      if (!server.Available()) GTEST_SKIP() << server.reason();
      url_ = server.FreshDatabase("store_test");
    } else {
      url_.path = dir_ / "dfc.db";
    }
    ASSERT_EQ(*InitStore(url_), 1);
    Reopen();
  }

  void Reopen() {
    store_.reset();
    auto store = OpenStore(url_, "gw-1", GetParam().options);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void Write(BlockBuilder& builder) {
    const absl::Status status = store_->Write(builder.block());
    ASSERT_TRUE(status.ok()) << status;
  }
  // Each piece in a block of its own.
  void WritePieces(const FlowId& id, const std::vector<Piece>& pieces, uint64_t epoch = 1) {
    uint64_t sequence = 0;
    for (const Piece& piece : pieces) {
      BlockBuilder builder(++sequence, epoch);
      builder.Add(id, 0, piece);
      Write(builder);
    }
  }
  // Statements that no store gives: by the back door.
  void Change(const std::string& sql) {
    if (url_.kind == StoreUrl::Kind::kMysql) {
      ASSERT_TRUE(MariadbServer::Get().Run(fmt::format(fmt::runtime(sql), "store_test.")));
      return;
    }
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(url_.path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(
        sqlite3_exec(db, fmt::format(fmt::runtime(sql), "").c_str(), nullptr, nullptr, nullptr),
        SQLITE_OK);
    sqlite3_close(db);
  }
  void MakeEmpty(const std::string& table) { Change("DELETE FROM {}" + table); }
  void MakeSchemaVersion(int version) {
    const bool mysql = url_.kind == StoreUrl::Kind::kMysql;
    Change(fmt::format(fmt::runtime(mysql ? "INSERT INTO {{}}schema_version VALUES ({})"
                                          : "PRAGMA user_version = {}"),
                       version));
  }
  std::string Chunk() {
    return QueryColumn(url_, "SELECT HEX(content) FROM v_content") + " " +
           QueryColumn(url_, "SELECT turns FROM chunk");
  }
  std::string Dump() { return DumpByReader(url_) + DumpByViews(url_); }

  TempDir dir_;
  StoreUrl url_;
  std::unique_ptr<Store> store_;
};

const FlowId kId{kTestTime, 9};

TEST_P(StoreTest, SameBlockTwiceChangesNothing) {
  BlockBuilder builder;
  FillWithEverything(builder);
  Write(builder);
  const std::string once = Dump();
  Write(builder);
  EXPECT_EQ(Dump(), once);
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(COUNT(*) AS CHAR) FROM batch"), "1");
}

TEST_P(StoreTest, SameRowsInAnotherRunChangeNothing) {
  BlockBuilder first(1, 1), again(1, 2);
  FillWithEverything(first);
  FillWithEverything(again);
  Write(first);
  const std::string once = Dump();
  Reopen();
  Write(again);
  EXPECT_EQ(Dump(), once);
}

// Run 3 was killed, 5 ends, 9 began after it and goes on. 4 is of the other kind: a replay.
TEST_P(StoreTest, EndOfARunRemovesItsMarkersAndOlderOnes) {
  for (const uint64_t epoch : {3u, 4u, 5u, 9u}) {
    BlockBuilder builder(1, epoch);
    builder.Add(TestFlow(1));
    Write(builder);
  }
  ASSERT_TRUE(store_->EndRun(5).ok());
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(epoch AS CHAR) FROM batch ORDER BY epoch"), "4,9");
}

TEST_P(StoreTest, EndOfARunLeavesTheIndexes) {
  ASSERT_TRUE(store_->EndRun(1).ok());
  ASSERT_TRUE(store_->EndRun(2).ok());
  const std::string plan = GetParam().kind == StoreUrl::Kind::kSqlite
                               ? "SELECT count(*) FROM sqlite_master WHERE tbl_name = 'flow'"
                                 " AND type = 'index' AND sql IS NOT NULL"
                               : "SELECT CAST(COUNT(DISTINCT index_name) - 1 AS CHAR) FROM"
                                 " information_schema.statistics WHERE table_name = 'flow'"
                                 " AND table_schema = DATABASE()";
  EXPECT_EQ(QueryColumn(url_, plan), "4");
}

TEST_P(StoreTest, OlderFlowRowNeverOverwritesNewer) {
  FlowRow newer = TestFlow(1, 10), older = TestFlow(1, 9);
  newer.state = FlowState::kClosed;
  newer.counts[1].content_bytes = 77;
  older.t_last_ns = newer.t_last_ns + 1;
  BlockBuilder first(1), second(2);
  Write(first.Add(newer));
  const std::string once = Dump();
  Write(second.Add(older));
  EXPECT_EQ(Dump(), once);
}

TEST_P(StoreTest, NewerFlowRowReplacesEveryColumn) {
  FlowRow older = TestFlow(1, 9), newer = TestFlow(1, 10);
  newer.state = FlowState::kReset;
  newer.flags = kFlowConflict;
  newer.counts[1] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  BlockBuilder first(1), second(2);
  Write(first.Add(older).Add(newer));
  const std::string merged = Dump();
  EXPECT_NE(merged.find("[0 1 2 3 4 5 6 7 8]"), std::string::npos) << merged;
  EXPECT_NE(merged.find("|reset|8|"), std::string::npos) << merged;
}

TEST_P(StoreTest, StateDecidesBetweenRowsOfTheSameTime) {
  FlowRow closing = TestFlow(1), closed = TestFlow(1), gap = TestFlow(1);
  closing.state = FlowState::kClosing;
  closed.state = gap.state = FlowState::kClosed;
  gap.counts[1].gap_bytes = 100;
  for (const auto& order : {std::vector{closing, closed, gap}, std::vector{gap, closed, closing}}) {
    BlockBuilder builder(order[0].state == FlowState::kClosed ? 2 : 1);
    for (const FlowRow& row : order) builder.Add(row);
    Write(builder);
    EXPECT_EQ(QueryColumn(url_, "SELECT state FROM v_flow"), "closed");
    EXPECT_EQ(QueryColumn(url_, "SELECT CAST(server_gap_bytes AS CHAR) FROM flow"), "100");
  }
}

TEST_P(StoreTest, PiecesWithAnyBordersMakeTheSameChunk) {
  const std::string content("ab\0cd\xFF\0efgh\0", 12);
  const std::string turns = "[0,0,0,4,0,0],[1,5,0,8,0,4]";
  const std::vector<std::vector<Piece>> ways = {
      {{content, turns}},
      {{content.substr(0, 3), ""}, {content.substr(3), turns, 3, 0}},
      {{content.substr(0, 4), turns.substr(0, 13)}, {content.substr(4), turns.substr(13), 4, 13}},
      {{content.substr(0, 7), turns.substr(0, 13)},
       {"", "", 7, 13},
       {content.substr(7, 1), "", 7, 13},
       {content.substr(8), turns.substr(13), 8, 13}}};
  const std::string whole = "6162006364FF006566676800 [" + turns + "]";
  uint64_t epoch = 0;
  for (size_t first = 0; first < ways.size(); ++first) {
    // Whatever is there already, each way of cutting must lead to the same.
    for (const auto& second : ways) {
      MakeEmpty("chunk");
      WritePieces(kId, ways[first], ++epoch);
      EXPECT_EQ(Chunk(), whole) << "cut in way " << first;
      WritePieces(kId, second, ++epoch);
      EXPECT_EQ(Chunk(), whole) << "cut in way " << first;
    }
  }
}

TEST_P(StoreTest, PiecesOfABrokenRunAreCompletedByTheNext) {
  WritePieces(kId, {{"abcd", "[0,0,0,4,0,0]"}, {"ef", "", 4, 13}}, 1);
  WritePieces(kId, {{"abc", ""}, {"defgh", "[0,0,0,4,0,0],[0,9,4,4,0,4]", 3, 0}}, 2);
  EXPECT_EQ(Chunk(), "6162636465666768 [[0,0,0,4,0,0],[0,9,4,4,0,4]]");
}

TEST_P(StoreTest, PiecesOfOneBlockMayFollowEachOther) {
  BlockBuilder builder;
  builder.Add(kId, 0, {"ab", ""}).Add(kId, 0, {"cd", "[0,0,0,4,0,0]", 2, 0});
  Write(builder);
  EXPECT_EQ(Chunk(), "61626364 [[0,0,0,4,0,0]]");
}

TEST_P(StoreTest, PieceWithoutItsBeginningChangesNothing) {
  WritePieces(kId, {{"ab", ""}, {"far", ",[0,0,0,4,0,0]", 5, 9}});
  EXPECT_EQ(Chunk(), "6162 []");
  WritePieces(FlowId{kTestTime, 10}, {{"cd", "", 2, 0}}, 2);
  EXPECT_EQ(Chunk(), "6162 []");
}

TEST_P(StoreTest, ShorterChunkNeverReplacesLonger) {
  WritePieces(kId, {{"abcd", "[0,0,0,4,0,0]"}}, 1);
  WritePieces(kId, {{"abc", "[0,0,0,1,0,0],[0,1,1,2,0,1]"}}, 2);
  EXPECT_EQ(Chunk(), "61626364 [[0,0,0,4,0,0]]");
}

TEST_P(StoreTest, LargeBlocksAndEveryByteValueComeBack) {
  std::string content;
  for (size_t at = 0; at < kChunkContentBytesMax; ++at) {
    content.push_back(static_cast<char>((at * 7 + at / 256) & 0xFF));
  }
  BlockBuilder builder;
  for (uint32_t n = 0; n < 15; ++n) builder.Add(kId, n, {content, "[1,0,0,65000,0,0]"});
  Write(builder);
  auto reader = OpenReader(url_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  size_t same = 0;
  const auto status = (*reader)->Turns(kId, [&](const Turn& turn) {
    same += std::string(AsChars(turn.bytes.data()), turn.bytes.size()) == content ? 1 : 0;
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(same, 15u);
}

TEST_P(StoreTest, CompressesWhatShrinksAndNothingElse) {
  std::string noise;
  for (uint32_t at = 0, word = 1; at < 1'000; ++at, word = word * 1'664'525 + 1'013'904'223) {
    noise.push_back(static_cast<char>(word >> 24));
  }
  WritePieces(kId, {{std::string(1'000, 'a'), "[0,0,0,1000,0,0]"}}, 1);
  WritePieces(FlowId{kTestTime, 10}, {{noise, "[0,0,0,1000,0,0]"}}, 2);
  constexpr const char* kStored =
      "SELECT CASE WHEN LENGTH(content) < 100 THEN 'short' WHEN LENGTH(content) = content_bytes"
      " THEN 'as it was' END FROM chunk ORDER BY flow_hash";
  EXPECT_EQ(QueryColumn(url_, kStored),
            GetParam().options.compress ? "short,as it was" : "as it was,as it was");
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(LENGTH(content) AS CHAR) FROM v_content"), "1000,1000");
  EXPECT_EQ(QueryColumn(url_, "SELECT bytes FROM v_turn WHERE id LIKE '%9'"),
            std::string(1'000, 'a'));
}

TEST_P(StoreTest, PiecesContinueWhatIsCompressed) {
  const std::string first(900, 'a'), second(300, 'b');
  WritePieces(kId, {{first, ""}, {second, "[0,0,0,1200,0,0]", 900, 0}}, 1);
  const std::string whole = QueryColumn(url_, "SELECT content FROM v_content");
  EXPECT_EQ(whole, first + second);
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(content_bytes AS CHAR) FROM chunk"), "1200");
  WritePieces(kId, {{second, "[0,0,0,1200,0,0]", 900, 0}}, 2);
  EXPECT_EQ(QueryColumn(url_, "SELECT content FROM v_content"), whole);
}

TEST_P(StoreTest, MoreContentStaysHoweverShortItIsStored) {
  WritePieces(kId, {{std::string(1'000, 'a'), "[0,0,0,1000,0,0]"}}, 1);
  WritePieces(kId, {{"a short one that does not shrink", "[0,0,0,32,0,0]"}}, 2);
  EXPECT_EQ(QueryColumn(url_, "SELECT content FROM v_content"), std::string(1'000, 'a'));
}

TEST_P(StoreTest, DamagedContentIsNoContent) {
  if (!GetParam().options.compress) GTEST_SKIP() << "shows what is there";
  WritePieces(kId, {{std::string(1'000, 'a'), "[0,0,0,1000,0,0]"}}, 1);
  Change("UPDATE {}chunk SET content = SUBSTR(content, 1, LENGTH(content) - 5)");
  constexpr const char* kLost =
      "SELECT CAST(COUNT(*) AS CHAR) FROM v_content WHERE content IS NULL";
  EXPECT_EQ(QueryColumn(url_, kLost), "1");
  auto reader = OpenReader(url_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  const absl::Status read = (*reader)->Turns(kId, [](const Turn&) {});
  EXPECT_EQ(read.code(), absl::StatusCode::kDataLoss) << read;
}

// A session takes the limit over when it connects.
TEST_P(StoreTest, BlockGoesThroughASmallPacket) {
  if (GetParam().kind != StoreUrl::Kind::kMysql) GTEST_SKIP() << "has no packets";
  MariadbServer& server = MariadbServer::Get();
  ASSERT_TRUE(server.Run("SET GLOBAL max_allowed_packet = 1048576"));
  Reopen();
  BlockBuilder builder;
  for (uint64_t hash = 1; hash <= 4'000; ++hash) builder.Add(TestFlow(hash));
  builder.Add(kId, 0, {std::string(kChunkContentBytesMax, 'a'), "[0,0,0,65000,0,0]"});
  Write(builder);
  EXPECT_TRUE(server.Run("SET GLOBAL max_allowed_packet = 16777216"));
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(COUNT(DISTINCT flow_hash) AS CHAR) FROM flow"), "4000");
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(LENGTH(content) AS CHAR) FROM v_content"), "65000");
}

// Text has two digits for each byte.
TEST_P(StoreTest, ArraysCarryContentAsItIs) {
  if (GetParam().kind != StoreUrl::Kind::kMysql || GetParam().options.compress) {
    GTEST_SKIP() << "is about the protocol";
  }
  const auto received = [&] {
    return std::stoull(QueryColumn(url_,
                                   "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS"
                                   " WHERE VARIABLE_NAME = 'BYTES_RECEIVED'"));
  };
  BlockBuilder builder;
  for (uint32_t n = 0; n < 10; ++n) builder.Add(kId, n, {std::string(60'000, 'a'), ""});
  const uint64_t before = received();
  Write(builder);
  const uint64_t bytes = received() - before;
  EXPECT_GT(bytes, GetParam().options.bulk ? 600'000u : 1'200'000u);
  EXPECT_LT(bytes, GetParam().options.bulk ? 620'000u : 1'220'000u);
}

TEST_P(StoreTest, RefusedRowTakesTheBlockBackAndTheNextIsWritten) {
  if (GetParam().kind != StoreUrl::Kind::kMysql) GTEST_SKIP() << "takes any number";
  Change("ALTER TABLE {}flow MODIFY client_packets TINYINT UNSIGNED NOT NULL");
  BlockBuilder bad(1), good(2);
  bad.Add(TestFlow(1)).Add(TestFlow(2, 5'000)).Add(TestFlow(3));
  EXPECT_EQ(store_->Write(bad.block()).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(COUNT(*) AS CHAR) FROM flow"), "0");
  Write(good.Add(TestFlow(4)));
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(flow_hash AS CHAR) FROM flow"), "4");
}

TEST_P(StoreTest, IcmpRowLearnsButNeverForgets) {
  BlockBuilder all;
  FillWithEverything(all);
  Write(all);
  const std::string full = Dump();
  MakeEmpty("icmp");
  BlockBuilder poor(2);
  all.block().ForEach([&](RowType type, ByteSpan row) {
    if (type != RowType::kIcmp) return;
    IcmpRow icmp = EventBlock::Load<IcmpRow>(row.data());
    icmp.rtt_ns = -1;
    icmp.quote_found = false;
    icmp.about.t_start_ns = 0;
    poor.Add(icmp);
  });
  BlockBuilder rich(3);
  FillWithEverything(rich);
  Write(poor);
  EXPECT_NE(Dump(), full);
  Write(rich);
  EXPECT_EQ(Dump(), full);
  poor.block().sequence = 4;
  Write(poor);
  EXPECT_EQ(Dump(), full);
}

TEST_P(StoreTest, LedgerKeepsTheVersionThatCountedMore) {
  BlockBuilder builder;
  for (const uint64_t version : {5u, 9u, 7u}) {
    const uint64_t packets = 100 - version;
    builder.Add(
        LedgerRow{kNsPerMinute, 1, packets, packets * 100, OutcomeOf(Verdict::kArp), version});
  }
  Write(builder);
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(bytes AS CHAR) FROM ledger"), "9100");
}

// The outcomes, and their packets.
std::string LedgerOf(const StoreUrl& url) {
  return QueryColumn(url, "SELECT outcome FROM ledger ORDER BY outcome") + " " +
         QueryColumn(url, "SELECT CAST(packets AS CHAR) FROM ledger ORDER BY outcome");
}

// What the only row of an outcome has, "packets,bytes".
std::string CountsOf(const StoreUrl& url, const char* outcome) {
  constexpr const char* kSql = "SELECT CAST({} AS CHAR) FROM ledger WHERE outcome = '{}'";
  return QueryColumn(url, fmt::format(kSql, "packets", outcome)) + "," +
         QueryColumn(url, fmt::format(kSql, "bytes", outcome));
}

TEST_P(StoreTest, LedgerAddsPartsOfAMinuteUp) {
  const auto part = [](uint64_t packets, Verdict verdict) {
    return LedgerRow{kNsPerMinute, 1, packets, packets * 100, OutcomeOf(verdict)};
  };
  BlockBuilder first(1), second(2);
  first.Add(part(3, Verdict::kArp)).Add(part(3, Verdict::kOk));
  second.Add(part(4, Verdict::kArp));
  for (BlockBuilder* builder : {&first, &second, &first, &second}) Write(*builder);
  EXPECT_EQ(CountsOf(url_, "arp"), "7,700");
  EXPECT_EQ(CountsOf(url_, "delivered"), "3,300");
}

TEST_P(StoreTest, ForgetsTheMarkersOfBlocksThatAreDoneWith) {
  for (uint64_t sequence = 1; sequence <= 4; ++sequence) {
    BlockBuilder builder(sequence, 5);
    builder.Add(TestFlow(sequence));
    Write(builder);
  }
  ASSERT_TRUE(store_->Forget(5, 3).ok());
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(sequence AS CHAR) FROM batch ORDER BY sequence"), "3,4");
  ASSERT_TRUE(store_->Forget(6, 9).ok());
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(sequence AS CHAR) FROM batch ORDER BY sequence"), "3,4");
}

TEST_P(StoreTest, LedgerReplacesAMinuteWhole) {
  const auto write = [&](uint64_t sequence, Verdict verdict, uint64_t version) {
    BlockBuilder builder(sequence);
    builder.Add(LedgerRow{kNsPerMinute, 1, version, 0, OutcomeOf(verdict), version});
    builder.Add(LedgerRow{kNsPerMinute, 1, version, 0, Outcome::kCaptured, version});
    Write(builder);
  };
  write(1, Verdict::kBadTcpChecksum, 5);
  write(2, Verdict::kOk, 9);
  EXPECT_EQ(LedgerOf(url_), "captured,delivered 9,9");
  write(3, Verdict::kArp, 7);
  EXPECT_EQ(LedgerOf(url_), "captured,delivered 9,9");
}

TEST_P(StoreTest, SensorsAreNumberedOnce) {
  ASSERT_TRUE(OpenStore(url_, "gw-2").ok());
  ASSERT_TRUE(OpenStore(url_, "gw-1").ok());
  EXPECT_EQ(QueryColumn(url_, "SELECT name FROM sensor ORDER BY sensor_id"), "gw-1,gw-2");
  EXPECT_EQ(OpenStore(url_, "").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(StoreTest, SensorsThatStartTogetherGetDifferentNumbers) {
  std::vector<std::thread> threads;
  std::vector<absl::Status> results(6);
  for (size_t at = 0; at < results.size(); ++at) {
    threads.emplace_back(
        [&, at] { results[at] = OpenStore(url_, fmt::format("s{}", at)).status(); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& result : results) EXPECT_TRUE(result.ok()) << result;
  EXPECT_EQ(QueryColumn(url_, "SELECT CAST(MAX(sensor_id) AS CHAR) FROM sensor"), "7");
}

TEST_P(StoreTest, SecondInitAppliesNothing) { EXPECT_EQ(*InitStore(url_), 0); }

TEST_P(StoreTest, NewerSchemaIsRefusedWithARemedy) {
  MakeSchemaVersion(99);
  for (const absl::Status& status :
       {InitStore(url_).status(), OpenStore(url_, "x").status(), OpenReader(url_).status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(MessageOf(status).find("schema version 99"), std::string::npos) << status;
    EXPECT_NE(MessageOf(status).find("use a newer dfc"), std::string::npos) << status;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Stores, StoreTest,
    ::testing::Values(Way{"Sqlite", StoreUrl::Kind::kSqlite, {}},
                      Way{"Mariadb", StoreUrl::Kind::kMysql, {}},
                      Way{"MariadbByText", StoreUrl::Kind::kMysql, {.bulk = false}},
                      Way{"SqliteCompressed", StoreUrl::Kind::kSqlite, {.compress = true}},
                      Way{"MariadbCompressed", StoreUrl::Kind::kMysql, {.compress = true}}),
    [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace dfc
