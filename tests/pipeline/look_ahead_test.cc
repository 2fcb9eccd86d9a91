#include "look_ahead.h"

#include <gtest/gtest.h>

#include "frame_source.h"

namespace dfc {
namespace {

// Every frame that comes out, as its time and bytes, must be what went in.
void ExpectUnchanged(const std::vector<TimedFrame>& frames, size_t looked_at) {
  FrameSource source(frames);
  LookAhead ahead(source);
  EXPECT_EQ(ahead.frames().size(), looked_at);
  Frame frame;
  for (const TimedFrame& wanted : frames) {
    ASSERT_TRUE(ahead.Next(frame));
    ASSERT_EQ(frame.time_ns, wanted.t_ns);
    ASSERT_EQ(FrameBytes(frame.bytes.begin(), frame.bytes.end()), wanted.bytes);
  }
  EXPECT_FALSE(ahead.Next(frame));
  EXPECT_FALSE(ahead.Next(frame));
}

TEST(LookAhead, HandsOnFewFrames) {
  ExpectUnchanged({}, 0);
  ExpectUnchanged(UdpFrames(1), 1);
  ExpectUnchanged(UdpFrames(1'000), 1'000);
}

TEST(LookAhead, LooksAtAThousandFrames) { ExpectUnchanged(UdpFrames(1'001), 1'000); }

TEST(LookAhead, LooksAtTwoMebibytes) {
  ExpectUnchanged(UdpFrames(60, 60'000), (size_t{2} << 20) / (60'000 + 42));
}

TEST(LookAhead, SurvivesAFrameLargerThanItsMemory) {
  std::vector<TimedFrame> frames = UdpFrames(3);
  frames[1].bytes.resize((2 << 20) + 1);
  ExpectUnchanged(frames, 1);
}

}  // namespace
}  // namespace dfc
