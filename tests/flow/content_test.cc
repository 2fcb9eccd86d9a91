// ContentLog alone: one flow, whose pieces a store would append to each other.
#include "content.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "dfc/time.h"
#include "event_rows.h"

namespace dfc {
namespace {

constexpr size_t kPage = 4'096;
constexpr int64_t kStart = 1'000 * kNsPerSecond;

// One flow's log. When memory is short it lets its own bytes leave, as a lone flow must.
class LogPlayer final : public MemoryPressure {
 public:
  explicit LogPlayer(size_t pool_bytes_max = size_t{1} << 20)
      : pool_(pool_bytes_max), events_(collector_), log_(pool_, events_, *this) {}

  void Data(Side side, std::string_view text, int64_t t_ns = 0) {
    log_.AddData(Grown(), side, kStart + t_ns, Offset(side, text.size()), Bytes(text));
  }
  void Datagram(Side side, std::string_view text, int64_t t_ns = 0) {
    log_.AddDatagram(Grown(), side, kStart + t_ns, Offset(side, text.size()), Bytes(text));
  }
  void Gap(Side side, uint32_t bytes, int64_t t_ns = 0) {
    log_.AddGap(Grown(), side, kStart + t_ns, Offset(side, bytes), bytes);
  }
  void LeaveEarly() { log_.LeaveEarly(Target()); }
  void Complete() { log_.Complete(Target()); }

  // Ends the flow; every chunk as "content turns", one a line; long runs as "x{65000}".
  std::string Chunks() {
    Complete();
    events_.Finish();
    EXPECT_EQ(pool_.bytes_taken(), 0u);
    std::string text;
    for (const auto& [key, chunk] : rows().chunks()) {
      text += Shortened(chunk.content) + " " + chunk.turns + "\n";
    }
    return text;
  }
  // Ends the flow; all its rows.
  std::string Dump() {
    Chunks();
    return rows().Dump();
  }
  const EventRows& rows() const { return collector_.rows; }
  uint64_t relieved() const { return relieved_; }

 private:
  static std::string Shortened(const std::string& text) {
    std::string shortened;
    for (size_t at = 0, end; at < text.size(); at = end) {
      end = std::min(text.find_first_not_of(text[at], at), text.size());
      const size_t run = end - at;
      shortened += run < 9 ? std::string(run, text[at]) : fmt::format("{}{{{}}}", text[at], run);
    }
    return shortened;
  }
  ContentLog::Target Target() { return {{kStart, 1}, state_, packets_}; }
  ContentLog::Target Grown() { return ++packets_, Target(); }
  static ByteSpan Bytes(std::string_view text) { return AsBytes(text.data(), text.size()); }
  uint64_t Offset(Side side, size_t bytes) {
    return std::exchange(offsets_[static_cast<size_t>(side)],
                         offsets_[static_cast<size_t>(side)] + bytes);
  }
  bool RelieveContent() override {
    ++relieved_;
    const size_t before = pool_.bytes_taken();
    LeaveEarly();
    return pool_.bytes_taken() < before;
  }

