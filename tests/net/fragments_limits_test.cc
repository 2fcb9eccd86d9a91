// The bounds of FragmentTable: who makes room, how much memory there is, how long a search takes.
#include <gtest/gtest.h>

#include "dfc/time.h"
#include "fragment_script.h"

namespace dfc {
namespace {

const std::string kBlock(1'480, 'x');

class FragmentLimits : public testing::Test {
 protected:
  explicit FragmentLimits(size_t datagrams_max = 64)
      : table_(DecodeOptions{.fragment_datagrams_max = datagrams_max, .fragment_secret = 9}) {}

  Verdict Add(std::string_view source, uint32_t id, uint32_t at = 0, bool more = true,
              const std::string& bytes = kBlock) {
    IpDatagram fragment = FragmentOf(bytes, at, more, id, source);
    return table_.Add(++t_ns_, fragment);
  }
  // The end of a datagram that Add() began.
  Verdict End(std::string_view source, uint32_t id) { return Add(source, id, 1'480, false, "end"); }

  static std::string Host(size_t n) {
    return "10.1." + std::to_string(n / 250) + "." + std::to_string(1 + n % 250);
  }

  FragmentTable table_;
  int64_t t_ns_ = 0;
};

TEST_F(FragmentLimits, AFloodFromOneSourceLeavesOthersWhole) {
  for (uint32_t id = 0; id < 40; ++id) ASSERT_EQ(Add(Host(id), 1), Verdict::kFragmentHeld);
  for (uint32_t id = 0; id < 100'000; ++id) Add("10.9.9.9", id);
  for (uint32_t id = 0; id < 40; ++id) EXPECT_EQ(End(Host(id), 1), Verdict::kOk);
  EXPECT_EQ(table_.counters().over_share, 100'000u - 16);
  EXPECT_EQ(table_.counters().pushed_out, 0u);
  EXPECT_EQ(table_.datagrams_now(), 16u);
}

TEST_F(FragmentLimits, OfOneSourceTheOldestMakesRoom) {
  for (uint32_t id = 1; id <= 17; ++id) Add("10.9.9.9", id);
  EXPECT_EQ(End("10.9.9.9", 1), Verdict::kFragmentHeld);  // Begins anew, and pushes out 2.
  EXPECT_EQ(End("10.9.9.9", 2), Verdict::kFragmentHeld);
  for (uint32_t id = 4; id <= 17; ++id) EXPECT_EQ(End("10.9.9.9", id), Verdict::kOk) << id;
  EXPECT_EQ(table_.counters().over_share, 3u);
}

TEST_F(FragmentLimits, AnIpv6HostCannotEscapeItsShareWithinItsNetwork) {
  Add("fd00:0:0:1::1", 1);
  for (uint32_t id = 0; id < 200; ++id) Add("fd00:0:0:2::" + std::to_string(id), 1);
  EXPECT_EQ(End("fd00:0:0:1::1", 1), Verdict::kOk);
  EXPECT_EQ(table_.datagrams_now(), 16u);
}

TEST_F(FragmentLimits, OfManySourcesTheOldestMakesRoom) {
  for (size_t n = 0; n < 65; ++n) Add(Host(n), 1);
  EXPECT_EQ(table_.counters().pushed_out, 1u);
  EXPECT_EQ(table_.datagrams_now(), 64u);
  for (size_t n = 1; n < 65; ++n) EXPECT_EQ(End(Host(n), 1), Verdict::kOk);
  EXPECT_EQ(End(Host(0), 1), Verdict::kFragmentHeld);
}

TEST_F(FragmentLimits, BytesOfOneSourceAreAShareToo) {
  Add("fd00:7::7", 1);
  // 96 blocks of 2 KiB are a quarter: three of the largest datagrams.
  for (uint32_t id = 1; id <= 5; ++id) {
    for (uint32_t at = 1'480; at < 65'000; at += 1'480) Add("fd00::9", id, at);
  }
  EXPECT_EQ(table_.counters().over_share, 2u);
  EXPECT_EQ(table_.blocks_now(), 96u + 1);
  EXPECT_EQ(End("fd00:7::7", 1), Verdict::kOk);
  for (uint32_t id = 3; id <= 5; ++id) {
    EXPECT_EQ(Add("fd00::9", id), Verdict::kFragmentHeld) << id;
    EXPECT_EQ(Add("fd00::9", id, 65'120, false, "end"), Verdict::kOk) << id;
  }
}

TEST_F(FragmentLimits, OfAllBytesTheOldestMakeRoom) {
  for (uint32_t id = 1; id <= 3; ++id) {
    for (size_t host = 0; host < 5; ++host) {
      for (uint32_t at = 1'480; at < 65'000; at += 1'480) Add(Host(host), id, at);
    }
  }
  EXPECT_EQ(table_.counters().pushed_out, 3u);  // 15 datagrams of 32 blocks, and room for 12.
  EXPECT_EQ(table_.counters().over_share, 0u);
  EXPECT_EQ(table_.blocks_now(), FragmentTable::BlocksMax(64));
}

TEST_F(FragmentLimits, TheLargestDatagramFindsRoomInAFullTable) {
  for (uint32_t n = 0; n < 4'000; ++n) Add(Host(n % 500), n, 2'048 * (n % 32));
  for (uint32_t at = 0; at < 65'120; at += 1'480) {
    EXPECT_EQ(Add("10.0.0.7", 1, at), Verdict::kFragmentHeld);
  }
  EXPECT_EQ(Add("10.0.0.7", 1, 65'120, false, "end"), Verdict::kOk);
}

// They are evidence: kept where there is room, and never in the place of a datagram.
TEST_F(FragmentLimits, CopiesThatLoseMakeNobodyGiveWay) {
  const std::string other(1'480, '#');
  for (const bool full : {false, true}) {
    const uint32_t count = full ? 3 : 2;  // Three of the largest are a source's share.
    for (uint32_t id = 1; id <= count; ++id) {
      for (uint32_t at = 1'480; at < 65'000; at += 1'480) Add("fd00::9", id, at);
    }
    EXPECT_EQ(Add("fd00::9", 2, 1'480, true, other), Verdict::kFragmentDuplicate);
    EXPECT_EQ(Add("fd00::9", 2), Verdict::kFragmentHeld);
    EXPECT_EQ(Add("fd00::9", 2, 65'120, false, "end"), Verdict::kOk);
    EXPECT_EQ(table_.lost().bytes, 1'480u);
    EXPECT_EQ(table_.lost().kept_bytes, full ? 0u : 1'480u);
    t_ns_ += 61 * kNsPerSecond;
    Add("10.0.0.7", full);
  }
  EXPECT_EQ(table_.counters().over_share, 0u);
  EXPECT_EQ(table_.counters().pushed_out, 0u);
  EXPECT_EQ(table_.blocks_now(), 1u);
}

TEST_F(FragmentLimits, WhatIsTooOldGivesAllBack) {
  for (uint32_t n = 0; n < 1'000; ++n) Add(Host(n), n);
  t_ns_ += 61 * kNsPerSecond;
  EXPECT_EQ(Add("10.0.0.7", 1, 1'480, false), Verdict::kFragmentHeld);
  EXPECT_EQ(table_.datagrams_now(), 1u);
  EXPECT_EQ(table_.blocks_now(), 2u);
  EXPECT_EQ(table_.counters().timed_out, 64u);
}

TEST_F(FragmentLimits, ATimeThatGoesBackPushesNothingOut) {
  t_ns_ = 100 * kNsPerSecond;
  Add("10.0.0.7", 1);
  t_ns_ = 0;
  EXPECT_EQ(End("10.0.0.7", 1), Verdict::kOk);
}

class DefaultFragmentLimits : public FragmentLimits {
 protected:
  DefaultFragmentLimits() : FragmentLimits(DecodeOptions().fragment_datagrams_max) {}
};

TEST_F(DefaultFragmentLimits, MemoryStaysWithinThePlan) {
  EXPECT_LE(FragmentTable::MemoryBytes(DecodeOptions().fragment_datagrams_max), size_t{16} << 20);
}

// Time does not grow with the table's fill: a search looks at one chain.
TEST_F(DefaultFragmentLimits, ChainsAreShortInAFullTable) {
  for (uint32_t n = 0; n < 5'000; ++n) Add(Host(n % 1'000), n / 1'000);
  EXPECT_EQ(table_.datagrams_now(), 1'024u);
  EXPECT_LE(table_.LongestChain(), 8u);
}

}  // namespace
}  // namespace dfc
