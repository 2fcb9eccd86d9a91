#include "tcp_stream.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "reassemble.h"

namespace dfc {
namespace {

constexpr ReassembleOptions kMidstream{.anchored = false};

// "delivered, duplicate, conflict, out of window, shed" bytes after the script has ended.
std::string Account(std::string_view script, const ReassembleOptions& options = {}) {
  StreamPlayer player(options);
  player.Play(script);
  player.Play("!");
  return fmt::format("{}, {}, {}, {}, {}", player.data_bytes(),
                     player.discarded(Discard::kDuplicate), player.discarded(Discard::kConflict),
                     player.discarded(Discard::kOutOfWindow), player.discarded(Discard::kShed));
}

std::string Conflicts(std::string_view script, const ReassembleOptions& options = {}) {
  StreamPlayer player(options);
  player.Play(script);
  return player.conflicts();
}

TEST(TcpStream, PassesOnWhatIsInOrder) { EXPECT_EQ(Reassemble("0:abc 3:def"), "abcdef"); }
TEST(TcpStream, Reorders) { EXPECT_EQ(Reassemble("6:ghi 3:def 0:abc"), "abcdefghi"); }
TEST(TcpStream, HoldsWhatIsEarly) { EXPECT_EQ(Reassemble("3:def"), ""); }
TEST(TcpStream, FillsTheMiddle) { EXPECT_EQ(Reassemble("0:a 2:c 4:e 3:d 1:b"), "abcde"); }
TEST(TcpStream, DropsRetransmission) { EXPECT_EQ(Reassemble("0:abc 0:abc 3:d"), "abcd"); }
TEST(TcpStream, TakesTheNewPartOnly) { EXPECT_EQ(Reassemble("0:abcd 2:xxef"), "abcdef"); }
TEST(TcpStream, KeepsAKeepAliveOut) { EXPECT_EQ(Reassemble("0:abc 2:x 3:d"), "abcd"); }

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
    void OnData(Arrival, uint64_t, ByteSpan) override {}
    void OnGap(int64_t, uint64_t, uint32_t) override {}
    void OnUrgent(Arrival, uint64_t, uint8_t) override {}
    void OnDiscard(Arrival, Discard, uint64_t, ByteSpan) override { ADD_FAILURE(); }
    Difference CompareWithDelivered(uint64_t, ByteSpan) override { return {0, 0}; }
  } nothing;
  SegmentPool pool(4'096);
  HeldBudget budget{pool};
  const StreamLimits limits{4'096, 1};
  const StreamContext context{limits, budget, nothing};
  TcpStream stream{};
  stream.Anchor(0, context);
  const std::vector<uint8_t> megabyte(1 << 20);
  for (uint32_t n = 0; n < 4'100; ++n) stream.Insert({n << 20, megabyte}, context);
  EXPECT_EQ(stream.delivered(), uint64_t{4'100} << 20);
}

TEST(TcpStream, AccountsForEveryByte) {
  EXPECT_EQ(Account("0:abc 3:def"), "6, 0, 0, 0, 0");
  EXPECT_EQ(Account("0:abc 0:abc 2:cd"), "4, 4, 0, 0, 0");
  EXPECT_EQ(Account("2:cc 6:gg 0:aacc 0:a"), "6, 3, 0, 0, 0");
  EXPECT_EQ(Account("2:cc 6:gg 0:aaxxbbxxh"), "9, 0, 4, 0, 0");
  EXPECT_EQ(Account("0:ab 5:fg ! 2:cde 7:h"), "5, 0, 0, 0, 3");
}

TEST(TcpStream, RefusesWhatIsFarOutOfWindow) {
  EXPECT_EQ(Account("0:abc 20000000:far 3:d"), "4, 0, 0, 3, 0");
  EXPECT_EQ(Account("0:abc -20000000:old 3:d"), "4, 0, 0, 3, 0");
}

TEST(TcpStream, TellsOutOfOrder) {
  StreamPlayer player;
  player.Play("0:a 0:a 1:b");
  EXPECT_FALSE(player.stream().out_of_order());
  player.Play("3:d");
  EXPECT_TRUE(player.stream().out_of_order());
}

// Copies that differ.

TEST(TcpStreamConflict, GivesTheCopyThatLost) {
  EXPECT_EQ(Conflicts("2:cc 0:aacc 2:cc"), "");
  EXPECT_EQ(Conflicts("3:d 1:bcd"), "");
  EXPECT_EQ(Conflicts("2:cc 0:aaxx"), "2:cc");
  EXPECT_EQ(Conflicts("5:ff 2:cxxx"), "5:f");
  EXPECT_EQ(Conflicts("2:c 4:e 1:bcdx"), "4:e");
  EXPECT_EQ(Conflicts("0:abc 0:axc"), "1:x");
}
TEST(TcpStreamConflict, ReachesFromTheFirstToTheLastDifference) {
  EXPECT_EQ(Conflicts("0:abcdefgh 0:abXdeXgh"), "2:XdeX");
  EXPECT_EQ(Account("0:abcdefgh 0:abXdeXgh"), "8, 4, 4, 0, 0");
}
TEST(TcpStreamConflict, IsFoundAcrossPiecesOfMemory) {
  const std::string text(6'000, 'x');
  EXPECT_EQ(Conflicts("2:" + text + " 5001:y"), "5001:y");
  EXPECT_EQ(Conflicts("0:" + text + " 5001:y"), "5001:y");
}
TEST(TcpStreamConflict, IsNoneInAKeepAlive) {
  EXPECT_EQ(Conflicts("0:abc 2:x"), "");
  EXPECT_EQ(Account("0:abc 2:x"), "3, 1, 0, 0, 0");
}

// Set aside.

TEST(TcpStreamAside, CountsOnlyWhenTheReceiverHasIt) {
  EXPECT_EQ(Reassemble("?0:abc"), "");
  EXPECT_EQ(Reassemble("?0:abc 2K"), "");
  EXPECT_EQ(Reassemble("?0:abc 3K"), "abc");
  EXPECT_EQ(Account("?0:abc"), "0, 0, 0, 3, 0");
}
TEST(TcpStreamAside, GivesWayToAnyOtherCopy) {
  EXPECT_EQ(Reassemble("?0:evil 0:good 4K"), "good");
  EXPECT_EQ(Account("?0:evil 0:good 4K"), "4, 0, 4, 0, 0");
  EXPECT_EQ(Account("?0:good 0:good 4K"), "4, 4, 0, 0, 0");
}
TEST(TcpStreamAside, FillsTheHolesThatOthersLeft) {
  EXPECT_EQ(Reassemble("?0:abcdefgh 2:xx 5:y 8K"), "abxxeygh");
  EXPECT_EQ(Reassemble("?3:def ?0:abc 6K"), "abcdef");
  EXPECT_EQ(Reassemble("?0:ab 2:cd 2K"), "abcd");
}
TEST(TcpStreamAside, MayEndInFin) {
  StreamPlayer player;
  player.Play("?0:abF 2K");
  EXPECT_FALSE(player.stream().fin_seen());
  player.Play("3K");
  EXPECT_TRUE(player.stream().fin_reached());
}
TEST(TcpStreamAside, MayBeWhereTheStreamBegins) {
  EXPECT_EQ(Reassemble("?0:ab ?2:cd 4K 4:ef !", {.anchored = false}), "abcdef");
  EXPECT_EQ(Reassemble("?0:ab ?2:cd 2K 4:ef !", {.anchored = false}), "ab<2>ef");
  EXPECT_EQ(Reassemble("?4:ef 6K 2:cd 0:ab !", {.anchored = false}), "abcdef");
}
TEST(TcpStreamAside, TellsByFinAloneWhatIsMissing) {
  EXPECT_EQ(Reassemble("0:ab ?5:F 6K !"), "ab<3>");
  EXPECT_EQ(Reassemble("0:ab ?5:F 6K 2:cde"), "abcde");
}
TEST(TcpStreamAside, BringsNoSecondFin) { EXPECT_EQ(Reassemble("2:cdF ?2:cdF 5K !"), "<2>cd"); }
TEST(TcpStreamAside, TellsThatAFinWasNone) { EXPECT_EQ(Reassemble("0:abF ?2:cd 4K 4:e"), "abcde"); }

// Urgent.

TEST(TcpStreamUrgent, IsTakenOutWhereItStands) {
  EXPECT_EQ(Reassemble("1U 0:abcd"), "a^bcd");
  EXPECT_EQ(Reassemble("3U 0:ab 2:cd"), "abc^d");
  EXPECT_EQ(Reassemble("0:ab 2U 3:d 2:c"), "ab^cd");
}
TEST(TcpStreamUrgent, OnlyTheLatestMarkCounts) {
  EXPECT_EQ(Reassemble("1U 3U 0:abcd"), "abc^d");
  EXPECT_EQ(Reassemble("3U 1U 0:abcd"), "abc^d");
  EXPECT_EQ(Reassemble("1U 0:ab 3U 2:cd"), "a^bc^d");
}
TEST(TcpStreamUrgent, IsNotReadTwice) { EXPECT_EQ(Reassemble("0:ab 1U 2:cd"), "abcd"); }

// Fin.

TEST(TcpStreamFin, EndsTheStream) { EXPECT_EQ(Reassemble("0:abc 3:F !"), "abc"); }
TEST(TcpStreamFin, WaitsForTheBytesBefore) { EXPECT_EQ(Reassemble("3:dF 0:abc !"), "abcd"); }
TEST(TcpStreamFin, ReportsWhatIsMissingBeforeIt) { EXPECT_EQ(Reassemble("0:ab 5:F !"), "ab<3>"); }
TEST(TcpStreamFin, LetsNothingBehindItIn) {
  EXPECT_EQ(Reassemble("0:abcF 3:xyz !"), "abc");
  EXPECT_EQ(Account("0:abcF 3:xyz 2:cx"), "3, 1, 0, 4, 0");
}
// As Linux does, which empties its queue when it comes to FIN.
TEST(TcpStreamFin, DropsWhatIsHeldBehindItOnceReached) {
  EXPECT_EQ(Reassemble("5:xy 3:F 0:abc !"), "abc");
  EXPECT_EQ(Account("5:xy 0:abcF"), "3, 0, 0, 2, 0");
}
TEST(TcpStreamFin, IsIgnoredWhereBytesHaveBeen) {
  EXPECT_EQ(Reassemble("0:abc 2:F 3:d !"), "abcd");
  EXPECT_EQ(Reassemble("2:F 0:abcd 4:e !"), "abcde");
}
TEST(TcpStreamFin, IsIgnoredFarOutOfWindow) { EXPECT_EQ(Reassemble("0:abc 20000000:F !"), "abc"); }
TEST(TcpStreamFin, AccountsForAByteThatStandsWhereItDoes) {
  EXPECT_EQ(Account("3:de 2:cdF 0:ab"), "4, 1, 0, 1, 0");
}
TEST(TcpStreamFin, IsReachedOnceAllBeforeItIsHere) {
  StreamPlayer player;
  player.Play("2:cF");
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
  EXPECT_EQ(Account("2:cd 0:a+3"), "3, 0, 0, 0, 0");
}
TEST(TcpStreamCut, BytesThatFillAHeldCutAreKept) {
  EXPECT_EQ(Reassemble("2:c+2 3:de 0:ab !"), "abcde");
}
TEST(TcpStreamCut, EndsAtFin) { EXPECT_EQ(Reassemble("0:ab+3F !"), "ab<3>"); }

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
TEST(TcpStreamMidstream, StillWaitsForHolesBehindTheStart) {
  StreamPlayer player(kMidstream);
  const std::string kilobyte(1'000, 'x');
  for (int64_t n = 0; n < 100; ++n) {
    if (n != 10) player.Insert(n * 1'000, kilobyte);
  }
  EXPECT_EQ(player.data_bytes(), 10'000u);
  player.Insert(10'000, kilobyte);
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
  EXPECT_EQ(Account("0:ab 4:ef 4A", kMidstream), "2, 0, 0, 2, 0");
  EXPECT_EQ(Account("0:abcdef 3A", kMidstream), "3, 0, 0, 3, 0");
}
TEST(TcpStreamMidstream, FinAloneIsAnEmptyStream) {
  EXPECT_EQ(Reassemble("7:F !", kMidstream), "");
}
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
    for (Segment* segment : taken) player.pool().Give(segment);
  }
}

}  // namespace
}  // namespace dfc