  RowCollector collector_;
  SegmentPool pool_;
  EventWriter events_;
  ContentLog log_;
  ContentState state_{};
  uint64_t packets_ = 0;
  uint64_t offsets_[2] = {};
  uint64_t relieved_ = 0;
};

constexpr Side kC = Side::kClient;
constexpr Side kS = Side::kServer;

TEST(ContentLog, WritesTheTurnIndexAsJson) {
  LogPlayer log;
  log.Data(kC, "abc", 5);
  log.Data(kS, "de", 7);
  log.Gap(kC, 10, 9);
  EXPECT_EQ(log.Chunks(), "abcde [0,5,0,3,0,0],[1,7,0,2,0,3],[0,9,3,10,1,5]\n");
}

TEST(ContentLog, OfNothingWritesNothing) {
  LogPlayer log;
  EXPECT_EQ(log.Chunks(), "");
  EXPECT_EQ(log.rows().chunk_pieces(), 0u);
}

TEST(ContentLog, JoinsBytesOfOneSideForASecond) {
  LogPlayer log;
  log.Data(kC, "ab", 0);
  log.Data(kC, "cd", kNsPerSecond - 1);
  log.Data(kC, "ef", kNsPerSecond);
  EXPECT_EQ(log.Chunks(), "abcdef [0,0,0,4,0,0],[0,1000000000,4,2,0,4]\n");
}

TEST(ContentLog, AnotherSideEndsATurn) {
  LogPlayer log;
  log.Data(kC, "a");
  log.Data(kS, "b");
  log.Data(kC, "c");
  EXPECT_EQ(log.Chunks(), "abc [0,0,0,1,0,0],[1,0,0,1,0,1],[0,0,1,1,0,2]\n");
}

TEST(ContentLog, AGapEndsATurn) {
  LogPlayer log;
  log.Data(kC, "a");
  log.Gap(kC, 2);
  log.Data(kC, "b");
  EXPECT_EQ(log.Chunks(), "ab [0,0,0,1,0,0],[0,0,1,2,1,1],[0,0,3,1,0,1]\n");
}

TEST(ContentLog, DatagramsKeepTheirBoundaries) {
  LogPlayer log;
  log.Datagram(kC, "a");
  log.Datagram(kC, "");
  log.Datagram(kC, "bc");
  EXPECT_EQ(log.Chunks(), "abc [0,0,0,1,2,0],[0,0,1,0,2,1],[0,0,1,2,2,1]\n");
}

TEST(ContentLog, CutsAChunkAt65000Bytes) {
  LogPlayer log;
  log.Data(kC, std::string(65'001, 'x'));
  EXPECT_EQ(log.Chunks(), "x{65000} [0,0,0,65000,0,0]\nx [0,0,65000,1,0,0]\n");
}

TEST(ContentLog, AFullChunkIsCutEvenWhenTheOtherSideGoesOn) {
  LogPlayer log;
  log.Data(kC, std::string(65'000, 'x'));
  log.Data(kS, "y");
  EXPECT_EQ(log.Chunks(), "x{65000} [0,0,0,65000,0,0]\ny [1,0,0,1,0,0]\n");
}

TEST(ContentLog, ADatagramStaysWhole) {
  LogPlayer log;
  log.Datagram(kC, "a");
  log.Datagram(kC, std::string(65'507, 'x'));
  log.Datagram(kC, "b");
  EXPECT_EQ(log.Chunks(), "a [0,0,0,1,2,0]\nx{65507} [0,0,1,65507,2,0]\nb [0,0,65508,1,2,0]\n");
}

TEST(ContentLog, CutsAChunkAt2000Turns) {
  LogPlayer log;
  for (int n = 0; n < 2'001; ++n) log.Datagram(kC, "x");
  log.Chunks();
  EXPECT_EQ(log.rows().chunks().begin()->second.content.size(), 2'000u);
  EXPECT_EQ(log.rows().chunks().rbegin()->second.content.size(), 1u);
}

TEST(ContentLog, TheLongestTurnTextFits) {
  LogPlayer log;
  for (int n = 0; n < 2'000; ++n) log.Gap(n % 2 == 0 ? kC : kS, UINT32_MAX, INT64_MAX / 2);
  log.Chunks();
  EXPECT_GT(log.rows().chunks().begin()->second.turns.size(), 2'000u * 40);
}

TEST(ContentLog, AChunksVersionIsThePacketsUntilItsLastByte) {
  LogPlayer log;
  log.Data(kC, std::string(65'000, 'x'));
  log.Gap(kC, 1);
  log.Data(kC, "y");
  log.LeaveEarly();
  log.Chunks();
  EXPECT_EQ(log.rows().chunks().begin()->second.version, 2u);
  EXPECT_EQ(log.rows().chunks().rbegin()->second.version, 3u);
}

// Pieces.

TEST(ContentLogPieces, ATurnMayGoOnBehindAPiece) {
  LogPlayer log;
  log.Data(kC, "ab", 1);
  log.LeaveEarly();
  log.Data(kC, "cd", 2);
  log.LeaveEarly();
  log.LeaveEarly();
  log.Data(kS, "ef", 3);
  EXPECT_EQ(log.Chunks(), "abcdef [0,1,0,4,0,0],[1,3,0,2,0,4]\n");
  EXPECT_EQ(log.rows().chunk_pieces(), 3u);
}

TEST(ContentLogPieces, ADatagramMayLeaveBeforeTheNext) {
  LogPlayer log;
  log.Datagram(kC, "ab");
  log.LeaveEarly();
  log.Datagram(kC, "cd");
  EXPECT_EQ(log.Chunks(), "abcd [0,0,0,2,2,0],[0,0,2,2,2,2]\n");
}

TEST(ContentLogPieces, AFullChunkThatLeftIsCompleteAllTheSame) {
  LogPlayer log;
  log.Data(kC, std::string(65'000, 'x'));
  log.Gap(kC, 5);
  log.LeaveEarly();
  log.Data(kC, "y");
  EXPECT_EQ(log.Chunks(),
            "x{65000} [0,0,0,65000,0,0],[0,0,65000,5,1,65000]\ny [0,0,65005,1,0,0]\n");
}

TEST(ContentLogPieces, DatagramsThatLeftCountTowardsTheChunk) {
  LogPlayer log;
  log.Datagram(kC, std::string(40'000, 'x'));
  log.LeaveEarly();
  log.Datagram(kC, std::string(40'000, 'y'));
  EXPECT_EQ(log.Chunks(), "x{40000} [0,0,0,40000,2,0]\ny{40000} [0,0,40000,40000,2,0]\n");
}

TEST(ContentLogPieces, TurnsThatLeftCountTowardsTheChunk) {
  LogPlayer log;
  for (int n = 0; n < 2'001; ++n) {
    log.Datagram(kC, "x");
    log.LeaveEarly();
  }
  log.Chunks();
  EXPECT_EQ(log.rows().chunks().begin()->second.content.size(), 2'000u);
}

TEST(ContentLogPieces, ADatagramLargerThanTheMemoryLeavesInPieces) {
  LogPlayer log(4 * kPage);
  log.Datagram(kC, std::string(60'000, 'x'));
  log.Datagram(kC, "y");
  EXPECT_EQ(log.Chunks(), "x{60000}y [0,0,0,60000,2,0],[0,0,60000,1,2,60000]\n");
  EXPECT_GT(log.relieved(), 0u);
}

TEST(ContentLogPieces, AStreamLargerThanTheMemoryLeavesInPieces) {
  LogPlayer log(4 * kPage);
  log.Data(kC, std::string(60'000, 'x'));
  log.Data(kC, "y");
  EXPECT_EQ(log.Chunks(), "x{60000}y [0,0,0,60001,0,0]\n");
  EXPECT_GT(log.relieved(), 0u);
}

// The same random script into two logs, one of which is made to write pieces.
void PlayRandom(uint64_t seed, LogPlayer& log, uint64_t datagrams_percent, bool leaves_early) {
  std::mt19937_64 random(seed);
  std::mt19937_64 pressure(seed);
  int64_t t_ns = 0;
  for (int n = 0; n < 120; ++n) {
    t_ns += static_cast<int64_t>(random() % (kNsPerSecond / 2));
    const Side side = random() % 2 == 0 ? kC : kS;
    const size_t size = random() % (random() % 8 == 0 ? 9'000 : 60);
    const std::string text(size, static_cast<char>('a' + n % 26));
    const uint64_t dice = random() % 100;
    if (dice < datagrams_percent) {
      log.Datagram(side, text, t_ns);
    } else if (dice < 95) {
      log.Data(side, text, t_ns);
    } else {
      log.Gap(side, static_cast<uint32_t>(1 + size), t_ns);
    }
    if (leaves_early && pressure() % 4 == 0) log.LeaveEarly();
  }
}

TEST(ContentLogPieces, ComeToTheSameChunks) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    LogPlayer whole;
    PlayRandom(seed, whole, seed % 2 * 90, false);
    LogPlayer pieces;
    PlayRandom(seed, pieces, seed % 2 * 90, true);
    ASSERT_EQ(pieces.Dump(), whole.Dump()) << "seed " << seed;
    EXPECT_GT(pieces.rows().chunk_pieces(), whole.rows().chunk_pieces());
  }
}

TEST(ContentLogPieces, ComeToTheSameChunksUnderPressure) {
  uint64_t relieved = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    LogPlayer whole;
    PlayRandom(seed, whole, seed % 3 * 45, false);
    LogPlayer pieces((1 + seed % 6) * kPage);
    PlayRandom(seed, pieces, seed % 3 * 45, seed % 5 == 0);
    ASSERT_EQ(pieces.Dump(), whole.Dump()) << "seed " << seed;
    relieved += pieces.relieved();
  }
  EXPECT_GT(relieved, 300u);
}

}  // namespace
}  // namespace dfc
