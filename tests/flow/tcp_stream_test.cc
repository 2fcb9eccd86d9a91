#include "tcp_stream.h"

#include <gtest/gtest.h>

#include "reassemble.h"

namespace dfc {
namespace {

constexpr ReassembleOptions kMidstream{.anchored = false};

// "delivered, duplicate, refused" bytes after the script has ended.
std::string Account(std::string_view script, const ReassembleOptions& options = {}) {
  StreamPlayer player(options);
  player.Play(script);
  player.Play("!");
  EXPECT_EQ(player.data_bytes() + player.counts().duplicate_bytes + player.counts().refused_bytes,
            player.payload_bytes());
  return std::to_string(player.data_bytes()) + ", " +
         std::to_string(player.counts().duplicate_bytes) + ", " +
         std::to_string(player.counts().refused_bytes);
}

TEST(TcpStream, PassesOnWhatIsInOrder) { EXPECT_EQ(Reassemble("0:abc 3:def"), "abcdef"); }
TEST(TcpStream, Reorders) { EXPECT_EQ(Reassemble("6:ghi 3:def 0:abc"), "abcdefghi"); }
TEST(TcpStream, HoldsWhatIsEarly) { EXPECT_EQ(Reassemble("3:def"), ""); }
TEST(TcpStream, FillsTheMiddle) { EXPECT_EQ(Reassemble("0:a 2:c 4:e 3:d 1:b"), "abcde"); }
TEST(TcpStream, DropsRetransmission) { EXPECT_EQ(Reassemble("0:abc 0:abc 3:d"), "abcd"); }
TEST(TcpStream, TakesTheNewPartOnly) { EXPECT_EQ(Reassemble("0:ABCD 2:xxEF"), "ABCDEF"); }
TEST(TcpStream, KeepsAKeepAliveOut) { EXPECT_EQ(Reassemble("0:abc 2:x 3:d"), "abcd"); }

TEST(TcpStream, FirstCopyWins) {
  EXPECT_EQ(Reassemble("2:CC 0:aabbcc"), "aaCCcc");
  EXPECT_EQ(Reassemble("4:EE 2:ccxx 0:aa"), "aaccEE");
  EXPECT_EQ(Reassemble("2:CC 6:GG 1:xxxxxxxx 0:a"), "axCCxxGGx");
}

TEST(TcpStream, ReportsGap) { EXPECT_EQ(Reassemble("0:ab 5:fg !"), "ab<3>fg"); }
TEST(TcpStream, ReportsEachGap) { EXPECT_EQ(Reassemble("2:c 5:f 9:j !"), "<2>c<2>f<3>j"); }
TEST(TcpStream, TakesNothingIntoAGapGivenUp) {
  EXPECT_EQ(Reassemble("0:ab 5:fg ! 2:cde 7:h"), "ab<3>fgh");
}

TEST(TcpStream, SurvivesSeqWrap) {
  EXPECT_EQ(Reassemble("3:def 0:abc", {.first_seq = 0xFFFFFFFE}), "abcdef");
  EXPECT_EQ(Reassemble("0:abc 0:abc 3:def", {.first_seq = 0xFFFFFFFE}), "abcdef");
  EXPECT_EQ(Reassemble("1:b 2:c 0:a 4:e !", {.first_seq = 0xFFFFFFFF}), "abc<1>e");
}

TEST(TcpStream, CountsPast4GiB) {
  struct Nothing final : StreamHandler {
    void OnData(int64_t, uint64_t, ByteSpan) override {}
    void OnGap(int64_t, uint64_t, uint32_t) override {}
  } nothing;
  SegmentPool pool(4'096);
  HeldBudget budget{pool};
  StreamCounts counts;
  TcpStream stream{};
  stream.Anchor(0, budget, nothing);
  const std::vector<uint8_t> megabyte(1 << 20);
  for (uint32_t n = 0; n < 4'100; ++n) {
    stream.Insert({n << 20, megabyte, 0, 0, 0}, {4'096, 1}, budget, counts, nothing);
  }
  EXPECT_EQ(stream.delivered(), uint64_t{4'100} << 20);
  EXPECT_EQ(counts.duplicate_bytes, 0u);
}

TEST(TcpStream, AccountsForEveryByte) {
  EXPECT_EQ(Account("0:abc 3:def"), "6, 0, 0");
  EXPECT_EQ(Account("0:abc 0:abc 2:cd"), "4, 4, 0");
  EXPECT_EQ(Account("2:cc 6:gg 0:aabbcc 0:a"), "8, 3, 0");
  EXPECT_EQ(Account("2:cc 6:gg 0:aaxxbbxxh"), "9, 4, 0");
}

TEST(TcpStream, RefusesWhatIsFarOutOfWindow) {
  EXPECT_EQ(Account("0:abc 20000000:far 3:d"), "4, 0, 3");
  EXPECT_EQ(Account("0:abc -20000000:old 3:d"), "4, 3, 0");
}

TEST(TcpStream, TellsOutOfOrder) {
  StreamPlayer player;
  player.Play("0:a 0:a 1:b");
  EXPECT_FALSE(player.counts().out_of_order);
  player.Play("3:d");
  EXPECT_TRUE(player.counts().out_of_order);
}

TEST(TcpStream, TellsConflictingCopiesOfWhatIsHeld) {
  const auto conflicts = [](std::string_view script) {
    StreamPlayer player;
    player.Play(script);
    return player.counts().conflict;
  };
  EXPECT_FALSE(conflicts("2:cc 0:aacc 2:cc"));
  EXPECT_FALSE(conflicts("3:d 1:bcd"));
  EXPECT_TRUE(conflicts("2:cc 0:aaxc"));
  EXPECT_TRUE(conflicts("5:ff 2:ccdx"));
  EXPECT_TRUE(conflicts("2:c 4:e 1:bcdx"));
  EXPECT_TRUE(conflicts("2:" + std::string(6'000, 'x') + " 6001:y"));
}

// Fin.

TEST(TcpStreamFin, EndsTheStream) { EXPECT_EQ(Reassemble("0:abc 3F !"), "abc"); }
TEST(TcpStreamFin, WaitsForTheBytesBefore) { EXPECT_EQ(Reassemble("3:d 4F 0:abc !"), "abcd"); }
TEST(TcpStreamFin, ReportsWhatIsMissingBeforeIt) { EXPECT_EQ(Reassemble("0:ab 5F !"), "ab<3>"); }
TEST(TcpStreamFin, LetsNothingBehindItIn) {
  EXPECT_EQ(Reassemble("0:abc 3F 3:xyz !"), "abc");
  EXPECT_EQ(Account("0:abc 3F 3:xyz 2:cx"), "3, 1, 4");
}
// As Linux does, which empties its queue when it comes to FIN.
TEST(TcpStreamFin, DropsWhatIsHeldBehindItOnceReached) {
  EXPECT_EQ(Reassemble("5:xy 3F 0:abc !"), "abc");
  EXPECT_EQ(Reassemble("3:xy 3F 0:abc !"), "abc");
  EXPECT_EQ(Account("5:xy 3F 0:abc"), "3, 0, 2");
}
TEST(TcpStreamFin, IsIgnoredWhereBytesHaveBeen) { EXPECT_EQ(Reassemble("0:abc 2F 3:d !"), "abcd"); }
TEST(TcpStreamFin, IsIgnoredFarOutOfWindow) { EXPECT_EQ(Reassemble("0:abc 20000000F !"), "abc"); }
TEST(TcpStreamFin, IsReachedOnceAllBeforeItIsHere) {
  StreamPlayer player;
  player.Play("2:c 3F");
  EXPECT_TRUE(player.stream().fin_seen());
  EXPECT_FALSE(player.stream().fin_reached());
  player.Play("0:ab");
  EXPECT_TRUE(player.stream().fin_reached());
}

// Snaplen.

TEST(TcpStreamCut, ReportsWhatTheSnaplenCutOff) {
  EXPECT_EQ(Reassemble("0:ab+3 5:fg"), "ab<3>fg");
  EXPECT_EQ(Reassemble("0:+4 4:ef"), "<4>ef");
}
TEST(TcpStreamCut, ReportsItOutOfOrderToo) {
  EXPECT_EQ(Reassemble("3:de+2 0:abc 7:h"), "abcde<2>h");
}
TEST(TcpStreamCut, BytesHeldBehindACutAreKept) {
  EXPECT_EQ(Reassemble("2:cd 0:a+3 !"), "a<1>cd");
  EXPECT_EQ(Account("2:cd 0:a+3"), "3, 0, 0");
}
TEST(TcpStreamCut, BytesThatFillAHeldCutAreKept) {
  EXPECT_EQ(Reassemble("2:c+2 3:de 0:ab !"), "abcde");
}
TEST(TcpStreamCut, EndsAtFin) { EXPECT_EQ(Reassemble("0:ab+3 5F !"), "ab<3>"); }

// Without SYN.

TEST(TcpStreamMidstream, StartsAtTheLowestByte) {
  EXPECT_EQ(Reassemble("3:def 0:abc !", kMidstream), "abcdef");
  EXPECT_EQ(Reassemble("0:abc 3:def !", kMidstream), "abcdef");
  EXPECT_EQ(Reassemble("6:g 0:a !", kMidstream), "a<5>g");
}
TEST(TcpStreamMidstream, StartsAfterASecond) {
  EXPECT_EQ(Reassemble("0:ab @1000 2:c", kMidstream), "");
  EXPECT_EQ(Reassemble("0:ab @1001 2:c", kMidstream), "abc");
}
TEST(TcpStreamMidstream, BytesBeforeTheStartAreOldThen) {
  EXPECT_EQ(Reassemble("3:d @1001 4:e 0:abc !", kMidstream), "de");
}
TEST(TcpStreamMidstream, StartsAfter64KiB) {
  StreamPlayer player(kMidstream);
  const std::string kilobyte(1'000, 'x');
  for (int64_t n = 0; n < 100; ++n) player.Insert(n * 1'000, kilobyte);
  EXPECT_EQ(player.data_bytes(), 100'000u);
}
TEST(TcpStreamMidstream, ALateAnchorIsTheStart) {
  EXPECT_EQ(Reassemble("3:def 0A 0:abc", kMidstream), "abcdef");
  EXPECT_EQ(Reassemble("0:abc 0A", kMidstream), "abc");
}
TEST(TcpStreamMidstream, ALateAnchorCutsWhatLiesBefore) {
  EXPECT_EQ(Reassemble("0:abcdef 3A", kMidstream), "def");
  EXPECT_EQ(Reassemble("0:ab 4:ef 4A", kMidstream), "ef");
}
TEST(TcpStreamMidstream, BytesBeforeALateAnchorAreAccountedFor) {
  EXPECT_EQ(Account("0:ab 4:ef 4A", kMidstream), "2, 0, 2");
  EXPECT_EQ(Account("0:abcdef 3A", kMidstream), "3, 0, 3");
}
TEST(TcpStreamMidstream, FinAloneIsAnEmptyStream) { EXPECT_EQ(Reassemble("7F !", kMidstream), ""); }
TEST(TcpStreamMidstream, SurvivesSeqWrap) {
  EXPECT_EQ(Reassemble("3:def 0:abc !", {.first_seq = 0xFFFFFFFE, .anchored = false}), "abcdef");
}

TEST(TcpStreamAnchor, MayMoveUntilBytesAreThere) {
  EXPECT_EQ(Reassemble("5A 5:abc"), "abc");
  EXPECT_EQ(Reassemble("0:abc 5A 3:d"), "abcd");
}

// Limits.

TEST(TcpStreamLimit, GivesUpOnTheOldestGapPastItsMemory) {
  const ReassembleOptions options{.limits = {600, int64_t{60} * 1'000'000'000}};
  EXPECT_EQ(Reassemble("1:b 3:d 5:f", options), "<1>b");
  EXPECT_EQ(Reassemble("1:b 3:d 5:f 7:h", options), "<1>b<1>d");
}

TEST(TcpStreamLimit, GivesUpOnAGapThatWaitedTooLong) {
  const ReassembleOptions options{.limits = {4 << 20, int64_t{2} * 1'000'000'000}};
  EXPECT_EQ(Reassemble("0:a 2:c @2000 3:d", options), "a");
  EXPECT_EQ(Reassemble("0:a 2:c @2001 3:d", options), "a<1>cd");
}

TEST(TcpStreamLimit, EachGapHasItsOwnTime) {
  const ReassembleOptions options{.limits = {4 << 20, int64_t{2} * 1'000'000'000}};
  EXPECT_EQ(Reassemble("0:a 2:c @2001 4:e @3000 5:f", options), "a<1>c");
  EXPECT_EQ(Reassemble("0:a 2:c @2001 4:e @4002 5:f", options), "a<1>c<1>ef");
}

TEST(TcpStreamLimit, KeepsHeldSegmentsBelowHalfOfThePool) {
  StreamPlayer player({.pool_bytes_max = 64 << 10});
  const std::string kilobyte(1'000, 'x');
  for (int64_t n = 0; n < 200; ++n) {
    player.Insert(1 + n * 2'000, kilobyte);
    ASSERT_LE(player.pool().bytes_taken(), size_t{36} << 10);
  }
}

TEST(TcpStreamLimit, WhatFindsNoRoomIsAccountedFor) {
  const ReassembleOptions options{.pool_bytes_max = 16 << 10};
  std::string script;
  for (int n = 0; n < 50; ++n) {
    script += std::to_string(1 + n * 700) + ":" + std::string(600, 'x') + " ";
  }
  Account(script, options);
}

// Content may have taken the pool while the budget still allows more.
TEST(TcpStreamLimit, WhatFindsNoMemoryIsAccountedFor) {
  for (size_t left = 512; left <= 8'192; left *= 2) {
    StreamPlayer player({.pool_bytes_max = 256 << 10});
    std::vector<Segment*> taken;
    while (player.pool().bytes_taken() + left < player.pool().bytes_max()) {
      taken.push_back(player.pool().Take(100));
    }
    player.Insert(1, std::string(6'000, 'x'));
    player.Play("!");
    EXPECT_EQ(player.data_bytes() + player.counts().refused_bytes, player.payload_bytes()) << left;
    for (Segment* segment : taken) player.pool().Give(segment);
  }
}

}  // namespace
}  // namespace dfc
