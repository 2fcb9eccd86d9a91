// Who wins where early segments overlap, policy by policy.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "reassemble.h"

namespace dfc {
namespace {

// The old segment, then the new one, then what was missing before both.
std::string Winner(HostPolicy policy, std::string_view old, std::string_view fresh) {
  StreamPlayer player({.policy = policy});
  player.Play(fmt::format("{} {} 0:.", old, fresh));
  return player.Play("!");
}

struct Pair {
  const char* old;
  const char* fresh;
};

// In the order of the tables: how the new segment lies to the old one.
constexpr Pair kPairs[] = {
    {"3:oooo", "1:nnnn"}, {"3:oooo", "1:nnnnnn"}, {"3:oooo", "1:nnnnnnnn"},
    {"1:oooo", "1:nn"},   {"1:oooo", "1:nnnn"},   {"1:oooo", "1:nnnnnn"},
    {"1:oooo", "2:nn"},   {"1:oooo", "3:nn"},     {"1:oooo", "3:nnnn"},
};

// One letter a pair: whose byte stands where both have one.
std::string Winners(HostPolicy policy) {
  std::string letters;
  for (const Pair& pair : kPairs) {
    const auto old_at = static_cast<size_t>(pair.old[0] - '0');
    const auto fresh_at = static_cast<size_t>(pair.fresh[0] - '0');
    letters += Winner(policy, pair.old, pair.fresh).at(std::max(old_at, fresh_at));
  }
  return letters;
}

TEST(Overlap, OfTwoIsSettledByTheTables) {
  EXPECT_EQ(Winners(HostPolicy::kFirst), "ooooooooo");
  EXPECT_EQ(Winners(HostPolicy::kVista), "ooooooooo");
  EXPECT_EQ(Winners(HostPolicy::kLast), "nnnnnnnnn");
  EXPECT_EQ(Winners(HostPolicy::kBsd), "nnnoooooo");
  EXPECT_EQ(Winners(HostPolicy::kWindows), "nnnoooooo");
  EXPECT_EQ(Winners(HostPolicy::kLinuxNs), "nnnoonooo");
  EXPECT_EQ(Winners(HostPolicy::kOldLinux), "nnnonnooo");
  EXPECT_EQ(Winners(HostPolicy::kSolaris), "onnonnoon");
  EXPECT_EQ(Winners(HostPolicy::kLinux), "nnnoonooo");
}

// The sequence of Novak and Sturges, in lower case.
constexpr char kNovakSturges[] =
    "2:aaa 6:bb 8:ccc 12:d 15:ee 17:xxx 20:gg 22:hh 24:i 3:jjjj 8:kkk 11:lll 14:mmm 18:n 21:o 22:p "
    "24:qq 1:0";

TEST(Overlap, OfTheWholeSequenceIsSettledAsTheTablesSay) {
  // The stream's offset 0 stays open; its sequence begins at 1.
  const auto play = [](HostPolicy policy) {
    StreamPlayer player({.policy = policy});
    player.Play(std::string("0:. ") + kNovakSturges);
    return player.Play("!").substr(1);
  };
  EXPECT_EQ(play(HostPolicy::kLinux), "0aaajjbccclllmmmxxxgghhiq");
  EXPECT_EQ(play(HostPolicy::kBsd), "0aaajjbccclllmmmxxxgghhiq");
  EXPECT_EQ(play(HostPolicy::kWindows), "0aaajjbccclllmmmxxxgghhiq");
  EXPECT_EQ(play(HostPolicy::kLinuxNs), "0aaajjbccclllmmmxxxgghhqq");
  EXPECT_EQ(play(HostPolicy::kFirst), "0aaajbbcccldlmeexxxgghhiq");
  EXPECT_EQ(play(HostPolicy::kVista), "0aaajbbcccldlmeexxxgghhiq");
  EXPECT_EQ(play(HostPolicy::kOldLinux), "0aaajjbkkklllmmmxxxgghhqq");
  EXPECT_EQ(play(HostPolicy::kSolaris), "0ajjjbbkkklllmmmxxxgghhqq");
  EXPECT_EQ(play(HostPolicy::kLast), "0ajjjjbkkklllmmmxnxgophqq");
}

TEST(Overlap, OnLinuxASegmentJoinsTheOneThatEndsWhereItBegins) {
  EXPECT_EQ(Reassemble("1:aaaa 5:bb 7:c 0:."), ".aaaabbc");
}

// What a search meets depends on the order of arrival: here it comes by the node that ends at 4.
TEST(Overlap, OnLinuxWhatAJoinedNodeGainsBeatsLaterNodes) {
  EXPECT_EQ(Reassemble("1:aaa 2:bbbb 4:n 0:."), ".aaanb");
  EXPECT_EQ(Reassemble("2:bbbb 1:aaa 4:n 0:."), ".aaabb");
}

TEST(Overlap, OfTinySegmentsBackwardsIsExact) {
  std::string script;
  std::string expected;
  for (int n = 999; n >= 0; --n)
    script += fmt::format("{}:{} ", n, static_cast<char>('a' + n % 26));
  for (int n = 0; n < 1'000; ++n) expected += static_cast<char>('a' + n % 26);
  EXPECT_EQ(Reassemble(script), expected);
}

}  // namespace
}  // namespace dfc
