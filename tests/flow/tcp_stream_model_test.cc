// TcpStream against slow and obvious models.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "reassemble.h"

namespace dfc {
namespace {

struct Sent {
  int64_t at;
  std::string text;
  int64_t end() const { return at + static_cast<int64_t>(text.size()); }
};

// Whether the new segment takes a byte from its owner, written out from the tables of Novak and
// Sturges: a letter for each way in which the new one may lie to the old.
bool NewWins(HostPolicy policy, const Sent& fresh, const Sent& old) {
  static const std::map<HostPolicy, const char*> kRules = {
      {HostPolicy::kFirst, "ooo ooo ooo"},    {HostPolicy::kVista, "ooo ooo ooo"},
      {HostPolicy::kLast, "nnn nnn nnn"},     {HostPolicy::kBsd, "nnn ooo ooo"},
      {HostPolicy::kWindows, "nnn ooo ooo"},  {HostPolicy::kLinuxNs, "nnn oon ooo"},
      {HostPolicy::kOldLinux, "nnn onn ooo"}, {HostPolicy::kSolaris, "onn onn oon"}};
  const int begin = fresh.at < old.at ? 0 : fresh.at == old.at ? 1 : 2;
  const int end = fresh.end() < old.end() ? 0 : fresh.end() == old.end() ? 1 : 2;
  return kRules.at(policy)[begin * 4 + end] == 'n';
}

// Bytes by offset with the segment that each is from; what is in order has left for good.
class ByteMap {
 public:
  explicit ByteMap(HostPolicy policy) : policy_(policy) {}

  void Insert(const Sent& fresh) {
    for (int64_t at = std::max(fresh.at, next_); at < fresh.end(); ++at) {
      const auto owner = owners_.find(at);
      if (owner == owners_.end() || NewWins(policy_, fresh, owner->second)) {
        owners_.insert_or_assign(at, fresh);
      }
    }
    for (; owners_.contains(next_); ++next_) Deliver(next_);
  }
  std::string Finish() {
    while (!owners_.empty()) {
      const int64_t at = owners_.begin()->first;
      if (at > next_) text_ += fmt::format("<{}>", at - next_);
      next_ = at + 1;
      Deliver(at);
    }
    return text_;
  }

 private:
  void Deliver(int64_t at) {
    const auto owner = owners_.extract(at);
    text_ += owner.mapped().text[static_cast<size_t>(at - owner.mapped().at)];
  }

