// The stages driven by hand, turn by turn, on one thread.
#include <gtest/gtest.h>

#include <memory>

#include "capture_stage.h"
#include "frame_source.h"
#include "memory_store.h"
#include "sink_stage.h"
#include "worker_stage.h"

namespace dfc {
namespace {

FlowLimits SmallLimits() {
  FlowLimits limits;
  limits.flows_max = 1'024;
  limits.content_bytes_max = size_t{4} << 20;
  return limits;
}

class CaptureStageTest : public testing::Test {
 protected:
  static constexpr size_t kBlocks = 2;

  void Begin(std::vector<TimedFrame> frames) {
    source_ = std::make_unique<FrameSource>(std::move(frames));
    ahead_ = std::make_unique<LookAhead>(*source_);
    stage_.Begin(*ahead_);
  }
  // Packets in the blocks that were handed on; the blocks go back.
  size_t Take() {
    size_t packets = 0;
    while (PacketBlock* block = link_.filled.Pop()) {
      packets += block->packets().size();
      last_seen_ = last_seen_ || block->last;
      link_.empty.Push(block);
    }
    return packets;
  }

  PacketLink link_{kBlocks};
  Doorbell bell_;
  CaptureStage stage_{Dealer({&link_}, {&bell_}, 1), {.checksums = Checksums::kVerify}};
  std::unique_ptr<FrameSource> source_;
  std::unique_ptr<LookAhead> ahead_;
  bool last_seen_ = false;
};

using Turn = CaptureStage::Turn;

TEST_F(CaptureStageTest, EndsWithItsSource) {
  Begin(UdpFrames(3));
  EXPECT_EQ(stage_.RunOnce(), Turn::kEnd);
  EXPECT_EQ(Take(), 0u);
  stage_.Flush();
  EXPECT_EQ(Take(), 3u);
  EXPECT_EQ(stage_.packets()[static_cast<size_t>(Verdict::kOk)], 3u);
}

TEST_F(CaptureStageTest, TakesABoundedTurn) {
  Begin(UdpFrames(600));
  EXPECT_EQ(stage_.RunOnce(), Turn::kProgress);
  EXPECT_EQ(stage_.packets_total(), 256u);
}

TEST_F(CaptureStageTest, BlocksWithoutEmptyBlocksAndLosesNothing) {
  Begin(UdpFrames(1'000));
  size_t packets = 0;
  Turn turn = Turn::kProgress;
  while ((turn = stage_.RunOnce()) == Turn::kProgress) {
  }
  EXPECT_EQ(turn, Turn::kBlocked);
  EXPECT_EQ(stage_.RunOnce(), Turn::kBlocked);
  EXPECT_FALSE(stage_.Settle());
  EXPECT_EQ(stage_.packets_total(), 513u);
  while (turn != Turn::kEnd) {
    packets += Take();
    turn = stage_.RunOnce();
  }
  while (!stage_.Finish()) packets += Take();
  packets += Take();
  EXPECT_EQ(packets, 1'000u);
  EXPECT_TRUE(last_seen_);
}

TEST_F(CaptureStageTest, SettlesThePacketOfABlockedTurn) {
  Begin(UdpFrames(1'000));
  while (stage_.RunOnce() != Turn::kBlocked) {
  }
  size_t packets = Take();
  EXPECT_TRUE(stage_.Settle());
  stage_.Flush();
  packets += Take();
  EXPECT_EQ(packets, 513u);
}

TEST_F(CaptureStageTest, RingsTheWorkersBell) {
  Begin(UdpFrames(1));
  stage_.RunOnce();
  const uint32_t heard = bell_.Heard();
  stage_.Flush();
  EXPECT_NE(bell_.Heard(), heard);
}

TEST_F(CaptureStageTest, CountsEveryFrameOnce) {
  std::vector<TimedFrame> frames = UdpFrames(4);
  frames[1].bytes[12] = 0x08;
  frames[1].bytes[13] = 0x06;
  frames[2].bytes.back() ^= 0x55;
  Begin(frames);
  EXPECT_EQ(stage_.RunOnce(), Turn::kEnd);
  uint64_t packets = 0;
  for (const uint64_t count : stage_.packets()) packets += count;
  EXPECT_EQ(packets, 4u);
  EXPECT_EQ(stage_.packets()[static_cast<size_t>(Verdict::kArp)], 1u);
  EXPECT_EQ(stage_.packets()[static_cast<size_t>(Verdict::kBadUdpChecksum)], 1u);
  EXPECT_EQ(stage_.bytes()[static_cast<size_t>(Verdict::kArp)], frames[1].bytes.size());
}

TEST_F(CaptureStageTest, TheClockNeverGoesBack) {
  std::vector<TimedFrame> frames = UdpFrames(2);
  std::swap(frames[0].t_ns, frames[1].t_ns);
  Begin(frames);
  stage_.RunOnce();
  stage_.Flush();
  const PacketBlock* block = link_.filled.Pop();
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->packets()[1].time_ns, frames[1].t_ns);
  EXPECT_EQ(block->packets()[1].clock_ns, frames[0].t_ns);
}

TEST(CaptureStage, DealsAFlowToOneWorker) {
  PacketLink one(8);
  PacketLink other(8);
  Doorbell bell;
  CaptureStage stage(Dealer({&one, &other}, {&bell, &bell}, 1), {.checksums = Checksums::kVerify});
  std::vector<TimedFrame> frames;
  for (int n = 0; n < 200; ++n) {
    const std::string client = "10.0.0.1:" + std::to_string(1'000 + n % 20);
    const PacketBuilder there = Udp(client, "10.0.0.2:53");
    const PacketBuilder back = Udp("10.0.0.2:53", client);
    frames.push_back({n, (n % 2 == 0 ? there : back).Bytes()});
  }
  FrameSource source(frames);
  LookAhead ahead(source);
  stage.Begin(ahead);
  EXPECT_EQ(stage.RunOnce(), Turn::kEnd);
  EXPECT_TRUE(stage.Finish());
  std::vector<std::set<uint16_t>> ports(2);
  for (size_t worker = 0; worker < 2; ++worker) {
    PacketBlock* block = (worker == 0 ? one : other).filled.Pop();
    ASSERT_NE(block, nullptr);
    for (const Packet& packet : block->packets()) {
      ports[worker].insert(std::max(packet.tuple.source_port, packet.tuple.destination_port));
    }
  }
  EXPECT_EQ(ports[0].size() + ports[1].size(), 20u);
  EXPECT_GT(ports[0].size(), 2u);
  EXPECT_GT(ports[1].size(), 2u);
}

// One worker and the sink, without threads.
class WorkerAndSinkTest : public testing::Test {
 protected:
  void Feed(const std::vector<TimedFrame>& frames, bool last) {
    Traffic traffic;
    traffic.AddAll(frames);
    PacketBlock* block = packets_.empty.Pop();
    ASSERT_NE(block, nullptr);
    block->Clear();
    for (const Packet& packet : traffic.packets()) ASSERT_TRUE(block->Add(packet));
    block->last = last;
    packets_.filled.Push(block);
  }

  MemoryStore store_;
  PacketLink packets_{2};
  EventQueue events_{3, 1};
  EventLink link_{3, 0, events_};
  Doorbell sink_bell_, capture_bell_;
  LinkedOutput output_{link_, events_, sink_bell_};
  WorkerStage worker_{SmallLimits(), "test", 1, packets_, output_, capture_bell_};
};

TEST_F(WorkerAndSinkTest, WithoutWorkNothingHappens) {
  SinkStage sink(store_, events_, {&link_}, 42);
  EXPECT_FALSE(worker_.RunOnce());
  EXPECT_FALSE(sink.RunOnce());
  EXPECT_FALSE(worker_.done() || sink.done());
}

TEST_F(WorkerAndSinkTest, FlowsReachTheStoreAtTheEnd) {
  SinkStage sink(store_, events_, {&link_}, 42);
  Feed(UdpFrames(5), false);
  Feed(UdpFrames(2), true);
  const uint32_t heard = capture_bell_.Heard();
  EXPECT_TRUE(worker_.RunOnce());
  EXPECT_NE(capture_bell_.Heard(), heard);
  EXPECT_FALSE(worker_.done());
  EXPECT_TRUE(worker_.RunOnce());
  EXPECT_TRUE(worker_.done());
  output_.End();
  while (!sink.done()) ASSERT_TRUE(sink.RunOnce());
  EXPECT_TRUE(sink.status().ok());
  EXPECT_EQ(store_.rows.flow().counts[0].packets, 7u);
  EXPECT_EQ(sink.rows(), 2u);
  EXPECT_EQ(sink.blocks(), 1u);
  EXPECT_EQ(worker_.counters().flows[1], 1u);
}

TEST_F(WorkerAndSinkTest, TheSinkGivesBlocksBackAndRings) {
  SinkStage sink(store_, events_, {&link_}, 42);
  Feed(UdpFrames(1), true);
  worker_.RunOnce();
  const uint32_t heard = link_.bell.Heard();
  EXPECT_TRUE(sink.RunOnce());
  EXPECT_NE(link_.bell.Heard(), heard);
  for (int n = 0; n < 3; ++n) EXPECT_NE(link_.empty.Pop(), nullptr);
}

TEST_F(WorkerAndSinkTest, ABlockGetsItsNumberOnceHoweverOftenItIsTried) {
  MemoryStore store(absl::UnavailableError("away"), 2);
  SinkStage sink(store, events_, {&link_}, 42);
  Feed(UdpFrames(1), true);
  worker_.RunOnce();
  EXPECT_TRUE(sink.RunOnce());
  EXPECT_TRUE(sink.status().ok());
  EXPECT_EQ(store.writes, 3u);
  EXPECT_EQ(store.sequences, std::set<uint64_t>{0});
}

TEST_F(WorkerAndSinkTest, AfterARefusalBlocksGoBackUnwritten) {
  MemoryStore store(absl::InvalidArgumentError("no such column"));
  SinkStage sink(store, events_, {&link_}, 42);
  Feed(UdpFrames(1), true);
  worker_.RunOnce();
  EXPECT_TRUE(sink.RunOnce());
  EXPECT_TRUE(absl::IsInvalidArgument(sink.status()));
  EventBlock* block = output_.Next(nullptr);
  block->Append(RowType::kLedger, sizeof(LedgerRow));
  output_.Last(block);
  EXPECT_TRUE(sink.RunOnce());
  EXPECT_EQ(store.writes, 1u);
  for (int n = 0; n < 3; ++n) EXPECT_NE(link_.empty.Pop(), nullptr);
}

}  // namespace
}  // namespace dfc
