// Requests paired with replies, errors with the requests that they quote.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <sstream>

#include "dfc/time.h"
#include "engine_run.h"
#include "icmp_requests.h"

namespace dfc {
namespace {

constexpr int64_t kT = 1'700'000'000 * kNsPerSecond;

// Pings of one identifier in the order written: "A1" is a request of A with sequence number 1, "b1"
// B's reply to it; "B1" and "a1" the other way around. "t" in front makes it a timestamp. ":x" is a
// payload, "@5" lets 5 ms pass, and 1 ms passes between any two.
void AddPings(Traffic& traffic, const std::string& script) {
  int64_t t_ns = kT;
  std::istringstream words(script);
  for (std::string word; words >> word;) {
    if (word[0] == '@') {
      t_ns += std::stoll(word.substr(1)) * kNsPerMs;
      continue;
    }
    const bool timestamp = word[0] == 't';
    if (timestamp) word.erase(0, 1);
    const size_t colon = word.find(':');
    const bool asks = word[0] == 'A' || word[0] == 'B';
    const bool from_a = word[0] == 'A' || word[0] == 'a';
    const int type = timestamp ? (asks ? 13 : 14) : (asks ? 8 : 0);
    const auto seq = static_cast<uint16_t>(std::stoi(word.substr(1, colon)));
    PacketBuilder ping = Icmp(from_a ? "10.0.0.1" : "10.0.0.2", from_a ? "10.0.0.2" : "10.0.0.1");
    ping.Type(type).Echo(7, seq).Data(colon == std::string::npos ? "" : word.substr(colon + 1));
    traffic.Add(t_ns, ping);
    t_ns += kNsPerMs;
  }
}

FlowRun RunPings(const std::string& script, const RunOptions& options = {}) {
  Traffic traffic;
  AddPings(traffic, script);
  return RunFlows(traffic, options);
}

// A request as "?", a reply by the number of its request and how it came: "0", "late0", "dup0",
// "stray"; with "!" where the payload differs.
std::string Words(const EventRows& rows) {
  std::string words;
  for (const auto& [key, row] : rows.icmp()) {
    if (!words.empty()) words += ' ';
    if (row.pairing == IcmpPairing::kRequest) words += '?';
    if (row.pairing == IcmpPairing::kLate) words += "late";
    if (row.pairing == IcmpPairing::kDuplicate) words += "dup";
    if (row.pairing == IcmpPairing::kStray) words += "stray";
    if (row.request_n != kNoIcmpMessage) words += std::to_string(row.request_n);
    if (row.payload == IcmpPayload::kDiffers) words += '!';
    EXPECT_EQ(row.rtt_ns >= 0, row.request_n != kNoIcmpMessage);
  }
  return words;
}

std::string Paired(const std::string& script) { return Words(RunPings(script).rows); }

TEST(Ping, AReplyAnswersTheRequestOfItsNumber) {
  EXPECT_EQ(Paired("A1 b1 A2 b2"), "? 0 ? 2");
  EXPECT_EQ(Paired("A1 A2 A3 b3 b1"), "? ? ? 2 0");
}
TEST(Ping, OneMoreReplyIsADuplicate) { EXPECT_EQ(Paired("A1 b1 b1 b1"), "? 0 dup0 dup0"); }
TEST(Ping, AReplyWithoutRequestIsAStray) {
  EXPECT_EQ(Paired("b1 A1 b2"), "stray ? stray");
  EXPECT_EQ(Paired("A1 a1"), "? stray");
}
TEST(Ping, AReplyAfterFourSecondsIsLate) {
  EXPECT_EQ(Paired("A1 @3999 b1"), "? 0");
  EXPECT_EQ(Paired("A1 @4000 b1 b1"), "? late0 dup0");
}
TEST(Ping, OfOneNumberTheNewestThatWaitsIsAnswered) {
  EXPECT_EQ(Paired("A1 A1 b1 b1 b1"), "? ? 1 0 dup0");
  EXPECT_EQ(Paired("A1 A1 b1 A1 b1 b1"), "? ? 1 ? 3 0");
}
TEST(Ping, BothSidesMayAsk) { EXPECT_EQ(Paired("A1 B1 b1 a1"), "? ? 0 1"); }
TEST(Ping, KindsDoNotMix) { EXPECT_EQ(Paired("tA1 A1 b1 tb1"), "? ? 1 0"); }
TEST(Ping, TellsWhetherThePayloadCameBack) {
  EXPECT_EQ(Paired("A1:abc b1:abc"), "? 0");
  EXPECT_EQ(Paired("A1:abc b1:abd b1:ab"), "? 0! dup0!");
  EXPECT_EQ(Paired("tA1:abc tb1:xyz"), "? 0");
}
TEST(Ping, IdentifierZeroIsPairedToo) {
  Traffic traffic;
  traffic.Add(kT, Icmp("10.0.0.1", "10.0.0.2").Type(10));
  traffic.Add(kT + 1, Icmp("10.0.0.1", "10.0.0.2").Echo(0, 5));
  traffic.Add(kT + 2, Icmp("10.0.0.2", "10.0.0.1").Type(0).Echo(0, 5));
  EXPECT_EQ(Words(RunFlows(traffic).rows), "? 1");
}

TEST(Ping, TimeThatGoesBackIsNoRoundTripBelowZero) {
  Traffic traffic;
  traffic.Add(kT, Icmp("10.0.0.1", "10.0.0.2").Echo(7, 1));
  traffic.Add(kT - 5, Icmp("10.0.0.2", "10.0.0.1").Type(0).Echo(7, 1));
  EXPECT_EQ(RunFlows(traffic).rows.icmp().rbegin()->second.rtt_ns, 0);
}

std::string Flood(size_t requests) {
  std::string script;
  for (const char who : {'A', 'b'}) {
    for (size_t seq = 0; seq < requests; ++seq) script += fmt::format("{}{} ", who, seq);
  }
  return script;
}

FlowRun RunFlood(size_t requests) {
  RunOptions options;
  options.limits.flows_max = 4'096;
  return RunPings("A9999 " + Flood(requests), options);
}

TEST(PingFlood, ThousandsMayWait) {
  const FlowRun run = RunFlood(IcmpRequests::kPerFlowMax - 1);
  EXPECT_EQ(Words(run.rows).find("stray"), std::string::npos);
  EXPECT_EQ(run.counters.icmp_requests_dropped, 0u);
}
TEST(PingFlood, TheOldestMakesRoomAndIsCounted) {
  const FlowRun run = RunFlood(IcmpRequests::kPerFlowMax + 2);
  const std::string words = Words(run.rows);
  EXPECT_EQ(run.counters.icmp_requests_dropped, 3u);  // And the one before the flood.
  EXPECT_NE(words.find("? stray stray late3 late4 "), std::string::npos);
}
TEST(PingFlood, WhatHasWaitedForAMinuteIsLostNotDropped) {
  const std::string script = "A9999 @30000 A1 @30000 " + Flood(IcmpRequests::kPerFlowMax);
  RunOptions options;
  options.limits.flows_max = 4'096;
  EXPECT_EQ(RunPings(script, options).counters.icmp_requests_dropped, 1u);
}
TEST(PingFlood, WithoutRoomForAnyTheReplyIsAStray) {
  RunOptions options;
  options.limits.flows_max = 2;
  Traffic traffic;
  AddPings(traffic, "A1 A2 A3 A4");
  traffic.Add(kT + kNsPerSecond, Icmp("10.0.0.1", "10.0.0.3").Echo(1, 1));
  const FlowRun run = RunFlows(traffic, options);
  EXPECT_EQ(run.counters.icmp_requests_dropped, 1u);
}

// The slow, obvious way: every request of a number, newest last.
std::string PairedByModel(const std::vector<std::string>& words) {
  struct Request {
    size_t n;
    bool answered = false;
  };
  std::map<std::string, std::pair<std::vector<Request>, size_t>> by_number;
  std::string text;
  for (size_t n = 0; n < words.size(); ++n) {
    const bool asks = words[n][0] == 'A' || words[n][0] == 'B';
    const char asking = asks ? words[n][0] : words[n][0] == 'b' ? 'A' : 'B';
    auto& [requests, current] = by_number[asking + words[n].substr(1)];
    if (n > 0) text += ' ';
    if (asks) {
      requests.push_back({n});
      current = requests.size() - 1;
      text += '?';
    } else if (requests.empty()) {
      text += "stray";
    } else {
      for (size_t at = current + 1; at-- > 0;) {
        if (requests[at].answered) continue;
        current = at;
        break;
      }
      text += fmt::format("{}{}", requests[current].answered ? "dup" : "", requests[current].n);
      requests[current].answered = true;
    }
  }
  return text;
}

TEST(Ping, RandomOnesPairAsInTheModel) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> words;
    std::string script;
    for (int n = 0; n < 60; ++n) {
      words.push_back(fmt::format("{}{}", "AABbba"[random() % 6], random() % 5));
      script += words.back() + ' ';
    }
    // The first message decides who the client is, and a reply first makes no difference to pairs.
    EXPECT_EQ(Paired(script), PairedByModel(words)) << script;
  }
}

