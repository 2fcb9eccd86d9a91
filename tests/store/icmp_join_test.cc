// ICMP errors and the flows that they quote, seen earlier, later or never; pings added up.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dfc/reader.h"
#include "mariadb_server.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint64_t kQuotedHash = 0xF000'0000'0000'0001;
constexpr uint64_t kErrorHash = 7;

class IcmpJoinTest : public ::testing::TestWithParam<StoreUrl::Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == StoreUrl::Kind::kMysql) {
      MariadbServer& server = MariadbServer::Get();
      if (!server.Available()) GTEST_SKIP() << server.reason();
      url_ = server.FreshDatabase("icmp_join_test");
    } else {
      url_.path = dir_ / "dfc.db";
    }
    ASSERT_TRUE(InitStore(url_).ok());
  }

  // A flow with the quoted hash that lasts from one second to another.
  void AddQuoted(int64_t first_s, int64_t last_s) {
    FlowRow flow = TestFlow(kQuotedHash);
    flow.id.t_start_ns = kTestTime + first_s * kSecond;
    flow.t_last_ns = kTestTime + last_s * kSecond;
    builder_.Add(flow);
  }
  // An error that came in this second, when no such flow was known.
  IcmpRow Error(int64_t at_s) const {
    IcmpRow row{};
    row.id = {kTestTime + at_s * kSecond, kErrorHash};
    row.t_ns = row.id.t_start_ns;
    row.rtt_ns = -1;
    row.request_n = kNoIcmpMessage;
    row.type = 3;
    row.code = 3;
    row.has_quote = true;
    row.about.flow_hash = kQuotedHash;
    row.quoted.protocol = kUdp;
    return row;
  }
  void AddError(const IcmpRow& row) {
    FlowRow flow = TestFlow(row.id.flow_hash);
    flow.id = row.id;
    flow.t_last_ns = row.t_ns;
    flow.protocol = kIcmp;
    builder_.Add(flow).Add(row);
  }
  void Write() {
    auto store = OpenStore(url_, "gw");
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->Write(builder_.block()).ok());
    ASSERT_TRUE((*store)->EndRun(1).ok());  // SQLite makes its indexes.
  }

  // Of each error the second in which the flow began that it is about, or "-".
  std::string About(const std::string& filter = "") {
    std::string text;
    auto reader = OpenReader(url_);
    const absl::Status status =
        (*reader)->Icmp({filter, "time", 100}, [&](const StoredIcmp& error) {
          if (!text.empty()) text += ' ';
          text += error.has_about ? std::to_string((error.about.t_start_ns - kTestTime) / kSecond)
                                  : "-";
          EXPECT_EQ(error.about.flow_hash, error.has_about ? kQuotedHash : 0);
        });
    EXPECT_TRUE(status.ok()) << status;
    return text;
  }
  // The same by the view.
  std::string AboutByView() {
    return QueryColumn(url_, "SELECT COALESCE(about, '-') FROM v_icmp ORDER BY t");
  }
  std::string Flows(const std::string& filter) {
    std::string text;
    auto reader = OpenReader(url_);
    const absl::Status status = (*reader)->Flows({filter}, [&](const StoredFlow& flow) {
      text += std::to_string((flow.row.id.t_start_ns - kTestTime) / kSecond) + ' ';
    });
    return status.ok() ? text : MessageOf(status);
  }

  TempDir dir_;
  StoreUrl url_;
  BlockBuilder builder_;
};

TEST_P(IcmpJoinTest, JoinsAFlowSeenBeforeOrAfter) {
  AddQuoted(100, 110);
  for (const int64_t at_s : {90, 105, 500}) AddError(Error(at_s));
  Write();
  EXPECT_EQ(About(), "100 100 100");
  const std::string id = FormatFlowId({kTestTime + 100 * kSecond, kQuotedHash});
  EXPECT_EQ(AboutByView(), id + "," + id + "," + id);
}

TEST_P(IcmpJoinTest, OfSeveralFlowsTheNearestIsMeant) {
  AddQuoted(0, 10);
  AddQuoted(1'000, 1'010);
  for (const int64_t at_s : {5, 20, 500, 990, 1'005, 2'000}) AddError(Error(at_s));
  Write();
  EXPECT_EQ(About(), "0 0 0 1000 1000 1000");
}

