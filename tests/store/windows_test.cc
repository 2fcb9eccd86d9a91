// Pages of flows, windows of turns and one side's content, on both stores.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dfc/reader.h"
#include "mariadb_server.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

constexpr FlowId kId = {kTestTime, 7};

class WindowsTest : public ::testing::TestWithParam<StoreUrl::Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == StoreUrl::Kind::kMysql) {
      MariadbServer& server = MariadbServer::Get();
      if (!server.Available()) GTEST_SKIP() << server.reason();
      url_ = server.FreshDatabase("windows_test");
    } else {
      url_.path = dir_ / "dfc.db";
    }
    ASSERT_TRUE(InitStore(url_).ok());
    auto store = OpenStore(url_, "gw");
    ASSERT_TRUE(store.ok()) << store.status();
    BlockBuilder builder;
    builder.Add(TestFlow(kId.flow_hash));
    builder.Add(kId, 0, {"abcdefgh", "[0,0,0,3,0,0],[1,1,0,10,1,3],[1,2,10,5,0,3]"});
    builder.Add(kId, 2, {"xyz", "[0,3,3,2,0,0],[1,4,15,1,3,2]"});
    // The same time, and hashes on both sides of the sign.
    for (const uint64_t hash : {uint64_t{8}, uint64_t{1} << 63, UINT64_MAX}) {
      builder.Add(TestFlow(hash));
    }
    ASSERT_TRUE((*store)->Write(builder.block()).ok());
    auto reader = OpenReader(url_, {.statement_ms_max = 10'000});
    ASSERT_TRUE(reader.ok()) << reader.status();
    reader_ = *std::move(reader);
  }

  // "C0 abc@0.0.0 S0 <10>@0.1.0 ..." and where it ends, "!" when nothing is behind it.
  std::string Window(TurnCursor from, uint64_t bytes, std::optional<Side> side = {}) {
    std::string text;
    const auto end = reader_->TurnsFrom(
        {kId, from, bytes, 100, side}, [&](const Turn& turn, const TurnCursor& at) {
          const std::string said = turn.kind == TurnKind::kGap
                                       ? fmt::format("<{}>", turn.length)
                                       : std::string(turn.bytes.begin(), turn.bytes.end());
          text += fmt::format("{}{} {}@{}.{}.{} ", turn.side == Side::kClient ? 'C' : 'S',
                              turn.offset, said, at.chunk, at.turn, at.byte);
        });
    if (!end.ok()) return MessageOf(end.status());
    return text + fmt::format("{}.{}.{}{}", end->next.chunk, end->next.turn, end->next.byte,
                              end->is_end ? "!" : "");
  }

  std::string SideFrom(Side side, uint64_t offset) {
    const auto place = reader_->FindContent(kId, side, offset);
    if (!place.ok()) return MessageOf(place.status());
    std::string text = fmt::format("{}:", place->total);
    uint64_t chunk = place->chunk;
    std::string bytes;
    uint64_t skip = place->skip;
    while (reader_->ChunkContent(kId, side, chunk, bytes).value_or(false)) {
      text += bytes.substr(skip);
      skip = 0;
      ++chunk;
    }
    return text;
  }

  // The last digits of the hashes, page by page.
  std::string Pages(const std::string& sort, uint64_t limit) {
    std::string text;
    FlowQuery query;
    query.sort = sort;
    query.limit = limit;
    for (int page = 0; page < 10; ++page) {
      std::string next;
      const absl::Status status = reader_->Flows(query, [&](const StoredFlow& flow) {
        text.push_back(FormatFlowId(flow.row.id).back());
        next = FlowCursor(flow, sort).value_or("?");
      });
      if (!status.ok()) return MessageOf(status);
      if (next.empty()) return text;
      text.push_back(' ');
      query.after = next;
    }
    return text + "and on and on";
  }

  TempDir dir_;
  StoreUrl url_;
  std::unique_ptr<Reader> reader_;
};

TEST_P(WindowsTest, WholeContentFitsAWindow) {
  EXPECT_EQ(Window({}, 100),
            "C0 abc@0.0.0 S0 <10>@0.1.0 S10 defgh@0.2.0 C3 xy@2.0.0 S15 z@2.1.0 2.2.0!");
}

TEST_P(WindowsTest, EdgesCutTurns) {
  EXPECT_EQ(Window({}, 2), "C0 ab@0.0.0 0.0.2");
  EXPECT_EQ(Window({0, 0, 2}, 2), "C2 c@0.0.2 S0 <10>@0.1.0 S10 d@0.2.0 0.2.1");
  EXPECT_EQ(Window({0, 2, 1}, 6), "S11 efgh@0.2.1 C3 xy@2.0.0 2.1.0");
}

TEST_P(WindowsTest, TheEndIsAPlaceToGoOnFrom) {
  EXPECT_EQ(Window({2, 2, 0}, 100), "2.2.0!");
  EXPECT_EQ(Window({1, 5, 5}, 100), "C3 xy@2.0.0 S15 z@2.1.0 2.2.0!");
  EXPECT_EQ(Window({9, 9, 9}, 100), "9.9.9!");
  EXPECT_EQ(Window({2, 1, 99}, 100), "S16 @2.1.1 2.2.0!");
}

TEST_P(WindowsTest, OneSideHasItsTurnsOnly) {
  EXPECT_EQ(Window({}, 100, Side::kClient), "C0 abc@0.0.0 C3 xy@2.0.0 2.2.0!");
  EXPECT_EQ(Window({}, 3, Side::kServer), "S0 <10>@0.1.0 S10 def@0.2.0 0.2.3");
}

TEST_P(WindowsTest, ContentIsFoundFromAnyByteAndHasNoConflicts) {
  EXPECT_EQ(SideFrom(Side::kClient, 0), "5:abcxy");
  EXPECT_EQ(SideFrom(Side::kClient, 2), "5:cxy");
  EXPECT_EQ(SideFrom(Side::kClient, 3), "5:xy");
  EXPECT_EQ(SideFrom(Side::kServer, 1), "5:efgh");
}

TEST_P(WindowsTest, PagesFollowEachOtherWithoutAHole) {
  EXPECT_EQ(Pages("start", 1), "7 8 0 f ");
  EXPECT_EQ(Pages("-start", 3), "f08 7 ");
  EXPECT_EQ(Pages("bytes", 2), "78 0f ");
  EXPECT_EQ(Pages("-duration", 1), "f 0 8 7 ");
}

TEST_P(WindowsTest, OrdersWithoutPagesAreRefused) {
  FlowQuery query;
  query.sort = "client";
  query.after = FormatFlowId(kId);
  EXPECT_EQ(reader_->Flows(query, [](const StoredFlow&) {}).code(),
            absl::StatusCode::kInvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(Stores, WindowsTest,
                         ::testing::Values(StoreUrl::Kind::kSqlite, StoreUrl::Kind::kMysql),
                         [](const auto& kind) {
                           return kind.param == StoreUrl::Kind::kSqlite ? "Sqlite" : "Mariadb";
                         });

}  // namespace
}  // namespace dfc
