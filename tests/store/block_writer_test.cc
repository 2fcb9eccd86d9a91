// A row that the store refuses, among others: found, set aside, tried again.
#include "dfc/block_writer.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "faulty_files.h"
#include "rows.h"
#include "temp_dir.h"

namespace dfc {
namespace {

// Refuses flows of certain hashes, and blocks with too many rows; counts each row once.
class FussyStore final : public Store {
 public:
  absl::Status Write(const EventBlock& block) override {
    ++statements;
    if (away_after-- == 0) return absl::UnavailableError("away");
    if (markers.contains({block.epoch, block.sequence})) return absl::OkStatus();
    if (block.rows() > rows_max) return absl::ResourceExhaustedError("too much");
    absl::Status status;
    block.ForEach([&](RowType, ByteSpan row) {
      const uint64_t hash = EventBlock::Load<FlowRow>(row.data()).id.flow_hash;
      if (refused.contains(hash)) status = absl::InvalidArgumentError("out of range");
    });
    if (!status.ok()) return status;
    markers.insert({block.epoch, block.sequence});
    block.ForEach([&](RowType, ByteSpan row) {
      stored.insert(EventBlock::Load<FlowRow>(row.data()).id.flow_hash);
      ++rows;
    });
    return absl::OkStatus();
  }
  absl::Status EndRun(uint64_t) override { return absl::OkStatus(); }

  std::set<uint64_t> refused;
  uint64_t rows_max = UINT64_MAX;
  int64_t away_after = -1;
  std::set<std::pair<uint64_t, uint64_t>> markers;
  std::set<uint64_t> stored;
  uint64_t rows = 0;
  uint64_t statements = 0;
};

class BlockWriterTest : public testing::Test {
 protected:
  static constexpr uint64_t kRows = 2'000;

  void SetUp() override {
    ASSERT_EQ(files_.MakeDirectory(dir_ / "spool"), 0);
    for (uint64_t n = 1; n <= kRows; ++n) builder_.Add(TestFlow(n));
  }
  absl::Status Write() { return writer_.Write(builder_.block(), written_); }
  // Flow hashes, with the reason once.
  std::string Dead() {
    std::string text;
    EXPECT_TRUE(dead_
                    .ForEach([&](const EventBlock& block, const DeadLetter& letter) {
                      EXPECT_EQ(block.rows(), 1u);
                      EXPECT_EQ(letter.sensor, "gw");
                      block.ForEach([&](RowType, ByteSpan row) {
                        const auto flow = EventBlock::Load<FlowRow>(row.data());
                        text += std::to_string(flow.id.flow_hash) + " " + letter.reason + ";";
                      });
                    })
                    .ok());
    return text;
  }