  const HostPolicy policy_;
  int64_t next_ = 0;
  std::map<int64_t, Sent> owners_;
  std::string text_;
};

std::vector<Sent> RandomSegments(std::mt19937_64& random) {
  std::vector<Sent> segments(1 + random() % 16);
  const uint64_t length = 1 + random() % 60;
  const uint64_t size_max = 1 + random() % 20;
  for (Sent& segment : segments) {
    segment.at = static_cast<int64_t>(random() % length);
    for (uint64_t size = 1 + random() % size_max; size > 0; --size) {
      segment.text += static_cast<char>('a' + random() % 26);
    }
  }
  return segments;
}

class TcpStreamModel : public testing::TestWithParam<HostPolicy> {};

TEST_P(TcpStreamModel, AgreesOnRandomScripts) {
  std::mt19937_64 random(1);
  for (int n = 0; n < 4'000; ++n) {
    ByteMap model(GetParam());
    const bool wraps = random() % 2 == 0;
    const auto first_seq = static_cast<uint32_t>(wraps ? 0 - random() % 80 : random());
    StreamPlayer player({.first_seq = first_seq, .policy = GetParam()});
    std::string script;
    for (const Sent& segment : RandomSegments(random)) {
      model.Insert(segment);
      player.Insert(segment.at, segment.text);
      script += fmt::format("{}:{} ", segment.at, segment.text);
    }
    ASSERT_EQ(player.Play("!"), model.Finish()) << script;
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, TcpStreamModel,
                         testing::Values(HostPolicy::kFirst, HostPolicy::kLast, HostPolicy::kBsd,
                                         HostPolicy::kLinuxNs, HostPolicy::kOldLinux,
                                         HostPolicy::kSolaris, HostPolicy::kWindows,
                                         HostPolicy::kVista));

// Where all copies are the same every policy gives them, with SYN or without.
TEST(TcpStreamCopies, LoseNothingWhereTheyAgree) {
  std::mt19937_64 random(2);
  for (int n = 0; n < 20'000; ++n) {
    const bool anchored = random() % 2 == 0;
    StreamPlayer player({.anchored = anchored});
    std::map<int64_t, char> bytes;
    for (Sent& segment : RandomSegments(random)) {
      for (int64_t at = segment.at; at < segment.end(); ++at) {
        bytes[at] = segment.text[static_cast<size_t>(at - segment.at)] =
            static_cast<char>('a' + at * 7 % 26);
      }
      player.Insert(segment.at, segment.text);
    }
    std::string expected;
    int64_t next = anchored ? 0 : bytes.begin()->first;
    for (const auto& [at, byte] : bytes) {
      if (at > next) expected += fmt::format("<{}>", at - next);
      expected += byte;
      next = at + 1;
    }
    ASSERT_EQ(player.Play("!"), expected);
    ASSERT_EQ(player.discarded(Discard::kConflict), 0u);
  }
}

// The last segment carries FIN; what never came is a gap, and nothing else is.
TEST(TcpStreamCopies, LoseNothingBeforeFin) {
  std::mt19937_64 random(4);
  for (int n = 0; n < 20'000; ++n) {
    constexpr int64_t kEnd = 40;
    StreamPlayer player;
    std::map<int64_t, char> bytes;
    std::string script;
    for (int segments = 0; segments < 12; ++segments) {
      const auto at = static_cast<int64_t>(random() % kEnd);
      const auto end = std::min<int64_t>(at + 1 + static_cast<int64_t>(random() % 12), kEnd);
      std::string text;
      for (int64_t byte = at; byte < end; ++byte) {
        text += bytes[byte] = static_cast<char>('a' + byte * 7 % 26);
      }
      script += fmt::format("{}:{}{} ", at, text, end == kEnd ? "F" : "");
    }
    std::string expected;
    int64_t next = 0;
    for (const auto& [at, byte] : bytes) {
      if (at > next) expected += fmt::format("<{}>", at - next);
      expected += byte;
      next = at + 1;
    }
    player.Play(script);
    ASSERT_EQ(player.Play("!"), expected) << script;
  }
}

// With limits nobody can say what comes out, but it must be true: each byte as it was sent, at its
// offset, and nothing lost without a word.
TEST(TcpStreamLimits, TellsTheTruth) {
  std::mt19937_64 random(3);
  const auto true_byte = [](int64_t at) { return static_cast<char>('a' + at * 7 % 26); };
  for (int n = 0; n < 2'000; ++n) {
    StreamPlayer player({.limits = {256 + random() % 4'096, 3'000'000},
                         .pool_bytes_max = 4'096 * (1 + random() % 4)});
    for (int64_t step = 0; step < 60; ++step) {
      const auto at = step * 20 + static_cast<int64_t>(random() % 400);
      std::string text;
      for (uint64_t size = 1 + random() % 300; size > 0; --size) {
        text += true_byte(at + static_cast<int64_t>(text.size()));
      }
      player.Play(fmt::format("@{} {}:{}", step, at, text));
    }
    const std::string output = player.Play("!");
    int64_t at = 0;
    for (size_t i = 0; i < output.size(); ++i) {
      if (output[i] == '<') {
        at += std::stoll(output.substr(i + 1));
        i = output.find('>', i);
      } else {
        ASSERT_EQ(output[i], true_byte(at++));
      }
    }
  }
}

}  // namespace
}  // namespace dfc
