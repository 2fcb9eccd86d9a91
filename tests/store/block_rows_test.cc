#include "block_rows.h"

#include <gtest/gtest.h>

#include "rows.h"

namespace dfc {
namespace {

// The rows' keys, "time hash n" with times from kTestTime on, and what tells versions apart.
std::string Chunks(const BlockRows& rows) {
  std::string text;
  for (const ByteSpan row : rows.chunks()) {
    const ChunkView chunk = ViewChunk(row);
    text += std::to_string(chunk.row.id.t_start_ns - kTestTime) + " " +
            std::to_string(chunk.row.id.flow_hash) + " " + std::to_string(chunk.row.n) + " " +
            std::string(AsChars(chunk.content.data()), chunk.content.size()) + "\n";
  }
  return text;
}

TEST(BlockRows, AreInTheOrderOfTheirKeys) {
  BlockBuilder builder;
  builder.Add(FlowId{kTestTime + 1, 5}, 0, {"d", ""});
  builder.Add(FlowId{kTestTime, UINT64_MAX}, 0, {"c", ""});
  builder.Add(FlowId{kTestTime, 3}, 1, {"b", ""});
  builder.Add(FlowId{kTestTime, 3}, 0, {"a", ""});
  BlockRows rows;
  rows.Take(builder.block());
  EXPECT_EQ(Chunks(rows), "0 3 0 a\n0 3 1 b\n0 18446744073709551615 0 c\n1 5 0 d\n");
}

TEST(BlockRows, KeepPiecesInTheOrderInWhichTheyCame) {
  BlockBuilder builder;
  builder.Add(FlowId{kTestTime, 9}, 0, {"1", ""}).Add(FlowId{kTestTime, 8}, 0, {"0", ""});
  builder.Add(FlowId{kTestTime, 9}, 0, {"2", "", 1}).Add(FlowId{kTestTime, 9}, 0, {"3", "", 2});
  BlockRows rows;
  rows.Take(builder.block());
  EXPECT_EQ(Chunks(rows), "0 8 0 0\n0 9 0 1\n0 9 0 2\n0 9 0 3\n");
}

TEST(BlockRows, BelongToTheirTables) {
  BlockBuilder builder, one;
  FillWithEverything(builder);
  BlockRows rows;
  rows.Take(builder.block());
  EXPECT_EQ(rows.flows().size(), builder.block().count(RowType::kFlow));
  EXPECT_EQ(rows.messages().size(), builder.block().count(RowType::kIcmp));
  EXPECT_EQ(rows.ledger().size(), builder.block().count(RowType::kLedger));
  rows.Take(one.Add(TestFlow(1)).block());
  EXPECT_EQ(rows.flows().size(), 1u);
  EXPECT_EQ(rows.chunks().size() + rows.messages().size() + rows.ledger().size(), 0u);
}

}  // namespace
}  // namespace dfc
