// Real captures cut at random offsets, through all that a replay runs through: the records before
// the cut give the rows of a file that ends there, and the cut is told with its offset.
//
// The sample of the project, and the captures in ../shared/captures beside the checkout when they
// are there. $DFC_CUTS is how many cuts a capture gets, $DFC_CUTS_SEED another choice of them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "balance.h"
#include "capture_records.h"
#include "dfc/file.h"
#include "dfc/time.h"
#include "memory_store.h"
#include "source_root.h"

namespace dfc {
namespace {

constexpr uint64_t kCutsDefault = 3;
// As much of each capture's fronts as is replayed again to compare rows: all cuts of small ones.
constexpr uint64_t kComparedBytes = 4'000'000;
constexpr int64_t kSlowNs = kNsPerSecond;

uint64_t NumberFrom(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::vector<std::filesystem::path> Captures() {
  const std::filesystem::path top = SourceRoot();
  std::set<std::filesystem::path> paths;
  const std::filesystem::path shared = top.parent_path() / "shared/captures";
  if (std::filesystem::is_directory(shared)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(shared)) {
      const std::string path = entry.path().string();
      const bool is_capture = path.find(".pcap") != std::string::npos;
      const bool is_truth = path.find("/truth/") != std::string::npos;
      if (entry.is_regular_file() && is_capture && !is_truth) paths.insert(entry.path());
    }
  }
  std::vector<std::filesystem::path> captures = {top / "tests/sample/sample.pcap"};
  captures.insert(captures.end(), paths.begin(), paths.end());
  return captures;
}

// A file without a place on a disk.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(::memfd_create("capture", MFD_CLOEXEC)) {
    EXPECT_TRUE(fd_.ok());
    std::ofstream(path(), std::ios::binary) << bytes;
  }
  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_.get()); }
  // REQUIRES: no more than before.
  void CutTo(uint64_t bytes) { EXPECT_EQ(::ftruncate(fd_.get(), static_cast<off_t>(bytes)), 0); }

 private:
  Fd fd_;
};

int64_t ProcessorNs() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec * kNsPerSecond + used.tv_nsec;
}

struct Replayed {
  PipelineReport report;
  MemoryStore store;
  int64_t elapsed_ns = 0;  // Or what the processor worked, if less: other programs run, too.
};

void Replay(const std::string& path, Replayed& run) {
  PipelineOptions options;
  options.files = {path};
  options.sensor = "cut";
  options.workers = 2;
  PipelineProgress progress;
  const int64_t started_ns = MonotonicClockNs();
  const int64_t worked_ns = ProcessorNs();
  auto report = RunReplay(options, run.store, progress);
  run.elapsed_ns = std::min(MonotonicClockNs() - started_ns, ProcessorNs() - worked_ns);
  ASSERT_TRUE(report.ok()) << report.status();
  run.report = *std::move(report);
  ExpectBalanced(run.report, run.store.rows);
}

class CutCaptures : public testing::Test {
 protected:
  // The capture whole, then shorter and shorter.
  void CutAndReplay(const std::filesystem::path& path, uint64_t cuts, std::mt19937_64& random) {
    std::string file(std::filesystem::file_size(path), '\0');
    std::ifstream(path, std::ios::binary)
        .read(file.data(), static_cast<std::streamsize>(file.size()));
    ASSERT_FALSE(file.empty()) << path;
    const CaptureRecords records(Inflated(file, file.size()));
    std::set<uint64_t, std::greater<>> sizes = {file.size()};
    for (uint64_t n = 0; n < cuts; ++n) sizes.insert(random() % file.size());
    MemoryFile capture(file);
    compared_bytes_ = 0;
    for (const uint64_t bytes : sizes) {
      SCOPED_TRACE(fmt::format("{} cut to {} of {} bytes", path.string(), bytes, file.size()));
      capture.CutTo(bytes);
      Judge(file, bytes, records, capture.path());
    }
  }

  void Judge(const std::string& file, uint64_t bytes, const CaptureRecords& records,
             const std::string& path) {
    Replayed run;
    Replay(path, run);
    ++runs_;
    EXPECT_LT(run.elapsed_ns, kSlowNs);
    slowest_ns_ = std::max(slowest_ns_, run.elapsed_ns);
    const std::string plain = Inflated(file, bytes);
    const uint64_t end = records.EndBefore(plain.size());
    EXPECT_EQ(Total(run.report.packets), records.FramesBefore(plain.size()));
    const bool compressed_cut = plain != file.substr(0, bytes) && bytes < file.size();
    ExpectDamage(run.report.damage, plain.size(), end, compressed_cut);

    if (end == bytes && !compressed_cut) return;  // It is that file.
    if (compared_bytes_ >= kComparedBytes) return;
    compared_bytes_ += end;
    Replayed front;
    Replay(MemoryFile(std::string_view(plain).substr(0, end)).path(), front);
    EXPECT_TRUE(run.store.rows.Dump() == front.store.rows.Dump())
        << "other rows than up to " << end;
    EXPECT_EQ(run.report.packets, front.report.packets);
  }

  // None where the file ends behind a record; else one, that names the end of the last whole one.
  // Without any it is the header's: cut short where the file ends, or not one that dfc takes.
  static void ExpectDamage(const std::vector<absl::Status>& damage, uint64_t bytes, uint64_t end,
                           bool compressed_cut) {
    if (bytes == end && bytes > 0 && !compressed_cut) {
      EXPECT_TRUE(damage.empty()) << damage.front();
      return;
    }
    ASSERT_EQ(damage.size(), 1u);
    const absl::Status& status = damage.front();
    if (end == 0 && absl::IsInvalidArgument(status)) return;
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    const auto names = [&](uint64_t offset) {
      return (MessageOf(status) + ' ').find(fmt::format(" offset {} ", offset)) !=
             std::string::npos;
    };
    EXPECT_TRUE(names(end) || (end == 0 && names(bytes))) << status << " instead of " << end;
  }

  uint64_t runs_ = 0;
  uint64_t compared_bytes_ = 0;
  int64_t slowest_ns_ = 0;
};

TEST_F(CutCaptures, YieldTheRecordsBeforeTheCut) {
  const uint64_t cuts = NumberFrom("DFC_CUTS", kCutsDefault);
  const uint64_t seed = NumberFrom("DFC_CUTS_SEED", 1);
  SCOPED_TRACE(fmt::format("DFC_CUTS={} DFC_CUTS_SEED={}", cuts, seed));
  const std::vector<std::filesystem::path> captures = Captures();
  for (const std::filesystem::path& path : captures) {
    std::mt19937_64 random(seed);
    CutAndReplay(path, cuts, random);
  }
  fmt::print("{} captures, {} runs, the slowest {} ms\n", captures.size(), runs_,
             slowest_ns_ / kNsPerMs);
}

}  // namespace
}  // namespace dfc
