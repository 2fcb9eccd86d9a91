#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dfc/query.h"

namespace dfc {
namespace {

// What is proposed where "|" stands: "BEFORE<FIRST>BEHIND (how many)".
std::string Propose(std::string typed) {
  const size_t caret = typed.find('|');
  typed.erase(caret, 1);
  const Completion found = CompleteQuery(typed, caret, QueryScope::kFlows);
  const std::string first = found.suggestions.empty() ? "" : found.suggestions.front().text;
  return fmt::format("{}<{}>{} ({})", typed.substr(0, found.from), first, typed.substr(found.to),
                     found.suggestions.size());
}

TEST(CompleteQuery, ProposesFieldsByTheirBeginning) {
  EXPECT_EQ(Propose("pr|"), "<proto:> (1)");
  EXPECT_EQ(Propose("proto:tcp -sta|"), "proto:tcp -<state:> (1)");
  EXPECT_EQ(Propose("(sta|)"), "(<state:>) (1)");
  EXPECT_EQ(Propose("xyz|"), "<> (0)");
  EXPECT_EQ(Propose("ser|ver:10.0.0.1"), "<server:>10.0.0.1 (1)");
}

TEST(CompleteQuery, ProposesWordsOfAField) {
  EXPECT_EQ(Propose("proto:tc|"), "proto:<tcp> (1)");
  EXPECT_EQ(Propose("proto:tcp,ud|"), "proto:tcp,<udp> (2)");
  EXPECT_EQ(Propose("state:clos|ed proto:tcp"), "state:<closing> proto:tcp (2)");
  EXPECT_EQ(Propose("is:|"), "is:<open> (2)");
  EXPECT_EQ(Propose("bytes:|"), "bytes:<> (0)");
  EXPECT_EQ(Propose("client:fd00::1|"), "client:<> (0)");
}

TEST(CompleteQuery, SpaceInQuotesEndsNothing) {
  EXPECT_EQ(Propose("sensor:\"a b|"), "sensor:<> (0)");
  EXPECT_EQ(Propose("sensor:\"a b\" pr|"), "sensor:\"a b\" <proto:> (1)");
}

TEST(CompleteQuery, StandsAnyCaret) {
  for (const char* text : {"", "(", "((proto:", "-", ":", "::", "a:b,c", "\"", "proto:\"x"}) {
    for (size_t at = 0; at < 12; ++at) {
      const Completion found = CompleteQuery(text, at, QueryScope::kFlows);
      EXPECT_LE(found.from, found.to) << text;
      EXPECT_LE(found.to, std::string_view(text).size()) << text;
    }
  }
}

TEST(QuoteValue, QuotesWhatWouldEndEarly) {
  EXPECT_EQ(QuoteValue("tcp"), "tcp");
  EXPECT_EQ(QuoteValue("fd00::1"), "fd00::1");
  EXPECT_EQ(QuoteValue("two words"), "\"two words\"");
  EXPECT_EQ(QuoteValue("a,b"), "\"a,b\"");
  EXPECT_EQ(QuoteValue(""), "\"\"");
}

TEST(MistakeOf, TakesTheColumnOff) {
  const QueryMistake mistake = MistakeOf(absl::InvalidArgumentError("query: column 7: no, no"));
  EXPECT_EQ(mistake.column, 7u);
  EXPECT_EQ(mistake.message, "no, no");
  EXPECT_EQ(MistakeOf(absl::InvalidArgumentError("column x: no")).column, 0u);
  EXPECT_EQ(MistakeOf(absl::InvalidArgumentError("no")).message, "no");
}

}  // namespace
}  // namespace dfc
