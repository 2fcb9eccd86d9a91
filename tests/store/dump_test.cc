// Both kinds of store give the same, to a program and to whoever reads the views.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iterator>
#include <string>

#include "dfc/reader.h"
#include "dfc/store_options.h"
#include "mariadb_server.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

void Fill(const StoreUrl& url, const StoreOptions& options = {}) {
  ASSERT_TRUE(InitStore(url).ok());
  auto store = OpenStore(url, "gw \"1\"; é", options);
  ASSERT_TRUE(store.ok()) << store.status();
  BlockBuilder builder;
  FillWithEverything(builder);
  const absl::Status status = (*store)->Write(builder.block());
  ASSERT_TRUE(status.ok()) << status;
}

StoreUrl SqliteIn(const TempDir& dir) {
  StoreUrl url;
  url.path = dir / "dfc.db";
  return url;
}

TEST(Dump, BothStoresGiveTheSame) {
  MariadbServer& server = MariadbServer::Get();
  if (!server.Available()) GTEST_SKIP() << server.reason();
  const TempDir dir;
  const StoreUrl sqlite = SqliteIn(dir);
  const StoreUrl mysql = server.FreshDatabase("dump_test");
  Fill(sqlite);
  Fill(mysql);
  EXPECT_EQ(DumpByReader(sqlite), DumpByReader(mysql));
  EXPECT_EQ(DumpByViews(sqlite), DumpByViews(mysql));
}

TEST(Dump, RowsAreTheSameAsArraysAndAsText) {
  MariadbServer& server = MariadbServer::Get();
  if (!server.Available()) GTEST_SKIP() << server.reason();
  const StoreUrl arrays = server.FreshDatabase("dump_arrays");
  const StoreUrl text = server.FreshDatabase("dump_text");
  Fill(arrays);
  Fill(text, {.bulk = false});
  EXPECT_EQ(DumpByReader(arrays), DumpByReader(text));
  EXPECT_EQ(DumpByViews(arrays), DumpByViews(text));
}

class Views : public ::testing::Test {
 protected:
  void SetUp() override {
    url_ = SqliteIn(dir_);
    Fill(url_);
  }
  TempDir dir_;
  StoreUrl url_;
};

TEST_F(Views, ShowAddressesAsText) {
  EXPECT_EQ(QueryColumn(url_, "SELECT client FROM v_flow ORDER BY id"),
            "10.0.0.1,10.0.0.1,10.0.0.1,fd00:0000:0000:0000:0001:0000:0000:abcd");
  EXPECT_EQ(QueryColumn(url_, "SELECT server FROM v_flow WHERE protocol = 'tcp'"), "192.0.2.7");
}

TEST_F(Views, ShowTimesAsText) {
  EXPECT_EQ(QueryColumn(url_, "SELECT start_time FROM v_flow WHERE protocol = 'tcp'"),
            "2023-11-14 22:13:20.123456789");
}

TEST_F(Views, ShowContentTurnByTurn) {
  EXPECT_EQ(QueryColumn(url_,
                        "SELECT side || ' ' || kind || ' ' || stream_offset || ' '"
                        " || CASE WHEN bytes IS NULL THEN '-' ELSE hex(bytes) END FROM v_turn "
                        "ORDER BY id DESC, turn"),
            "client datagram 0 6F6E65,client data 0 474554202F,server gap 0 -,"
            "server data 1460 00FF807A,client datagram 0 70696E67,server datagram 0 706F6E67");
}

// The words of the views are written in SQL, those of the program in C++.
TEST_F(Views, NameStatesProtocolsAndTunnelsAsTheProgramDoes) {
  auto store = OpenStore(url_, "names");
  ASSERT_TRUE(store.ok()) << store.status();
  BlockBuilder builder(7);
  std::string names;
  for (unsigned at = 0; at <= UINT8_MAX; ++at) {
    FlowRow row = TestFlow(100 + at);
    row.state = static_cast<FlowState>(at % kFlowStateCount);
    row.protocol = static_cast<uint8_t>(at);
    row.tunnel.kind = static_cast<TunnelKind>(at % kTunnelKindCount);
    builder.Add(row);
    names += fmt::format("{}{} {} {}", at == 0 ? "" : ",", ProtocolName(row.protocol),
                         FlowStateName(row.state), TunnelName(row.tunnel.kind));
  }
  ASSERT_TRUE((*store)->Write(builder.block()).ok());
  EXPECT_EQ(QueryColumn(url_,
                        "SELECT protocol || ' ' || state || ' ' || tunnel FROM v_flow"
                        " WHERE sensor = 'names' ORDER BY id"),
            names);
}

TEST_F(Views, SumTheLedgerOverItsSources) {
  EXPECT_EQ(QueryColumn(url_, "SELECT packets || ' ' || bytes || ' ' || outcome FROM v_ledger"),
            std::string("15 900 ") + VerdictName(Verdict::kOk));
}

}  // namespace
}  // namespace dfc
