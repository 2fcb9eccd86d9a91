// Whole live captures from a source in memory, with all the threads.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <thread>

#include "balance.h"
#include "dfc/pipeline.h"
#include "dfc/time.h"
#include "frame_source.h"
#include "memory_store.h"

namespace dfc {
namespace {

// Gives a few frames a turn, slowly enough for the workers, and then stops the run.
class FakeInterface final : public LiveSource {
 public:
  FakeInterface(std::vector<TimedFrame> frames, PipelineProgress& progress)
      : frames_(std::move(frames)), progress_(progress) {}

  size_t RunOnce(FrameHandler& handler, size_t frames_max) override {
    EXPECT_LE(kFramesATurn, frames_max);
    if (paused_ = !paused_; paused_) return 0;
    size_t n = 0;
    for (; n < kFramesATurn && at_ < frames_.size(); ++n, ++at_) {
      buffer_ = frames_[at_].bytes;
      handler.OnFrame({frames_[at_].t_ns, buffer_, static_cast<uint32_t>(buffer_.size()),
                       kLinkEthernet, false});
      buffer_.assign(buffer_.size(), 0xDD);  // Nobody may look at it any more.
    }
    counters.handed_on += n;
    if (at_ == frames_.size() && may_end) progress_.stop = true;
    return n;
  }
  void Wait(int) override { std::this_thread::sleep_for(std::chrono::milliseconds(1)); }
  absl::Status SetFilter(const std::string&) override { return absl::OkStatus(); }
  void Look() override {}
  void StopIntake() override { intake_stopped = true; }
  bool Drained() override { return at_ == frames_.size(); }
  LiveCounters Count() override { return counters; }
  // The frames are years old: the machine's clock says nothing about them.
  int64_t late_ns_max() const override { return WallClockNs(); }

  LiveCounters counters;
  bool intake_stopped = false;
  std::atomic<bool> may_end{true};

 private:
  static constexpr size_t kFramesATurn = 16;

  std::vector<TimedFrame> frames_;
  PipelineProgress& progress_;
  FrameBytes buffer_;
  size_t at_ = 0;
  bool paused_ = false;
};

PipelineOptions Options(size_t workers) {
  PipelineOptions options;
  options.sensor = "test";
  options.workers = workers;
  options.checksums = Checksums::kVerify;
  return options;
}

uint64_t PacketsOf(const PipelineReport& report, Verdict verdict) {
  return report.packets[static_cast<size_t>(verdict)];
}

TEST(RunLive, BalancesTheLedger) {
  for (const size_t workers : {1u, 2u, 4u}) {
    MemoryStore store;
    store.rows.LetRowsAdvance();
    PipelineProgress progress;
    FakeInterface source(MixedFrames(1, 2'000), progress);
    const auto report = RunLive(Options(workers), source, store, progress);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(Total(report->packets), 2'000u);
    ExpectBalanced(*report, store.rows);
    EXPECT_TRUE(source.intake_stopped);
    EXPECT_NE(store.ended_epoch, 0u);
    EXPECT_TRUE(report->is_live);
  }
}

TEST(RunLive, TellsDropsApart) {
  MemoryStore store;
  store.rows.LetRowsAdvance();
  PipelineProgress progress;
  FakeInterface source(UdpFrames(20), progress);
  source.counters.kernel_drops = 3;
  source.counters.interface_drops = 5;
  const auto report = RunLive(Options(1), source, store, progress);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(PacketsOf(*report, Verdict::kDroppedByKernel), 3u);
  EXPECT_EQ(PacketsOf(*report, Verdict::kDroppedByInterface), 5u);
  EXPECT_EQ(PacketsOf(*report, Verdict::kOk), 20u);
  ExpectBalanced(*report, store.rows);
}

TEST(RunLive, WritesWhatIsOpenBeforeItEnds) {
  MemoryStore store;
  store.rows.LetRowsAdvance();
  PipelineProgress progress;
  std::vector<TimedFrame> frames = UdpFrames(40);
  for (size_t n = 0; n < frames.size(); ++n) {
    frames[n].t_ns = frames[0].t_ns + static_cast<int64_t>(n) * kNsPerSecond;
  }
  FakeInterface source(frames, progress);
  ASSERT_TRUE(RunLive(Options(1), source, store, progress).ok());
  EXPECT_GT(store.writes, 10u);
  EXPECT_EQ(store.rows.flow().counts[0].packets, 40u);
}

TEST(RunLive, WaitsForAStoreThatIsAway) {
  MemoryStore store(absl::UnavailableError("away"), 5);
  store.rows.LetRowsAdvance();
  PipelineProgress progress;
  std::vector<std::string> lines;
  FakeInterface source(UdpFrames(10'000), progress);
  source.may_end = false;
  PipelineOptions options = Options(1);
  options.log = [&](const std::string& line) {
    lines.push_back(line);
    source.may_end = lines.size() == 2;
  };
  const auto report = RunLive(options, source, store, progress);
  ASSERT_TRUE(report.ok()) << report.status();
  ExpectBalanced(*report, store.rows);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0].starts_with("event=store-away")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("event=store-back")) << lines[1];
}

// The same with a spool: with threads, and a disk.
TEST(RunLive, LosesNothingByWayOfASpool) {
  std::string folder = (std::filesystem::temp_directory_path() / "dfc-test-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  for (const bool durable : {false, true}) {
    const auto files = SystemSpoolFiles();
    SpoolOptions spool_options;
    spool_options.directory = folder + "/spool";
    const auto spool = Spool::Open(spool_options, "test", 7, *files);
    ASSERT_TRUE(spool.ok()) << spool.status();
    MemoryStore store(absl::UnavailableError("away"), 5);
    store.rows.LetRowsAdvance();
    PipelineProgress progress;
    FakeInterface source(MixedFrames(1, 5'000), progress);
    source.may_end = false;
    PipelineOptions options = Options(2);
    options.log = [&](const std::string& line) {
      if (line.starts_with("event=store-back")) source.may_end = true;
    };
    options.spool.spool = spool->get();
    options.spool.durable = durable;
    options.flush_interval_ns = 400 * kNsPerMs;
    const auto report = RunLive(options, source, store, progress);
    ASSERT_TRUE(report.ok()) << report.status();
    ExpectBalanced(*report, store.rows);
    EXPECT_EQ(report->packets[static_cast<size_t>(Verdict::kDroppedBySensor)], 0u);
    EXPECT_EQ(store.ended_epoch, 7u);
    EXPECT_EQ(store.sequences.size(), report->blocks);
    EXPECT_EQ(report->spool->left.blocks, 0u);
    EXPECT_TRUE(!durable || report->spool->state.rows_spooled >= report->rows);
  }
  std::filesystem::remove_all(folder);
}

TEST(RunLive, EndsWhenTheStoreRefuses) {
  MemoryStore store(absl::InvalidArgumentError("no such column"));
  PipelineProgress progress;
  FakeInterface source(UdpFrames(100'000), progress);
  EXPECT_TRUE(absl::IsInvalidArgument(RunLive(Options(1), source, store, progress).status()));
}

}  // namespace
}  // namespace dfc