// Many exchanges at once, dealt to any number of workers.
TEST(Ping, PairsAreTheSameForAnyNumberOfWorkers) {
  std::mt19937 random(11);
  Traffic traffic;
  for (int n = 0; n < 4'000; ++n) {
    const std::string host = fmt::format("10.0.1.{}", random() % 40);
    const bool asks = random() % 2 == 0;
    PacketBuilder ping = asks ? Icmp("10.0.0.1", host) : Icmp(host, "10.0.0.1");
    ping.Type(asks ? 8 : 0)
        .Echo(static_cast<uint16_t>(random() % 2), static_cast<uint16_t>(random() % 9));
    traffic.Add(kT + n * kNsPerMs, ping.Data(random() % 8 == 0 ? "other" : "same"));
  }
  const std::string rows = RunFlows(traffic).rows.Dump();
  for (const size_t engines : {2u, 4u}) {
    EXPECT_EQ(RunFlows(traffic, {.engines = engines, .secret = 99}).rows.Dump(), rows);
  }
}

PacketBuilder Exceeded(const PacketBuilder& quoted) {
  return Icmp("10.9.9.9", "10.0.0.1").Type(11).Data(quoted.Datagram());
}

TEST(IcmpError, AboutAPingBelongsToItsRequest) {
  const auto probe = [](uint16_t seq) { return Icmp("10.0.0.1", "10.0.0.2").Echo(7, seq); };
  Traffic traffic;
  traffic.Add(kT, probe(1)).Add(kT + 10, probe(2)).Add(kT + 25, Exceeded(probe(2)));
  const FlowRun run = RunFlows(traffic);
  const auto error =
      std::ranges::find(run.rows.icmp(), 11, [](const auto& row) { return row.second.type; });
  ASSERT_NE(error, run.rows.icmp().end());
  EXPECT_EQ(error->second.pairing, IcmpPairing::kError);
  EXPECT_EQ(error->second.request_n, 1u);
  EXPECT_EQ(error->second.rtt_ns, 15);
}

