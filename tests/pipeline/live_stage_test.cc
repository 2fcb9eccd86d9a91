// A live capture driven by hand: frames in, blocks to the workers, ledger rows out.
#include "live_stage.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <memory>

#include "dfc/time.h"
#include "event_rows.h"
#include "frame_source.h"
#include "worker_stage.h"

namespace dfc {
namespace {

constexpr size_t kCells = 8;
constexpr uint64_t kSource = 5;
constexpr DecodeOptions kDecode{.checksums = Checksums::kVerify};

FlowLimits LiveLimits() {
  FlowLimits limits;
  limits.flows_max = 1'024;
  limits.content_bytes_max = size_t{4} << 20;
  limits.live_source = kSource;
  limits.ledger_cells = kCells;
  return limits;
}

Frame FrameOf(const TimedFrame& frame) {
  return {frame.t_ns, frame.bytes, static_cast<uint32_t>(frame.bytes.size()), kLinkEthernet, false};
}

class LiveStageTest : public testing::Test {
 protected:
  void Take(const std::vector<TimedFrame>& frames) {
    for (const TimedFrame& frame : frames) stage_.OnFrame(FrameOf(frame));
  }
  uint64_t PacketsOf(Verdict verdict) const {
    return stage_.packets()[static_cast<size_t>(verdict)];
  }
  // "packets tick" of each block that has left, the blocks go back.
  std::string Blocks() {
    std::string text;
    while (PacketBlock* block = link_.filled.Pop()) {
      const char* const tick = block->tick == Tick::kShowOpen ? "show" : "hand on";
      text += std::to_string(block->packets().size()) + " " +
              (block->tick == Tick::kNone ? "-" : tick) + "; ";
      link_.empty.Push(block);
    }
    return text;
  }

