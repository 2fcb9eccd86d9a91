// The packet path, from file to event block, neither allocates nor locks once it has started: every
// operator new, malloc and mutex of this program is counted while stages take the sample's packets,
// and over whole runs with all their threads, of which a longer one must not allocate more.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>

#include "capture_stage.h"
#include "dfc/pipeline.h"
#include "discarding_output.h"
#include "live_stage.h"
#include "sanitized.h"
#include "sink_stage.h"
#include "source_root.h"
#include "traffic.h"
#include "worker_stage.h"

#ifndef DFC_SANITIZED
namespace {
// Of all threads.
std::atomic<bool> counting = false;
std::atomic<size_t> allocations = 0;
std::atomic<size_t> locks = 0;
}  // namespace

// Sanitizers bring their own; elsewhere these stand in front of the C library's.
extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* at, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

void* malloc(size_t bytes) {
  allocations += counting;
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  allocations += counting;
  return __libc_calloc(count, bytes);
}
void* realloc(void* at, size_t bytes) {
  allocations += counting;
  return __libc_realloc(at, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  allocations += counting;
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** at, size_t alignment, size_t bytes) {
  *at = aligned_alloc(alignment, bytes);
  return *at == nullptr ? ENOMEM : 0;
}
int pthread_mutex_lock(pthread_mutex_t* mutex) {
  using Lock = int (*)(pthread_mutex_t*);
  static const Lock real = reinterpret_cast<Lock>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  locks += counting;
  return real(mutex);
}
}
#endif