TEST(IcmpError, AboutALaterFragmentNamesTheEndsAndNoFlow) {
  const PacketBuilder sent = Udp("10.0.0.1:1000", "10.0.0.2:53").Data(std::string(64, 'x'));
  const FrameBytes fragment = sent.Fragment(32, 32);
  Traffic traffic;
  traffic.Add(kT, Icmp("10.9.9.9", "10.0.0.1")
                      .Type(11, 1)
                      .Data(FrameBytes(fragment.begin() + 14, fragment.end())));
  const IcmpRow row = RunFlows(traffic).rows.icmp().begin()->second;
  EXPECT_TRUE(row.has_quote && row.quote_cut);
  EXPECT_FALSE(row.quote_found);
  EXPECT_EQ(FormatAddress(row.quoted.destination), "10.0.0.2");
}

TEST(IcmpContent, EachMessageTellsWhereItsPayloadLies) {
  Traffic traffic;
  AddPings(traffic, "A1:first b1:second A2 b2:" + std::string(1'000, 'x'));
  for (int n = 0; n < 100; ++n) {
    traffic.Add(kT + n, Icmp("10.0.0.1", "10.0.0.2").Echo(7, 9).Data(std::string(1'000, 'y')));
  }
  const FlowRun run = RunFlows(traffic);
  std::string seen;
  for (const auto& [key, row] : run.rows.icmp()) {
    const auto& content = run.rows.chunks().at({key.first, row.content_n}).content;
    ASSERT_LE(row.content_at + size_t{row.content_bytes}, content.size());
    const std::string payload = content.substr(row.content_at, row.content_bytes);
    EXPECT_EQ(payload.size(), row.payload_bytes);
    seen += payload.substr(0, 6) + ' ';
  }
  EXPECT_TRUE(seen.starts_with("first second  xxxxxx yyyyyy ")) << seen;
  EXPECT_GT(run.rows.chunks().size(), 1u);
}

}  // namespace
}  // namespace dfc