  const TempDir dir_;
  FaultyFiles files_;
  FussyStore store_;
  DeadLetters dead_{dir_ / "spool", "gw", files_};
  BlockWriter writer_{store_, &dead_};
  BlockBuilder builder_{9, 7};
  WrittenRows written_;
};

TEST_F(BlockWriterTest, AGoodBlockTakesOneTransaction) {
  EXPECT_TRUE(Write().ok());
  EXPECT_EQ(written_.stored, kRows);
  EXPECT_EQ(store_.statements, 1u);
}

TEST_F(BlockWriterTest, OneBadRowIsSetAside) {
  store_.refused = {1'234};
  EXPECT_TRUE(Write().ok());
  EXPECT_EQ(written_.stored, kRows - 1);
  EXPECT_EQ(written_.dead, 1u);
  EXPECT_EQ(store_.rows, kRows - 1);
  EXPECT_LT(store_.statements, 32u);
  EXPECT_EQ(Dead(), "1234 out of range;");
}

TEST_F(BlockWriterTest, TheWholeBlockIsMarkedAsDone) {
  store_.refused = {5};
  EXPECT_TRUE(Write().ok());
  EXPECT_TRUE(store_.markers.contains({7, 9}));
  const uint64_t rows = store_.rows;
  EXPECT_TRUE(Write().ok());
  EXPECT_EQ(store_.rows, rows);
  EXPECT_EQ(Dead(), "5 out of range;");
}

TEST_F(BlockWriterTest, GoesOnWhereItWasInterrupted) {
  for (int64_t statements = 0; statements < 30; ++statements) {
    store_ = FussyStore();
    store_.refused = {3, 1'999};
    store_.away_after = statements;
    builder_.block().epoch = 1'000 + static_cast<uint64_t>(statements);
    const absl::Status first = Write();
    EXPECT_TRUE(absl::IsUnavailable(first)) << first;
    EXPECT_TRUE(Write().ok());
    EXPECT_EQ(store_.rows, kRows - 2) << statements;
    EXPECT_EQ(store_.stored.size(), kRows - 2);
  }
}

TEST_F(BlockWriterTest, TooMuchAtOnceGoesInParts) {
  store_.rows_max = 300;
  EXPECT_TRUE(Write().ok());
  EXPECT_EQ(store_.rows, kRows);
  EXPECT_EQ(written_.dead, 0u);
}

TEST_F(BlockWriterTest, WhereAllIsRefusedTheOperatorIsNeeded) {
  for (uint64_t n = 1; n <= kRows; ++n) store_.refused.insert(n);
  for (int tries = 0; tries < 3; ++tries) {
    EXPECT_TRUE(absl::IsFailedPrecondition(Write()));
    EXPECT_EQ(Dead(), "");
  }
  store_.refused = {};
  EXPECT_TRUE(Write().ok());
  EXPECT_EQ(store_.rows, kRows);
}

TEST_F(BlockWriterTest, WithNowhereToSetItAsideARefusalIsOne) {
  BlockWriter writer(store_, nullptr);
  store_.refused = {1};
  EXPECT_TRUE(absl::IsInvalidArgument(writer.Write(builder_.block(), written_)));
  EXPECT_EQ(store_.rows, 0u);
}

TEST_F(BlockWriterTest, ADiskThatFailsLeavesTheBlockForLater) {
  store_.refused = {77};
  for (uint64_t call = 0; call < 4; ++call) {
    files_.FailAt(call, Fault::kNoSpace);
    builder_.block().epoch = 50 + call;
    EXPECT_TRUE(absl::IsUnavailable(Write())) << call;
    EXPECT_TRUE(Write().ok()) << call;
  }
}

// Of "10" and "20", after `bytes` of what is behind the segment's header were written over, cut off
// or added.
class DamagedLettersTest : public BlockWriterTest {
 protected:
  void SetUp() override {
    BlockWriterTest::SetUp();
    store_.refused = {10, 20};
    ASSERT_TRUE(Write().ok());
    path_ = dir_ / "spool/dead/0000000000000007-00000001.seg";
    bytes_ = std::filesystem::file_size(path_);
  }
  // By another process than the one that has written so far.
  absl::Status AddAnother() {
    BlockBuilder builder(1, 7);
    builder.Add(TestFlow(30));
    return DeadLetters(dir_ / "spool", "gw", files_).Add(builder.block(), "out of range", 1);
  }

  std::string path_;
  uint64_t bytes_ = 0;
};

TEST_F(DamagedLettersTest, WhatIsAddedBehindATornOneIsFound) {
  const uint64_t record_bytes = (bytes_ - 304) / 2;
  for (uint64_t bytes = bytes_ - record_bytes; bytes < bytes_; bytes += 11) {
    std::filesystem::resize_file(path_, bytes);
    ASSERT_TRUE(AddAnother().ok());
    EXPECT_EQ(Dead(), "10 out of range;30 out of range;") << bytes;
  }
  std::filesystem::resize_file(path_, bytes_ - 1);
  std::filesystem::resize_file(path_, bytes_);  // The length came to the disk, and the bytes not.
  ASSERT_TRUE(AddAnother().ok());
  EXPECT_EQ(Dead(), "10 out of range;30 out of range;");
}

TEST_F(DamagedLettersTest, AreKept) {
  std::filesystem::resize_file(path_, bytes_ + (2 << 20));
  const auto take = [](const EventBlock&, const DeadLetter&) { return absl::OkStatus(); };
  EXPECT_TRUE(absl::IsDataLoss(dead_.Retry(take).status()));
  EXPECT_TRUE(absl::IsDataLoss(AddAnother()));
  EXPECT_EQ(std::filesystem::file_size(path_), bytes_ + (2 << 20));
  EXPECT_EQ(Dead(), "10 out of range;20 out of range;");
}

TEST_F(BlockWriterTest, DeadLettersAreTriedAgain) {
  store_.refused = {10, 20, 30};
  ASSERT_TRUE(Write().ok());
  store_.refused = {20};
  const auto write = [&](const EventBlock& block, const DeadLetter&) {
    EventBlock again;
    EXPECT_TRUE(again.Assign(block.bytes()));
    again.epoch = block.epoch;
    again.sequence = block.sequence | uint64_t{1} << 62;
    return store_.Write(again);
  };
  const auto retried = dead_.Retry(write);
  ASSERT_TRUE(retried.ok()) << retried.status();
  EXPECT_EQ(retried->stored, 2u);
  EXPECT_EQ(retried->kept, 1u);
  EXPECT_EQ(Dead(), "20 out of range;");
  store_.refused = {};
  ASSERT_TRUE(dead_.Retry(write).ok());
  EXPECT_EQ(Dead(), "");
  EXPECT_EQ(store_.stored.size(), kRows);
}

}  // namespace
}  // namespace dfc