TEST_P(IcmpJoinTest, AnHourAwayIsAnotherFlow) {
  AddQuoted(0, 10);
  AddError(Error(-3'601));
  AddError(Error(3'611));
  Write();
  EXPECT_EQ(About(), "- -");
  EXPECT_EQ(AboutByView(), "-,-");
  EXPECT_EQ(Flows("has:icmp-error"), "");
}

TEST_P(IcmpJoinTest, WhatWasKnownWhenTheErrorCameStays) {
  AddQuoted(0, 10);
  AddQuoted(20, 30);
  IcmpRow row = Error(25);
  row.quote_found = true;
  row.about.t_start_ns = kTestTime;
  AddError(row);
  Write();
  EXPECT_EQ(About(), "0");
}

TEST_P(IcmpJoinTest, AQuoteWithoutPortsNamesNoFlow) {
  AddQuoted(0, 10);
  IcmpRow row = Error(5);
  row.quote_cut = true;
  AddError(row);
  Write();
  EXPECT_EQ(About(), "-");
  EXPECT_EQ(QueryColumn(url_,
                        "SELECT quoted_protocol FROM v_icmp"
                        " WHERE quoted_source_port IS NULL"),
            "udp");
}

TEST_P(IcmpJoinTest, AFlowLeadsToItsErrors) {
  AddQuoted(0, 10);
  AddQuoted(1'000, 1'010);
  for (const int64_t at_s : {5, 6, 1'005}) AddError(Error(at_s));
  Write();
  EXPECT_EQ(Flows("has:icmp-error"), "0 1000 ");
  EXPECT_EQ(Flows("has:icmp-error -proto:tcp"), "");
  EXPECT_EQ(About("about:" + FormatFlowId({kTestTime, kQuotedHash})), "0 0");
  EXPECT_EQ(About("-about:" + FormatFlowId({kTestTime, kQuotedHash})), "1000");
}

TEST_P(IcmpJoinTest, AddsPingsUp) {
  FlowRow flow = TestFlow(9);
  flow.protocol = kIcmp;
  flow.icmp_type = 8;
  flow.client_port = flow.server_port = 77;
  builder_.Add(flow);
  using enum IcmpPairing;
  const std::vector<std::pair<IcmpPairing, int64_t>> messages = {
      {kRequest, -1},    {kReply, 10}, {kRequest, -1}, {kLate, 31},
      {kDuplicate, 900}, {kStray, -1}, {kRequest, -1}};
  for (uint32_t n = 0; n < messages.size(); ++n) {
    IcmpRow row{};
    row.id = flow.id;
    row.n = n;
    row.pairing = messages[n].first;
    row.rtt_ns = messages[n].second;
    row.request_n = kNoIcmpMessage;
    row.payload = n == 3 ? IcmpPayload::kDiffers : IcmpPayload::kUnknown;
    builder_.Add(row);
  }
  IcmpRow error = Error(0);
  error.about.flow_hash = 9;
  AddError(error);
  Write();
  auto reader = OpenReader(url_);
  std::string text;
  const absl::Status status = (*reader)->Pings({"", "-lost", 10}, [&](const StoredPing& ping) {
    text += fmt::format(
        "{}: {} sent {} back {} lost {} late {} dup {} stray {} differ {} err, {} {} {}",
        ping.ident, ping.requests, ping.replies, ping.lost, ping.late, ping.duplicates, ping.strays,
        ping.differing, ping.errors, ping.rtt_min_ns, ping.rtt_avg_ns, ping.rtt_max_ns);
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(text, "77: 3 sent 4 back 1 lost 1 late 1 dup 1 stray 1 differ 1 err, 10 21 31");
  for (const char* sort : {"start", "id", "end", "client", "server", "requests", "replies", "late",
                           "duplicates", "errors", "rtt", "sensor"}) {
    EXPECT_TRUE((*reader)->Pings({"proto:icmp", sort, 10}, [](const StoredPing&) {}).ok()) << sort;
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, IcmpJoinTest,
                         ::testing::Values(StoreUrl::Kind::kSqlite, StoreUrl::Kind::kMysql),
                         [](const auto& kind) {
                           return kind.param == StoreUrl::Kind::kSqlite ? "Sqlite" : "Mariadb";
                         });

}  // namespace
}  // namespace dfc