  PacketLink link_{2};
  Doorbell bell_;
  LiveStage stage_{Dealer({&link_}, {&bell_}, 1), kDecode, kSource, kCells, 0};
};

// Frames of one flow at these milliseconds of a minute.
std::vector<TimedFrame> FramesAt(std::initializer_list<int64_t> milliseconds) {
  constexpr int64_t kMinute = 1'700'000'040 * kNsPerSecond;
  std::vector<TimedFrame> frames = UdpFrames(milliseconds.size());
  auto frame = frames.begin();
  for (const int64_t at : milliseconds) (frame++)->t_ns = kMinute + at * kNsPerMs;
  return frames;
}

TEST_F(LiveStageTest, HandsOnEveryHalfSecondAndShowsEverySecond) {
  Take(FramesAt({100}));
  Blocks();
  Take(FramesAt({400, 600}));
  EXPECT_EQ(Blocks(), "2 hand on; ");
  Take(FramesAt({900, 1'100}));
  EXPECT_EQ(Blocks(), "2 show; ");
  stage_.Flush();
  EXPECT_EQ(Blocks(), "1 -; ");
}

TEST_F(LiveStageTest, TheClockGoesOnWithoutPackets) {
  Take(FramesAt({100}));
  Blocks();
  const int64_t at_ns = FramesAt({1'100})[0].t_ns;
  stage_.Idle(at_ns);
  const PacketBlock* const block = link_.filled.Pop();
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(block->clock_ns, at_ns);
  EXPECT_EQ(block->tick, Tick::kShowOpen);
  stage_.Idle(at_ns - kNsPerSecond);
  EXPECT_EQ(link_.filled.Pop(), nullptr);
}

TEST_F(LiveStageTest, DropsAndCountsWhatFindsNoBlock) {
  Take(UdpFrames(1'000));
  EXPECT_GT(PacketsOf(Verdict::kDroppedBySensor), 0u);
  EXPECT_EQ(PacketsOf(Verdict::kOk) + PacketsOf(Verdict::kDroppedBySensor), 1'000u);
  EXPECT_EQ(stage_.packets_total(), 1'000u);
}

TEST(LiveStage, WaitsOnceForAWorkerThatIsLate) {
  PacketLink link(2);
  Doorbell bell;
  constexpr int64_t kPatienceNs = 20 * kNsPerMs;
  LiveStage stage(Dealer({&link}, {&bell}, 1), kDecode, kSource, kCells, kPatienceNs);
  const int64_t started_ns = MonotonicClockNs();
  for (const TimedFrame& frame : UdpFrames(1'000)) stage.OnFrame(FrameOf(frame));
  EXPECT_GE(MonotonicClockNs() - started_ns, kPatienceNs);
  EXPECT_LT(MonotonicClockNs() - started_ns, 100 * kPatienceNs);
  EXPECT_GT(stage.packets()[static_cast<size_t>(Verdict::kDroppedBySensor)], 400u);
}

TEST_F(LiveStageTest, AWorkerWithoutABlockIsToldOfTheTickLater) {
  Take(FramesAt({100}));
  PacketBlock* const first = link_.filled.Pop();
  ASSERT_NE(first, nullptr);
  Take(FramesAt({200}));
  stage_.Flush();
  PacketBlock* const second = link_.filled.Pop();
  ASSERT_NE(second, nullptr);
  Take(FramesAt({1'100}));
  EXPECT_EQ(PacketsOf(Verdict::kDroppedBySensor), 1u);
  link_.empty.Push(first);
  Take(FramesAt({1'200}));
  stage_.Flush();
  EXPECT_EQ(Blocks(), "1 show; ");
}

TEST_F(LiveStageTest, LeavesItsOwnConnectionsOut) {
  OwnConnections own;
  own.Add({Address("10.0.0.1"), Address("10.0.0.2"), 1'000, 3'306, kTcp});
  stage_.SetOwnConnections(own);
  const int64_t at_ns = FramesAt({0})[0].t_ns;
  Take({{at_ns, Tcp("10.0.0.1:1000", "10.0.0.2:3306").Flags("S").Bytes()},
        {at_ns, Tcp("10.0.0.2:3306", "10.0.0.1:1000").Flags("SA").Bytes()},
        {at_ns, Tcp("10.0.0.1:1001", "10.0.0.2:3306").Flags("S").Bytes()}});
  EXPECT_EQ(PacketsOf(Verdict::kOwnTraffic), 2u);
  EXPECT_EQ(PacketsOf(Verdict::kOk), 1u);
}

TEST(OwnConnections, FindsConnectionsAndWhatListensAtOneAddress) {
  const auto listen_at = [](const char* address, uint16_t& port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    ::inet_pton(AF_INET, address, &at.sin_addr);
    void* const raw = &at;
    EXPECT_EQ(::bind(fd, static_cast<sockaddr*>(raw), sizeof at), 0);
    EXPECT_EQ(::listen(fd, 1), 0);
    socklen_t bytes = sizeof at;
    ::getsockname(fd, static_cast<sockaddr*>(raw), &bytes);
    port = ntohs(at.sin_port);
    return fd;
  };
  uint16_t port = 0;
  uint16_t port_of_all = 0;
  const int one = listen_at("127.0.0.1", port);
  const int all = listen_at("0.0.0.0", port_of_all);
  const OwnConnections own = OwnConnections::Find();
  const IpAddress here = Address("127.0.0.1");
  EXPECT_TRUE(own.Has({Address("10.0.0.9"), here, 4'711, port, kTcp}));
  EXPECT_TRUE(own.Has({here, Address("10.0.0.9"), port, 4'711, kTcp}));
  EXPECT_FALSE(own.Has({Address("10.0.0.9"), Address("10.0.0.1"), 4'711, port, kTcp}));
  EXPECT_FALSE(own.Has({Address("10.0.0.9"), here, 4'711, port_of_all, kTcp}));
  ::close(one);
  ::close(all);
}

TEST_F(LiveStageTest, WritesWhatBecameOfEveryFrame) {
  Take(FramesAt({0, 1}));
  stage_.Dropped(Verdict::kDroppedByKernel, 7);
  stage_.Dropped(Verdict::kDroppedByInterface, 0);
  EventBlock block;
  ASSERT_TRUE(stage_.WriteLedger(block));
  std::map<std::string, uint64_t> packets;
  block.ForEach([&](RowType, ByteSpan row) {
    const auto ledger = EventBlock::Load<LedgerRow>(row.data());
    packets[OutcomeName(ledger.outcome)] += ledger.packets;
  });
  EXPECT_EQ(packets, (std::map<std::string, uint64_t>{
                         {"captured", 9}, {"delivered", 2}, {"dropped_by_kernel", 7}}));
  block.Clear();
  EXPECT_FALSE(stage_.WriteLedger(block));
}

// Whole captures, without threads: each worker takes its blocks as soon as they are there.
EventRows Captured(const std::vector<TimedFrame>& frames, size_t workers) {
  RowCollector collector;
  collector.rows.LetRowsAdvance();
  Doorbell bell;
  std::vector<std::unique_ptr<PacketLink>> links;
  std::vector<std::unique_ptr<RowCollector>> outputs;
  std::vector<std::unique_ptr<WorkerStage>> stages;
  std::vector<PacketLink*> pointers;
  for (size_t n = 0; n < workers; ++n) {
    links.push_back(std::make_unique<PacketLink>(4));
    pointers.push_back(links.back().get());
    outputs.push_back(std::make_unique<RowCollector>());
    std::swap(outputs.back()->rows, collector.rows);  // The rows of all, in one of them at a time.
    stages.push_back(
        std::make_unique<WorkerStage>(LiveLimits(), "test", 1, *links[n], *outputs[n], bell));
    std::swap(outputs.back()->rows, collector.rows);
  }
  LiveStage stage(Dealer(pointers, std::vector<Doorbell*>(workers, &bell), 3), kDecode, kSource,
                  kCells, 0);
  const auto work = [&] {
    for (size_t n = 0; n < workers; ++n) {
      std::swap(outputs[n]->rows, collector.rows);
      while (!stages[n]->done() && stages[n]->RunOnce()) continue;
      std::swap(outputs[n]->rows, collector.rows);
    }
  };
  for (const TimedFrame& frame : frames) {
    stage.OnFrame(FrameOf(frame));
    work();
  }
  EXPECT_TRUE(stage.Finish());
  work();
  EXPECT_EQ(stage.packets()[static_cast<size_t>(Verdict::kDroppedBySensor)], 0u);
  return std::move(collector.rows);
}

TEST(LiveStage, GivesTheSameRowsForAnyNumberOfWorkers) {
  const std::vector<TimedFrame> frames = MixedFrames(2, 3'000);
  const EventRows one = Captured(frames, 1);
  EXPECT_GT(one.flows().size(), 10u);
  for (const size_t workers : {2u, 4u}) {
    EXPECT_EQ(Captured(frames, workers).Dump(), one.Dump()) << workers;
  }
}

}  // namespace
}  // namespace dfc
