// Sink and store of a run with a spool, driven by hand on one thread. The clock is a number of ms.
#include "spool_sink.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "store_stage.h"

namespace dfc {
namespace {

// Remembers what it took, in order: "3" is sequence 3 of this run, "e9:3" of run 9.
class ScriptedStore final : public Store {
 public:
  absl::Status Write(const EventBlock& block) override {
    ++tries;
    if (!answer.ok()) return answer;
    const std::string name =
        (block.epoch == kEpoch ? "" : "e" + std::to_string(block.epoch) + ":") +
        std::to_string(block.sequence);
    if (!markers.insert({block.epoch, block.sequence}).second) return absl::OkStatus();
    taken += (taken.empty() ? "" : " ") + name;
    rows += block.rows();
    block.ForEach(
        [&](RowType, ByteSpan row) { packets += EventBlock::Load<LedgerRow>(row.data()).packets; });
    return absl::OkStatus();
  }
  absl::Status EndRun(uint64_t) override { return absl::OkStatus(); }
  absl::Status Forget(uint64_t epoch, uint64_t sequence) override {
    forgotten[epoch] = sequence;
    return absl::OkStatus();
  }

  static constexpr uint64_t kEpoch = 100;
  absl::Status answer;
  std::string taken;
  uint64_t rows = 0;
  uint64_t packets = 0;
  uint64_t tries = 0;
  std::set<std::pair<uint64_t, uint64_t>> markers;
  std::map<uint64_t, uint64_t> forgotten;
};

class SpoolSinkTest : public testing::Test {
 protected:
  static constexpr size_t kBlocks = 8;
  static constexpr int64_t kPatienceMs = 500;

  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "dfc-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    options_.directory = folder_ + "/spool";
    sink_options_.patience_ns = kPatienceMs * kNsPerMs;
    sink_options_.last_drain_ns = 1'000 * kNsPerMs;
    sink_options_.log = [this](const std::string& line) { log_ += line + "\n"; };
  }
  void TearDown() override {
    sink_.reset();
    spool_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Start(uint64_t epoch = ScriptedStore::kEpoch) {
    auto spool = Spool::Open(options_, "gw", epoch, *files_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    spool_ = *std::move(spool);
    sink_ = std::make_unique<SpoolSink>(*spool_, store_link_, events_,
                                        std::vector<EventLink*>{&link_}, epoch, sink_options_);
  }
  // Leaves blocks of an earlier run behind.
  void LeaveBehind(uint64_t epoch, uint64_t blocks) {
    auto spool = Spool::Open(options_, "gw", epoch, *files_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    EventBlock block;
    const LedgerRow row = {};
    block.AppendCopy(RowType::kLedger, {reinterpret_cast<const uint8_t*>(&row), sizeof row});
    block.epoch = epoch;
    for (; block.sequence < blocks; ++block.sequence) {
      ASSERT_TRUE((*spool)->Append(block, 1).ok());
    }
  }

  // A worker's blocks; as many as it has empty ones for.
  size_t Send(size_t blocks) {
    size_t sent = 0;
    for (; sent < blocks; ++sent) {
      EventBlock* const block = link_.empty.Pop();
      if (block == nullptr) break;
      block->Clear();
      LedgerRow row = {};
      row.packets = 1;
      block->AppendCopy(RowType::kLedger, {reinterpret_cast<const uint8_t*>(&row), sizeof row});
      events_.Push(link_.producer, block);
    }
    return sent;
  }
  // Turns of the sink until nothing is left to do; the store hangs, or answers at once.
  void Run(int64_t ms, bool store_hangs = false) {
    now_ms_ += ms;
    bool any = true;
    for (int turns = 0; any && turns < 1'000; ++turns) {
      any = sink_->RunOnce(now_ms_ * kNsPerMs, now_ms_ * kNsPerMs);
      any = (!store_hangs && stage_.RunOnce()) || any;
    }
  }
  void End() {
    events_.Push(link_.producer, nullptr);
    for (int n = 0; n < 200 && !sink_->done(); ++n) Run(100);
    EXPECT_TRUE(sink_->done());
  }
  uint64_t InSpool() { return spool_->waiting(Spool::Lane::kCurrent).blocks; }

  std::string folder_;
  std::string log_;
  SpoolOptions options_;
  SpoolSinkOptions sink_options_;
  std::unique_ptr<SpoolFiles> files_ = SystemSpoolFiles();
  ScriptedStore store_;
  EventQueue events_{kBlocks, 1};
  EventLink link_{kBlocks, 0, events_};
  Doorbell bell_;
  StoreLink store_link_;
  StoreStage stage_{store_, nullptr, store_link_, bell_};
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<SpoolSink> sink_;
  int64_t now_ms_ = 1'000;
};

TEST_F(SpoolSinkTest, ASwiftStoreNeedsNoSpool) {
  Start();
  EXPECT_EQ(Send(4), 4u);
  Run(1);
  EXPECT_EQ(store_.taken, "0 1 2 3");
  EXPECT_EQ(spool_->counters().appended.blocks, 0u);
  EXPECT_EQ(Send(kBlocks), kBlocks);
  End();
  EXPECT_TRUE(sink_->all_stored());
  EXPECT_EQ(sink_->rows(), 12u);
}

TEST_F(SpoolSinkTest, BlocksOfAStoreThatIsAwayGoToTheSpoolInTime) {
  store_.answer = absl::UnavailableError("away");
  Start();
  Send(3);
  Run(1);
  Run(kPatienceMs);
  EXPECT_EQ(InSpool(), 0u);
  Run(1);
  EXPECT_EQ(InSpool(), 3u);
  EXPECT_EQ(Send(kBlocks), kBlocks);
  Run(1);
  EXPECT_EQ(Send(kBlocks), kBlocks);
}

TEST_F(SpoolSinkTest, TheyReachTheStoreInOrderOnceItIsBack) {
  store_.answer = absl::UnavailableError("away");
  Start();
  for (int n = 0; n < 3; ++n) {
    Send(2);
    Run(kPatienceMs + 1);
  }
  store_.answer = absl::OkStatus();
  Run(8'000);
  EXPECT_EQ(store_.taken, "0 1 2 3 4 5");
  Send(1);
  Run(1);
  EXPECT_EQ(store_.taken, "0 1 2 3 4 5 6");
  EXPECT_EQ(spool_->bytes(), 0u);
  EXPECT_NE(log_.find("event=store-back"), std::string::npos) << log_;
}

TEST_F(SpoolSinkTest, AStatementThatHangsHoldsNobodyUp) {
  Start();
  Send(2);
  Run(1, true);
  for (int n = 0; n < 10; ++n) {
    Run(kPatienceMs + 1, true);
    EXPECT_GE(Send(kBlocks), kBlocks - 2) << n;
  }
  Run(1);
  EXPECT_EQ(store_.rows, store_.markers.size());
  EXPECT_EQ(store_.taken.substr(0, 9), "0 1 2 3 4");
  EXPECT_EQ(InSpool(), 0u);
}

// It was put into the spool while the store was at it; then it was not there.
TEST_F(SpoolSinkTest, ABlockThatHungAndFailedIsTriedAgainFromTheSpool) {
  Start();
  Send(2);
  Run(1, true);
  Run(kPatienceMs + 1, true);
  store_.answer = absl::UnavailableError("gone");
  Run(1);
  EXPECT_EQ(store_.taken, "");
  store_.answer = absl::OkStatus();
  Run(8'000);
  EXPECT_EQ(store_.taken, "0 1");
}

TEST_F(SpoolSinkTest, WhatTheStoreHadAlreadyIsNotReadFromTheSpool) {
  Start();
  Send(2);
  Run(1, true);
  Run(kPatienceMs + 1, true);
  Run(1);
  EXPECT_EQ(store_.taken, "0 1");
  EXPECT_EQ(store_.tries, 2u);
  EXPECT_EQ(spool_->bytes(), 0u);
}

TEST_F(SpoolSinkTest, AFailureTakesThoseBehindItAlong) {
  store_.answer = absl::AbortedError("deadlock");
  Start();
  Send(2);
  sink_->RunOnce(now_ms_ * kNsPerMs, 1);
  sink_->RunOnce(now_ms_ * kNsPerMs, 1);
  stage_.RunOnce();
  store_.answer = absl::OkStatus();
  stage_.RunOnce();
  EXPECT_EQ(store_.taken, "");
  Run(1);
  Run(40);
  EXPECT_EQ(store_.taken, "0 1");
  EXPECT_EQ(log_, "");
}

TEST_F(SpoolSinkTest, DurableMeansEachBlockByWayOfTheSpool) {
  sink_options_.durable = true;
  Start();
  Send(5);
  Run(1);
  EXPECT_EQ(spool_->counters().appended.blocks, 5u);
  EXPECT_EQ(store_.taken, "0 1 2 3 4");
}

TEST_F(SpoolSinkTest, PausesGrowToSeconds) {
  store_.answer = absl::UnavailableError("away");
  Start();
  Send(1);
  for (int n = 0; n < 60'000; n += 10) Run(10);
  EXPECT_GT(store_.tries, 12u);
  EXPECT_LT(store_.tries, 40u);
}

TEST_F(SpoolSinkTest, BlocksOfAnEarlierRunComeBesideThose) {
  LeaveBehind(9, 3);
  Start();
  Send(8);
  Run(1);
  Run(1);
  EXPECT_EQ(store_.rows, 11u);
  EXPECT_LT(store_.taken.find("e9:0"), store_.taken.find("e9:1"));
  EXPECT_LT(store_.taken.find("e9:0"), store_.taken.find(" 5"));
  EXPECT_EQ(store_.forgotten.at(9), static_cast<uint64_t>(INT64_MAX));
  EXPECT_EQ(spool_->bytes(), 0u);
}

TEST_F(SpoolSinkTest, WithoutRoomBlocksWaitInMemory) {
  options_.bytes_max = 1'000;
  store_.answer = absl::UnavailableError("away");
  Start();
  uint64_t sent = 0;
  for (int n = 0; n < 20; ++n) {
    sent += Send(kBlocks);
    Run(kPatienceMs + 1);
  }
  EXPECT_LT(sent, 3 * kBlocks);
  EXPECT_EQ(Send(1), 0u);
  EXPECT_NE(log_.find("event=spool-refuses"), std::string::npos) << log_;
  store_.answer = absl::OkStatus();
  Run(8'000);
  Run(200);
  Run(200);
  EXPECT_EQ(store_.rows, sent);
}

TEST_F(SpoolSinkTest, WhatIsDroppedStaysCounted) {
  options_.bytes_max = 2'000;
  options_.segment_bytes = 600;
  options_.drop_oldest = true;
  store_.answer = absl::UnavailableError("away");
  Start();
  uint64_t sent = 0;
  for (int n = 0; n < 20; ++n) {
    sent += Send(kBlocks);
    Run(1);
    Run(kPatienceMs + 1);
  }
  EXPECT_EQ(sent, 20 * kBlocks);
  store_.answer = absl::OkStatus();
  Run(8'000);
  Run(8'000);
  EXPECT_GT(sink_->state().rows_dropped, 0u);
  EXPECT_LT(store_.rows, sent);
  EXPECT_EQ(store_.packets, sent);
}

TEST_F(SpoolSinkTest, TheEndLeavesTheRestOnDisk) {
  store_.answer = absl::UnavailableError("away");
  Start();
  Send(4);
  End();
  EXPECT_TRUE(sink_->status().ok()) << sink_->status();
  EXPECT_FALSE(sink_->all_stored());
  sink_.reset();
  spool_.reset();
  Start(ScriptedStore::kEpoch + 1);
  EXPECT_EQ(spool_->waiting(Spool::Lane::kBacklog).blocks, 4u);
}

TEST_F(SpoolSinkTest, TheEndSaysWhatIsLost) {
  options_.bytes_max = 1'000;
  store_.answer = absl::UnavailableError("away");
  Start();
  for (int n = 0; n < 5; ++n) {
    Send(kBlocks);
    Run(kPatienceMs + 1);
  }
  End();
  EXPECT_TRUE(absl::IsUnavailable(sink_->status()));
  EXPECT_NE(MessageOf(sink_->status()).find("rows are lost"), std::string::npos);
}

TEST_F(SpoolSinkTest, MarkersOfWhatIsDoneAreForgotten) {
  Start();
  for (int n = 0; n < 40; ++n) {
    Send(kBlocks);
    Run(1);
  }
  ASSERT_TRUE(store_.forgotten.contains(ScriptedStore::kEpoch));
  EXPECT_GE(store_.forgotten[ScriptedStore::kEpoch], 256u);
  EXPECT_LE(store_.forgotten[ScriptedStore::kEpoch], 320u);
}

}  // namespace
}  // namespace dfc
