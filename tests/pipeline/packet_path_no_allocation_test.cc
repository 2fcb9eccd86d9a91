// The packet path, from file to event block, neither allocates nor locks once it has started: every
// operator new, malloc and mutex of this program is counted while stages take the sample's packets.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <cstdlib>
#include <new>

#include "capture_stage.h"
#include "discarding_output.h"
#include "sanitized.h"
#include "source_root.h"
#include "worker_stage.h"

#ifndef DFC_SANITIZED
namespace {
bool counting = false;
size_t allocations = 0;
size_t locks = 0;
}  // namespace

// Sanitizers bring their own; elsewhere these stand in front of the C library's.
extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* at, size_t bytes);

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

TEST(PacketPath, NeitherAllocatesNorLocks) {
#ifdef DFC_SANITIZED
  GTEST_SKIP() << "sanitizers bring their own allocator and mutexes";
#else
  const std::string sample = SourceRoot() / "tests/sample/sample.pcap";
  auto source = OpenCaptureFile(sample, "ip or ip6");
  ASSERT_TRUE(source.ok()) << MessageOf(source.status());
  LookAhead frames(**source);
  Doorbell capture_bell;
  PacketLink packets(4);
  EventQueue events(1, 1);
  EventLink link(1, 0, events);
  DiscardingOutput output;
  FlowLimits limits;
  limits.flows_max = 1'000;
  limits.content_bytes_max = size_t{1} << 20;  // Small, so that the paths under pressure run too.
  limits.ledger_cells = Ledger::CellsMax(1);
  WorkerStage worker(limits, "test", 1, packets, output, capture_bell);
  CaptureStage capture({&packets}, {&link.bell}, {}, 2);
  capture.Begin(frames);

  counting = true;
  CaptureStage::Turn turn = CaptureStage::Turn::kProgress;
  while (turn != CaptureStage::Turn::kEnd) {
    turn = capture.RunOnce();
    while (worker.RunOnce()) continue;
  }
  while (!capture.Finish()) worker.RunOnce();
  while (!worker.done()) worker.RunOnce();
  counting = false;

  EXPECT_GT(capture.packets_total(), 2'000u);
  EXPECT_GT(output.rows, 100u);
  EXPECT_EQ(allocations, 0u);
  EXPECT_EQ(locks, 0u);
  counting = true;  // The counters themselves work.
  void* seen = std::malloc(1);
  asm("" : "+r"(seen));  // A compiler may drop a pair of malloc and free that nothing sees.
  std::free(seen);
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  pthread_mutex_unlock(&mutex);
  counting = false;
  EXPECT_GE(allocations, 1u);
  EXPECT_EQ(locks, 1u);
#endif
}

}  // namespace
}  // namespace dfc
