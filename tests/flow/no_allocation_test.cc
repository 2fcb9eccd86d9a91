// Neither decoding nor keeping flows calls the allocator. A binary of its own, for it replaces
// operator new.
#include <gtest/gtest.h>

#include "counted_new.h"
#include "dfc/decode.h"
#include "dfc/flow_engine.h"
#include "discarding_output.h"
#include "engine_run.h"

namespace dfc {
namespace {

size_t AllocationsOf(const FlowLimits& limits) {
  const std::vector<TimedFrame> frames = MixedFrames(1, 20'000);
  DiscardingOutput output;
  Decoder decoder(DecodeOptions{});
  FlowEngine engine(limits, "test", 1, output);
  std::vector<Packet> batch(1);
  const size_t before = allocations;
  for (const TimedFrame& frame : frames) {
    const auto wire_bytes = static_cast<uint32_t>(frame.bytes.size());
    const Verdict verdict = decoder.Decode({frame.t_ns, frame.bytes, wire_bytes}, batch[0]);
    batch[0].clock_ns = frame.t_ns;
    if (verdict == Verdict::kOk) engine.Update(batch);
  }
  engine.Finish();
  const size_t used = allocations - before;
  EXPECT_GT(output.rows, 1'000u);
  return used;
}

TEST(NoAllocation, OnThePacketPath) {
  if (!kCountsAllocations) GTEST_SKIP() << "the sanitizer counts for itself";
  EXPECT_EQ(AllocationsOf(SmallLimits()), 0u);
}

TEST(NoAllocation, AtTheLimits) {
  if (!kCountsAllocations) GTEST_SKIP() << "the sanitizer counts for itself";
  FlowLimits limits;
  limits.flows_max = 32;
  limits.content_bytes_max = 256 << 10;
  limits.held_bytes_max = 4'096;
  EXPECT_EQ(AllocationsOf(limits), 0u);
}

TEST(NoAllocation, IsCounted) {
  if (!kCountsAllocations) GTEST_SKIP() << "the sanitizer counts for itself";
  const size_t before = allocations;
  ::operator delete(::operator new(1));
  EXPECT_EQ(allocations, before + 1);
}

}  // namespace
}  // namespace dfc
