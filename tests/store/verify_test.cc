// What VerifyStore() takes for damage and what not, on SQLite and on MariaDB. More kinds of damage
// are tried on a whole store in tests/e2e/verify_test.py.
#include "dfc/verify.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dfc/reader.h"
#include "dfc/time.h"
#include "mariadb_server.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

class VerifyTest : public ::testing::TestWithParam<StoreUrl::Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == StoreUrl::Kind::kMysql) {
      MariadbServer& server = MariadbServer::Get();
      if (!server.Available()) GTEST_SKIP() << server.reason();
      url_ = server.FreshDatabase("verify_test");
    } else {
      url_.path = dir_ / "dfc.db";
    }
    ASSERT_EQ(*InitStore(url_), 1);
  }

  // Each flow has one client turn of `bytes`, and the ledger knows of all of them.
  void AddFlow(uint64_t hash, uint64_t bytes, const std::string& turns) {
    FlowRow row = TestFlow(hash, 2);
    row.counts[0].content_bytes = bytes;
    block_.Add(row);
    if (!turns.empty()) block_.Add(row.id, 0, {std::string(bytes, 'x'), turns});
    packets_ += 2;
    ip_bytes_ += 80;
    content_bytes_ += bytes;
  }
  // A flow of four content bytes with urgent ones beside them.
  void AddUrgentFlow(uint64_t hash, uint64_t urgent_bytes, const std::string& content,
                     const std::string& turns) {
    FlowRow row = TestFlow(hash, 2);
    row.counts[0].content_bytes = 4;
    row.counts[0].urgent_bytes = urgent_bytes;
    block_.Add(row).Add(row.id, 0, {content, turns});
    packets_ += 2;
    ip_bytes_ += 80;
    content_bytes_ += 4;
    urgent_bytes_ += urgent_bytes;
  }
  void AddLedger() {
    const auto add = [&](Outcome outcome, uint64_t packets, uint64_t bytes) {
      block_.Add(LedgerRow{kNsPerMinute, 1, packets, bytes, outcome, 1});
    };
    add(OutcomeOf(Verdict::kOk), packets_, 500);
    add(Outcome::kFlowTcp, packets_, ip_bytes_);
    add(Outcome::kTcpPayload, 0, content_bytes_ + urgent_bytes_);
    add(Outcome::kTcpStored, 0, content_bytes_);
    if (urgent_bytes_ > 0) add(Outcome::kTcpUrgentDropped, 0, urgent_bytes_);
    add(Outcome::kCaptured, packets_, 500);
  }

  // "flow hash what have/want;" for each finding; minutes and sensors without a flow have no hash.
  std::string Findings() {
    const auto store = OpenStore(url_, "gw");
    EXPECT_TRUE(store.ok() && (*store)->Write(block_.block()).ok());
    std::string text;
    const auto verified = VerifyStore(url_, [&](const Finding& finding) {
      if (finding.flow) text += fmt::format("{:x} ", finding.flow->flow_hash);
      text += finding.what;
      if (finding.have) text += fmt::format(" {}/{}", *finding.have, finding.want);
      text += ';';
    });
    EXPECT_TRUE(verified.ok()) << verified.status();
    return text;
  }

  TempDir dir_;
  StoreUrl url_;
  BlockBuilder block_;
  uint64_t packets_ = 0;
  uint64_t ip_bytes_ = 0;
  uint64_t content_bytes_ = 0;
  uint64_t urgent_bytes_ = 0;
};

// Hashes of both halves: one store orders them signed, the other unsigned.
TEST_P(VerifyTest, FindsEachChunksFlowWhateverTheOrderOfTheirHashes) {
  for (const uint64_t hash : {uint64_t{1}, ~uint64_t{0}, uint64_t{1} << 63, ~uint64_t{0} >> 1}) {
    AddFlow(hash, 3, "[0,0,0,3,0,0]");
  }
  AddLedger();
  EXPECT_EQ(Findings(), "");
}

