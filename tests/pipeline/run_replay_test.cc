// Whole runs over small capture files, with all the threads.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>

#include "balance.h"
#include "dfc/pipeline.h"
#include "dfc/time.h"
#include "frame_source.h"
#include "memory_store.h"

namespace dfc {
namespace {

// A pcap file with nanoseconds; it is removed in the end.
class TempCapture {
 public:
  explicit TempCapture(const std::vector<TimedFrame>& frames) {
    static int serial = 0;
    path_ = std::filesystem::temp_directory_path() /
            fmt::format("dfc-run-replay-{}-{}.pcap", ::getpid(), serial++);
    std::ofstream file(path_, std::ios::binary);
    const auto put = [&file](uint32_t value) {
      file.write(static_cast<const char*>(static_cast<const void*>(&value)), sizeof value);
    };
    for (const uint32_t word : {0xA1B23C4Du, 0x00040002u, 0u, 0u, 262'144u, 1u}) put(word);
    for (const TimedFrame& frame : frames) {
      put(static_cast<uint32_t>(frame.t_ns / kNsPerSecond));
      put(static_cast<uint32_t>(frame.t_ns % kNsPerSecond));
      put(static_cast<uint32_t>(frame.bytes.size()));
      put(static_cast<uint32_t>(frame.bytes.size()));
      file.write(AsChars(frame.bytes.data()), static_cast<std::streamsize>(frame.bytes.size()));
    }
  }
  ~TempCapture() { std::filesystem::remove(path_); }

  std::string path() const { return path_.string(); }
  void CutOff(size_t bytes) {
    std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - bytes);
  }

 private:
  std::filesystem::path path_;
};

PipelineOptions Options(std::vector<std::string> files, size_t workers = 2) {
  PipelineOptions options;
  options.files = std::move(files);
  options.sensor = "test";
  options.workers = workers;
  options.checksums = Checksums::kVerify;
  return options;
}

absl::StatusOr<PipelineReport> Replayed(const PipelineOptions& options, Store& store) {
  PipelineProgress progress;
  return RunReplay(options, store, progress);
}

TEST(RunReplay, BalancesTheLedger) {
  const TempCapture capture(MixedFrames(1, 5'000));
  MemoryStore store;
  const auto report = Replayed(Options({capture.path()}), store);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(Total(report->packets), 5'000u);
  ExpectBalanced(*report, store.rows);
  EXPECT_TRUE(report->damage.empty());
  EXPECT_EQ(report->blocks, store.sequences.size());
  EXPECT_NE(store.ended_epoch, 0u);
}

TEST(RunReplay, GivesTheSameRowsForAnyNumberOfWorkers) {
  const TempCapture capture(MixedFrames(2, 5'000));
  MemoryStore one;
  ASSERT_TRUE(Replayed(Options({capture.path()}, 1), one).ok());
  for (const size_t workers : {2u, 4u}) {
    MemoryStore store;
    ASSERT_TRUE(Replayed(Options({capture.path()}, workers), store).ok());
    EXPECT_EQ(store.rows.Dump(), one.rows.Dump()) << workers;
  }
}

// "source minute outcome packets/bytes version" for each row, in order.
std::set<std::string> LedgerLines(const EventRows& rows) {
  std::set<std::string> lines;
  for (const LedgerRow& row : rows.ledger()) {
    lines.insert(fmt::format("{} {} {} {}/{} {}", row.source, row.t_minute_ns,
                             OutcomeName(row.outcome), row.packets, row.bytes, row.version));
  }
  return lines;
}

// Minutes apart, so that segments which are held come from other minutes than what frees them.
std::vector<TimedFrame> SlowFrames(uint64_t seed, size_t count) {
  std::vector<TimedFrame> frames = MixedFrames(seed, count);
  const int64_t first_ns = frames.front().t_ns;
  for (TimedFrame& frame : frames) frame.t_ns = first_ns + (frame.t_ns - first_ns) * 20;
  return frames;
}

TEST(RunReplay, GivesTheSameLedgerForAnyNumberOfWorkers) {
  const TempCapture capture(SlowFrames(5, 5'000));
  MemoryStore one;
  ASSERT_TRUE(Replayed(Options({capture.path()}, 1), one).ok());
  EXPECT_GT(LedgerLines(one.rows).size(), 20u);
  for (const size_t workers : {2u, 4u}) {
    MemoryStore store;
    ASSERT_TRUE(Replayed(Options({capture.path()}, workers), store).ok());
    EXPECT_EQ(LedgerLines(store.rows), LedgerLines(one.rows)) << workers;
  }
}

// By minute and input: every difference between two sums, as "source minute: offered decided".
std::string Imbalances(const EventRows& rows) {
  std::map<std::pair<uint64_t, int64_t>, std::pair<uint64_t, uint64_t>> sums;
  for (const LedgerRow& row : rows.ledger()) {
    auto& [offered, decided] = sums[{row.source, row.t_minute_ns}];
    if (row.outcome == Outcome::kTcpPayload) offered += row.bytes;
    if (row.outcome >= Outcome::kTcpStored && row.outcome <= kTcpFateLast) decided += row.bytes;
  }
  std::string text;
  for (const auto& [key, sum] : sums) {
    if (sum.first == sum.second) continue;
    text += fmt::format("{} {}: {} {}\n", key.first, key.second, sum.first, sum.second);
  }
  return text;
}

TEST(RunReplay, CountsAByteInTheMinuteAndInputOfThePacketThatBroughtIt) {
  const std::vector<TimedFrame> frames = SlowFrames(6, 4'000);
  const TempCapture whole(frames);
  const TempCapture front({frames.begin(), frames.begin() + 1'700});
  const TempCapture back({frames.begin() + 1'700, frames.end()});
  MemoryStore one;
  MemoryStore two;
  ASSERT_TRUE(Replayed(Options({whole.path()}), one).ok());
  ASSERT_TRUE(Replayed(Options({front.path(), back.path()}), two).ok());
  EXPECT_EQ(Imbalances(one.rows), "");
  EXPECT_EQ(Imbalances(two.rows), "");
}

TEST(RunReplay, OfNothingWritesNothing) {
  const TempCapture capture({});
  MemoryStore store;
  const auto report = Replayed(Options({capture.path()}), store);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(store.writes, 0u);
  EXPECT_EQ(report->rows, 0u);
}

TEST(RunReplay, TakesFilesInOrderAsOneCapture) {
  const std::vector<TimedFrame> frames = MixedFrames(3, 2'000);
  const TempCapture whole(frames);
  const TempCapture front({frames.begin(), frames.begin() + 900});
  const TempCapture back({frames.begin() + 900, frames.end()});
  MemoryStore one;
  MemoryStore two;
  ASSERT_TRUE(Replayed(Options({whole.path()}), one).ok());
  ASSERT_TRUE(Replayed(Options({front.path(), back.path()}), two).ok());
  EXPECT_EQ(one.rows.Dump(), two.rows.Dump());
}

// A sixth of the checksums is bad, in frames of a host that has good ones, too.
std::vector<TimedFrame> BadlySummed(size_t count) {
  std::vector<TimedFrame> frames;
  for (size_t n = 0; n < count; ++n) {
    PacketBuilder packet = Udp("10.0.0.1:1000", "10.0.0.2:53").Data(fmt::format("{:04}", n));
    if (n % 6 == 5) packet.TransportSum(Sum::kBad);
    frames.push_back({static_cast<int64_t>(1'700'000'000'000 + n) * kNsPerMs, packet.Bytes()});
  }
  return frames;
}

// By `--checksums auto`, of the capture in files that begin at these frames.
uint64_t DeliveredOf(const std::vector<TimedFrame>& frames, std::vector<size_t> begins) {
  begins.push_back(frames.size());
  std::vector<std::unique_ptr<TempCapture>> captures;
  PipelineOptions options = Options({});
  options.checksums = Checksums::kAuto;
  for (size_t n = 0; n + 1 < begins.size(); ++n) {
    const auto at = [&](size_t frame) { return frames.begin() + static_cast<ptrdiff_t>(frame); };
    captures.push_back(
        std::make_unique<TempCapture>(std::vector<TimedFrame>(at(begins[n]), at(begins[n + 1]))));
    options.files.push_back(captures.back()->path());
  }
  MemoryStore store;
  const auto report = Replayed(options, store);
  EXPECT_TRUE(report.ok());
  return report->packets[static_cast<size_t>(Verdict::kOk)];
}

TEST(RunReplay, LearnsChecksumsFromTheCaptureNotTheFile) {
  const std::vector<TimedFrame> frames = BadlySummed(240);
  EXPECT_EQ(DeliveredOf(frames, {0}), 240u);  // More than a tenth is bad, and more than twenty.
  for (const size_t cut : {1u, 30u, 119u, 239u}) {
    EXPECT_EQ(DeliveredOf(frames, {0, cut}), 240u) << cut;
  }
  EXPECT_EQ(DeliveredOf(frames, {0, 30, 60, 90, 120, 150, 180, 210}), 240u);
}

TEST(RunReplay, LearnsChecksumsFromTheFirstFramesOfACapture) {
  std::vector<TimedFrame> frames = UdpFrames(1'000);
  for (TimedFrame frame : BadlySummed(240)) {
    frame.t_ns += kNsPerSecond;
    frames.push_back(frame);
  }
  EXPECT_EQ(DeliveredOf(frames, {0}), 1'200u);
  EXPECT_EQ(DeliveredOf(frames, {0, 500, 1'000, 1'100}), 1'200u);
}

TEST(RunReplay, JudgesChecksumsOfAnotherCaptureAnew) {
  std::vector<TimedFrame> frames = UdpFrames(30);
  for (TimedFrame frame : BadlySummed(240)) {
    frame.t_ns += 3'600 * kNsPerSecond;
    frames.push_back(frame);
  }
  EXPECT_EQ(DeliveredOf(frames, {0, 30}), 270u);
}

TEST(RunReplay, GoesOnBehindADamagedOrMissingFile) {
  TempCapture cut(UdpFrames(10));
  cut.CutOff(5);
  const TempCapture sound(UdpFrames(3));
  MemoryStore store;
  const auto report = Replayed(Options({"/nonexistent.pcap", cut.path(), sound.path()}), store);
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->damage.size(), 2u);
  EXPECT_TRUE(absl::IsNotFound(report->damage[0]));
  EXPECT_TRUE(absl::IsDataLoss(report->damage[1]));
  EXPECT_EQ(store.rows.flow().counts[0].packets, 12u);
}

TEST(RunReplay, CountsWhatTheFilterRefuses) {
  std::vector<TimedFrame> frames = UdpFrames(5);
  frames.push_back({frames.back().t_ns, Tcp("10.0.0.1:1", "10.0.0.2:2").Flags("S").Bytes()});
  const TempCapture capture(frames);
  PipelineOptions options = Options({capture.path()});
  options.filter = "tcp";
  MemoryStore store;
  const auto report = Replayed(options, store);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->packets[static_cast<size_t>(Verdict::kFiltered)], 5u);
  ExpectBalanced(*report, store.rows);
}

TEST(RunReplay, WaitsForASlowStore) {
  const TempCapture capture(UdpFrames(300, 60'000));
  MemoryStore store(absl::UnavailableError("away"), 3);
  const auto report = Replayed(Options({capture.path()}), store);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->flows.content_bytes, 300u * 60'000);
  ExpectBalanced(*report, store.rows);
}

TEST(RunReplay, EndsWhenTheStoreStaysAway) {
  const TempCapture capture(UdpFrames(300, 60'000));
  MemoryStore store(absl::UnavailableError("away"));
  const auto report = Replayed(Options({capture.path()}, 1), store);
  EXPECT_TRUE(absl::IsUnavailable(report.status()));
  EXPECT_EQ(MessageOf(report.status()), "away");
}

TEST(RunReplay, EndsWhenTheStoreRefuses) {
  const TempCapture capture(UdpFrames(300, 60'000));
  for (const size_t workers : {1u, 4u}) {
    MemoryStore store(absl::InvalidArgumentError("no such column"));
    const auto report = Replayed(Options({capture.path()}, workers), store);
    EXPECT_TRUE(absl::IsInvalidArgument(report.status()));
    EXPECT_EQ(store.writes, 1u);
  }
}

TEST(RunReplay, DrainsWhenItIsStopped) {
  const TempCapture capture(MixedFrames(4, 20'000));
  MemoryStore store;
  PipelineProgress progress;
  progress.tick = [&progress] { progress.stop.store(true); };
  const auto report = RunReplay(Options({capture.path(), capture.path()}), store, progress);
  ASSERT_TRUE(report.ok());
  EXPECT_LT(Total(report->packets), 20'000u);
  EXPECT_GT(Total(report->packets), 0u);
  ExpectBalanced(*report, store.rows);
}

TEST(RunReplay, StopsBeforeItStarts) {
  const TempCapture capture(UdpFrames(10));
  MemoryStore store;
  PipelineProgress progress;
  progress.stop.store(true);
  const auto report = RunReplay(Options({capture.path()}), store, progress);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(Total(report->packets), 0u);
}

TEST(RunReplay, TellsItsProgress) {
  const TempCapture capture(UdpFrames(2'000));
  MemoryStore store;
  PipelineProgress progress;
  int ticks = 0;
  progress.tick = [&ticks] { ++ticks; };
  ASSERT_TRUE(RunReplay(Options({capture.path()}), store, progress).ok());
  EXPECT_GT(ticks, 0);
  EXPECT_EQ(progress.bytes_total.load(), std::filesystem::file_size(capture.path()));
}

TEST(RunReplay, RefusesTooLittleMemory) {
  const TempCapture capture(UdpFrames(1));
  PipelineOptions options = Options({capture.path()});
  options.memory_bytes_max = 1 << 20;
  MemoryStore store;
  EXPECT_TRUE(absl::IsInvalidArgument(Replayed(options, store).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckMemory(options)));
}

TEST(RunReplay, PacesItselfByTheCapture) {
  std::vector<TimedFrame> frames = UdpFrames(3);
  frames[1].t_ns += 150 * kNsPerMs;
  frames[2].t_ns += 300 * kNsPerMs;
  const TempCapture capture(frames);
  PipelineOptions options = Options({capture.path()});
  options.pace = true;
  MemoryStore store;
  const auto report = Replayed(options, store);
  ASSERT_TRUE(report.ok());
  EXPECT_GE(report->elapsed_ns, 300 * kNsPerMs);
  EXPECT_LT(report->elapsed_ns, 10 * kNsPerSecond);
}

}  // namespace
}  // namespace dfc
