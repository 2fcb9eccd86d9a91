#include "flow_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "dfc/time.h"
#include "packet_builder.h"

namespace dfc {
namespace {

FlowKey Key(uint16_t port) {
  return KeyOf(FiveTuple{Address("10.0.0.1"), Address("10.0.0.2"), port, 80, kTcp});
}

uint32_t Hash(const FlowKey& key) { return static_cast<uint32_t>(HashOf(key, 1)); }

TEST(FlowKey, IsTheSameForBothDirections) {
  const FiveTuple there{Address("10.0.0.1"), Address("10.0.0.2"), 1000, 80, kTcp};
  const FiveTuple back{Address("10.0.0.2"), Address("10.0.0.1"), 80, 1000, kTcp};
  EXPECT_EQ(KeyOf(there), KeyOf(back));
  const FiveTuple self{Address("10.0.0.1"), Address("10.0.0.1"), 1000, 80, kTcp};
  const FiveTuple self_back{Address("10.0.0.1"), Address("10.0.0.1"), 80, 1000, kTcp};
  EXPECT_EQ(KeyOf(self), KeyOf(self_back));
}

TEST(FlowKey, TellsTuplesApart) {
  const FiveTuple tuple{Address("10.0.0.1"), Address("10.0.0.2"), 1000, 80, kTcp};
  FiveTuple other = tuple;
  other.protocol = kUdp;
  EXPECT_FALSE(KeyOf(tuple) == KeyOf(other));
  other = tuple;
  std::swap(other.source_port, other.destination_port);
  EXPECT_FALSE(KeyOf(tuple) == KeyOf(other));
}

TEST(FlowTable, FindsWhatWasPutIn) {
  FlowTable table(4);
  const uint32_t at = table.Insert(Key(1), Hash(Key(1)));
  EXPECT_EQ(table.Find(Key(1), Hash(Key(1))), at);
  EXPECT_EQ(table.Find(Key(2), Hash(Key(2))), kNoFlow);
  EXPECT_EQ(table[at].key, Key(1));
  EXPECT_EQ(table[at].extension, kNoFlow);
}

TEST(FlowTable, TellsKeysWithOneHashApart) {
  FlowTable table(4);
  const uint32_t one = table.Insert(Key(1), 7);
  const uint32_t two = table.Insert(Key(2), 7);
  EXPECT_EQ(table.Find(Key(1), 7), one);
  EXPECT_EQ(table.Find(Key(2), 7), two);
  table.Erase(one);
  EXPECT_EQ(table.Find(Key(1), 7), kNoFlow);
  EXPECT_EQ(table.Find(Key(2), 7), two);
}

TEST(FlowTable, IsFullAtItsBound) {
  FlowTable table(3);
  for (uint16_t port = 1; port <= 3; ++port) EXPECT_NE(table.Insert(Key(port), port), kNoFlow);
  EXPECT_EQ(table.Insert(Key(4), 4), kNoFlow);
  EXPECT_EQ(table.size(), 3u);
  table.Erase(table.Find(Key(2), 2));
  EXPECT_NE(table.Insert(Key(4), 4), kNoFlow);
}

TEST(FlowTable, SlotsComeOutZeroed) {
  FlowTable table(1);
  table[table.Insert(Key(1), 1)].counts[0].packets = 9;
  table.Erase(table.Find(Key(1), 1));
  EXPECT_EQ(table[table.Insert(Key(2), 2)].counts[0].packets, 0u);
}

// Few different hashes make long probe runs, which wrap around the index's end.
void AgreeWithAMap(uint32_t hashes, uint64_t seed) {
  std::mt19937_64 random(seed);
  FlowTable table(64);
  std::map<uint16_t, uint32_t> model;
  const auto hash = [hashes](uint16_t port) { return UINT32_MAX - port % hashes; };
  for (int n = 0; n < 50'000; ++n) {
    const auto port = static_cast<uint16_t>(random() % 100);
    const auto known = model.find(port);
    const uint32_t found = table.Find(Key(port), hash(port));
    ASSERT_EQ(found, known == model.end() ? kNoFlow : known->second);
    if (known != model.end()) {
      if (random() % 2 == 0) continue;
      table.Erase(found);
      model.erase(known);
    } else if (const uint32_t at = table.Insert(Key(port), hash(port)); at != kNoFlow) {
      model[port] = at;
    } else {
      ASSERT_EQ(model.size(), 64u);
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST(FlowTable, AgreesWithAMap) { AgreeWithAMap(1'000, 1); }
TEST(FlowTable, AgreesWithAMapWhenHashesCollide) { AgreeWithAMap(3, 2); }

class TimerWheelTest : public testing::Test {
 protected:
  // `n` flows, in no wheel.
  void Fill(uint16_t n) {
    for (uint16_t port = 0; port < n; ++port) table_.Insert(Key(port), Hash(Key(port)));
  }
  std::string Pop(int64_t now_ns) {
    std::string text;
    for (uint32_t at; (at = wheel_.PopDue(now_ns)) != kNoFlow;) text += std::to_string(at) + " ";
    return text;
  }

  FlowTable table_{1'000};
  TimerWheel wheel_{table_};
};

TEST_F(TimerWheelTest, PopsWhatIsDue) {
  Fill(2);
  Pop(0);
  wheel_.Schedule(0, 5 * kNsPerSecond);
  wheel_.Schedule(1, 9 * kNsPerSecond);
  EXPECT_EQ(Pop(5 * kNsPerSecond - 1), "");
  EXPECT_EQ(Pop(6 * kNsPerSecond), "0 ");
  EXPECT_EQ(Pop(8 * kNsPerSecond), "");
  EXPECT_EQ(Pop(100 * kNsPerSecond), "1 ");
}

TEST_F(TimerWheelTest, PopsNothingTwiceAndNothingRemoved) {
  Fill(3);
  Pop(0);
  for (uint32_t at = 0; at < 3; ++at) wheel_.Schedule(at, kNsPerSecond);
  wheel_.Remove(1);
  EXPECT_EQ(Pop(10 * kNsPerSecond), "2 0 ");
  EXPECT_EQ(Pop(20 * kNsPerSecond), "");
}

TEST_F(TimerWheelTest, SurvivesALongSilence) {
  Fill(2);
  Pop(1'700'000'000 * kNsPerSecond);
  wheel_.Schedule(0, 1'700'000'005 * kNsPerSecond);
  EXPECT_EQ(Pop(1'900'000'000 * kNsPerSecond), "0 ");
  wheel_.Schedule(1, 1'900'000'005 * kNsPerSecond);
  EXPECT_EQ(Pop(1'900'000'004 * kNsPerSecond), "");
  EXPECT_EQ(Pop(1'900'000'006 * kNsPerSecond), "1 ");
}

TEST_F(TimerWheelTest, StaysStillWhenTimeGoesBack) {
  Fill(1);
  Pop(100 * kNsPerSecond);
  wheel_.Schedule(0, 105 * kNsPerSecond);
  EXPECT_EQ(Pop(0), "");
  EXPECT_EQ(Pop(106 * kNsPerSecond), "0 ");
}

TEST_F(TimerWheelTest, PopsTheEarliest) {
  Fill(3);
  Pop(1'000 * kNsPerSecond);
  EXPECT_EQ(wheel_.PopEarliest(), kNoFlow);
  wheel_.Schedule(0, 1'300 * kNsPerSecond);
  wheel_.Schedule(1, 1'060 * kNsPerSecond);
  wheel_.Schedule(2, 4'600 * kNsPerSecond);
  EXPECT_EQ(wheel_.PopEarliest(), 1u);
  EXPECT_EQ(wheel_.PopEarliest(), 0u);
  EXPECT_EQ(wheel_.PopEarliest(), 2u);
  EXPECT_EQ(wheel_.PopEarliest(), kNoFlow);
}

TEST_F(TimerWheelTest, AgreesWithAMap) {
  std::mt19937_64 random(1);
  Fill(200);
  std::map<uint32_t, int64_t> due;
  int64_t now = 1'000 * kNsPerSecond;
  Pop(now);
  for (int n = 0; n < 100'000; ++n) {
    const auto at = static_cast<uint32_t>(random() % 200);
    if (due.count(at) == 0) {
      due[at] = now + static_cast<int64_t>(random() % 3'600) * kNsPerSecond + 7;
      wheel_.Schedule(at, due[at]);
    } else if (random() % 4 == 0) {
      wheel_.Remove(at);
      due.erase(at);
    }
    now += static_cast<int64_t>(random() % 3) * kNsPerSecond / 2;
    if (random() % 1'000 == 0) now += static_cast<int64_t>(random() % 10'000) * kNsPerSecond;
    for (uint32_t popped; (popped = wheel_.PopDue(now)) != kNoFlow;) {
      ASSERT_EQ(due.count(popped), 1u);
      ASSERT_LT(due[popped], now) << "not early";
      due.erase(popped);
    }
    for (const auto& [flow, when] : due) ASSERT_LE(now - when, kNsPerSecond) << "not late";
  }
}

}  // namespace
}  // namespace dfc