TEST_P(VerifyTest, ReportsOrphansOfBothHalves) {
  AddFlow(5, 3, "[0,0,0,3,0,0]");
  AddLedger();
  block_.Add(FlowId{kTestTime, 7}, 0, {"a", "[0,0,0,1,0,0]"});
  block_.Add(FlowId{kTestTime, ~uint64_t{0}}, 0, {"a", "[0,0,0,1,0,0]"});
  const std::string found = Findings();
  EXPECT_NE(found.find("7 chunks without their flow 1/0;"), std::string::npos) << found;
  EXPECT_NE(found.find("ffffffffffffffff chunks without their flow 1/0;"), std::string::npos);
  EXPECT_EQ(found.find("5 "), std::string::npos) << found;
}

TEST_P(VerifyTest, TurnsFollowOnInTheirStream) {
  AddFlow(1, 4, "[0,0,0,2,0,0],[0,1,3,2,0,2]");
  AddLedger();
  EXPECT_EQ(Findings(), "1 offset of a client turn in chunk 0 3/2;");
}

TEST_P(VerifyTest, TurnsFollowOnInTheContent) {
  AddFlow(1, 4, "[0,0,0,2,0,0],[0,1,2,2,0,1]");
  AddLedger();
  EXPECT_EQ(Findings(),
            "1 position of a turn in chunk 0 1/2;"
            "1 bytes of content that the turns of chunk 0 name 3/4;");
}

TEST_P(VerifyTest, AConflictHasBytesThatCountNowhere) {
  FlowRow row = TestFlow(1, 2);
  row.counts[0].content_bytes = 4;
  block_.Add(row).Add(row.id, 0, {"abcdXY", "[0,0,0,4,0,0],[0,1,1,2,3,4]"});
  packets_ = 2;
  ip_bytes_ = 80;
  content_bytes_ = 4;
  AddLedger();
  EXPECT_EQ(Findings(), "");
}

TEST_P(VerifyTest, AnUrgentByteThatWasDroppedLeavesAHoleOfItsSize) {
  AddUrgentFlow(1, 1, "abde", "[0,0,0,2,0,0],[0,1,3,2,0,2]");
  AddUrgentFlow(2, 3, "abfg", "[0,0,0,2,0,0],[0,1,4,2,0,2]");  // And one at the stream's end.
  AddUrgentFlow(3, 1, "abfg", "[0,0,0,2,0,0],[0,1,4,2,0,2]");
  AddUrgentFlow(4, 1, "abef", "[0,0,0,1,0,0],[0,0,2,1,0,1],[0,1,4,2,0,2]");
  AddLedger();
  EXPECT_EQ(Findings(),
            "3 offset of a client turn in chunk 0 4/2;"
            "4 offset of a client turn in chunk 0 4/3;");
}

TEST_P(VerifyTest, UrgentBytesAreAllThereWhereTheyAreKept) {
  AddUrgentFlow(1, 1, "abXde", "[0,0,0,2,0,0],[0,0,2,1,4,2],[0,1,3,2,0,3]");
  AddUrgentFlow(2, 2, "abXde", "[0,0,0,2,0,0],[0,0,2,1,4,2],[0,1,3,2,0,3]");
  AddLedger();
  EXPECT_EQ(Findings(), "2 client urgent bytes in turns 1/2;");
}

TEST_P(VerifyTest, TellsAMinuteThatDoesNotAddUp) {
  AddFlow(1, 3, "[0,0,0,3,0,0]");
  AddLedger();
  block_.Add(LedgerRow{2 * kNsPerMinute, 1, 7, 70, OutcomeOf(Verdict::kArp), 1});
  EXPECT_EQ(Findings(),
            "captured packets with an outcome 7/0;captured bytes with an outcome 70/0;");
}

TEST_P(VerifyTest, AnEmptyStoreIsInOrder) { EXPECT_EQ(Findings(), ""); }

INSTANTIATE_TEST_SUITE_P(Stores, VerifyTest,
                         ::testing::Values(StoreUrl::Kind::kSqlite, StoreUrl::Kind::kMysql),
                         [](const auto& kind) {
                           return kind.param == StoreUrl::Kind::kSqlite ? "Sqlite" : "Mariadb";
                         });

}  // namespace
}  // namespace dfc