namespace dfc {
namespace {

#ifndef DFC_SANITIZED
// More than a block of packets can fill.
constexpr size_t kEventBlocks = 8;

std::unique_ptr<Store> OpenNullStore() {
  StoreUrl url;
  url.kind = StoreUrl::Kind::kNull;
  auto store = OpenStore(url, "test");
  EXPECT_TRUE(store.ok()) << store.status();
  return std::move(*store);
}

// The sample several times, hours apart: each copy is new flows. Removed in the end.
class RepeatedSample {
 public:
  explicit RepeatedSample(uint32_t copies) {
    std::ifstream file(SourceRoot() / "tests/sample/sample.pcap", std::ios::binary);
    const std::string sample(std::istreambuf_iterator<char>(file), {});
    std::ofstream out(path_, std::ios::binary);
    out << sample.substr(0, kFileHeader);
    for (uint32_t copy = 0; copy < copies; ++copy) out << RecordsLater(sample, copy * 7'200);
  }
  ~RepeatedSample() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  static constexpr size_t kFileHeader = 24, kRecordHeader = 16;

  static std::string RecordsLater(const std::string& sample, uint32_t seconds) {
    std::string records = sample.substr(kFileHeader);
    for (size_t at = 0; records.size() - at >= kRecordHeader;) {
      uint32_t header[4];  // Seconds, nanoseconds, bytes captured, bytes on the wire.
      std::memcpy(header, records.data() + at, sizeof header);
      header[0] += seconds;
      std::memcpy(records.data() + at, header, sizeof header);
      at += kRecordHeader + header[2];
    }
    return records;
  }

  const std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                      ("dfc-no-allocation-" + std::to_string(::getpid()) + ".pcap");
};

struct Used {
  uint64_t packets = 0;
  size_t allocations = 0;
  size_t locks = 0;
};

// By all threads of a whole replay.
Used UsedByReplay(uint32_t copies, size_t workers) {
  const RepeatedSample capture(copies);
  PipelineOptions options;
  options.files = {capture.path()};
  options.workers = workers;
  const std::unique_ptr<Store> store = OpenNullStore();
  PipelineProgress progress;
  allocations = locks = 0;
  counting = true;
  const auto report = RunReplay(options, *store, progress);
  counting = false;
  EXPECT_TRUE(report.ok()) << report.status();
  return {progress.packets, allocations, locks};
}
#endif

TEST(PacketPath, NeitherAllocatesNorLocks) {
#ifdef DFC_SANITIZED
  GTEST_SKIP() << "sanitizers bring their own allocator and mutexes";
#else
  const std::string sample = SourceRoot() / "tests/sample/sample.pcap";
  auto source = OpenCaptureFile(sample, "ip or ip6");
  ASSERT_TRUE(source.ok()) << MessageOf(source.status());
  LookAhead frames(**source);
  Doorbell capture_bell;
  Doorbell sink_bell;
  PacketLink packets(4);
  EventQueue events(kEventBlocks, 1);
  EventLink link(kEventBlocks, 0, events);
  LinkedOutput output(link, events, sink_bell);
  FlowLimits limits;
  limits.flows_max = 1'000;
  limits.content_bytes_max = size_t{1} << 20;  // Small, so that the paths under pressure run too.
  limits.ledger_cells = Ledger::CellsMax(1);
  WorkerStage worker(limits, "test", 1, packets, output, capture_bell);
  const std::unique_ptr<Store> store = OpenNullStore();
  SinkStage sink(*store, events, {&link}, 1);
  CaptureStage capture(Dealer({&packets}, {&link.bell}, 2), {});
  capture.Begin(frames);

  counting = true;
  CaptureStage::Turn turn = CaptureStage::Turn::kProgress;
  while (turn != CaptureStage::Turn::kEnd) {
    turn = capture.RunOnce();
    while (worker.RunOnce() || sink.RunOnce()) continue;
  }
  while (!capture.Finish()) worker.RunOnce();
  while (!worker.done()) worker.RunOnce();
  output.End();
  while (!sink.done()) sink.RunOnce();
  counting = false;

  EXPECT_GT(capture.packets_total(), 2'000u);
  EXPECT_GT(sink.blocks(), 1u);
  EXPECT_GT(sink.rows(), 100u);
  EXPECT_EQ(allocations, 0u);
  EXPECT_EQ(locks, 0u);
  counting = true;  // The counters themselves work.
  void* seen = std::malloc(1);
  asm("" : "+r"(seen));  // A compiler may drop a pair of malloc and free that nothing sees.
  std::free(seen);
  void* aligned = std::aligned_alloc(64, 64);
  asm("" : "+r"(aligned));
  std::free(aligned);
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  counting = false;
  EXPECT_GE(allocations, 2u);
  EXPECT_EQ(locks, 1u);
#endif
}

TEST(PacketPath, OfALiveCaptureNeitherAllocatesNorLocks) {
#ifdef DFC_SANITIZED
  GTEST_SKIP() << "sanitizers bring their own allocator and mutexes";
#else
  const std::vector<TimedFrame> frames = MixedFrames(1, 4'000);
  Doorbell bell;
  PacketLink packets(4);
  DiscardingOutput output;
  FlowLimits limits;
  limits.flows_max = 1'000;
  limits.content_bytes_max = size_t{1} << 20;
  limits.ledger_cells = 8;
  limits.live_source = 1;
  WorkerStage worker(limits, "test", 1, packets, output, bell);
  LiveStage live(Dealer({&packets}, {&bell}, 2), {}, 1, limits.ledger_cells, 0);
  EventBlock ledger;

  allocations = locks = 0;
  counting = true;
  for (const TimedFrame& frame : frames) {
    live.OnFrame(
        {frame.t_ns, frame.bytes, static_cast<uint32_t>(frame.bytes.size()), kLinkEthernet, false});
    while (worker.RunOnce()) continue;
    ledger.Clear();
    live.WriteLedger(ledger);
  }
  while (!live.Finish()) worker.RunOnce();
  while (!worker.done()) worker.RunOnce();
  counting = false;

  EXPECT_EQ(live.packets_total(), frames.size());
  EXPECT_EQ(live.packets()[static_cast<size_t>(Verdict::kDroppedBySensor)], 0u);
  EXPECT_GT(live.seconds(), 5u);
  EXPECT_GT(output.rows, 100u);
  EXPECT_EQ(allocations, 0u);
  EXPECT_EQ(locks, 0u);
#endif
}

TEST(PacketPath, OfALongerReplayAllocatesAndLocksNoMore) {
#ifdef DFC_SANITIZED
  GTEST_SKIP() << "sanitizers bring their own allocator and mutexes";
#else
  for (const size_t workers : {1, 3}) {
    UsedByReplay(1, workers);  // What a process allocates once, by whichever run is first.
    const Used two = UsedByReplay(2, workers);
    const Used eight = UsedByReplay(8, workers);
    EXPECT_GT(two.packets, 5'000u);
    EXPECT_EQ(eight.packets, 4 * two.packets);
    EXPECT_GT(two.allocations, 10u) << "a start does allocate: is anything counted?";
    EXPECT_EQ(eight.allocations, two.allocations) << workers << " workers";
    EXPECT_EQ(eight.locks, two.locks) << workers << " workers";
  }
#endif
}

}  // namespace
}  // namespace dfc
